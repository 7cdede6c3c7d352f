#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "certificate/running_moments.hpp"
#include "momentset/certificate.hpp"
#include "momentset/compress.hpp"
#include "support/random.hpp"

namespace momentset::test {

/// A cloud, a subset of it with the same means and variances, and what is said of it after the first pass.
struct StreamProblem {
  PointSet all{{}, {}, 2}, kept{{}, {}, 2};
  Certificate whole;                   // of certify(), with all points in memory
  std::vector<std::uint64_t> numbers;  // of the rows kept
  StreamCertificate stream;

  StreamProblem() {
    Random random(3);
    for (std::size_t i = 0; i < 9000; ++i) {
      const double x = random.normal();
      all.coordinates.insert(all.coordinates.end(), {x, 100 + 0.1 * x * x + random.normal()});
      all.weights.push_back(random.uniform(0.5, 1.5));
    }
    const Coreset small = compress(all.view(), {.size = 300, .order = 4, .method = Method::tree, .seed = 11});
    whole = small.certificate;
    kept.weights = small.weights;
    for (const Index row : small.rows) {
      kept.coordinates.insert(kept.coordinates.end(), all.view().point(row), all.view().point(row) + 2);
    }
    certificate::RunningMoments moments(2, 4);
    moments.add(all.view());
    numbers.assign(small.rows.begin(), small.rows.end());
    moments.measure(kept.view(), numbers, stream);
    stream.rows = all.view().size();
    stream.seed = 11;
  }

  WeightedPoints part(std::size_t begin, std::size_t end) const {
    return {std::span(all.coordinates).subspan(2 * begin, 2 * (end - begin)),
            std::span(all.weights).subspan(begin, end - begin), 2};
  }
};

}  // namespace momentset::test
