"""The trainer of two-layer networks, step by step, against torch.optim in double. Skipped without torch."""

import math
import os
import subprocess
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

WIDTH, COUNT, EPOCHS = 9, 530, 100
OPTIMISERS = {
    "SGD": {"weight_decay": 0.01, "momentum": 0.5},
    "Adam": {"weight_decay": 0.01},
    "AdamW": {"weight_decay": 0.01},
    "RMSprop": {"weight_decay": 0.01, "momentum": 0.5},
    "Adamax": {"weight_decay": 0.01},
    "Rprop": {},
}


@pytest.fixture(scope="module")
def traces():
    """{optimiser: parameters after each step}, of the network, examples and options of two_layer_trace.cpp"""
    program = Path(os.environ["MOMENTSET_EXPERIMENTS"]).parent / "tests" / "two_layer_trace"
    found = {}
    for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
        name, step, *parameters = line.split(",")
        found.setdefault(name, []).append([float(parameter) for parameter in parameters])
        assert len(found[name]) == int(step)
    return found


def single(values):
    """As the trainer stores examples, computed with in double."""
    return torch.tensor(values, dtype=torch.float32).double()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_follows_torch(traces, name):
    x = [(math.sin(12.9898 * i), math.sin(78.233 * i + 1)) for i in range(COUNT)]
    inputs = single(x)
    targets = single([a * b + 0.5 * math.cos(3 * a) for a, b in x])
    share = torch.tensor([1.0 + i % 4 for i in range(COUNT)], dtype=torch.float64)
    share /= share.sum()
    c = torch.tensor([1.0 + j % 3 for j in range(WIDTH)], dtype=torch.float64)
    first = torch.tensor([0.7 * math.sin(1.3 * k + 0.5) for k in range(4 * WIDTH + 1)], dtype=torch.float64)
    parameters = [part.clone().requires_grad_() for part in first.split([WIDTH] * 4 + [1])]
    w1, w2, b, v, a = parameters
    optimiser = getattr(torch.optim, name)(parameters, lr=0.01, **OPTIMISERS[name])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    assert len(traces[name]) == EPOCHS
    largest = 0.0
    for trace in traces[name]:
        optimiser.zero_grad()
        outputs = torch.relu(torch.outer(inputs[:, 0], w1) + torch.outer(inputs[:, 1], w2) + b) @ (c * v) + a
        (share * (outputs - targets) ** 2).sum().backward()
        for part in (w1, w2, b, v):
            part.grad /= c
        optimiser.step()
        schedule.step()
        difference = torch.cat(parameters).detach() - torch.tensor(trace, dtype=torch.float64)
        largest = max(largest, difference.abs().max().item())
    print(f"{name}: largest difference of a parameter in {EPOCHS} steps {largest:.1e}")
    assert largest < 2e-6
    assert (torch.cat(parameters).detach() - first).abs().max() > 0.05
