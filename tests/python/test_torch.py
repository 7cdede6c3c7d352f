"""momentset.torch: compressed widths, weighted training, weighted batches. Skipped where torch is not installed."""

import copy

import numpy as np
import pytest

import momentset as ms

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import momentset.torch as mt  # noqa: E402
from momentset.torch._weights import add_weights  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def net(width=600, inputs=2, outputs=2, activation=nn.Tanh, dtype=torch.float64):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs)).to(dtype)


def repeated(small, counts):
    """The network in which neuron j of a small one stands counts[j] times."""
    counts = torch.tensor(counts)
    wide = net(int(counts.sum()))
    with torch.no_grad():
        wide[0].weight.copy_(small[0].weight.repeat_interleave(counts, 0))
        wide[0].bias.copy_(small[0].bias.repeat_interleave(counts))
        wide[2].weight.copy_(small[2].weight.repeat_interleave(counts, 1))
        wide[2].bias.copy_(small[2].bias)
    return wide


def weighted(small, counts):
    """The small network with counts as weights."""
    small = copy.deepcopy(small)
    counts = torch.tensor(counts, dtype=torch.float64)
    add_weights(small[0], "weight", counts, 0, False)
    add_weights(small[0], "bias", counts, 0, False)
    add_weights(small[2], "weight", counts, 1, True)
    return small


OPTIMIZERS = {
    "SGD": dict(lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": dict(lr=0.01, weight_decay=0.01),
    "AdamW": dict(lr=0.01, weight_decay=0.1),
    "RMSprop": dict(lr=0.01, momentum=0.5, centered=True, weight_decay=0.01),
    "Adamax": dict(lr=0.01, weight_decay=0.01),
    "Rprop": dict(lr=0.01),
}


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_compressed_dynamics_are_those_of_the_copies(name, clip):
    counts = [1, 4, 2, 7, 3]
    small = net(5)
    wide, few = repeated(small, counts), weighted(small, counts)
    optimizers = [getattr(torch.optim, name)(each.parameters(), **OPTIMIZERS[name]) for each in (wide, few)]
    mt.scale_gradients(optimizers[1], few)
    for step in range(60):
        x = torch.rand(16, 2, dtype=torch.float64) * 2 - 1
        y = torch.stack([x[:, 0] * x[:, 1], torch.sin(3 * x[:, 0])], 1)
        for each, optimizer in zip((wide, few), optimizers):
            optimizer.zero_grad()
            ((each(x) - y) ** 2).mean().backward()
        if clip:
            norms = nn.utils.clip_grad_norm_(wide.parameters(), 0.05), mt.clip_grad_norm_(few, 0.05)
            assert norms[0] > 0.05 and torch.isclose(*norms, rtol=1e-10)
        for optimizer in optimizers:
            optimizer.step()
        copies = repeated(originals(few), counts)
        for one, other in zip(copies.parameters(), wide.parameters()):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-13 * (step + 1))
    assert (few[0].weight - small[0].weight).abs().max() > 1e-2  # it has been trained
    folded = mt.fold_weights(copy.deepcopy(few))
    torch.testing.assert_close(folded(x), wide(x), rtol=1e-10, atol=1e-10)
    assert type(folded[2]) is nn.Linear and set(folded.state_dict()) == set(small.state_dict())


def originals(few):
    """A plain network with the parameters of a weighted one, not multiplied by the weights."""
    plain = net(5)
    plain.load_state_dict({key.replace("parametrizations.", "").replace(".original", ""): value
                           for key, value in few.state_dict().items() if "0.weights" not in key})
    return plain


def test_keeps_dynamics():
    wide = net(3000)
    small, report = mt.compress_width(wide, size=200, order=3, weighted=True)
    (layer,) = report.layers
    assert (layer.name, layer.kind, layer.width, layer.size, layer.order) == ("0 -> 2", "neurons", 3000, 200, 3)
    assert np.isclose(layer.weights.sum(), 3000) and (small[0].out_features, small[2].in_features) == (200, 200)
    assert "0 -> 2: 3000 to 200 neurons" in report.summary()
    x = torch.rand(64, 2, dtype=torch.float64) * 2 - 1
    y = torch.sin(3 * x[:, :1]) * x
    subnetwork = copy.deepcopy(mt.fold_weights(copy.deepcopy(small)))
    with torch.no_grad():
        subnetwork[2].weight.copy_(wide[2].weight[:, layer.numbers] * 15)
    assert (small(x) - wide(x)).abs().max() < (subnetwork(x) - wide(x)).abs().max() / 10
    networks = {each: torch.optim.Adam(each.parameters(), lr=2e-4) for each in (wide, small)}
    mt.scale_gradients(networks[small], small)
    begun = wide(x)
    for _ in range(50):
        for each, optimizer in networks.items():
            optimizer.zero_grad()
            loss = ((each(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
    lacking, learned = (small(x) - wide(x)).square().mean().sqrt(), (wide(x) - begun).square().mean().sqrt()
    assert lacking < 0.15 * learned


@pytest.mark.parametrize("activation, factor", [(nn.ReLU, 4.0), (nn.Tanh, -1.0)])
def test_keeps_the_function_of_neurons_in_disguise(activation, factor):
    wide = net(80, activation=activation)
    with torch.no_grad():
        for array in (wide[0].weight, wide[0].bias):
            array[40:] = array[:40] * factor
    small, report = mt.compress_width(wide, ratio=0.5, keep="function")
    assert report.layers[0].size == 40
    x = torch.randn(50, 2, dtype=torch.float64)
    torch.testing.assert_close(small(x), wide(x), rtol=0, atol=1e-12)


def test_keeps_outputs_on_data():
    wide = net(500, inputs=20, outputs=5, activation=nn.ReLU)
    x = torch.randn(8, 20, dtype=torch.float64)
    small, report = mt.compress_width(wide, size=100, calibration=x)
    assert report.layers[0].size == 100
    assert (small(x) - wide(x)).square().mean() < 1e-4 * wide(x).square().mean()
    weighted, report = mt.compress_width(wide, size=100, calibration=x, weighted=True)
    kept = report.layers[0].numbers
    with torch.no_grad():
        equal = torch.relu(wide[0](x))[:, kept] @ (5 * wide[2].weight[:, kept]).T + wide[2].bias
        assert (weighted(x) - wide(x)).square().mean() < 0.5 * (equal - wide(x)).square().mean()


class Residual(nn.Module):
    """A block with a skip connection: its inner channels can go, its outer ones cannot."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(8, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.second = nn.Conv2d(32, 8, 3, padding=1)

    def forward(self, x):
        return x + self.second(torch.relu(self.norm(self.first(x))))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), Residual(), nn.Conv2d(8, 24, 3), nn.BatchNorm2d(24), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(24 * 9, 10)).double().eval()


def test_channels():
    wide = convolutions()
    x = torch.randn(3, 1, 8, 8, dtype=torch.float64)
    small, report = mt.compress_width(wide, ratio=0.5, calibration=x)
    names = {layer.name: (layer.width, layer.size) for layer in report.layers}
    assert names == {"2.first -> 2.second": (32, 16), "3 -> 8": (24, 12)}
    assert small(x).shape == (3, 10)
    assert (small(x) - wide(x)).abs().max() < 0.5 * wide(x).abs().max()
    kept, _ = mt.compress_width(wide, ratio=1.0)
    torch.testing.assert_close(kept(x), wide(x))


def transformer(layers=2, dtype=torch.float64):
    layer = nn.TransformerEncoderLayer(16, 8, 64, batch_first=True, dtype=dtype)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False).eval()


def test_transformers():
    wide = transformer()
    x = torch.randn(2, 5, 16, dtype=torch.float64)
    same, report = mt.compress_width(wide, ratio=1.0)
    assert [layer.kind for layer in report.layers].count("heads") == 2 and len(report.layers) == 4
    torch.testing.assert_close(same(x), wide(x))
    small, report = mt.compress_width(wide, ratio=0.5, calibration=x)
    assert small.layers[0].self_attn.num_heads == 4 and small.layers[1].linear1.out_features == 32
    assert small(x).shape == x.shape
    assert (small(x) - wide(x)).abs().max() < 1


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
def test_heads_compute_what_torch_computes(batch_first, need_weights):
    wide = nn.MultiheadAttention(12, 3, batch_first=batch_first, kdim=7, vdim=5, dtype=torch.float64).eval()
    heads = mt.HeadAttention(wide)
    shape = (2, 4) if batch_first else (4, 2)
    q, k, v = (torch.randn(*shape, size, dtype=torch.float64) for size in (12, 7, 5))
    causal = torch.triu(torch.full((4, 4), -torch.inf, dtype=torch.float64), 1)
    padding = torch.tensor([[False, False, False, True], [False, False, True, True]])
    for masks in ({}, {"attn_mask": causal}, {"attn_mask": causal < 0, "is_causal": True},
                  {"key_padding_mask": padding}, {"attn_mask": causal < 0, "key_padding_mask": padding},
                  {"attn_mask": causal.expand(6, 4, 4)}):
        for averaged in (True, False):
            expected = wide(q, k, v, need_weights=need_weights, average_attn_weights=averaged, **masks)
            found = heads(q, k, v, need_weights=need_weights, average_attn_weights=averaged, **masks)
            torch.testing.assert_close(found, expected)
    torch.testing.assert_close(heads(q[0], k[0], v[0])[0].shape, wide(q[0], k[0], v[0])[0].shape)


def test_equal_heads_become_few():
    """Heads of one dimension on one number, as in paper 000, Fig. 7: 60 heads, each three times."""
    wide = nn.MultiheadAttention(180, 180, kdim=1, vdim=1, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for array in (wide.k_proj_weight, wide.v_proj_weight):
            array.copy_(array[:60].repeat(3, 1))
    small, report = mt.compress_width(wide, ratio=1.0)
    assert report.layers[0].kind == "heads"
    x = torch.randn(2, 3, 180, dtype=torch.float64), *(torch.randn(2, 3, 1, dtype=torch.float64) for _ in range(2))
    torch.testing.assert_close(small(*x)[0], wide(*x)[0])


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.third.weight = self.first.weight

    def forward(self, x):
        return self.third(torch.tanh(self.second(torch.tanh(self.first(x)))))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(torch.relu(self.inner(x)))))


@pytest.mark.parametrize("module, options, words", [
    (nn.Linear(3, 3), dict(size=2), ["Linear", "no neurons, channels or heads"]),
    (nn.Sequential(nn.Linear(3, 9), nn.LayerNorm(9), nn.Linear(9, 2)), dict(size=2), ["0: 1 (LayerNorm) mixes"]),
    (nn.Sequential(nn.Conv2d(3, 8, 1), nn.GroupNorm(2, 8), nn.Conv2d(8, 2, 1)), dict(size=2), ["1 (GroupNorm) mixes"]),
    (Tied(), dict(size=2), ["first -> second: its weight is tied"]),
    (Twice(), dict(size=2), ["inner -> outer: is called more than once"]),
    (nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 9)), nn.ReLU(), nn.Linear(9, 2)), dict(size=2),
     ["0 -> 2: its weight is parametrized"]),
    (net(20), dict(size=21), ["size: 21", "width of 0 -> 2 in Sequential, 20"]),
    (net(20), dict(size={"nothing": 3}), ["nothing", "0 -> 2"]),
    (net(20), dict(size=5, ratio=0.5), ["exactly one"]),
    (net(20), dict(ratio=1.5), ["ratio: 1.5"]),
    (net(20), dict(size=5, order=2), ["order", "0 -> 2"]),
    (net(20), dict(size=5, keep="outputs"), ["calibration"]),
    (net(20), dict(size=5, keep="some"), ["keep: some"]),
    (nn.MultiheadAttention(4, 2, add_bias_kv=True), dict(size=1), ["MultiheadAttention", "key and value biases"]),
])
def test_bad_input(module, options, words):
    with pytest.raises(ms.Error) as raised:
        mt.compress_width(module, **options)
    assert all(word in str(raised.value) for word in words), raised.value


def test_bad_training():
    few = weighted(net(5), [1, 2, 3, 4, 5])
    with pytest.raises(ms.Error, match="LBFGS"):
        mt.scale_gradients(torch.optim.LBFGS(few.parameters()), few)
    plain = net(5)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    for action in (lambda: mt.scale_gradients(optimizer, plain), lambda: mt.fold_weights(plain),
                   lambda: mt.clip_grad_norm_(plain, 1.0)):
        with pytest.raises(ms.Error, match="no weighted objects"):
            action()
    with pytest.raises(ms.Error, match="trains none"):
        mt.scale_gradients(optimizer, few)
    trained = torch.optim.SGD(few.parameters(), lr=0.1)
    handles = mt.scale_gradients(trained, few)
    with pytest.raises(ms.Error, match="scaled already"):
        mt.scale_gradients(trained, few)
    for handle in handles:
        handle.remove()
    assert len(mt.scale_gradients(trained, few)) == 3


def test_weighted_batches():
    X = np.random.default_rng(1).normal(size=(4000, 2))
    y = X[:, 0] ** 2 - X[:, 1]
    coreset = ms.compress(X, size=100, target=y)
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    few = mt.WeightedDataset(rows, coreset)
    assert len(few) == 100
    batches = list(torch.utils.data.DataLoader(few, batch_size=25))
    mean = sum((weights * targets).mean() for _, targets, weights in batches) / len(batches)
    assert torch.isclose(mean, torch.tensor(y.mean()), rtol=1e-5, atol=1e-5)
    for systematic in (True, False):
        draws = list(mt.weighted_sampler(few, 3000, systematic=systematic, generator=torch.Generator().manual_seed(1)))
        drawn, expected = np.bincount(draws, minlength=100), coreset.weights * 3000 / coreset.weights.sum()
        assert len(draws) == 3000 and draws != sorted(draws)
        bound = 1 + 1e-9 if systematic else 5 * np.sqrt(expected) + 1
        assert (np.abs(drawn - expected) < bound).all()
    single = mt.WeightedDataset(torch.arange(10), indices=[2, 5], weights=[1.0, 3.0])
    assert [(int(item), float(weight)) for item, weight in (single[0], single[1])] == [(2, 0.5), (5, 1.5)]
    for arguments, word in (({}, "coreset"), ({"indices": [1], "weights": [1.0, 2.0]}, "weights"),
                            ({"indices": [10], "weights": [1.0]}, "indices"),
                            ({"indices": [1], "weights": [0.0]}, "weights")):
        with pytest.raises(ms.Error, match=word):
            mt.WeightedDataset(torch.arange(10), **arguments)


@pytest.mark.parametrize("method, distribution", [
    *(("compress", each) for each in ("uniform", "gaussian", "xavier", "he", "orthogonal")),
    *(("cubature", each) for each in ("gaussian", "xavier", "he"))])
def test_begins_as_a_huge_layer(method, distribution):
    """Means and covariances of an object's numbers are those of the wide layer's distribution."""
    inputs, outputs, width, virtual = 2, 3, 90, 20_000
    small = mt.compressed_init_(net(width, inputs, outputs), virtual, distribution=distribution, method=method, seed=3)
    incoming, outgoing = small[0], small[2].parametrizations.weight
    c = outgoing[0].weights
    assert torch.isclose(c.sum(), torch.tensor(float(virtual), dtype=c.dtype))
    objects = torch.cat([incoming.weight, outgoing.original.T], 1).detach()
    variances = {"uniform": [1 / (3 * inputs), 1 / (3 * virtual)], "gaussian": [1 / inputs, 1 / virtual],
                 "xavier": [2 / (inputs + virtual), 2 / (virtual + outputs)], "he": [2 / inputs, 2 / virtual],
                 "orthogonal": [1 / virtual, 1 / virtual]}[distribution]
    deviations = torch.tensor(variances, dtype=c.dtype).sqrt().repeat_interleave(torch.tensor([inputs, outputs]))
    scaled = objects / deviations
    mean, covariance = c @ scaled / virtual, (scaled * c[:, None]).T @ scaled / virtual
    bound = 1e-10 if method == "cubature" else 5 / np.sqrt(virtual) * 1.5
    assert mean.abs().max() < bound
    assert (covariance - torch.eye(5, dtype=c.dtype)).abs().max() < bound
    folded = mt.fold_weights(copy.deepcopy(small))
    torch.testing.assert_close(folded[2].weight, outgoing.original * c)


def test_bad_initialisation():
    for arguments, word in ((dict(virtual_width=10), "at least the width of 0 -> 2, 20"),
                            (dict(virtual_width=100, distribution="some"), "distribution: some"),
                            (dict(virtual_width=100, method="cubature"), "gaussian, xavier or he"),
                            (dict(virtual_width=100, method="some"), "method: some")):
        with pytest.raises(ms.Error, match=word):
            mt.compressed_init_(net(20), **arguments)
    with pytest.raises(ms.Error, match="takes at least 44 objects for 0 -> 2, which has 20"):
        mt.compressed_init_(net(20, 20, 2), 100, distribution="he", method="cubature")
    with pytest.raises(ms.Error, match="no neurons or channels"):
        mt.compressed_init_(nn.Linear(2, 2), 100)
