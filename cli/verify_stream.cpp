#include "verify_stream.hpp"

#include <string>

#include "read_ahead.hpp"
#include "row_numbers.hpp"

namespace momentset::cli {

std::vector<Check> checks_in_batches(const Claim& claim, const io::Table& input, const OutputRows& output, int threads,
                                     ProgressBar& progress) {
  std::string problem;
  const std::vector<std::uint64_t> numbers = row_numbers(output, problem);
  if (!problem.empty()) return {{"rows", false, problem}};
  const WeightedPoints kept{output.coordinates, output.weights, claim.columns.size()};
  StreamVerification verification(*claim.stream, kept, numbers, threads);
  io::ReadOptions read = claim.read_options();
  const BatchNumbers names(input, read);
  read.progress = [&](double fraction) { progress.show("verify", fraction); };
  read_ahead(input, read, 0, [&](const io::Features& batch, std::int64_t first_row) {
    verification.add(batch.points.view(), names.of(batch, first_row));
  });
  progress.clear();
  return verification.checks();
}

}  // namespace momentset::cli
