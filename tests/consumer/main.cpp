#include <momentset/compress.hpp>
#include <vector>

int main() {
  std::vector<double> values(2000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = double(i * i % 997) / 997;
  const momentset::WeightedPoints points{.coordinates = values, .weights = {}, .dimension = 2};
  const momentset::Coreset small = momentset::compress(points, {.size = 100, .order = 3});
  return small.rows.size() == 100 && small.certificate.holds() ? 0 : 1;
}
