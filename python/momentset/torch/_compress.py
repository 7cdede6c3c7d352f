"""compress_width(): fewer neurons, channels and heads with new weights."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any, Literal, Mapping, Union

import torch
from torch import Tensor, nn

from momentset import _core
from momentset._arrays import Doubles, Integers, count, number
from momentset._error import Error
from momentset.torch._attention import take_heads_apart
from momentset.torch._contributions import Contributions, inputs_read, refit as refit_outgoing
from momentset.torch._layers import ObjectLayer, Search, Slot, find_layers
from momentset.torch._weights import add_weights

Keep = Literal["dynamics", "function", "outputs"]
# What tells how wide the array of a maker (axis 0) or reader (axis 1) is.
WIDTHS = {0: ("out_features", "out_channels", "num_features"), 1: ("in_features", "in_channels")}


@dataclass(frozen=True)
class LayerReport:
    """What became of one layer.

    Attributes:
        name: "maker -> reader" as the module names them, or that of the attention.
        kind: "neurons", "channels" or "heads".
        width: objects before.
        size: objects after.
        order: highest total degree of the moments kept; 1 of the contributions where outputs are kept.
        numbers: (size,) which objects were kept.
        weights: (size,) for how many each stands; they are part of the outgoing arrays unless `weighted` was asked for.
        notices: what the user should know.
    """

    name: str
    kind: str
    width: int
    size: int
    order: int
    numbers: Integers
    weights: Doubles
    notices: list[str]


@dataclass(frozen=True)
class WidthReport:
    """What became of each layer.

    Attributes:
        layers: those that were compressed.
        skipped: why others were not, by name.
    """

    layers: list[LayerReport]
    skipped: dict[str, str] = field(default_factory=dict)

    def summary(self) -> str:
        """One line for each layer."""
        lines = [f"{layer.name}: {layer.width} to {layer.size} {layer.kind}, order {layer.order}"
                 for layer in self.layers]
        return "\n".join(lines + [f"{name}: as it was: {reason}" for name, reason in self.skipped.items()])


def compress_width(
    module: nn.Module,
    *,
    size: int | Mapping[str, int] | None = None,
    ratio: float | None = None,
    order: Union[int, Literal["auto"]] = "auto",
    keep: Keep | None = None,
    calibration: Any = None,
    refit: bool = True,
    weighted: bool = False,
    seed: int = 0,
    threads: int | None = None,
) -> tuple[nn.Module, WidthReport]:
    """A copy of the module with fewer neurons, channels and heads, each with a new weight, and a report.

    Layers are found by tracing: Linear, activations, Linear; convolutions with batch norms, activations and pooling in
    between, and the Linear that reads the last one; feed-forward parts and heads of torch's transformer layers and of
    stacks of them; nn.MultiheadAttention, in whose place a `HeadAttention` of the same interface comes. Inputs and
    outputs of the module stay as they are.

    Args:
        module: any; left as it is.
        size: objects to keep in each layer, 1 to its width; or by the name of the layer as the report tells it, those
            not named staying as they are.
        ratio: in its place the share of each layer to keep, above 0 and at most 1.
        order: highest total degree of the moments kept; "auto": chosen as by momentset.compress().
        keep: "dynamics": moments of whole objects, incoming and outgoing weights, so that the layer trains alike;
            "function": what it computes now, with neurons found that are equal up to the activation's symmetry;
            "outputs": what it computes on the calibration data, in any number of dimensions. None: "outputs" with
            calibration, else "dynamics".
        calibration: a batch of inputs of the module: a tensor, or a tuple of its arguments. Each sample is a row of the
            first axis of what the layers read.
        refit: with keep="outputs", unless weighted: the outgoing weights are then fitted to the module's outputs on the
            calibration data, by least squares, layer by layer, each with what the smaller ones before it give.
        weighted: True: the weights stay buffers beside the parameters, for training with scale_gradients(); fold them
            with fold_weights(). False: outgoing arrays are multiplied by them.
        seed: of what is random: see momentset.compress(); and of the combinations of outputs.
        threads: as of momentset.compress().

    Returns:
        The smaller module, in the mode (training or evaluation) of the one given, and the report.

    Raises:
        Error: no layer can be compressed (it tells why: norms that mix objects, tied or parametrized weights); a size
            is above a width or a name unknown, with the layer's name; or as momentset.compress() does.
    """
    if not isinstance(module, nn.Module):
        raise Error("module", type(module).__name__, "must be a torch.nn.Module")
    keep = keep or ("dynamics" if calibration is None else "outputs")
    if keep not in _core.Keep.__members__:
        raise Error("keep", str(keep), f"must be one of {', '.join(_core.Keep.__members__)}")
    if (keep == "outputs") != (calibration is not None):
        raise Error("calibration", "", "is for keep='outputs', which needs it")
    small = take_heads_apart(copy.deepcopy(module))
    search = find_layers(small)
    sizes = _sizes(module, search, size, ratio)
    options = _core.WidthOptions()
    options.seed, options.keep = count("seed", seed, 0), _core.Keep.__members__[keep]
    options.threads = 0 if threads is None else count("threads", threads, 1)
    options.order = None if order == "auto" else count("order", order, 0)
    if keep == "outputs":
        reports = _keep_outputs(small, sizes, calibration, options, refit and not weighted, weighted)
    else:
        reports = [_compress_layer(*each, options, weighted) for each in sizes.values()]
    return small, WidthReport(reports, search.skipped)


def _keep_outputs(small: nn.Module, sizes: dict[str, tuple[ObjectLayer, int]], calibration: Any,
                  options: _core.WidthOptions, refit: bool, weighted: bool) -> list[LayerReport]:
    with torch.no_grad():
        wanted = {name: sizes[name][0].reader(given)
                  for name, given in inputs_read(small, [layer for layer, _ in sizes.values()], calibration).items()}
    reports = []
    for name, outputs in wanted.items():
        layer, size = sizes[name]
        given = inputs_read(small, [layer], calibration)[name]
        added, options.size = Contributions(layer, given, size, options.seed), size

        def error(most: int) -> float:
            result = _compressed(layer, options, added.components_of_half(most))
            return added.error(result.numbers, result.weights)

        # Fewer sums leave more equal weights, which are better for outputs that the sums do not tell.
        most = min(sorted({max(1, size - 1), max(1, size // 4), max(1, size // 16)}), key=error)
        report = _put_back(layer, _compressed(layer, options, added.components(most)), weighted)
        if refit:
            refit_outgoing(layer, given, outputs, torch.from_numpy(report.numbers))
        reports.append(report)
    return reports


def _sizes(module: nn.Module, search: Search, size: int | Mapping[str, int] | None,
           ratio: float | None) -> dict[str, tuple[ObjectLayer, int]]:
    """The layers to compress by name, and how many objects of each to keep."""
    name = type(module).__name__
    if (size is None) == (ratio is None):
        raise Error("size", "", "exactly one of size and ratio must be given")
    if not search.layers:
        reasons = "".join(f"; {layer}: {reason}" for layer, reason in search.skipped.items())
        raise Error("module", name, f"has no neurons, channels or heads that can be compressed{reasons}")
    layers = {layer.name: layer for layer in search.layers}
    if ratio is not None:
        share = number("ratio", ratio)
        if not 0 < share <= 1:
            raise Error("ratio", str(ratio), "must be above 0 and at most 1")
        return {each: (layer, max(1, math.floor(share * layer.width + 0.5))) for each, layer in layers.items()}
    wanted = dict(size) if isinstance(size, Mapping) else dict.fromkeys(layers, size)
    for each, kept in wanted.items():
        if each not in layers:
            reason = search.skipped.get(each, f"is none of its layers: {', '.join(layers)}")
            raise Error("size", each, reason)
        if count("size", kept, 1) > layers[each].width:
            raise Error("size", str(kept), f"must be at most the width of {each} in {name}, {layers[each].width}")
    return {each: (layers[each], int(kept)) for each, kept in wanted.items() if kept is not None}


def _compress_layer(layer: ObjectLayer, size: int, options: _core.WidthOptions, weighted: bool) -> LayerReport:
    options.size = size
    if options.keep == _core.Keep.function:
        options.symmetry = _core.Symmetry.__members__[layer.symmetry]
    return _put_back(layer, _compressed(layer, options, None), weighted)


def _compressed(layer: ObjectLayer, options: _core.WidthOptions, components: Doubles | None) -> _core.CompressedLayer:
    arrays = [slot.array.detach().to("cpu", torch.float64).contiguous() for slot in layer.slots]
    return compressed_arrays(layer, arrays, layer.width, options, components)


def compressed_arrays(layer: ObjectLayer, arrays: list[Tensor], width: int, options: _core.WidthOptions,
                      components: Doubles | None = None) -> _core.CompressedLayer:
    """Compresses arrays, one for each slot, that hold `width` objects of the layer's kind. Errors name the layer."""
    shapes = [slot.shape(array, width) for slot, array in zip(layer.slots, arrays)]
    flat = [array.reshape(-1).numpy() for array in arrays]
    try:
        return _core.compress_width(flat, shapes, width, None, components, options)
    except Error as error:
        raise Error(error.field, error.value, f"{error.rule} ({layer.name})") from None


def _put_back(layer: ObjectLayer, result: _core.CompressedLayer, weighted: bool) -> LayerReport:
    """Puts the objects kept in the place of all."""
    size = len(result.numbers)
    for slot, values in zip(layer.slots, result.arrays(not weighted)):
        _replace(slot, torch.from_numpy(values), size)
    set_width(layer, size)
    if weighted:
        weigh(layer, torch.from_numpy(result.weights))
    return LayerReport(layer.name, layer.kind, layer.width, size, result.order, result.numbers, result.weights,
                       result.notices)


def keep_objects(layer: ObjectLayer, numbers: Tensor) -> None:
    """Leaves the objects with these numbers in the layer, as they are."""
    for slot in layer.slots:
        places = (numbers[:, None] * slot.block + torch.arange(slot.block)).flatten()
        _replace(slot, slot.array.detach().index_select(slot.axis, places.to(slot.array.device)), len(numbers))
    set_width(layer, len(numbers))


def _replace(slot: Slot, values: Tensor, size: int) -> None:
    """Puts an array of fewer objects in the place of the one that there is."""
    old = slot.array
    shape = list(old.shape)
    shape[slot.axis] = size * slot.block
    new = values.reshape(shape).to(device=old.device, dtype=old.dtype)
    if isinstance(old, nn.Parameter):
        setattr(slot.module, slot.name, nn.Parameter(new, requires_grad=old.requires_grad))
    else:
        setattr(slot.module, slot.name, new)


def set_width(layer: ObjectLayer, size: int) -> None:
    """Tells the modules how wide they are."""
    for slot in layer.slots:
        for name in WIDTHS[slot.axis]:
            if hasattr(slot.module, name):
                setattr(slot.module, name, size * slot.block)
        if slot.axis == 0 and getattr(slot.module, "groups", 1) == layer.width > 1:  # channels by themselves
            slot.module.groups = slot.module.in_channels = size  # type: ignore[assignment]
    if layer.attention is not None:
        layer.attention.num_heads = size


def weigh(layer: ObjectLayer, weights: Tensor) -> None:
    """Makes the parameters in which the layer's objects lie weighted ones."""
    for slot in layer.slots:
        if isinstance(slot.array, nn.Parameter):
            add_weights(slot.module, slot.name, weights.repeat_interleave(slot.block), slot.axis, slot.outgoing)
