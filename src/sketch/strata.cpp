#include "sketch/strata.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "merge_equal.hpp"
#include "momentset/error.hpp"
#include "threads.hpp"

namespace momentset::sketch {
namespace {

// Atoms for each cell of a new tree: the masses of cells then differ by some 7 % from equal ones.
constexpr std::size_t samples_of_a_cell = 200;

// Parts of the capacity: rows that may wait in cells which got few of them, and points in strata.
constexpr std::size_t waiting_part = 8, strata_part = 2;

// A part of a cell is recombined from so many times the points, at least, that are to survive.
constexpr std::size_t points_of_a_part = 8;

// A cell with so many times its share of the mass calls for a new tree.
constexpr double imbalance = 2;

}  // namespace

/// What lies in each cell of a tree.
struct Strata::Assignment {
  struct Place {
    std::size_t cell, number;  // of a stratum, now
  };

  Router router;
  bool fresh = false;                      // not the tree that there was
  std::vector<std::vector<Place>> strata;  // of each cell
  LargeVector<Index> rows;                 // buffered ones by cell: those of cell l from first[l] to first[l + 1]
  std::vector<std::size_t> first;
  std::vector<double> masses, row_masses;  // of rows and strata, and of the rows alone

  std::span<const Index> rows_of(std::size_t cell) const {
    return std::span(rows).subspan(first[cell], first[cell + 1] - first[cell]);
  }
};

/// What becomes of a cell.
struct Strata::Result {
  bool rows = false;             // whether its buffered rows were recombined
  std::vector<bool> strata;      // which of its strata
  std::vector<StreamRows> made;  // of these
};

void Strata::append(const WeightedPoints& rows, std::span<const std::uint64_t> numbers, std::uint64_t first) {
  // Untouched memory costs nothing, and growing by copies would need half as much again.
  if (buffer_.weights.capacity() < capacity_) buffer_.reserve(capacity_, basis_.dimension());
  buffer_.append(rows, numbers, first);
}

void Strata::settle(const std::stop_token& stop) {
  if (held() == 0) return;
  const std::size_t wanted = cells_for(size_);
  Assignment assignment = assign(wanted, stop);
  const bool crowded = recombined_ + size_ > capacity_ / strata_part;
  std::vector<Result> results = recombine_cells(assignment, crowded ? Which::all : Which::due, size_,
                                                crowded || assignment.fresh ? parts_ : 1, stop);
  take(std::move(assignment), std::move(results));
}

void Strata::compact(const std::stop_token& stop) {
  if (held() <= size_) return;
  Assignment assignment = assign(cells_for(size_), stop);
  std::vector<Result> results = recombine_cells(assignment, Which::all, size_, 1, stop);
  take(std::move(assignment), std::move(results));
}

std::pair<StreamRows, CutTree> Strata::coreset(std::size_t size, const std::stop_token& stop) const {
  StreamRows kept;
  CutTree cells = cells_.router.tree();
  if (held() <= size) {
    for (const std::vector<StreamRows>& strata : cells_.strata) {
      for (const StreamRows& stratum : strata) kept.append(stratum);
    }
    kept.append(buffer_);
  } else {
    const Assignment assignment = assign(cells_for(size), stop);
    for (const Result& result : recombine_cells(assignment, Which::all, size, 1, stop)) {
      for (const StreamRows& made : result.made) kept.append(made);
    }
    cells = assignment.router.tree();
  }
  kept.sort_by_number(basis_.dimension());
  return {std::move(kept), std::move(cells)};
}

void Strata::scale(double factor) {
  const auto scale_rows = [&](StreamRows& rows) {
    for (double& weight : rows.weights) weight *= factor;
    rows.filter(basis_.dimension(), [&](std::size_t k) { return rows.weights[k] > 0; });  // too small for a double
  };
  scale_rows(buffer_);
  recombined_ = 0;
  for (std::vector<StreamRows>& strata : cells_.strata) {
    for (StreamRows& stratum : strata) {
      scale_rows(stratum);
      recombined_ += stratum.size();
    }
    std::erase_if(strata, [](const StreamRows& stratum) { return stratum.size() == 0; });
  }
  cells_.mass_when_made *= factor;
}

void Strata::restore(Cells cells, StreamRows buffer) {
  cells_ = std::move(cells);
  buffer_ = std::move(buffer);
  recombined_ = 0;
  for (const std::vector<StreamRows>& strata : cells_.strata) {
    for (const StreamRows& stratum : strata) recombined_ += stratum.size();
  }
}

Strata::Assignment Strata::assign(std::size_t cells, const std::stop_token& stop) const {
  Assignment assignment;
  if (cells_.trees > 0 && cells == cells_for(size_)) {
    assignment.router = cells_.router;
    assign_rows(assignment, stop);
    assign_strata(assignment);
    if (balanced(assignment, cells)) return assignment;
  }
  assignment.router = Router(atoms(cells), cells);
  assignment.fresh = true;
  assign_rows(assignment, stop);
  assign_strata(assignment);
  return assignment;
}

void Strata::assign_rows(Assignment& assignment, const std::stop_token& stop) const {
  constexpr std::size_t block = 16384;
  const std::size_t count = buffer_.size(), m = basis_.dimension(), cells = assignment.router.cells();
  LargeVector<Index> cell_of(count);
  for_all((count + block - 1) / block, [&](std::size_t b) {
    stop_if_asked(stop);
    const std::size_t begin = b * block, rows = std::min(block, count - begin);
    assignment.router.tree().find({&buffer_.coordinates[begin * m], rows, m}, &cell_of[begin]);
  });
  // Counting sort; first[l + 1] serves as the place of the next row of cell l until it has become its end.
  assignment.rows.resize(count);
  assignment.first.assign(cells + 2, 0);
  assignment.masses.assign(cells, 0);
  for (std::size_t k = 0; k < count; ++k) {
    ++assignment.first[cell_of[k] + 2];
    assignment.masses[cell_of[k]] += buffer_.weights[k];
  }
  std::partial_sum(assignment.first.begin(), assignment.first.end(), assignment.first.begin());
  for (std::size_t k = 0; k < count; ++k) assignment.rows[assignment.first[cell_of[k] + 1]++] = Index(k);
  assignment.first.pop_back();
  assignment.row_masses = assignment.masses;
}

void Strata::assign_strata(Assignment& assignment) const {
  assignment.strata.assign(assignment.router.cells(), {});
  for (std::size_t l = 0; l < cells_.strata.size(); ++l) {
    for (std::size_t k = 0; k < cells_.strata[l].size(); ++k) {
      const StreamRows& stratum = cells_.strata[l][k];
      const std::size_t cell = assignment.fresh ? assignment.router.find(stratum.centre(basis_.dimension()).data()) : l;
      assignment.strata[cell].push_back({l, k});
      assignment.masses[cell] += stratum.mass();
    }
  }
}

bool Strata::balanced(const Assignment& assignment, std::size_t wanted) const {
  const std::vector<double>& masses = assignment.masses;
  const double all = std::accumulate(masses.begin(), masses.end(), 0.0);
  for (std::size_t l = 0; l < masses.size(); ++l) {
    if (masses[l] > imbalance * std::max(1 / double(wanted), cells_.shares[l]) * all) return false;
  }
  // Equal rows at first may have left fewer cells than are wanted.
  return masses.size() * 4 >= wanted * 3 || all < imbalance * cells_.mass_when_made;
}

Atoms Strata::atoms(std::size_t cells) const {
  Atoms atoms{.dimension = basis_.dimension(), .coordinates = {}, .masses = {}};
  for (const std::vector<StreamRows>& strata : cells_.strata) {
    for (const StreamRows& stratum : strata) {
      atoms.append(stratum.centre(atoms.dimension).data(), stratum.mass());
    }
  }
  sample_rows(std::min(buffer_.size(), samples_of_a_cell * cells), atoms);
  return atoms;
}

// One row from each part of the mass, of `count` equal ones, at a random place: rows may be periodic.
void Strata::sample_rows(std::size_t count, Atoms& atoms) const {
  const auto take = [&](std::size_t k, double mass) { atoms.append(&buffer_.coordinates[k * atoms.dimension], mass); };
  if (count == buffer_.size()) {
    for (std::size_t k = 0; k < count; ++k) take(k, buffer_.weights[k]);
    return;
  }
  std::seed_seq mixed{std::uint32_t(seed_), std::uint32_t(seed_ >> 32), std::uint32_t(cells_.trees)};
  std::mt19937_64 random(mixed);
  const double part = buffer_.mass() / double(count);
  double before = 0;  // mass of the rows before k
  std::size_t k = 0;
  for (std::size_t sample = 0; sample < count; ++sample) {
    const double place = part * (double(sample) + double(random() >> 11) * 0x1p-53);
    while (k + 1 < buffer_.size() && before + buffer_.weights[k] <= place) before += buffer_.weights[k++];
    take(k, part);
  }
}

std::vector<Strata::Result> Strata::recombine_cells(const Assignment& assignment, Which which, std::size_t size,
                                                    std::size_t parts, const std::stop_token& stop) const {
  const std::size_t cells = assignment.router.cells();
  std::vector<Result> results(cells);
  for_all(cells, [&](std::size_t l) {
    stop_if_asked(stop);
    const std::size_t target = size * (l + 1) / cells - size * l / cells;
    if (which == Which::all) {
      results[l] = {.rows = true, .strata = std::vector<bool>(assignment.strata[l].size(), true), .made = {}};
    } else {
      results[l] = choose_due(assignment, l, target, parts > 1);
    }
    recombine_parts(assignment, l, target, parts, results[l], stop);
  });
  return results;
}

/// Rows where there are enough; with them the strata that are no heavier than what joins them, unless these are to be
/// parts of cells alone: so each row's stratum doubles every time that it is recombined.
Strata::Result Strata::choose_due(const Assignment& assignment, std::size_t cell, std::size_t target,
                                  bool rows_alone) const {
  const std::size_t rows = assignment.rows_of(cell).size();
  Result result{.rows = false, .strata = std::vector<bool>(assignment.strata[cell].size(), false), .made = {}};
  const std::size_t waiting = capacity_ / (waiting_part * assignment.router.cells());
  if (rows < std::max(2 * target, waiting)) return result;
  result.rows = true;
  if (rows_alone) return result;
  double mass = assignment.row_masses[cell];
  std::vector<std::pair<double, std::size_t>> lightest;
  for (const auto [l, k] : assignment.strata[cell]) lightest.emplace_back(cells_.strata[l][k].mass(), lightest.size());
  std::sort(lightest.begin(), lightest.end());
  for (const auto& [own, k] : lightest) {
    if (own > mass) break;
    mass += own;
    result.strata[k] = true;
  }
  return result;
}

/// Recombines what was chosen of a cell, in `parts` parts of about equal mass where there are points enough.
void Strata::recombine_parts(const Assignment& assignment, std::size_t cell, std::size_t target, std::size_t parts,
                             Result& result, const std::stop_token& stop) const {
  std::vector<const StreamRows*> strata;
  for (std::size_t k = 0; k < result.strata.size(); ++k) {
    const auto [l, number] = assignment.strata[cell][k];
    if (result.strata[k]) strata.push_back(&cells_.strata[l][number]);
  }
  const JoinedRows all(strata, buffer_, result.rows ? assignment.rows_of(cell) : std::span<const Index>(),
                       basis_.dimension());
  if (all.size() == 0) return;
  parts = std::clamp<std::size_t>(all.size() / (points_of_a_part * target), 1, parts);
  if (parts == 1) {
    result.made.push_back(unite(all, target, stop));
    return;
  }
  for (std::vector<Index>& members : divide(strata, all, parts)) {
    if (!members.empty()) result.made.push_back(unite(JoinedRows(all, std::move(members)), target, stop));
  }
}

/// Rows of each of some parts of a cell, by a tree of a sample of them; strata, which come first, as a whole.
std::vector<std::vector<Index>> Strata::divide(const std::vector<const StreamRows*>& strata, const JoinedRows& all,
                                               std::size_t parts) const {
  const WeightedPoints points = all.view();
  Atoms atoms{.dimension = points.dimension, .coordinates = {}, .masses = {}};
  std::size_t first = 0;  // of the rows after the strata
  for (const StreamRows* stratum : strata) {
    atoms.append(stratum->centre(points.dimension).data(), stratum->mass());
    first += stratum->size();
  }
  const std::size_t step = std::max<std::size_t>(1, (all.size() - first) / (samples_of_a_cell * parts));
  for (std::size_t k = first; k < all.size(); k += step) atoms.append(points.point(k), double(step) * points.weight(k));
  const Router router(atoms, parts);
  std::vector<std::vector<Index>> members(router.cells());
  Index next = 0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    std::vector<Index>& part = members[router.find(&atoms.coordinates[s * points.dimension])];
    for (std::size_t k = 0; k < strata[s]->size(); ++k) part.push_back(next++);
  }
  std::vector<Index> part_of(all.size() - first);
  router.tree().find({points.coordinates.data() + first * points.dimension, part_of.size(), points.dimension},
                     part_of.data());
  for (const Index part : part_of) members[part].push_back(next++);
  return members;
}

StreamRows Strata::unite(const JoinedRows& all, std::size_t target, const std::stop_token& stop) const {
  const std::size_t m = basis_.dimension();
  StreamRows kept;
  const DistinctPoints distinct = merge_equal(all.view(), {}, stop);
  const auto keep = [&](std::size_t k, double weight) {
    const Index row = distinct.numbers[k];
    kept.append(all.view().point(row), m, weight, all.number(row));
  };
  if (distinct.numbers.size() <= target) {
    for (std::size_t k = 0; k < distinct.numbers.size(); ++k) keep(k, distinct.weights[k]);
  } else {
    const std::span coordinates = all.view().coordinates;
    const LocalFeatures features(basis_, LocalFrame(coordinates, m), coordinates, distinct.numbers);
    const Recombination found =
        recombine(features, distinct.weights, {.target = target, .max_weights = {}, .stop = stop});
    for (std::size_t j = 0; j < found.support.size(); ++j) keep(found.support[j], found.weights[j]);
  }
  kept.sort_by_number(m);
  return kept;
}

void Strata::take(Assignment assignment, std::vector<Result> results) {
  std::vector<std::vector<StreamRows>> strata(results.size());
  std::vector<bool> gone(buffer_.size(), false);
  recombined_ = 0;
  for (std::size_t l = 0; l < results.size(); ++l) {
    for (std::size_t k = 0; k < assignment.strata[l].size(); ++k) {
      const auto [cell, number] = assignment.strata[l][k];
      if (!results[l].strata[k]) strata[l].push_back(std::move(cells_.strata[cell][number]));
    }
    for (StreamRows& made : results[l].made) strata[l].push_back(std::move(made));
    if (results[l].rows) {
      for (const Index row : assignment.rows_of(l)) gone[row] = true;
    }
    for (const StreamRows& stratum : strata[l]) recombined_ += stratum.size();
  }
  cells_.strata = std::move(strata);
  buffer_.filter(basis_.dimension(), [&](std::size_t k) { return !gone[k]; });
  if (!assignment.fresh) return;
  const double all = std::accumulate(assignment.masses.begin(), assignment.masses.end(), 0.0);
  cells_.router = std::move(assignment.router);
  cells_.shares.clear();
  for (const double mass : assignment.masses) cells_.shares.push_back(mass / all);
  cells_.mass_when_made = all;
  ++cells_.trees;
}

}  // namespace momentset::sketch
