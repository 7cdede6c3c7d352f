#include <algorithm>
#include <cmath>
#include <string_view>

#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "sketch/bytes.hpp"
#include "sketch/state.hpp"

// The layout is drawn in docs/format.md.

namespace momentset {
namespace {

using sketch::ByteReader;
using sketch::ByteWriter;
using sketch::Router;
using sketch::Strata;
using sketch::StreamRows;

constexpr std::string_view magic = "momentset sketch";
constexpr std::uint32_t format_version = 1;

void write_options(ByteWriter& out, const SketchOptions& options) {
  out.u64(options.dimension);
  out.u32(std::uint32_t(options.order));
  out.u64(options.size);
  out.u64(options.seed);
  out.u64(options.memory);
  out.u64(options.columns.size());
  for (const std::string& name : options.columns) {
    out.u64(name.size());
    out.bytes(name);
  }
}

SketchOptions read_options(ByteReader& in) {
  SketchOptions options;
  options.dimension = in.u64();
  options.order = int(in.u32());
  options.size = in.u64();
  options.seed = in.u64();
  options.memory = in.u64();
  options.columns.resize(in.count(sizeof(std::uint64_t)));
  for (std::string& name : options.columns) name = in.bytes(in.count(1));
  return options;
}

/// The sums of moments, which are to follow, must be there before anything is made for them.
void require_shape(const SketchOptions& options, std::uint64_t sums) {
  ByteReader::require(options.order >= 0 && options.order <= certificate::highest_order, "state an order that is none");
  ByteReader::require(options.dimension > 0 && options.dimension <= sums, "state columns that they do not hold");
  const std::size_t features = feature_count(options.dimension, options.order);
  ByteReader::require(features <= sums && sums == 4 * options.dimension + 2 * features,
                      "hold other sums than the order has");
}

/// Rows are written in the order of their numbers, as differences.
void write_rows(ByteWriter& out, const StreamRows& rows) {
  out.u64(rows.size());
  std::uint64_t before = 0;
  for (const std::uint64_t number : rows.numbers) {
    out.varint(number - before);  // modulo 2^64: the caller may name rows in any order
    before = number;
  }
  out.f64(rows.coordinates);
  out.f64(rows.weights);
}

StreamRows read_rows(ByteReader& in, std::size_t dimension) {
  const std::uint64_t count = in.count(sizeof(double) * (dimension + 1) + 1);
  StreamRows rows;
  rows.numbers.reserve(count);
  std::uint64_t before = 0;
  for (std::uint64_t k = 0; k < count; ++k) rows.numbers.push_back(before += in.varint());
  rows.coordinates.resize(count * dimension);
  in.f64(rows.coordinates);
  rows.weights.resize(count);
  in.f64(rows.weights);
  for (const double x : rows.coordinates) ByteReader::require(std::isfinite(x), "hold a coordinate that is not finite");
  for (const double weight : rows.weights) {
    ByteReader::require(weight > 0 && std::isfinite(weight), "hold a weight that is not positive and finite");
  }
  return rows;
}

void write_cells(ByteWriter& out, const Strata::Cells& cells) {
  out.u64(cells.trees);
  out.f64(cells.mass_when_made);
  out.u64(cells.router.tree().nodes.size());
  for (const Router::Node& node : cells.router.tree().nodes) {
    out.u32(node.axis);
    out.u32(node.right);
    out.f64(node.cut);
  }
  out.f64(cells.shares);
  for (const std::vector<StreamRows>& strata : cells.strata) {
    out.u64(strata.size());
    for (const StreamRows& stratum : strata) write_rows(out, stratum);
  }
}

Strata::Cells read_cells(ByteReader& in, const SketchOptions& options) {
  constexpr std::size_t node_bytes = 16;
  Strata::Cells cells;
  cells.trees = in.u64();
  cells.mass_when_made = in.f64();
  ByteReader::require(cells.mass_when_made >= 0 && std::isfinite(cells.mass_when_made), "state a mass that is none");
  std::vector<Router::Node> nodes(in.count(node_bytes));
  for (Router::Node& node : nodes) {
    node.axis = in.u32();
    node.right = in.u32();
    node.cut = in.f64();
  }
  cells.router = Router(std::move(nodes), options.dimension);
  ByteReader::require(cells.router.cells() <= options.size, "state more cells than points");
  cells.shares = in.f64(cells.router.cells());
  for (const double share : cells.shares) ByteReader::require(share >= 0 && share <= 1, "state a share that is none");
  cells.strata.assign(cells.router.cells(), {});
  for (std::vector<StreamRows>& strata : cells.strata) {
    const std::uint64_t count = in.count(sizeof(std::uint64_t));
    for (std::uint64_t k = 0; k < count; ++k) {
      strata.push_back(read_rows(in, options.dimension));
      ByteReader::require(strata.back().size() > 0, "hold a stratum without rows");
    }
  }
  return cells;
}

}  // namespace

std::vector<std::uint8_t> Sketch::to_bytes() const {
  const State& state = *state_;
  ByteWriter out;
  // For each row its coordinates, its weight and about three bytes of its number; growing would take as much again.
  out.reserve(state.strata.held() * (sizeof(double) * (state.options.dimension + 1) + 3));
  out.bytes(magic);
  out.u32(format_version);
  write_options(out, state.options);
  out.u64(state.rows_seen);
  out.u32(std::uint32_t(state.numbers));
  out.f64(state.mass_seen);
  out.u64(state.counted);
  const std::vector<double> moments = state.moments.state();
  out.u64(moments.size());
  out.f64(moments);
  write_cells(out, state.strata.cells());
  write_rows(out, state.strata.buffer());
  return std::move(out).sealed();
}

Sketch Sketch::from_bytes(std::span<const std::uint8_t> bytes, int threads) {
  if (bytes.size() < magic.size() || !std::equal(magic.begin(), magic.end(), bytes.begin())) {
    throw Error("sketch", "", "the bytes are not those of a sketch");
  }
  ByteReader in(bytes);
  in.bytes(magic.size());
  if (const std::uint32_t version = in.u32(); version != format_version) {
    throw Error("sketch", "format version " + std::to_string(version),
                "must be " + std::to_string(format_version) + ", the only version known here");
  }
  SketchOptions options = read_options(in);
  options.threads = threads;
  const std::uint64_t rows_seen = in.u64();
  const std::uint32_t numbers = in.u32();
  ByteReader::require(numbers <= std::uint32_t(State::Numbers::named), "number rows in an unknown way");
  const double mass_seen = in.f64();
  ByteReader::require(mass_seen >= 0 && std::isfinite(mass_seen), "state a mass that is none");
  const std::uint64_t counted = in.u64();
  const std::uint64_t sums = in.count(sizeof(double));
  require_shape(options, sums);
  const std::vector<double> moments = in.f64(sums);

  auto state = std::make_unique<State>(options);
  state->moments.set_state(moments);
  state->rows_seen = rows_seen;
  state->numbers = State::Numbers(numbers);
  state->mass_seen = mass_seen;
  Strata::Cells cells = read_cells(in, options);
  StreamRows buffer = read_rows(in, options.dimension);
  double held = buffer.mass();
  for (const std::vector<StreamRows>& strata : cells.strata) {
    for (const StreamRows& stratum : strata) held += stratum.mass();
  }
  ByteReader::require(std::isfinite(held), "hold weights whose sum is not finite");
  ByteReader::require(in.done(), "go on after the end");
  ByteReader::require(counted <= buffer.size(), "count rows that they do not hold");
  state->counted = std::size_t(counted);
  state->strata.restore(std::move(cells), std::move(buffer));
  return Sketch(std::move(state));
}

}  // namespace momentset
