"""Modules whose objects stand for several each: the weights are buffers, the gradients are divided by them."""

from __future__ import annotations

from typing import Any, Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from momentset._error import Error

# They follow each element of a gradient by itself, so that dividing it by a weight is all that is needed.
ELEMENTWISE = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adamax,
               torch.optim.Rprop)


class ObjectWeights(nn.Module):
    """Parametrization of an array in which objects lie along one axis. Outgoing arrays are multiplied by the objects'
    weights in the forward pass; incoming ones are left as they are, and only remember them for the gradients.

    Attributes:
        weights: c_j of the object that each place along the axis belongs to; a buffer, which goes along with
            state_dict() and to().
    """

    weights: Tensor

    def __init__(self, weights: Tensor, axis: int, outgoing: bool):
        super().__init__()
        self.register_buffer("weights", weights)
        self.axis, self.outgoing = axis, outgoing

    def forward(self, array: Tensor) -> Tensor:
        return array * self.beside(array) if self.outgoing else array

    def beside(self, array: Tensor) -> Tensor:
        """The weights in a shape that multiplies the array."""
        shape = [1] * array.dim()
        shape[self.axis] = -1
        return self.weights.view(shape)


def add_weights(module: nn.Module, name: str, weights: Tensor, axis: int, outgoing: bool) -> None:
    """Makes the parameter `name` of the module one of weighted objects."""
    array = getattr(module, name)
    weights = weights.to(device=array.device, dtype=array.dtype)
    parametrize.register_parametrization(module, name, ObjectWeights(weights, axis, outgoing))


def fold_weights(module: nn.Module) -> nn.Module:
    """Multiplies outgoing arrays by the weights of their objects and forgets the weights: the same function, of plain
    modules and parameters, for export. In place; returns the module.

    Raises:
        Error: no array of the module has weights.
    """
    found = [(part, name) for part in module.modules() if parametrize.is_parametrized(part)
             for name, chain in _chains(part) if isinstance(chain[0], ObjectWeights)]
    if not found:
        raise _unweighted(module)
    for part in dict.fromkeys(part for part, _ in found):
        # torch deletes the array from the class, which copies of the part share: this one gets a class of its own.
        own = type(type(part).__name__, type(part).__bases__, dict(vars(type(part))))
        object.__setattr__(part, "__class__", own)
    for part, name in found:
        parametrize.remove_parametrizations(part, name, leave_parametrized=True)
    return module


def scale_gradients(optimizer: torch.optim.Optimizer, module: nn.Module) -> list[Any]:
    """Makes the weighted objects of a module train as all those that they stand for would train (paper 000,
    Definition 4): from now on the gradients of the optimizer's parameters are divided by the objects' weights as soon
    as backward() has made them, before clipping, momentum or weight decay see them.

    Args:
        optimizer: SGD, Adam, AdamW, RMSprop, Adamax or Rprop, which follow each element of a gradient by itself.
        module: made by compress_width(weighted=True) or compressed_init_(weighted=True), or holding such a one; still
            weighted, so that its parameters are those of the optimizer.

    Returns:
        Handles; `handle.remove()` on each ends it.

    Raises:
        Error: another optimizer, a module without weights, or one none of whose weighted parameters it trains; or they
            are scaled already.
    """
    if type(optimizer) not in ELEMENTWISE:
        known = ", ".join(each.__name__ for each in ELEMENTWISE)
        raise Error("optimizer", type(optimizer).__name__, f"must be one of {known}: others are not exact")
    trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    weighted = list(weighted_parameters(module))
    if not weighted:
        raise _unweighted(module)
    handles = []
    for parameter, weights in weighted:
        if id(parameter) not in trained:
            continue
        if getattr(parameter, "_gradient_is_scaled", False):
            raise Error("module", type(module).__name__, "has gradients that are scaled already")
        handles.append(_Scaling(parameter, weights))
    if not handles:
        raise Error("optimizer", type(optimizer).__name__, "trains none of the weighted parameters of the module")
    return handles


def clip_grad_norm_(module: nn.Module, max_norm: float) -> Tensor:
    """As `torch.nn.utils.clip_grad_norm_`, with the norm that the gradient of the wide module would have: that of an
    object counts as often as its weight says, `sqrt(sum_j c_j |g_j|^2)`. For gradients scaled by scale_gradients(), after
    backward(). Returns the norm.

    Raises:
        Error: the module has no weights.
    """
    weights = {id(parameter): weights for parameter, weights in weighted_parameters(module)}
    if not weights:
        raise _unweighted(module)
    found = [(parameter.grad, weights.get(id(parameter), 1)) for parameter in module.parameters()
             if parameter.grad is not None]
    squares = [(gradient.square() * weight).sum() for gradient, weight in found]
    norm = torch.stack(squares).sum().sqrt() if squares else torch.zeros(())
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    for gradient, _ in found:
        gradient.mul_(factor)
    return norm


def weighted_parameters(module: nn.Module) -> Iterator[tuple[Tensor, Tensor]]:
    """The parameters in which weighted objects lie, and their weights in a shape that multiplies them."""
    for part in module.modules():
        if parametrize.is_parametrized(part):
            for _, chain in _chains(part):
                if isinstance(chain[0], ObjectWeights):
                    yield chain.original, chain[0].beside(chain.original)


class _Scaling:
    """Divides the gradient of one parameter, until it is removed."""

    def __init__(self, parameter: Tensor, weights: Tensor):
        self.parameter = parameter
        self.hook = parameter.register_hook(lambda gradient: gradient / weights)
        parameter._gradient_is_scaled = True  # type: ignore[attr-defined]

    def remove(self) -> None:
        self.hook.remove()
        self.parameter._gradient_is_scaled = False  # type: ignore[attr-defined]


def _chains(part: nn.Module) -> list[tuple[str, Any]]:
    return list(part.parametrizations.items())  # type: ignore[operator, union-attr]


def _unweighted(module: nn.Module) -> Error:
    return Error("module", type(module).__name__, "has no weighted objects: make it with weighted=True")
