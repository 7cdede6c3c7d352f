"""Attention whose heads need not fill the embedding: what nn.MultiheadAttention computes, for any number of heads."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from momentset._error import Error


class HeadAttention(nn.Module):
    """Multi-head attention of `num_heads` heads of `head_dim` dimensions, with the interface of nn.MultiheadAttention:
    that module insists that both multiply to the embedding's dimension, which fewer heads do not.

    out = out_proj(concatenation over heads of softmax(q k^T / sqrt(head_dim)) v) with q, k, v = q_proj(query),
    k_proj(key), v_proj(value). Inside nn.TransformerEncoderLayer it takes the way without the fused kernel.
    """

    # What nn.TransformerEncoder and its layers ask an attention.
    _qkv_same_embed_dim = False
    in_proj_bias = None

    def __init__(self, attention: nn.MultiheadAttention):
        """The same function as the attention given, with copies of its parameters.

        Raises:
            Error: it has key or value biases, or adds attention to zeros.
        """
        super().__init__()
        reason = why_not_heads(attention)
        if reason:
            raise Error("module", type(attention).__name__, reason)
        self.embed_dim, self.num_heads, self.head_dim = attention.embed_dim, attention.num_heads, attention.head_dim
        self.dropout, self.batch_first = attention.dropout, attention.batch_first
        if attention.in_proj_weight is not None:
            weights = list(attention.in_proj_weight.chunk(3))
        else:
            weights = [attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight]
        biases = [None] * 3 if attention.in_proj_bias is None else list(attention.in_proj_bias.chunk(3))
        self.q_proj, self.k_proj, self.v_proj = (_linear(weight, bias) for weight, bias in zip(weights, biases))
        self.out_proj = _linear(attention.out_proj.weight, attention.out_proj.bias)
        self.train(attention.training)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
                need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        """As nn.MultiheadAttention.forward: (L, N, E), or (N, L, E) with batch_first, or (L, E)."""
        batched = query.dim() == 3
        if not batched:
            query, key, value = query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0)
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        q, k, v = (self._heads(projection(x)) for projection, x in
                   ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value)))
        mask = self._mask(attn_mask, key_padding_mask, q, k,
                          is_causal and (need_weights or key_padding_mask is not None))
        dropout = self.dropout if self.training else 0.0
        probabilities = None
        if need_weights:
            logits = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
            probabilities = F.dropout(torch.softmax(logits if mask is None else logits + mask, -1), dropout)
            out = probabilities @ v
            probabilities = probabilities.mean(1) if average_attn_weights else probabilities
        else:
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal and mask is None)
        out = self.out_proj(out.transpose(1, 2).flatten(2))
        if not batched:
            return out.squeeze(0), None if probabilities is None else probabilities.squeeze(0)
        return out if self.batch_first else out.transpose(0, 1), probabilities

    def _heads(self, x: Tensor) -> Tensor:
        """(N, L, heads * dimensions) as (N, heads, L, dimensions)."""
        return x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)

    def _mask(self, attn_mask: Tensor | None, padding: Tensor | None, q: Tensor, k: Tensor,
              causal: bool) -> Tensor | None:
        """What is added to the logits, in a shape that goes with (N, heads, L, S)."""
        added = []
        if attn_mask is None and causal:
            attn_mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).triu(1)
        if attn_mask is not None:
            if attn_mask.dim() == 3:
                # (N * heads, L, S) of the heads that there were: fewer heads can follow one mask for all of them only.
                attn_mask = attn_mask.unflatten(0, (q.shape[0], -1))
                if attn_mask.shape[1] not in (1, self.num_heads):
                    rule = f"must be for the {self.num_heads} heads that there are, or for all alike"
                    raise Error("attn_mask", f"for {attn_mask.shape[1]} heads", rule)
            added.append(attn_mask)
        if padding is not None:
            added.append(padding[:, None, None, :])
        masks = [torch.zeros_like(mask, dtype=q.dtype).masked_fill(mask, -math.inf) if mask.dtype == torch.bool else
                 mask.to(q.dtype) for mask in added]
        return None if not masks else masks[0] if len(masks) == 1 else masks[0] + masks[1]


def why_not_heads(attention: nn.MultiheadAttention) -> str:
    """Why its heads cannot be taken apart; empty where they can."""
    if attention.bias_k is not None or attention.add_zero_attn:
        return "must have neither key and value biases nor attention to zeros"
    return ""


def take_heads_apart(module: nn.Module, made: dict[int, nn.Module] | None = None) -> nn.Module:
    """Puts a HeadAttention in place of each nn.MultiheadAttention, the same one wherever that is held. Returns the
    module, or what stands for it. `made`: those that there are, by the attention's id."""
    made = {} if made is None else made
    if type(module) is nn.MultiheadAttention and not why_not_heads(module):
        return made.setdefault(id(module), HeadAttention(module))
    for name, child in list(module._modules.items()):
        if child is not None:
            module._modules[name] = take_heads_apart(child, made)
    return module


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, weight.device, weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
    return linear
