"""What each object of a layer adds to the layer's outputs on data, as few numbers for each object."""

from __future__ import annotations

import math
from typing import Any, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from momentset._arrays import Doubles, Integers
from momentset._error import Error
from momentset.torch._layers import ObjectLayer

MOST_COMPONENTS = 512  # whose sums are kept in each cell
MOST_NUMBERS = 4096  # random combinations of outputs from which they are made
RIDGE = 1e-3


def inputs_read(module: nn.Module, layers: Sequence[ObjectLayer], calibration: Any) -> dict[str, Tensor]:
    """What the reader of each layer is given, by the layer's name, in the order in which they are run. The module is
    run once, in evaluation mode.

    Raises:
        Error: a reader is not reached.
    """
    read: dict[int, list[Tensor]] = {}
    hooks = [layer.reader.register_forward_pre_hook(
        lambda part, given: read.setdefault(id(part), []).append(given[0].detach())) for layer in layers]
    training, fused = module.training, torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it would not call the readers
    try:
        module.eval()
        with torch.no_grad():
            module(*calibration if isinstance(calibration, (tuple, list)) else (calibration,))
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        module.train(training)
        for hook in hooks:
            hook.remove()
    for layer in layers:
        if id(layer.reader) not in read:
            raise Error("calibration", "", f"does not reach {layer.name}")
    names = {id(layer.reader): layer.name for layer in layers}
    return {names[reader]: torch.cat(given) for reader, given in read.items()}


class Contributions:
    """What the objects of a layer add to random combinations of its reader's outputs, for each half of the data.

    Args:
        given: what the reader is given.
        size: objects to be kept, by which the number of combinations goes.
    """

    def __init__(self, layer: ObjectLayer, given: Tensor, size: int, seed: int):
        generator = torch.Generator().manual_seed(seed)
        if isinstance(layer.reader, nn.Linear):
            given = given.reshape(-1, given.shape[-1])
        halves = (given[::2], given[1::2]) if len(given) > 1 else (given, given)
        self._half, self._held_out = (_products(layer, half, 4 * size, generator) for half in halves)

    def components_of_half(self, most: int) -> Doubles:
        """(width, p) leading principal components for the first half, p at most `most`."""
        return _components(self._half, most)

    def components(self, most: int) -> Doubles:
        """The same for all of the data."""
        return _components(torch.cat([self._half, self._held_out], 1), most)

    def error(self, numbers: Integers, weights: Doubles) -> float:
        """How far off the outputs of the second half are where these objects with these weights stand for all."""
        lacking = torch.from_numpy(weights) @ self._held_out[torch.from_numpy(numbers)] - self._held_out.sum(0)
        return float(lacking.norm())


def refit(layer: ObjectLayer, given: Tensor, outputs: Tensor, numbers: Tensor) -> None:
    """Changes the outgoing weights and the bias of a layer of fewer objects so that its outputs come closest to those
    wanted: least is the sum of squares of what they lack, and RIDGE times that of the change, in units of the inputs'
    mean square.

    Args:
        given: what the reader was given by all objects.
        outputs: wanted of it.
        numbers: the objects that are left.
    """
    reader: Any = layer.reader
    places = layer.slots[-1].block
    kept = (numbers[:, None] * places + torch.arange(places)).flatten().to(given.device)
    axis = given.dim() - 1 if isinstance(reader, nn.Linear) else 1
    given = given.index_select(axis, kept)
    with torch.no_grad():
        lacking = (outputs - reader(given)).movedim(axis, -1).flatten(0, -2).double()
        inputs = _patches(reader, given).double()
        ones = torch.ones(len(inputs), int(reader.bias is not None), dtype=torch.float64, device=inputs.device)
        inputs = torch.cat([inputs, ones], 1)
        gram = inputs.T @ inputs
        gram.diagonal().add_(RIDGE * gram.diagonal().mean())
        change = torch.linalg.solve(gram, inputs.T @ lacking).T.to(reader.weight.dtype)
        if reader.bias is not None:
            reader.bias.add_(change[:, -1])
            change = change[:, :-1]
        reader.weight.add_(change.reshape(reader.weight.shape))


def _patches(reader: Any, given: Tensor) -> Tensor:
    """What each output is linear in, a row for each place of the outputs, in the order of the reader's weights."""
    if isinstance(reader, nn.Linear):
        return given.flatten(0, -2)
    kernel = reader.kernel_size
    ones = torch.eye(math.prod(kernel), dtype=given.dtype, device=given.device).view(-1, 1, *kernel)
    convolution = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(kernel)]
    single = convolution(given.flatten(0, 1).unsqueeze(1), ones, None, reader.stride, reader.padding, reader.dilation)
    patches = single.unflatten(0, given.shape[:2]).flatten(1, 2)  # (samples, channels * places of the kernel, ...)
    return patches.movedim(1, -1).flatten(0, -2)


def _products(layer: ObjectLayer, given: Tensor, numbers: int, generator: torch.Generator) -> Tensor:
    """(width, p) sums over each object's places of input times gradient, for p random combinations z of the outputs of
    a sample: since the reader is linear, this is what the object adds to z . y. On average over z their products are
    those of the whole contributions."""
    block = layer.slots[-1].block
    reader, places = layer.reader, -1 if isinstance(layer.reader, nn.Linear) else 1
    numbers = min(numbers, MOST_NUMBERS)
    if len(given) > numbers:
        given = given[torch.randperm(len(given), generator=generator)[:numbers].to(given.device)]
    rounds = []
    for _ in range(-(-numbers // len(given))):
        x = given.detach().requires_grad_()
        with torch.enable_grad():
            y = reader(x)
            z = torch.randn(y.shape, generator=generator).to(y)
            (gradient,) = torch.autograd.grad((z * y).sum(), x)
        added = (given * gradient).double().movedim(places, 0)  # (width * block, samples, ...)
        rounds.append(added.reshape(layer.width, block, *added.shape[1:]).transpose(1, 2).flatten(2).sum(2))
    return torch.cat(rounds, 1).cpu()


def _components(products: Tensor, most: int) -> Doubles:
    """(width, p) leading principal components, p at least 1."""
    p = max(1, min(most, MOST_COMPONENTS, *products.shape))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # of the random projections that svd_lowrank begins with
        U, S, _ = torch.svd_lowrank(products, q=p, niter=2)
    scores: Doubles = (U * S).contiguous().numpy()
    return scores
