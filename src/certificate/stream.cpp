#include "momentset/certificate/stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "certificate/hash.hpp"
#include "certificate/json_read.hpp"
#include "certificate/json_write.hpp"
#include "certificate/moments.hpp"
#include "certificate/probes.hpp"
#include "certificate/text.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

using namespace certificate;
using Json = nlohmann::ordered_json;

const std::string format_name = "momentset-stream-certificate";

Json tree_json(const CutTree& tree) {
  Json axes = Json::array(), rights = Json::array(), cuts = Json::array();
  for (const CutTree::Node& node : tree.nodes) {
    axes.push_back(node.axis);
    rights.push_back(node.right);
    cuts.push_back(node.cut);
  }
  return {{"axes", axes}, {"rights", rights}, {"cuts", cuts}};
}

CutTree read_tree(const JsonField& tree, std::size_t dimension) {
  const auto axes = tree["axes"].elements(anything), rights = tree["rights"].elements(anything),
             cuts = tree["cuts"].elements(anything);
  tree.require(rights.size() == axes.size() && cuts.size() == axes.size(), "must have arrays of one length");
  CutTree read;
  read.nodes.clear();
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t k = 0; k < axes.size(); ++k) {
    read.nodes.push_back(
        {std::uint32_t(axes[k].integer(0, most)), std::uint32_t(rights[k].integer(0, most)), cuts[k].number()});
  }
  tree.require(read.is_sound(dimension), "must be a binary tree in preorder");
  return read;
}

void read_shape(const JsonField& root, StreamCertificate& c) {
  constexpr std::size_t most_points = std::numeric_limits<Index>::max() - 1;
  c.library_version = root["library_version"].string();
  c.rows = root["rows"].integer(1, anything);
  c.size = root["size"].integer(1, std::min<std::uint64_t>(c.rows, most_points));
  c.dimension = root["dimension"].integer(1, most_monomials);
  c.order = int(root["order"].integer(0, highest_order));
  c.features = root["features"].integer(1, most_monomials);
  root["features"].require(c.features == monomial_count(c.dimension, c.order),
                           "must be C(dimension + order, order) = " + text(monomial_count(c.dimension, c.order)));
  c.seed = root["seed"].integer(0, std::numeric_limits<std::uint64_t>::max());
}

void read_measures(const JsonField& root, StreamCertificate& c) {
  c.mass_input = root["mass"]["input"].number(0);
  root["mass"]["input"].require(c.mass_input > 0, "must be positive");
  c.mass_output = root["mass"]["output"].number();
  c.smallest_weight = root["weights"]["smallest"].number();
  c.largest_weight = root["weights"]["largest"].number(c.smallest_weight);
  c.effective_sample_size = root["weights"]["effective_sample_size"].number(0);
  for (const JsonField& residual : root["residuals"].elements(std::size_t(c.order) + 1)) {
    c.residuals.push_back(residual.number(0));
  }
  require_residuals(root, c.order, c.residuals.size(), c.worst_residual());
  c.tolerance = root["tolerance"].number(0);
}

}  // namespace

double StreamCertificate::worst_residual() const {
  return residuals.empty() ? 0 : *std::max_element(residuals.begin(), residuals.end());
}

double StreamCertificate::probe_coreset() const { return rms_of_all(probes, &ProbeError::coreset); }
double StreamCertificate::probe_random() const { return rms_of_all(probes, &ProbeError::random); }

bool StreamCertificate::holds() const {
  return worst_residual() <= tolerance && std::fabs(mass_output - mass_input) <= tolerance * mass_input &&
         smallest_weight >= 0;
}

std::string StreamCertificate::to_json() const {
  Json fields{
      {"format", format_name},
      {"format_version", format_version},
      {"library_version", library_version},
      {"rows", rows},
      {"size", size},
      {"dimension", dimension},
      {"order", order},
      {"features", features},
      {"seed", seed},
      {"columns", columns},
      {"options", options},
      {"mass", {{"input", mass_input}, {"output", mass_output}}},
      {"weights",
       {{"smallest", smallest_weight}, {"largest", largest_weight}, {"effective_sample_size", effective_sample_size}}},
      {"residuals", residuals},
      {"worst_residual", worst_residual()},
      {"tolerance", tolerance},
      {"output_hash", output_hash}};
  if (cells > 0) {
    fields["cells"] = cells;
    fields["diameters"] = diameters_json(diameters);
    fields["probes"] = probes_json(probes);
    fields["probe_rms"] = {{"coreset", probe_coreset()}, {"random", probe_random()}};
    fields["tree"] = tree_json(tree);
  }
  return certificate_text(fields);
}

bool StreamCertificate::is_in(std::string_view text) {
  try {
    const nlohmann::json document = parse_json(text);
    return JsonField(document, "")["format"].string() == format_name;
  } catch (const Error&) {
    return false;
  }
}

StreamCertificate StreamCertificate::from_json(std::string_view text) {
  const nlohmann::json document = parse_json(text);
  const JsonField root(document, "");
  StreamCertificate c;
  require_format(root, format_name, format_version);
  read_shape(root, c);
  c.columns = read_columns(root, c.dimension);
  c.options = read_options(root);
  read_measures(root, c);
  c.output_hash = read_hash(root["output_hash"]);
  if (!root.has("cells")) return c;
  c.diameters = read_diameters(root["diameters"]);
  c.probes = read_probes(root);
  c.tree = read_tree(root["tree"], c.dimension);
  c.cells = root["cells"].integer(1, c.tree.cells());
  return c;
}

std::string hash_of_output(const WeightedPoints& output, std::span<const std::uint64_t> rows) {
  return hash_output(rows, all_of(output));
}

}  // namespace momentset
