"""Convolution and pooling: edge cases, memory, dtypes, transforms."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from fungrad.rules import correlation
from fungrad.rules.correlation import Correlate, CorrelateBack, CorrelateKernel
from fungrad.rules.windows import windows
from fungrad.testing import check_grads
from tests.cases import normal

CONVS = [
    (nn.Conv1d(2, 3, 3, padding=1), (4, 2, 7)),
    (nn.Conv2d(2, 4, (3, 2), stride=2, padding=(1, 0), groups=2), (4, 2, 6, 5)),
    (nn.Conv2d(2, 3, 3, dilation=2, padding="same", bias=False), (4, 2, 5, 4)),
    (nn.Conv2d(2, 2, 1), (4, 2, 3, 3)),
    (nn.Conv3d(1, 2, 2), (2, 1, 3, 3, 2)),
    (nn.ConvTranspose1d(2, 4, 3, stride=2, output_padding=1, groups=2), (4, 2, 4)),
    (nn.ConvTranspose2d(2, 3, 3, stride=(2, 1), padding=1), (4, 2, 3, 4)),
    (nn.ConvTranspose3d(1, 2, 2), (2, 1, 2, 3, 2)),
]
POOLS = [
    (nn.MaxPool1d(2), (4, 2, 7)),
    (nn.MaxPool2d(3, stride=2, padding=1), (4, 2, 6, 5)),
    (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (4, 2, 6, 6)),
    (nn.AdaptiveAvgPool2d((2, 3)), (4, 2, 6, 5)),
    (nn.AdaptiveMaxPool2d((3, 1)), (4, 2, 5, 4)),
]
layers = pytest.mark.parametrize(
    ("layer", "shape"), CONVS + POOLS, ids=lambda value: str(value).split("(")[0] or None
)


def params_of(layer: Any, dtype: Any = np.float64) -> Any:
    return layer.init(random.key(0), dtype)


def assert_same(ours: Any, theirs: Any) -> None:
    for x, y in zip(fg.tree.leaves(ours), fg.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-9, atol=1e-11)


@layers
def test_derivatives(layer: Any, shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    check_grads(lambda params, x: fnp.sin(layer(params, x)), (params_of(layer), x), order=2)


@layers
def test_one_example_and_vmap_over_examples(layer: Any, shape: tuple[int, ...]) -> None:
    params, x = params_of(layer), normal(*shape)
    y = layer(params, x)
    assert_same(layer(params, x[1]), y[1])
    assert_same(fg.vmap(layer, (None, 0))(params, x), y)


@layers
def test_gradients_of_each_example(layer: Any, shape: tuple[int, ...]) -> None:
    params, x = params_of(layer), normal(*shape)

    def loss(params: Any, x: Any) -> Any:
        return fnp.sum(layer(params, x) ** 2)

    both = fg.grad(loss, (0, 1))
    rows = [both(params, each) for each in x]
    assert_same(
        fg.vmap(both, (None, 0))(params, x),
        fg.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *rows),
    )


@pytest.mark.parametrize(("layer", "shape"), CONVS)
def test_an_ensemble(layer: Any, shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    keys = random.split(random.key(0), 3)
    members = [layer.init(random.clone(key), np.float64) for key in keys]
    together = fg.vmap(lambda key: layer.init(key, np.float64))(keys)
    assert_same(fg.vmap(layer, (0, None))(together, x), np.stack([layer(p, x) for p in members]))


@layers
def test_dtypes(layer: Any, shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    assert layer(params_of(layer, np.float32), x.astype(np.float32)).dtype == np.float32
    assert layer(params_of(layer), x).dtype == np.float64
    if params_of(layer):  # the dtype of the parameters decides
        assert layer(params_of(layer, np.float32), x).dtype == np.float32
        assert layer(params_of(layer), x.astype(np.float32)).dtype == np.float64


@layers
def test_shapes_without_numbers(layer: Any, shape: tuple[int, ...]) -> None:
    params, x = params_of(layer), normal(*shape)
    assert fg.eval_shape(layer, params, x).shape == layer(params, x).shape
    assert layer(params, x[:0]).shape == (0, *layer(params, x).shape[1:])


def test_integers() -> None:
    x = np.arange(16).reshape(1, 4, 4)
    assert nn.MaxPool2d(2)({}, x).dtype == np.int64
    np.testing.assert_array_equal(nn.MaxPool2d(2)({}, x), [[[5, 7], [13, 15]]])
    np.testing.assert_array_equal(nn.MaxPool2d(3, padding=1)({}, -x), [[[0, -2], [-8, -10]]])
    np.testing.assert_array_equal(nn.AvgPool2d(2)({}, x), [[[2.5, 4.5], [10.5, 12.5]]])
    images = np.full((1, 1, 4, 4), 255, np.uint8)
    layer = nn.Conv2d(1, 1, 3, bias=False)
    y = layer({"weight": np.ones((1, 1, 3, 3), np.float32)}, images)
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), 9 * 255, np.float32))


def test_complex_images() -> None:
    layer = nn.Conv1d(1, 1, 2, bias=False)
    y = layer({"weight": np.array([[[1.0, 2.0]]])}, np.array([[1j, 2, 3]]))
    np.testing.assert_array_equal(y, [[4 + 1j, 8]])


def test_of_equal_elements_the_first_has_the_gradient() -> None:
    x = np.ones((1, 2, 4))
    gradient = fg.grad(lambda x: fnp.sum(nn.MaxPool2d(2)({}, x)))(x)
    np.testing.assert_array_equal(gradient, [[[1, 0, 1, 0], [0, 0, 0, 0]]])


def test_infinities_and_nan() -> None:
    x = np.array([[-np.inf, -np.inf, 1.0, np.nan, 2.0, np.inf]])
    np.testing.assert_array_equal(nn.MaxPool1d(2)({}, x), [[-np.inf, np.nan, np.inf]])
    _, pullback = fg.vjp(lambda x: nn.MaxPool1d(2)({}, x), x)
    np.testing.assert_array_equal(pullback(np.array([[2.0, 0.0, 3.0]]))[0], [[2, 0, 0, 0, 0, 3]])


def test_a_gradient_that_is_not_finite_stays_in_its_window() -> None:
    _, pullback = fg.vjp(lambda x: nn.MaxPool1d(2, stride=1)({}, x), np.array([[1.0, 2.0, 0.5]]))
    np.testing.assert_array_equal(pullback(np.array([[1.0, np.inf]]))[0], [[0, np.inf, 0]])


def test_blocks_change_nothing(monkeypatch: Any) -> None:
    """However many examples or lines are laid out at a time."""
    over = windows((7, 6), (3, 2), (2, 1), ((1, 0), (1, 1)), (1, 2))
    x, w = normal(3, 2, 2, 7, 6), normal(2, 3, 2, 3, 2)
    z = normal(3, 2, 3, *over.outputs)
    products = ((Correlate, x, w), (CorrelateBack, z, w), (CorrelateKernel, x, z))
    whole = [rule.call(a, b, over=over) for rule, a, b in products]
    for size in (1, 1000, 3000):
        monkeypatch.setattr(correlation, "BLOCK", size)
        for (rule, a, b), expected in zip(products, whole):
            np.testing.assert_allclose(rule.call(a, b, over=over), expected, rtol=1e-12, atol=1e-12)


def test_large_images_need_little_memory(monkeypatch: Any) -> None:
    """Windows are laid out in blocks: all of them would be nine times the image."""
    monkeypatch.setattr(correlation, "BLOCK", 1 << 16)
    layer = nn.Conv2d(4, 4, 3, padding=1, bias=False)
    params, x = params_of(layer, np.float32), np.ones((2, 4, 128, 128), np.float32)
    gradient = fg.grad(lambda params, x: fnp.sum(layer(params, x)), (0, 1))
    gradient(params, x)
    tracemalloc.start()
    gradient(params, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * x.nbytes


def test_same_keeps_the_length() -> None:
    for kernel in (1, 2, 3, 4, 5):
        for dilation in (1, 2):
            layer = nn.Conv1d(1, 1, kernel, padding="same", dilation=dilation)
            assert layer(params_of(layer), np.ones((1, 9))).shape == (1, 9)
    assert nn.Conv2d(1, 2, 3, padding="valid") == nn.Conv2d(1, 2, (3, 3))


def test_transposed_convolution_is_the_transpose() -> None:
    conv = nn.Conv2d(3, 2, 3, stride=2, padding=1, bias=False)
    back = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1, bias=False)
    params, x, z = params_of(conv), normal(2, 3, 6, 6), normal(2, 2, 3, 3)
    _, pullback = fg.vjp(lambda x: conv(params, x), x)
    assert_same(back(params, z), pullback(z)[0])


def test_initial_weights_are_pytorchs() -> None:
    bound = 1 / np.sqrt(4 * 9)
    params = nn.Conv2d(8, 64, 3, groups=2).init(random.key(0))
    for leaf in params.values():
        assert leaf.dtype == np.float32
        assert 0.9 * bound < np.max(np.abs(leaf)) <= bound
    bound = 1 / np.sqrt(16 * 9)
    params = nn.ConvTranspose2d(8, 16, 3).init(random.key(0))
    assert 0.9 * bound < np.max(np.abs(params["weight"])) <= bound


def test_initializers_see_jaxs_order() -> None:
    seen = []

    def ramp(key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        seen.append(shape)
        return np.arange(np.prod(shape), dtype=dtype).reshape(shape)

    params = nn.Conv2d(4, 6, (2, 3), groups=2, weight_init=ramp, bias_init=ramp).init(random.key(0))
    assert seen == [(2, 3, 2, 6), (6,)]
    assert params["weight"].shape == (6, 2, 2, 3)
    assert params["weight"][5, 1, 1, 2] == 71
    params = nn.ConvTranspose1d(4, 6, 2, groups=2, weight_init=ramp).init(random.key(0))
    assert seen[-1] == (2, 4, 3)
    assert params["weight"].shape == (4, 3, 2)


def test_repr() -> None:
    assert repr(nn.Conv2d(1, 4, 3, padding=1)) == (
        "Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))"
    )
    assert repr(nn.Conv1d(2, 4, 3, groups=2, bias=False, padding="same")) == (
        "Conv1d(2, 4, kernel_size=(3,), stride=(1,), padding='same', groups=2, bias=False)"
    )
    assert repr(nn.ConvTranspose1d(2, 4, 3, 2, output_padding=1)) == (
        "ConvTranspose1d(2, 4, kernel_size=(3,), stride=(2,), output_padding=(1,))"
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(0, 1, 1), "in_channels is 0; it must be a positive integer"),
        (lambda: nn.Conv2d(1, 1, 0), "kernel_size is 0; it must be a positive integer, or 2"),
        (lambda: nn.Conv2d(1, 1, (1, 2, 3)), r"kernel_size is \(1, 2, 3\)"),
        (lambda: nn.Conv2d(1, 1, 1.5), "kernel_size is 1.5"),
        (lambda: nn.Conv1d(1, 1, 1, padding=-1), "padding is -1; it must be a non-negative"),
        (lambda: nn.Conv1d(1, 1, 1, padding="full"), "padding is 'full'"),
        (lambda: nn.Conv1d(1, 1, 1, 2, padding="same"), "padding='same' keeps the lengths"),
        (lambda: nn.Conv1d(1, 1, 1, padding_mode="edge"), "padding_mode is 'edge'"),
        (lambda: nn.Conv1d(3, 4, 1, groups=2), "groups is 2, which does not divide in_channels, 3"),
        (lambda: nn.Conv1d(4, 3, 1, groups=2), "groups is 2, which does not divide out_channels"),
        (lambda: nn.ConvTranspose1d(1, 1, 2, output_padding=1), "output_padding is"),
        (lambda: nn.ConvTranspose1d(1, 1, 2, padding_mode="reflect"), "only 'zeros'"),
        (lambda: nn.MaxPool2d(2, padding=2), "half of the window"),
        (lambda: nn.AdaptiveAvgPool2d(0), "output_size is 0"),
    ],
)
def test_settings_that_cannot_be(make: Any, message: str) -> None:
    with pytest.raises(errors.LayerArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(3, 1, 3), (2, 4, 8, 8)),
        (nn.Conv2d(3, 1, 3), (8, 8)),
        (nn.Conv2d(3, 1, 3), (2, 3, 2, 8)),
        (nn.Conv2d(3, 1, 3), (1, 2, 3, 8, 8)),
        (nn.ConvTranspose1d(3, 1, 1, padding=2), (1, 3, 2)),
        (nn.MaxPool2d(3), (2, 3, 2, 8)),
        (nn.AvgPool1d(3), (8,)),
        (nn.AdaptiveMaxPool1d(3), (2, 3, 0)),
    ],
)
def test_inputs_that_do_not_fit(layer: Any, shape: tuple[int, ...]) -> None:
    text = str(shape)[1:-1].replace(" ", "").rstrip(",")
    with pytest.raises(errors.LayerShapeError, match=rf"the input is float64\[{text}\]; expected"):
        layer(params_of(layer), np.ones(shape))
