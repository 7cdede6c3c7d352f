"""Trained networks compressed to 1/2, 1/4 and 1/8 of their widths by momentset.torch, beside structured pruning by
magnitude and at random: accuracy and change of the outputs, before and after a short fine-tuning.

A wide perceptron, a small convolutional network and a transformer of four layers, trained on scikit-learn's digits.
Needs torch (tests/python/requirements.txt). Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import momentset.torch as mt
from momentset.torch._attention import take_heads_apart
from momentset.torch._compress import keep_objects
from momentset.torch._contributions import inputs_read, refit
from momentset.torch._layers import find_layers

RATIOS = {"1/2": 0.5, "1/4": 0.25, "1/8": 0.125}
CALIBRATION = 512  # of the training images


class Transformer(nn.Module):
    """Each row of an image is a token."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Linear(8, 64), nn.Parameter(0.1 * torch.randn(8, 64))
        layer = nn.TransformerEncoderLayer(64, 8, 256, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.classes = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classes(self.encoder(self.embedding(x[:, 0]) + self.positions).mean(1))


NETWORKS = {
    "64-4096-10": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 4096), nn.ReLU(), nn.Linear(4096, 10)),
    "convolutions": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 10)),
    "transformer": Transformer,
}


def digits(seed):
    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images.astype(np.float32) / 16, labels, test_size=500, random_state=seed, stratify=labels)
    x, x_test, y, y_test = map(torch.from_numpy, split)
    return x.view(-1, 1, 8, 8), y, x_test.view(-1, 1, 8, 8), y_test


def train(network, x, y, epochs, rate, seed):
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    random = torch.Generator().manual_seed(seed)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=random).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
    return network.eval()


@torch.no_grad()
def outputs(network, x):
    return network(x)


def pruned(network, ratio, score, calibration=None):
    """Keeps the objects of each layer with the highest scores. With calibration data outgoing weights are refitted, as
    compress_width() does it."""
    small = take_heads_apart(copy.deepcopy(network))
    layers = {layer.name: layer for layer in find_layers(small).layers}
    wanted = {name: None for name in layers}
    if calibration is not None:
        with torch.no_grad():
            wanted = {name: layers[name].reader(given)
                      for name, given in inputs_read(small, list(layers.values()), calibration).items()}
    for name, outputs in wanted.items():
        layer = layers[name]
        size = max(1, int(ratio * layer.width + 0.5))
        numbers = torch.argsort(score(layer), descending=True)[:size].sort().values
        given = None if calibration is None else inputs_read(small, [layer], calibration)[name]
        keep_objects(layer, numbers)
        if calibration is not None:
            refit(layer, given, outputs, numbers)
    return small


def magnitude(layer):
    """Product of the norms of incoming and outgoing weights."""
    norms = []
    for slot in layer.slots:
        if slot.array.dim() > 1:
            parts = slot.array.detach().movedim(slot.axis, 0).reshape(layer.width, -1)
            norms.append((slot.outgoing, parts.square().sum(1)))
    incoming = sum(square for outgoing, square in norms if not outgoing)
    return (incoming * sum(square for outgoing, square in norms if outgoing)).sqrt()


def methods(network, ratio, x, seed):
    def drawn(layer):
        return torch.rand(layer.width, generator=torch.Generator().manual_seed(seed))

    calibration = x[:CALIBRATION]
    yield "momentset", lambda: mt.compress_width(network, ratio=ratio, calibration=calibration)[0]
    yield "magnitude, refitted", lambda: pruned(network, ratio, magnitude, calibration)
    yield "random, refitted", lambda: pruned(network, ratio, drawn, calibration)
    yield "momentset, not refitted", lambda: mt.compress_width(network, ratio=ratio, calibration=calibration,
                                                               refit=False)[0]
    yield "magnitude", lambda: pruned(network, ratio, magnitude)
    yield "random", lambda: pruned(network, ratio, drawn)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--fine-tuning", type=int, default=2, help="epochs")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # small batches gain nothing by more
    for name in arguments.networks:
        rows: dict[tuple[str, str], list] = {}
        accuracies = []
        for seed in range(arguments.seeds):
            torch.manual_seed(seed)
            x, y, x_test, y_test = digits(seed)
            network = train(NETWORKS[name](), x, y, arguments.epochs, 1e-3, seed)
            wide = outputs(network, x_test)
            accuracies.append((wide.argmax(1) == y_test).float().mean().item())
            for ratio in RATIOS:
                for method, make in methods(network, RATIOS[ratio], x, seed):
                    begun = time.perf_counter()
                    small = make()
                    seconds = time.perf_counter() - begun
                    found = outputs(small, x_test)
                    change = ((found - wide).square().mean() / wide.var()).sqrt().item()
                    before = (found.argmax(1) == y_test).float().mean().item()
                    tuned = outputs(train(small, x, y, arguments.fine_tuning, 1e-3, seed), x_test)
                    after = (tuned.argmax(1) == y_test).float().mean().item()
                    rows.setdefault((ratio, method), []).append((before, change, after))
                    print(f"{name} {seed} {ratio} {method}: {before:.3f} {change:.3g} {after:.3f} {seconds:.1f} s",
                          file=sys.stderr, flush=True)
        print(f"\n{name}, accuracy {np.mean(accuracies):.3f}:\n")
        print("| Width | Method | Accuracy | Change of outputs | Accuracy, fine-tuned |\n|---|---|---:|---:|---:|")
        for (ratio, method), values in rows.items():
            before, change, after = np.mean(values, 0)
            print(f"| {ratio} | {method} | {before:.3f} | {change:.2g} | {after:.3f} |", flush=True)


if __name__ == "__main__":
    main()
