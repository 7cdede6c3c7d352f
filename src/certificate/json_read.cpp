#include "certificate/json_read.hpp"

#include <algorithm>
#include <cmath>

#include "certificate/moments.hpp"
#include "certificate/probes.hpp"
#include "certificate/text.hpp"

namespace momentset::certificate {
namespace {

// The overall figures repeat what the families say; another compiler may round them otherwise.
void require_rms(const JsonField& field, double rms) {
  field.require(std::fabs(field.number(0) - rms) <= 1e-12 * rms, "must be the rms of all probes, " + text(rms));
}

}  // namespace

void require_format(const JsonField& root, const std::string& format, int version) {
  root["format"].require(root["format"].string() == format, "must be \"" + format + "\"");
  const JsonField stated = root["format_version"];
  stated.require(stated.integer(1, anything) == std::uint64_t(version),
                 "must be " + text(version) + ", the only version known here");
}

std::vector<std::string> read_columns(const JsonField& root, std::size_t dimension) {
  std::vector<std::string> columns;
  for (const JsonField& name : root["columns"].elements(dimension)) columns.push_back(name.string());
  root["columns"].require(columns.empty() || columns.size() == dimension,
                          "must be empty or name each of the " + text(dimension) + " coordinates");
  return columns;
}

std::map<std::string, std::string> read_options(const JsonField& root) {
  std::map<std::string, std::string> options;
  for (const auto& [name, option] : root["options"].members()) options[name] = option.string();
  return options;
}

DiameterQuantiles read_diameters(const JsonField& diameters) {
  DiameterQuantiles read;
  read.minimum = diameters["minimum"].number(0);
  read.median = diameters["median"].number(read.minimum);
  read.upper_decile = diameters["upper_decile"].number(read.median);
  read.maximum = diameters["maximum"].number(read.upper_decile);
  return read;
}

std::vector<ProbeError> read_probes(const JsonField& root) {
  std::vector<ProbeError> probes;
  for (const JsonField& entry : root["probes"].elements(1000)) {
    probes.push_back({entry["family"].string(), entry["scale"].number(0), int(entry["functions"].integer(1, 1'000'000)),
                      entry["coreset"].number(0), entry["random"].number(0)});
  }
  require_rms(root["probe_rms"]["coreset"], rms_of_all(probes, &ProbeError::coreset));
  require_rms(root["probe_rms"]["random"], rms_of_all(probes, &ProbeError::random));
  return probes;
}

void require_residuals(const JsonField& root, int order, std::size_t found, double worst) {
  root["residuals"].require(found == std::size_t(order) + 1, "must list the orders 0 to " + text(order));
  const JsonField stated = root["worst_residual"];
  stated.require(stated.number(0) == worst, "must be the largest residual, " + text(worst));
}

std::string read_hash(const JsonField& field) {
  constexpr std::string_view prefix = "xxh3-128:";
  const std::string hash = field.string();
  const bool well_formed = hash.starts_with(prefix) && hash.size() == prefix.size() + 32 &&
                           hash.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
  field.require(well_formed, "must be \"xxh3-128:\" and 32 hexadecimal digits in lower case");
  return hash;
}

}  // namespace momentset::certificate

namespace momentset {
namespace {

using namespace certificate;

constexpr std::size_t most_rows = std::numeric_limits<Index>::max() - 1;

void read_kind(const JsonField& root, Certificate& c) {
  const JsonField kind = root["kind"];
  c.kind = kind.string();
  kind.require(c.kind == "subset" || c.kind == "relabelled" || c.kind == "synthetic",
               "must be \"subset\", \"relabelled\" or \"synthetic\"");
  c.library_version = root["library_version"].string();
}

void read_shape(const JsonField& root, Certificate& c) {
  c.rows = root["rows"].integer(1, most_rows);
  c.size = root["size"].integer(1, c.kind == "synthetic" ? most_rows : c.rows);
  c.dimension = root["dimension"].integer(1, most_rows);
  c.order = int(root["order"].integer(0, highest_order));
  c.features = root["features"].integer(1, most_monomials);
  c.seed = root["seed"].integer(0, std::numeric_limits<std::uint64_t>::max());
  c.moved_points = root["moved_points"].integer(0, c.size);
}

/// Left out where all monomials are kept.
void read_feature_map(const JsonField& root, Certificate& c) {
  if (!root.has("feature_map")) return;
  constexpr std::size_t most_sets = 4096;
  const JsonField map = root["feature_map"];
  MonomialSet& monomials = c.feature_map.monomials;
  if (map.has("degrees")) {
    for (const JsonField& degree : map["degrees"].elements(c.dimension)) {
      monomials.degrees.push_back(int(degree.integer(0, highest_order)));
    }
  }
  if (map.has("weights")) {
    for (const JsonField& weight : map["weights"].elements(c.dimension)) monomials.weights.push_back(weight.number(1));
  }
  if (map.has("interactions")) {
    monomials.low_order = int(map["low_order"].integer(0, highest_order));
    for (const JsonField& set : map["interactions"].elements(most_sets)) {
      std::vector<std::uint32_t>& columns = monomials.interactions.emplace_back();
      for (const JsonField& column : set.elements(c.dimension)) {
        columns.push_back(std::uint32_t(column.integer(0, c.dimension - 1)));
      }
    }
  }
  if (map.has("directions")) {
    for (const JsonField& number : map["centre"].elements(c.dimension)) {
      c.feature_map.centre.push_back(number.number());
    }
    for (const JsonField& direction : map["directions"].elements(c.dimension)) {
      for (const JsonField& number : direction.elements(c.dimension)) {
        c.feature_map.directions.push_back(number.number());
      }
    }
  }
  if (map.has("fourier")) {
    c.feature_map.fourier = map["fourier"].integer(0, most_monomials);
    for (const JsonField& landmark : map["landmarks"].elements(most_monomials)) {
      c.feature_map.landmarks.push_back(Index(landmark.integer(0, c.rows - 1)));
    }
    c.feature_map.length = map["length"].number(std::numeric_limits<double>::denorm_min());
    c.map_columns = {map["global"].number(0), map["cells"].number(0)};
  }
  require_valid(c.feature_map, c.dimension, c.rows);
}

/// Left out where there are none.
void read_companions(const JsonField& root, Certificate& c) {
  const MonomialSet& monomials = c.feature_map.monomials;
  const std::size_t variables = c.feature_map.variables(c.dimension);
  std::size_t features = monomial_count(variables, c.order, monomials) + c.feature_map.columns();
  if (root.has("companions")) {
    for (const JsonField& entry : root["companions"].elements(most_monomials)) {
      CompanionResidual read{entry["column"].string(), int(entry["degree"].integer(1, most_monomials)),
                             int(entry["order"].integer(0, std::uint64_t(c.order))), entry["global"].number(0),
                             entry["cells"].number(0)};
      if (entry.has("relabelled")) {
        read.relabelled = entry["relabelled"].boolean();
        entry["relabelled"].require(!read.relabelled || c.kind == "relabelled",
                                    "must not be true but in a certificate of that kind");
      }
      features += std::size_t(read.degree) * monomial_count(variables, read.order, monomials);
      c.companions.push_back(std::move(read));
    }
  }
  root["features"].require(
      c.features == features,
      "must be " + std::string(c.feature_map.is_default() ? "C(dimension + order, order)" : "that of the feature map") +
          std::string(c.companions.empty() ? "" : " with the companions") + " = " + text(features));
}

CellTree read_tree(const JsonField& tree, std::size_t cells, const Certificate& c) {
  CellTree read;
  read.cells = tree["cells"].integer(1, cells);
  const auto axes = tree["axes"].elements(anything), points = tree["points"].elements(anything);
  const std::string rule = "must have one element less than there are cells, " + text(read.cells - 1);
  tree["axes"].require(axes.size() == read.cells - 1, rule);
  tree["points"].require(points.size() == read.cells - 1, rule);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    read.splits.push_back(
        {std::uint32_t(axes[k].integer(0, c.dimension - 1)), Index(points[k].integer(0, c.rows - 1))});
  }
  return read;
}

/// Left out where there are none.
void read_groups(const JsonField& root, Certificate& c) {
  if (!root.has("groups")) return;
  for (const JsonField& entry : root["groups"].elements(c.rows)) {
    GroupResidual group{entry["name"].string(), entry["rows"].integer(1, c.rows)};
    group.size = entry["size"].integer(0, c.kind == "synthetic" ? most_rows : group.rows);
    group.order = int(entry["order"].integer(0, highest_order));
    group.tree = read_tree(entry["tree"], group.rows, c);
    group.mass_input = entry["mass"]["input"].number(0);
    group.mass_output = entry["mass"]["output"].number();
    group.global = entry["global"].number(0);
    group.cells = entry["cells"].number(0);
    c.groups.push_back(std::move(group));
  }
}

void read_weights(const JsonField& root, Certificate& c) {
  c.mass_input = root["mass"]["input"].number(0);
  c.mass_output = root["mass"]["output"].number();
  c.mass_expected = root["mass"]["expected"].number(0);
  root["mass"]["input"].require(c.mass_input > 0, "must be positive");
  root["mass"]["expected"].require(c.mass_expected > 0, "must be positive");
  c.smallest_weight = root["weights"]["smallest"].number();
  c.largest_weight = root["weights"]["largest"].number(c.smallest_weight);
  c.effective_sample_size = root["weights"]["effective_sample_size"].number(0);
}

void read_residuals(const JsonField& root, Certificate& c) {
  for (const JsonField& entry : root["residuals"].elements(std::size_t(c.order) + 1)) {
    const std::size_t order = c.residuals.size();
    c.residuals.push_back(
        {int(entry["order"].integer(order, order)), entry["global"].number(0), entry["cells"].number(0)});
  }
  require_residuals(root, c.order, c.residuals.size(), c.worst_residual());
  c.tolerance = root["tolerance"].number(0);
}

}  // namespace

Certificate Certificate::from_json(std::string_view text) {
  const nlohmann::json document = parse_json(text);
  const JsonField root(document, "");
  Certificate c;
  require_format(root, "momentset-certificate", format_version);
  read_kind(root, c);
  read_shape(root, c);
  read_feature_map(root, c);
  read_companions(root, c);
  c.columns = read_columns(root, c.dimension);
  c.options = read_options(root);
  c.tree = read_tree(root["tree"], c.rows, c);
  read_groups(root, c);
  read_weights(root, c);
  read_residuals(root, c);
  c.diameters = read_diameters(root["diameters"]);
  c.taylor_bound = root["taylor_bound"].number(0);
  c.probes = read_probes(root);
  c.input_hash = read_hash(root["input_hash"]);
  c.output_hash = read_hash(root["output_hash"]);
  return c;
}

}  // namespace momentset
