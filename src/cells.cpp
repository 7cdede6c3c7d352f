#include "momentset/cells.hpp"

#include <cmath>

namespace momentset {

bool CutTree::is_sound(std::size_t dimension) const {
  std::vector<std::uint32_t> rights;  // right children that are still to come, the next one last
  std::uint32_t cells = 0;
  for (std::uint32_t k = 0; k < nodes.size(); ++k) {
    const Node& node = nodes[k];
    if (node.right != 0) {
      if (node.axis >= dimension || !std::isfinite(node.cut)) return false;
      if (node.right <= k + 1 || node.right >= (rights.empty() ? nodes.size() : rights.back())) return false;
      rights.push_back(node.right);
      continue;
    }
    if (node.axis != cells++) return false;
    if (rights.empty()) return k + 1 == nodes.size();
    if (rights.back() != k + 1) return false;
    rights.pop_back();
  }
  return false;
}

}  // namespace momentset
