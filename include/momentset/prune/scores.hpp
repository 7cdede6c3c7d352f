#pragma once

#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "momentset/points.hpp"

/// Data pruning: which examples of a training set to keep (paper 003: B. Sorscher, R. Geirhos, S. Shekhar, S. Ganguli,
/// A. S. Morcos, "Beyond neural scaling laws: beating power law scaling via data pruning", 2022).
///
/// Here are the metrics that are one formula each. All take what models said of q examples, and give one score for each
/// example and which end of the scores is hard. Where there are several probes (models trained alike from different
/// seeds), the score is the mean over them; the paper averages 10. All run in the caller's TBB arena, and the result
/// does not depend on its threads. O(probes q columns). Every function throws Error, naming argument and row, on
/// numbers that are not finite, shapes that do not fit, and what its own comment says.
namespace momentset::prune {

/// The end of a metric's scores at which the hard examples are: those that a model learns last and is least sure of.
enum class HardEnd { high, low };

struct Scores {
  std::vector<double> values;  ///< one for each example
  HardEnd hard = HardEnd::high;
};

/// Row-major numbers, q x `columns`: a row for each example.
struct Matrix {
  std::span<const double> values;
  std::size_t columns = 1;

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  const double* row(std::size_t i) const { return values.data() + i * columns; }
};

/// exp(z_c) / sum exp(z) of each row of logits z, row-major as they are.
std::vector<double> softmax(const Matrix& logits);

/// EL2N: |p - onehot(y)|, p the probabilities of the classes and y the label, in [0, sqrt 2] (M. Paul, S. Ganguli,
/// G. K. Dziugaite, "Deep learning on a data diet", 2021, Definition 2.3). Hard: high.
/// @param probabilities of each probe, q x classes: 0 or more, and each row's sum 1 to a thousandth
/// @param labels        q, the column of each example's class
Scores el2n(std::span<const Matrix> probabilities, std::span<const Index> labels);

/// The entropy -sum p log p of the probabilities, nats. Hard: high.
Scores entropy(std::span<const Matrix> probabilities);

/// 1 - max p. Hard: high.
Scores least_confidence(std::span<const Matrix> probabilities);

/// The margin to a probe. One column: |z|, z the signed distance to its border, as in the perceptron's theory. More: of
/// logits, z_y less the largest other one, negative for the examples that the probe gets wrong; without labels the
/// largest less the second. Hard: low.
/// @param labels q columns, or empty; only for several columns
Scores margin(std::span<const Matrix> logits, std::span<const Index> labels = {});

/// GraNd: the length of the loss's gradient with respect to the parameters (Paul et al. 2021, Definition 2.1).
/// Hard: high. @param gradients of each probe, q x parameters
Scores grand(std::span<const Matrix> gradients);

/// How often an example that was learned is forgotten: the epochs after which its loss is at least `threshold` when it
/// was below before. Never learned: the number of epochs, more than any example can be forgotten (M. Toneva et al., "An
/// empirical study of example forgetting during deep neural network learning", 2019). Hard: high.
/// @param losses    q x epochs, after each epoch
/// @param threshold below it an example counts as learned. log 2: its class has more than half the probability. With
///                  0 for right and 1 for wrong in place of losses take 1/2
Scores forgetting(const Matrix& losses, double threshold = std::numbers::ln2);

/// Which examples each of several models is to be trained on, for `memorisation`: row-major models x examples, 1 or 0.
/// Every example is in round(share * models) of them, at least one and not all, drawn at random.
/// @param models 2 or more @param share above 0 and below 1
std::vector<std::uint8_t> memorisation_subsets(std::size_t examples, std::size_t models, double share = 0.7,
                                               std::uint64_t seed = 0);

/// The memorisation estimate: how much more often an example is predicted right by the models that were trained on it
/// than by the others, in [-1, 1] (V. Feldman, C. Zhang, "What neural networks memorize and why", 2020, Eq. 1).
/// Hard: high.
/// @param members models x examples, as memorisation_subsets gives them; each example in some of them and not in others
/// @param correct models x examples: 1 where the model is right, 0 where it is wrong, or the probability of the label
Scores memorisation(std::span<const std::uint8_t> members, const Matrix& correct);

/// Uniform in [0, 1): what any metric should beat.
Scores random(std::size_t examples, std::uint64_t seed = 0);

}  // namespace momentset::prune
