"""Fewer neurons, channels and attention heads, weighted training and weighted batches; needs the extra
`momentset[torch]`. How to use it: docs/networks.md."""

from __future__ import annotations

from momentset._partitions import engine_module

engine_module("torch")  # one clear line where it is missing

from momentset.torch._attention import HeadAttention  # noqa: E402
from momentset.torch._compress import LayerReport, WidthReport, compress_width  # noqa: E402
from momentset.torch._data import SystematicSampler, WeightedDataset, weighted_sampler  # noqa: E402
from momentset.torch._init import compressed_init_  # noqa: E402
from momentset.torch._weights import clip_grad_norm_, fold_weights, scale_gradients  # noqa: E402

__all__ = [
    "HeadAttention", "LayerReport", "SystematicSampler", "WeightedDataset", "WidthReport", "clip_grad_norm_",
    "compress_width", "compressed_init_", "fold_weights", "scale_gradients", "weighted_sampler",
]
