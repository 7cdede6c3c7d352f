"""compressed_init_(): small layers that begin, and train, as huge ones."""

from __future__ import annotations

import math
from typing import Any, Callable, Literal

import torch
from torch import Tensor, nn

from momentset import _core
from momentset._arrays import count
from momentset._error import Error
from momentset.torch._compress import compressed_arrays, weigh
from momentset.torch._layers import ObjectLayer, Slot, find_layers

Distribution = Literal["uniform", "gaussian", "xavier", "he", "orthogonal"]
Method = Literal["compress", "cubature"]

# Standard deviation of a normal weight by the numbers of inputs and outputs.
DEVIATIONS: dict[str, Callable[[int, int], float]] = {
    "gaussian": lambda inputs, outputs: 1 / math.sqrt(inputs),
    "xavier": lambda inputs, outputs: math.sqrt(2 / (inputs + outputs)),
    "he": lambda inputs, outputs: math.sqrt(2 / inputs),
}


def compressed_init_(module: nn.Module, virtual_width: int, *, distribution: Distribution = "uniform",
                     method: Method = "compress", weighted: bool = True, seed: int = 0) -> nn.Module:
    """Initialises the layers of a module, those that compress_width() finds, as if each had `virtual_width` objects of
    which only as many were kept as it has. In place; returns the module.

    Args:
        module: layers of neurons or channels; other parameters stay as they are.
        virtual_width: objects of the wide layer, at least the width of each.
        distribution: of the weights, for the numbers of inputs and outputs of the wide layer: "uniform" within
            1 / sqrt(inputs), as torch does it, biases alike; or, with biases of 0, normal with the variance 1 / inputs
            ("gaussian"), 2 / (inputs + outputs) ("xavier") or 2 / inputs ("he"); or "orthogonal".
        method: "compress": draw the wide layer and keep some of its objects with weights that have the same moments;
            "cubature": draw none. The objects are nodes of cubature rules of the normal distribution itself, exact to
            degree 3: for m random numbers in an object the ends of m axes at sqrt(m) standard deviations, turned at
            random (Genz and Monahan 1998), 2 m objects in a rule. This is the mean over all wide layers.
        weighted: keep the weights beside the parameters, for training with scale_gradients(): see compress_width().
        seed: of whatever is random.

    Raises:
        Error: no layer is found, one is wider than virtual_width, the method has no such distribution, or a layer is
            narrower than a rule; it names the layer.
    """
    if distribution not in ("uniform", "orthogonal", *DEVIATIONS):
        raise Error("distribution", str(distribution), "must be uniform, orthogonal, gaussian, xavier or he")
    if method not in ("compress", "cubature"):
        raise Error("method", str(method), "must be compress or cubature")
    if method == "cubature" and distribution not in DEVIATIONS:
        raise Error("distribution", distribution, "must be gaussian, xavier or he for cubature")
    search = find_layers(module)
    layers = [layer for layer in search.layers if layer.kind != "heads"]
    if not layers:
        reasons = "".join(f"; {name}: {reason}" for name, reason in search.skipped.items())
        raise Error("module", type(module).__name__, f"has no neurons or channels to initialise{reasons}")
    virtual_width = count("virtual_width", virtual_width, 1)
    generator = torch.Generator().manual_seed(count("seed", seed, 0))
    for layer in layers:
        if layer.width > virtual_width:
            raise Error("virtual_width", str(virtual_width),
                        f"must be at least the width of {layer.name}, {layer.width}")
        make = _compressed if method == "compress" else _nodes
        arrays, weights = make(layer, virtual_width, distribution, generator, seed)
        for slot, array in zip(layer.slots, arrays):
            with torch.no_grad():
                folded = array * _along(slot, weights) if slot.outgoing and not weighted else array
                slot.array.copy_(folded)
        if weighted:
            weigh(layer, weights)
    return module


def _along(slot: Slot, weights: Tensor) -> Tensor:
    shape = [1] * slot.array.dim()
    shape[slot.axis] = -1
    return weights.repeat_interleave(slot.block).view(shape)


def _is_random(slot: Slot) -> bool:
    return slot.name == "weight" and slot.array.dim() > 1


def _is_bias(slot: Slot, layer: ObjectLayer) -> bool:
    """Of the maker, not of a norm."""
    return slot.name == "bias" and slot.module is layer.slots[0].module


def _fans(slot: Slot, width: int) -> tuple[int, int]:
    """Inputs and outputs of an array of weights in a layer of `width` objects."""
    shape = list(slot.array.shape)
    shape[slot.axis] = width * slot.block
    places = math.prod(shape[2:])
    return shape[1] * places, shape[0] * places


def _drawn(slot: Slot, layer: ObjectLayer, width: int, distribution: str, generator: torch.Generator) -> Tensor:
    """The array of the wide layer: weights at random, biases at random or 0, arrays of norms as they are."""
    shape = list(slot.array.shape)
    shape[slot.axis] = width * slot.block
    array = torch.zeros(shape, dtype=torch.float64)
    is_bias = _is_bias(slot, layer)
    if not (is_bias or _is_random(slot)):
        return _first_repeated(slot, width)
    inputs, outputs = _fans(layer.slots[0] if is_bias else slot, width)
    if distribution == "uniform":
        return array.uniform_(-1, 1, generator=generator).div_(math.sqrt(inputs))
    if is_bias:
        return array
    if distribution == "orthogonal":
        nn.init.orthogonal_(array, generator=generator)
        return array
    return array.normal_(0, DEVIATIONS[distribution](inputs, outputs), generator=generator)


def _first_repeated(slot: Slot, width: int) -> Tensor:
    """An array of numbers, one for each object, that are alike before training."""
    first = slot.array.detach().double().cpu()[:1]
    return first.expand(width * slot.block, *slot.array.shape[1:]).clone()


def _compressed(layer: ObjectLayer, width: int, distribution: str, generator: torch.Generator,
                seed: int) -> tuple[list[Tensor], Tensor]:
    wide = [_drawn(slot, layer, width, distribution, generator) for slot in layer.slots]
    options = _core.WidthOptions()
    options.size, options.seed = layer.width, seed
    result = compressed_arrays(layer, wide, width, options)
    kept = zip(layer.slots, result.arrays(False))
    return [torch.from_numpy(values).view(slot.array.shape) for slot, values in kept], torch.from_numpy(result.weights)


def _nodes(layer: ObjectLayer, width: int, distribution: str, generator: torch.Generator,
           seed: int) -> tuple[list[Tensor], Tensor]:
    """Nodes of cubature rules of the distribution of an object, and equal weights."""
    counts = [slot.array.numel() // layer.width if _is_random(slot) else 0 for slot in layer.slots]
    m = sum(counts)
    rules, left_over = divmod(layer.width, 2 * m)
    if rules == 0:
        raise Error("method", "cubature", f"takes at least {2 * m} objects for {layer.name}, which has {layer.width}")
    frames = [torch.linalg.qr(torch.randn(m, m, dtype=torch.float64, generator=generator))[0] * math.sqrt(m)
              for _ in range(rules)]
    nodes = torch.cat([torch.cat([frame, -frame]) for frame in frames])
    weights = torch.full((layer.width,), width / len(nodes), dtype=torch.float64)
    # Objects that are no whole rule share the weight of others that are equal to them.
    nodes = torch.cat([nodes, nodes[:left_over]])
    weights[:left_over] /= 2
    weights[layer.width - left_over:] /= 2
    arrays, first = [], 0
    for slot, number in zip(layer.slots, counts):
        if number == 0:
            array = _first_repeated(slot, layer.width)
            arrays.append(torch.zeros_like(array) if _is_bias(slot, layer) else array)
            continue
        values = nodes[:, first : first + number] * DEVIATIONS[distribution](*_fans(slot, width))
        first += number
        outer = 1 if slot.axis == 0 else slot.array.shape[0]
        arrays.append(values.reshape(layer.width, outer, -1).transpose(0, 1).reshape(slot.array.shape))
    return arrays, weights
