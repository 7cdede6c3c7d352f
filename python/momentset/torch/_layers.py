"""Where in a module objects lie: chains of a maker (Linear, convolution), what treats each of its objects alike, and a
reader; and the heads of attentions. Found by tracing the module with torch.fx."""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from momentset.torch._attention import HeadAttention, why_not_heads

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
TRANSFORMER_LAYERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
OTHER_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
               nn.LocalResponseNorm, nn.RMSNorm)

# What acts on each object by itself, with the symmetries that it leaves: "odd" means s(-t) = -s(t), "homogeneous"
# s(r t) = r s(t) for r > 0.
BOTH = frozenset({"odd", "homogeneous"})
ODD, HOMOGENEOUS, NEITHER = frozenset({"odd"}), frozenset({"homogeneous"}), frozenset[str]()
ELEMENTWISE: dict[Any, frozenset[str]] = {
    **dict.fromkeys((nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, F.dropout, F.dropout2d,
                     "contiguous"), BOTH),
    **dict.fromkeys((nn.ReLU, nn.LeakyReLU, F.relu, torch.relu, F.leaky_relu, "relu", "relu_"), HOMOGENEOUS),
    **dict.fromkeys((nn.Tanh, nn.Softsign, nn.Tanhshrink, nn.Softshrink, nn.Hardshrink, torch.tanh, F.tanh, F.softsign,
                     "tanh"), ODD),
    **dict.fromkeys((nn.GELU, nn.SiLU, nn.Sigmoid, nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.Mish, nn.ReLU6,
                     nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid, F.gelu, F.silu, torch.sigmoid, F.sigmoid,
                     F.elu, F.softplus, F.mish, F.relu6, F.hardtanh, F.hardswish, "sigmoid"), NEITHER),
}
# The same for maps of channels only.
POOLING: dict[Any, frozenset[str]] = {
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d,
                     nn.AdaptiveAvgPool3d, F.avg_pool1d, F.avg_pool2d, F.adaptive_avg_pool2d), BOTH),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d,
                     nn.AdaptiveMaxPool3d, F.max_pool1d, F.max_pool2d, torch.max_pool2d, F.adaptive_max_pool2d),
                    HOMOGENEOUS),
}


@dataclass(frozen=True)
class Slot:
    """An array in which objects lie along one axis, `block` places each."""

    module: nn.Module
    name: str
    axis: int = 0
    block: int = 1
    outgoing: bool = False

    @property
    def array(self) -> Tensor:
        found: Tensor = getattr(self.module, self.name)
        return found

    def shape(self, array: Tensor, width: int) -> tuple[int, int, bool]:
        """Of an array of `width` objects in this place, as the extension takes it: outer, inner, whether outgoing."""
        outer = 1 if self.axis == 0 else array.shape[0]
        return outer, array.numel() // (outer * width), self.outgoing


@dataclass
class ObjectLayer:
    """The objects of one layer.

    Attributes:
        name: "maker -> reader", or that of the attention.
        kind: "neurons", "channels" or "heads".
        width: how many there are.
        slots: the arrays in which they lie.
        reader: the module whose output is linear in what the objects make, and whose input is that.
        symmetry: "none", "odd" or "homogeneous".
        attention: of heads.
    """

    name: str
    kind: str
    width: int
    slots: list[Slot]
    reader: nn.Module
    symmetry: str = "none"
    attention: HeadAttention | None = None


@dataclass
class Search:
    """What was found, and why other layers cannot be compressed, by name."""

    layers: list[ObjectLayer] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def find_layers(module: nn.Module) -> Search:
    """All layers of objects in the module, in its order. Attentions must be HeadAttention by now."""
    search, names = Search(), {id(part): name for name, part in module.named_modules()}
    for name, part in module.named_modules():
        if isinstance(part, HeadAttention):
            search.layers.append(_heads(name or type(part).__name__, part))
        elif isinstance(part, nn.MultiheadAttention):
            search.skipped[name or type(part).__name__] = why_not_heads(part) or "is of a kind that is not known"
        elif _is_transformer_layer(part):
            search.layers.append(_neurons(name or type(part).__name__, part))
    owners = _owners(module)
    for graph, owner in _graphs(module, set()):
        _chains(graph, owner, names, search)
        for node in graph.nodes:
            if node.op == "get_attr":  # read beside the module that holds it
                read = id(operator.attrgetter(str(node.target))(owner))
                owners[read] = owners.get(read, 0) + 1
    for layer in list(search.layers):
        reason = _why_not(layer, owners)
        if reason:
            search.layers.remove(layer)
            search.skipped[layer.name] = reason
    return search


def _heads(name: str, attention: HeadAttention) -> ObjectLayer:
    block = attention.head_dim
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    slots = [slot for projection in projections for slot in _made_by(projection, block)]
    slots.append(Slot(attention.out_proj, "weight", 1, block, outgoing=True))
    return ObjectLayer(name, "heads", attention.num_heads, slots, attention.out_proj,
                       attention=attention)


def _is_transformer_layer(part: nn.Module) -> bool:
    """Whether its neurons are those of linear1 and linear2, as in torch's own."""
    return any(isinstance(part, kind) and type(part)._ff_block is kind._ff_block for kind in TRANSFORMER_LAYERS)


def _neurons(name: str, layer: Any) -> ObjectLayer:
    slots = _made_by(layer.linear1) + [Slot(layer.linear2, "weight", 1, outgoing=True)]
    activation = layer.activation
    kept = ELEMENTWISE.get(type(activation) if isinstance(activation, nn.Module) else activation)
    return ObjectLayer(f"{name}.linear1 -> linear2", "neurons", layer.linear1.out_features, slots, layer.linear2,
                       _symmetry(NEITHER if kept is None else kept))


def _made_by(maker: nn.Module, block: int = 1) -> list[Slot]:
    return [Slot(maker, name, 0, block) for name in ("weight", "bias", "running_mean", "running_var")
            if getattr(maker, name, None) is not None]


def _symmetry(kept: frozenset[str]) -> str:
    """A layer that is linear throughout keeps both; scaling is then the larger one."""
    return "homogeneous" if "homogeneous" in kept else "odd" if "odd" in kept else "none"


class _Tracer(fx.Tracer):
    """Modules whose forward() cannot be traced are leaves."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, HeadAttention) or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        before = len(self.graph.nodes)
        try:
            return super().call_module(m, forward, args, kwargs)
        except Exception:  # of any kind: it is the module's own code that runs on proxies
            for node in list(self.graph.nodes)[:before - 1:-1]:
                self.graph.erase_node(node)
            return self.create_proxy("call_module", self.path_of_module(m), args, kwargs)


def _graphs(module: nn.Module, seen: set[int]) -> Iterator[tuple[fx.Graph, nn.Module]]:
    """The graph of the module and those of the parts that it holds as leaves, as far as they can be traced."""
    if id(module) in seen or isinstance(module, HeadAttention) or not list(module.children()):
        return
    seen.add(id(module))
    leaves: Iterable[nn.Module] = module.children()
    if not _is_transformer_layer(module):  # the chain of these is known
        try:
            graph = _Tracer().trace(module)
        except Exception:  # see _Tracer
            pass
        else:
            yield graph, module
            leaves = [module.get_submodule(str(node.target)) for node in graph.nodes if node.op == "call_module"]
    for leaf in leaves:
        yield from _graphs(leaf, seen)


def _chains(graph: fx.Graph, owner: nn.Module, names: dict[int, str], search: Search) -> None:
    calls = Counter(id(_module_of(node, owner)) for node in graph.nodes if node.op == "call_module")
    for node in graph.nodes:
        maker = _module_of(node, owner)
        if isinstance(maker, (nn.Linear, *CONVOLUTIONS)) and getattr(maker, "groups", 1) == 1:
            chain = _Chain(maker, node)
            reason = chain.follow(owner)
            if reason:
                search.skipped[names[id(maker)]] = reason.format(names[id(chain.parts[-1])])
            elif chain.reader is not None:
                layer = chain.layer(names)
                if any(calls[id(part)] > 1 for part in chain.parts):
                    search.skipped[layer.name] = "is called more than once"
                else:
                    search.layers.append(layer)


class _Chain:
    """What happens to the output of a maker, as long as each object is treated by itself."""

    def __init__(self, maker: Any, node: fx.Node):
        self.maker, self.node, self.reader = maker, node, None
        self.width: int = maker.weight.shape[0]
        self.slots, self.parts, self.kept = _made_by(maker), [maker], BOTH
        self.flat = isinstance(maker, nn.Linear)  # objects lie along the last axis, perhaps several places for each

    def follow(self, owner: nn.Module) -> str:
        """Up to the reader, if there is one. Returns why the layer cannot be compressed where a norm is in the way."""
        while self.reader is None:
            node = _only_user(self.node)
            if node is None:
                return ""
            part, self.node = _module_of(node, owner), node
            if part is not None:
                self.parts.append(part)
            if isinstance(part, OTHER_NORMS):
                return f"{{}} ({type(part).__name__}) mixes what its objects make"
            if not (self._is_read_by(part) or self._passes_with_arrays(part) or self._passes(node, part)):
                return ""
        return ""

    def layer(self, names: dict[int, str]) -> ObjectLayer:
        kind = "neurons" if isinstance(self.maker, nn.Linear) else "channels"
        assert self.reader is not None
        name = f"{names[id(self.maker)]} -> {names[id(self.reader)]}"
        return ObjectLayer(name, kind, self.width, self.slots, self.reader, _symmetry(self.kept))

    def _is_read_by(self, part: Any) -> bool:
        if not isinstance(part, nn.Linear if self.flat else CONVOLUTIONS) or getattr(part, "groups", 1) != 1:
            return False
        places = part.weight.shape[1]
        if places % self.width != 0:
            return False
        self.slots.append(Slot(part, "weight", 1, places // self.width, outgoing=True))
        self.reader = part
        return True

    def _passes_with_arrays(self, part: Any) -> bool:
        """Through batch norms and convolutions of each channel by itself, which have arrays of the objects."""
        of_each = isinstance(part, BATCH_NORMS) and part.num_features == self.width
        if isinstance(part, CONVOLUTIONS) and not self.flat:
            of_each = part.groups == part.in_channels == part.out_channels == self.width
        if of_each:
            self.slots += _made_by(part)
            self.kept = NEITHER
        return of_each

    def _passes(self, node: fx.Node, part: nn.Module | None) -> bool:
        left = ELEMENTWISE.get(type(part) if part is not None else node.target)
        if isinstance(part, nn.PReLU) and part.num_parameters == 1:
            left = HOMOGENEOUS
        if left is None and not self.flat:
            left = POOLING.get(type(part) if part is not None else node.target)
            if left is None and (_flattens(node, part) or _averages(node)):
                self.flat, left = True, BOTH
        if left is not None:
            self.kept &= left
        return left is not None


def _flattens(node: fx.Node, part: nn.Module | None) -> bool:
    """All axes but the first become one."""
    if part is not None:
        return isinstance(part, nn.Flatten) and part.start_dim == 1 and part.end_dim == -1
    if node.target in (torch.flatten, "flatten"):
        return [*node.args[1:], *node.kwargs.values()] in ([1], [1, -1])
    if node.target not in ("view", "reshape") or len(node.args) != 3:
        return False
    return _is_batch_size(node.args[1]) and node.args[2] in (-1,)


def _averages(node: fx.Node) -> bool:
    """Over all places of maps of two dimensions."""
    if node.target not in ("mean", torch.mean) or node.kwargs.get("keepdim", False) or len(node.args) > 2:
        return False
    axes: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else ())
    return isinstance(axes, (list, tuple)) and sorted(axes) in ([2, 3], [-2, -1])


def _is_batch_size(value: Any) -> bool:
    return isinstance(value, fx.Node) and value.args[1:] == (0,) and value.target in ("size", operator.getitem)


def _only_user(node: fx.Node) -> fx.Node | None:
    """What reads the node; what only asks for its batch size does not count."""
    readers = [user for user in node.users if not _asks_for_batch_size(user)]
    return readers[0] if len(readers) == 1 and readers[0].op != "output" and readers[0].args[:1] == (node,) else None


def _asks_for_batch_size(user: fx.Node) -> bool:
    if user.target == "size":
        return _is_batch_size(user)
    return user.target is getattr and user.args[1:] == ("shape",) and all(map(_is_batch_size, user.users))


def _module_of(node: fx.Node, owner: nn.Module) -> nn.Module | None:
    return owner.get_submodule(str(node.target)) if node.op == "call_module" else None


def _owners(module: nn.Module) -> dict[int, int]:
    """How many places hold each parameter."""
    owners: dict[int, int] = {}
    for _, part in module.named_modules(remove_duplicate=False):
        for parameter in part.parameters(recurse=False):
            owners[id(parameter)] = owners.get(id(parameter), 0) + 1
    return owners


def _why_not(layer: ObjectLayer, owners: dict[int, int]) -> str:
    for slot in layer.slots:
        if parametrize.is_parametrized(slot.module, slot.name):
            return f"its {slot.name} is parametrized"
        if owners.get(id(slot.array), 1) > 1:
            return f"its {slot.name} is tied to another layer's"
    return ""
