#include "certificate/json_write.hpp"

namespace momentset {

using Json = nlohmann::ordered_json;

Json probes_json(const std::vector<ProbeError>& probes) {
  Json list = Json::array();
  for (const ProbeError& probe : probes) {
    list.push_back({{"family", probe.family},
                    {"scale", probe.scale},
                    {"functions", probe.functions},
                    {"coreset", probe.coreset},
                    {"random", probe.random}});
  }
  return list;
}

Json diameters_json(const DiameterQuantiles& diameters) {
  return {{"minimum", diameters.minimum},
          {"median", diameters.median},
          {"upper_decile", diameters.upper_decile},
          {"maximum", diameters.maximum}};
}

std::string certificate_text(const Json& fields) {
  std::string text = "{";
  for (const auto& [key, value] : fields.items()) {
    text += (text.size() == 1 ? "\n  " : ",\n  ") + Json(key).dump() + ": " +
            value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return text + "\n}\n";
}

namespace {

Json tree_json(const CellTree& tree) {
  Json axes = Json::array(), points = Json::array();
  for (const CellTree::Split& split : tree.splits) {
    axes.push_back(split.axis);
    points.push_back(split.point);
  }
  return {{"cells", tree.cells}, {"axes", axes}, {"points", points}};
}

Json residuals_json(const std::vector<OrderResidual>& residuals) {
  Json list = Json::array();
  for (const OrderResidual& residual : residuals) {
    list.push_back({{"order", residual.order}, {"global", residual.global}, {"cells", residual.cells}});
  }
  return list;
}

Json companions_json(const std::vector<CompanionResidual>& companions) {
  Json list = Json::array();
  for (const CompanionResidual& each : companions) {
    list.push_back({{"column", each.column},
                    {"degree", each.degree},
                    {"order", each.order},
                    {"global", each.global},
                    {"cells", each.cells}});
    if (each.relabelled) list.back()["relabelled"] = true;
  }
  return list;
}

Json feature_map_json(const Certificate& certificate) {
  const FeatureMap& map = certificate.feature_map;
  const MonomialSet& set = map.monomials;
  Json document = Json::object();
  if (!set.degrees.empty()) document["degrees"] = set.degrees;
  if (!set.weights.empty()) document["weights"] = set.weights;
  if (!set.interactions.empty()) {
    document["interactions"] = set.interactions;
    document["low_order"] = set.low_order;
  }
  if (!map.directions.empty()) {
    document["centre"] = map.centre;
    for (auto direction = map.directions.begin(); direction != map.directions.end();) {
      const auto end = direction + std::ptrdiff_t(map.centre.size());
      document["directions"].push_back(std::vector<double>(direction, end));
      direction = end;
    }
  }
  if (map.columns() > 0) {
    document["fourier"] = map.fourier;
    document["landmarks"] = map.landmarks;
    document["length"] = map.length;
    document["global"] = certificate.map_columns.global;
    document["cells"] = certificate.map_columns.cells;
  }
  return document;
}

Json groups_json(const std::vector<GroupResidual>& groups) {
  Json list = Json::array();
  for (const GroupResidual& group : groups) {
    list.push_back({{"name", group.name},
                    {"rows", group.rows},
                    {"size", group.size},
                    {"order", group.order},
                    {"mass", {{"input", group.mass_input}, {"output", group.mass_output}}},
                    {"global", group.global},
                    {"cells", group.cells},
                    {"tree", tree_json(group.tree)}});
  }
  return list;
}

Json fields(const Certificate& c) {
  return {{"format", "momentset-certificate"},
          {"format_version", Certificate::format_version},
          {"kind", c.kind},
          {"library_version", c.library_version},
          {"rows", c.rows},
          {"size", c.size},
          {"dimension", c.dimension},
          {"order", c.order},
          {"features", c.features},
          {"seed", c.seed},
          {"columns", c.columns},
          {"options", c.options},
          {"mass", {{"input", c.mass_input}, {"output", c.mass_output}, {"expected", c.mass_expected}}},
          {"weights",
           {{"smallest", c.smallest_weight},
            {"largest", c.largest_weight},
            {"effective_sample_size", c.effective_sample_size}}},
          {"moved_points", c.moved_points},
          {"residuals", residuals_json(c.residuals)},
          {"worst_residual", c.worst_residual()},
          {"tolerance", c.tolerance},
          {"diameters", diameters_json(c.diameters)},
          {"taylor_bound", c.taylor_bound},
          {"probes", probes_json(c.probes)},
          {"probe_rms", {{"coreset", c.probe_coreset()}, {"random", c.probe_random()}}},
          {"input_hash", c.input_hash},
          {"output_hash", c.output_hash},
          {"tree", tree_json(c.tree)}};
}

}  // namespace

std::string Certificate::to_json() const {
  Json document = fields(*this);
  if (!feature_map.is_default()) document["feature_map"] = feature_map_json(*this);
  if (!companions.empty()) document["companions"] = companions_json(companions);
  if (!groups.empty()) document["groups"] = groups_json(groups);
  return certificate_text(document);
}

}  // namespace momentset
