"""Weighted rows for training: with the weights in the loss, or drawn in proportion to them."""

from __future__ import annotations

from typing import Any, Iterator, Sized

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset, Sampler, WeightedRandomSampler

from momentset import _core
from momentset._arrays import count, doubles, row_numbers
from momentset._error import Error


class WeightedDataset(Dataset[Any]):
    """Rows of a dataset with weights: item j is (..., weight) with what dataset[indices[j]] gives, and the weight as a
    float32 tensor. The weights are those of the coreset divided by their mean, so that (weights * losses).mean() over
    batches of rows drawn with equal probability is on average the mean loss over all rows that the coreset stands for.

    Args:
        dataset: a map-style dataset of tuples or single items.
        coreset: anything with `indices` and `weights`, such as what compress() returns.
        indices, weights: in place of it, (d,) row numbers and (d,) weights > 0.

    Raises:
        Error: neither or both are given, their lengths differ, an index is beyond the dataset, or a weight is not
            positive and finite.
    """

    def __init__(self, dataset: Any, coreset: Any = None, *, indices: ArrayLike | None = None,
                 weights: ArrayLike | None = None):
        if (coreset is None) == (indices is None and weights is None):
            raise Error("coreset", "", "either a coreset or indices and weights must be given")
        if coreset is not None:
            indices, weights = coreset.indices, coreset.weights
        if indices is None or weights is None:
            raise Error("weights", "", "indices and weights go together")
        self.dataset = dataset
        self.indices = row_numbers("indices", indices)
        self.object_weights = _positive(weights)
        if len(self.indices) != len(self.object_weights):
            raise Error("weights", f"{len(self.object_weights)} numbers", f"one for each of the {len(self.indices)} "
                        "indices is needed")
        first, last = self.indices.min(), self.indices.max()
        if isinstance(dataset, Sized) and not 0 <= first <= last < len(dataset):
            raise Error("indices", f"{first} to {last}",
                        f"must be at least 0 and below the number of rows, {len(dataset)}")
        self._shares = torch.from_numpy(self.object_weights / self.object_weights.mean()).to(torch.float32)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, j: int) -> tuple[Any, ...]:
        item = self.dataset[int(self.indices[j])]
        return (*item, self._shares[j]) if isinstance(item, tuple) else (item, self._shares[j])


class SystematicSampler(Sampler[int]):
    """Rows in proportion to their weights, in random order: in each epoch row j comes num_samples c_j / sum c times,
    rounded up or down, on average exactly. Sums over an epoch scatter less than those of independent draws."""

    def __init__(self, weights: ArrayLike, num_samples: int, generator: torch.Generator | None = None):
        self.object_weights = _positive(weights)
        self.num_samples, self.generator = count("num_samples", num_samples, 1), generator

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        order = torch.randperm(len(self.object_weights), generator=self.generator).numpy()
        u = float(torch.rand((), generator=self.generator, dtype=torch.float64))
        drawn = order[_core.systematic_sample(self.object_weights[order], self.num_samples, u)]
        shuffled = torch.randperm(self.num_samples, generator=self.generator).numpy()
        yield from drawn[shuffled].tolist()


def weighted_sampler(weights: Any, num_samples: int | None = None, *, systematic: bool = True,
                     generator: torch.Generator | None = None) -> Sampler[int]:
    """Draws rows in proportion to their weights, so that the loss needs none (paper 000, appendix D).

    Args:
        weights: (d,) weights > 0, or a coreset or WeightedDataset that has them.
        num_samples: draws in an epoch; None: d.
        systematic: each row comes as often in an epoch as its weight says, rounded up or down. False: independent draws
            (torch's WeightedRandomSampler).
        generator: of the random numbers; None: torch's own.

    Raises:
        Error: a weight is not positive and finite, or num_samples is below 1.
    """
    if isinstance(weights, WeightedDataset):
        weights = weights.object_weights
    found = _positive(getattr(weights, "weights", weights))
    draws = len(found) if num_samples is None else count("num_samples", num_samples, 1)
    if systematic:
        return SystematicSampler(found, draws, generator)
    return WeightedRandomSampler(torch.from_numpy(found), draws, generator=generator)  # type: ignore[arg-type]


def _positive(weights: Any) -> Any:
    values = doubles("weights", weights.detach().cpu() if isinstance(weights, Tensor) else np.asarray(weights), 1)
    if len(values) == 0:
        raise Error("weights", "0 numbers", "at least one is needed")
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise Error("weights", str(values.min()), "must be positive and finite")
    return values
