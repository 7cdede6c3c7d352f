#include "momentset/prune/prototypes.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "blas.hpp"
#include "prune/rows.hpp"
#include "threads.hpp"

namespace momentset::prune {
namespace {

constexpr std::size_t rows_at_once = 256, centres_at_once = 4096;  // products of so many fit the cache

/// The largest of `count` numbers and the first place where it stands. In two passes, of which the first has no branch.
std::pair<float, std::size_t> largest(const float* values, std::size_t count) {
  constexpr std::size_t lanes = 16;
  float most[lanes];
  std::fill_n(most, lanes, -HUGE_VALF);
  std::size_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) most[l] = values[k + l] > most[l] ? values[k + l] : most[l];
  }
  for (; k < count; ++k) most[0] = std::max(most[0], values[k]);
  const float found = *std::max_element(most, most + lanes);
  return {found, std::size_t(std::find(values, values + count, found) - values)};
}

/// Calls found(i, c, product) with the centre of the largest product <row i, centre c> for each row. Of equal ones the
/// first.
template <class Found>
void find_nearest(const float* rows, std::size_t count, const std::vector<float>& centres, std::size_t m,
                  const std::stop_token& stop, const Found& found) {
  const std::size_t clusters = centres.size() / m, wide = std::min(clusters, centres_at_once);
  for_runs(
      count, rows_at_once,
      [&](std::size_t begin, std::size_t end) {
        const std::size_t some = end - begin;
        std::vector<float> products(some * wide), best(some, -HUGE_VALF);
        std::vector<std::size_t> nearest(some, 0);
        for (std::size_t first = 0; first < clusters; first += wide) {
          const std::size_t here = std::min(clusters - first, wide);
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, int(some), int(here), int(m), 1, rows + begin * m,
                      int(m), centres.data() + first * m, int(m), 0, products.data(), int(here));
          for (std::size_t i = 0; i < some; ++i) {
            const auto [product, place] = largest(products.data() + i * here, here);
            if (!(product > best[i])) continue;
            best[i] = product;
            nearest[i] = first + place;
          }
        }
        for (std::size_t i = 0; i < some; ++i) found(begin + i, nearest[i], best[i]);
      },
      stop);
}

double length(const float* row, std::size_t m) {
  double squares = 0;
  for (std::size_t a = 0; a < m; ++a) squares += double(row[a]) * row[a];
  return std::sqrt(squares);
}

/// `to` = `sum` / |sum|, unless that is 0.
void set_direction(const std::vector<double>& sum, float* to) {
  const double size = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
  if (size == 0) return;
  for (std::size_t a = 0; a < sum.size(); ++a) to[a] = float(sum[a] / size);
}

/// The sum of rows divided by their lengths, in the order of their numbers.
std::vector<double> sum_of(const Embeddings& rows, std::span<const double> lengths, std::span<const Index> numbers) {
  std::vector<double> sum(rows.dimension, 0);
  for (const Index i : numbers) {
    const double factor = lengths.empty() ? 1 : 1 / lengths[i];
    for (std::size_t a = 0; a < sum.size(); ++a) sum[a] += factor * rows.row(i)[a];
  }
  return sum;
}

/// The lengths of the rows. Throws Error where there is none, or one that has no direction.
std::vector<double> lengths(const Embeddings& embeddings) {
  const std::size_t m = embeddings.dimension;
  if (m == 0 || embeddings.values.empty() || embeddings.values.size() % m != 0) {
    throw Error("embeddings",
                std::to_string(embeddings.values.size()) + " numbers in " + std::to_string(m) + " columns",
                "must have at least one row, and each of them all columns");
  }
  std::vector<double> found(embeddings.rows());
  for_rows(found.size(), [&](std::size_t i) { found[i] = length(embeddings.row(i), m); });
  const auto usable = [](double size) { return size > 1e-30 && size < 1e30; };  // products must not overflow
  const auto wrong = std::find_if_not(found.begin(), found.end(), usable);
  if (wrong == found.end()) return found;
  throw Error("embeddings", at_row(std::size_t(wrong - found.begin()), "of length " + theory::shown(*wrong)),
              "must be finite numbers of a length between 1e-30 and 1e30, not all 0");
}

/// Unit vectors along some of the rows.
std::vector<float> directions(const Embeddings& embeddings, std::span<const double> lengths,
                              std::span<const Index> numbers) {
  const std::size_t m = embeddings.dimension;
  std::vector<float> rows(numbers.size() * m);
  for_rows(numbers.size(), [&](std::size_t k) {
    const float* from = embeddings.row(numbers[k]);
    const double size = lengths[numbers[k]];
    for (std::size_t a = 0; a < m; ++a) rows[k * m + a] = float(from[a] / size);
  });
  return rows;
}

/// `count` of the numbers below `rows`, drawn at random, in the order in which they are drawn.
std::vector<Index> drawn(std::size_t rows, std::size_t count, std::mt19937_64& random) {
  std::vector<Index> numbers(rows);
  std::iota(numbers.begin(), numbers.end(), Index{0});
  for (std::size_t k = 0; k < count; ++k) std::swap(numbers[k], numbers[k + random() % (rows - k)]);
  numbers.resize(count);
  return numbers;
}

class SphericalKmeans {
 public:
  /// @param rows unit vectors in random order
  SphericalKmeans(std::vector<float> rows, std::size_t m, const PrototypeOptions& options)
      : rows_(std::move(rows)),
        m_(m),
        stop_(options.stop),
        cluster_of_(rows_.size() / m, 0),
        product_(rows_.size() / m) {
    centres_.assign(rows_.begin(), rows_.begin() + std::ptrdiff_t(options.clusters * m));
    for (int iteration = 0; assign(iteration == 0) && iteration < options.iterations; ++iteration) centre();
  }

  std::vector<float> centres() && { return std::move(centres_); }

 private:
  /// False if no row changed its cluster.
  bool assign(bool first) {
    std::atomic<bool> changed = first;
    find_nearest(rows_.data(), cluster_of_.size(), centres_, m_, stop_,
                 [&](std::size_t i, std::size_t c, float product) {
                   if (cluster_of_[i] != Index(c)) changed.store(true, std::memory_order_relaxed);
                   cluster_of_[i] = Index(c);
                   product_[i] = product;
                 });
    return changed;
  }

  void centre() {
    const std::size_t clusters = centres_.size() / m_;
    const GroupMembers members(PointGroups{cluster_of_});
    for_all(clusters, [&](std::size_t c) {
      if (is_empty(members, c)) return;
      set_direction(sum_of({rows_, m_}, {}, members.of(c)), centres_.data() + c * m_);
    });
    fill_empty(members);
  }

  /// The last clusters are no groups if they have lost all their rows.
  static bool is_empty(const GroupMembers& members, std::size_t cluster) {
    return cluster >= members.count() || members.of(cluster).empty();
  }

  /// Centres without rows move to the rows that are farthest from theirs, one each.
  void fill_empty(const GroupMembers& members) {
    std::vector<std::size_t> empty;
    for (std::size_t c = 0; c < centres_.size() / m_; ++c) {
      if (is_empty(members, c)) empty.push_back(c);
    }
    if (empty.empty()) return;
    std::vector<Index> farthest(product_.size());
    std::iota(farthest.begin(), farthest.end(), Index{0});
    std::partial_sort(farthest.begin(), farthest.begin() + std::ptrdiff_t(empty.size()), farthest.end(),
                      [&](Index a, Index b) { return std::pair(product_[a], a) < std::pair(product_[b], b); });
    for (std::size_t k = 0; k < empty.size(); ++k) {
      std::copy_n(rows_.data() + farthest[k] * m_, m_, centres_.data() + empty[k] * m_);
    }
  }

  std::vector<float> rows_;
  std::size_t m_;
  std::stop_token stop_;
  std::vector<float> centres_;
  std::vector<Index> cluster_of_;
  std::vector<float> product_;
};

void require_options(const PrototypeOptions& options, std::size_t rows) {
  if (options.clusters < 1 || options.clusters > rows) {
    throw Error("clusters", std::to_string(options.clusters),
                "must be at least 1 and at most the number of rows, " + std::to_string(rows));
  }
  if (options.iterations < 1) throw Error("iterations", std::to_string(options.iterations), "must be at least 1");
  if (options.examples_per_cluster < 1) throw Error("examples_per_cluster", "0", "must be at least 1");
}

/// Adds the share of one model to the scores.
template <class Distances>
Scores mean_over_models(std::span<const Embeddings> ensemble, const Distances& distances) {
  if (ensemble.empty()) throw Error("embeddings", "", "must be given");
  Scores scores{std::vector<double>(ensemble[0].rows(), 0), HardEnd::high};
  for (const Embeddings& embeddings : ensemble) {
    const std::vector<double> sizes = lengths(embeddings);
    if (sizes.size() != scores.values.size()) {
      throw Error("embeddings", std::to_string(sizes.size()) + " rows",
                  "must be as many as those of the first model, " + std::to_string(scores.values.size()));
    }
    distances(embeddings, sizes, [&](std::size_t i, double product) {
      scores.values[i] += std::fmax(0, 1 - product / sizes[i]) / double(ensemble.size());
    });
  }
  return scores;
}

}  // namespace

Scores prototypes(std::span<const Embeddings> ensemble, const PrototypeOptions& options) {
  const SingleThreadedBlas single;
  return mean_over_models(ensemble, [&](const Embeddings& embeddings, std::span<const double> sizes, const auto& add) {
    require_options(options, sizes.size());
    const std::size_t m = embeddings.dimension, k = options.clusters;
    std::mt19937_64 random(options.seed);
    const std::size_t most =
        sizes.size() / k < options.examples_per_cluster ? sizes.size() : k * options.examples_per_cluster;
    const std::vector<Index> sample = drawn(sizes.size(), most, random);
    const std::vector<float> centres = SphericalKmeans(directions(embeddings, sizes, sample), m, options).centres();
    find_nearest(embeddings.values.data(), sizes.size(), centres, m, options.stop,
                 [&](std::size_t i, std::size_t, float product) { add(i, product); });
  });
}

Scores class_prototypes(std::span<const Embeddings> ensemble, const PointGroups& classes) {
  if (!ensemble.empty()) {
    if (classes.empty()) throw Error("labels", "", "must be given");
    require_valid(classes, ensemble[0].rows());
  }
  return mean_over_models(ensemble, [&](const Embeddings& embeddings, std::span<const double> sizes, const auto& add) {
    const std::size_t m = embeddings.dimension;
    const GroupMembers members(classes);
    for_all(members.count(), [&](std::size_t c) {
      std::vector<float> prototype(m, 0);
      set_direction(sum_of(embeddings, sizes, members.of(c)), prototype.data());
      for (const Index i : members.of(c)) {
        add(i, std::inner_product(prototype.begin(), prototype.end(), embeddings.row(i), 0.0));
      }
    });
  });
}

}  // namespace momentset::prune
