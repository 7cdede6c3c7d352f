"""momentset.torch on modules that others wrote. Each is skipped where it is not installed."""

import pytest

import momentset as ms

torch = pytest.importorskip("torch")

import momentset.torch as mt  # noqa: E402


def mixer():
    package = pytest.importorskip("mlp_mixer_pytorch")
    return package.MLPMixer(image_size=16, channels=3, patch_size=4, dim=32, depth=2, num_classes=5), (2, 3, 16, 16)


def tabular_resnet():
    package = pytest.importorskip("rtdl_revisiting_models")
    return package.ResNet(d_in=10, d_out=3, n_blocks=2, d_block=16, d_hidden=None, d_hidden_multiplier=2.0,
                          dropout1=0.1, dropout2=0.0), (4, 10)


def tabular_perceptron():
    package = pytest.importorskip("rtdl_revisiting_models")
    return package.MLP(d_in=10, d_out=3, n_blocks=3, d_block=64, dropout=0.1), (4, 10)


def temporal_convolutions():
    package = pytest.importorskip("pytorch_tcn")
    return package.TCN(num_inputs=4, num_channels=[16, 16], kernel_size=3, use_norm="batch_norm"), (2, 4, 12)


# What is found: hidden neurons, and with the mixer the channels of convolutions over patches.
MODULES = {mixer: {"channels": 2, "neurons": 2}, tabular_resnet: {"neurons": 2}, tabular_perceptron: {"neurons": 3}}


@pytest.mark.parametrize("make", MODULES)
def test_layers_are_found(make):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module, shape = make()
    module, x = module.double().eval(), torch.rand(*shape, dtype=torch.float64)
    same, report = mt.compress_width(module, ratio=1.0, calibration=x, refit=False)
    kinds = [layer.kind for layer in report.layers]
    assert {kind: kinds.count(kind) for kind in kinds} == MODULES[make], report.summary()
    with torch.no_grad():
        torch.testing.assert_close(same(x), module(x))
        small, report = mt.compress_width(module, ratio=0.5, calibration=x)
        assert all(layer.size == layer.width // 2 for layer in report.layers)
        assert (small(x) - module(x)).square().mean() < 0.1 * module(x).square().mean()
    count = sum(parameter.numel() for parameter in small.parameters())
    assert count < sum(parameter.numel() for parameter in module.parameters())


def test_a_module_without_such_a_layer_is_an_error():
    module, _ = temporal_convolutions()  # its own class of convolutions pads by itself
    with pytest.raises(ms.Error, match="TCN: has no neurons, channels or heads"):
        mt.compress_width(module, ratio=0.5)
