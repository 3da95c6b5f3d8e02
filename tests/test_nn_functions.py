"""Activation functions, initialisers and losses."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from fungrad.rules import activations as rules
from fungrad.testing import check_grads
from tests import jax_functions, torch_sequences

DATA = Path(__file__).parent / "data"
with np.load(DATA / "jax_nn.npz") as file:
    JAX = dict(file)
with np.load(DATA / "torch_sequence.npz") as file:
    TORCH = dict(file)


def cosines(x: Any) -> Any:
    return np.cos(np.arange(x.size)).reshape(x.shape)


def value_and_gradient(function: Any, x: Any) -> tuple[Any, Any]:
    y, pullback = fg.vjp(function, x)
    return np.asarray(y), np.asarray(pullback(cosines(y).astype(y.dtype))[0])


def assert_recorded(record: dict[str, Any], name: str, function: Any, x: Any) -> None:
    value, gradient = value_and_gradient(function, x)
    assert value.shape == record[f"{name}/value"].shape
    np.testing.assert_allclose(value, record[f"{name}/value"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(gradient, record[f"{name}/gradient"], rtol=1e-9, atol=1e-11)
    value, gradient = value_and_gradient(function, np.asarray(x, np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(value, record[f"{name}/value"], rtol=1e-4, atol=1e-5)


# --- activation functions ------------------------------------------------------------------------


@pytest.mark.parametrize("name", jax_functions.ACTIVATIONS)
def test_activation_is_jaxs(name: str) -> None:
    assert_recorded(JAX, name, getattr(nn, name), jax_functions.GRID)


@pytest.mark.parametrize("name", jax_functions.ACTIVATIONS)
def test_activation_is_safe_and_keeps_its_dtype(name: str) -> None:
    function = getattr(nn, name)
    for dtype in (np.float32, np.float64):
        far = np.array([-1e4, -1e3, -100, -20, 0, 20, 100, 1e3, 1e4], dtype)
        value, gradient = value_and_gradient(function, far)
        assert value.dtype == gradient.dtype == dtype
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
        assert np.isnan(function(np.array([np.nan], dtype))).all()
        assert function(np.array([], dtype)).shape == (0,)
        assert function(dtype(0.5)).dtype == dtype
    assert function([1, 2]).shape == (2,)
    assert fg.grad(function)(1).dtype == np.float64
    batched = fg.vmap(fg.grad(function))(fnp.array([0.3, -0.6]))
    assert float(batched[1]) == pytest.approx(float(fg.grad(function)(-0.6)), rel=1e-12)


@pytest.mark.parametrize("name", jax_functions.ACTIVATIONS)
def test_activation_of_large_arrays(name: str) -> None:
    """They are computed piece by piece."""
    function = getattr(nn, name)
    x = np.random.default_rng(0).normal(size=(3, 20000)).astype(np.float32)
    value, gradient = value_and_gradient(function, x)
    assert value.shape == gradient.shape == x.shape
    np.testing.assert_allclose(value[2, -50:], function(x[2, -50:]), rtol=1e-6)
    every_other, slopes = value_and_gradient(lambda x: function(x[:, ::2]), x)
    np.testing.assert_allclose(every_other, value[:, ::2], rtol=1e-5, atol=1e-6)
    assert not slopes[:, 1::2].any()


def test_relu_keeps_only_its_result() -> None:
    x = np.array([-1.0, 0.0, 2.0])
    z, notes = rules.Relu.linearize([x], [0], {}, False)
    assert [each for each in notes if each is not None] == [z]
    np.testing.assert_array_equal(fg.grad(lambda x: fnp.sum(nn.relu(x)))(x), [0, 0, 1])


def test_relu_stops_what_is_infinite() -> None:
    gradient = fg.grad(lambda x: fnp.sum(fnp.sqrt(nn.relu(x))))(fnp.array([-1.0, 0.0, 4.0]))
    np.testing.assert_array_equal(gradient, [0, 0, 0.25])


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_in_float32(approximate: bool) -> None:
    x = np.linspace(-9, 9, 2001)
    value, gradient = value_and_gradient(lambda x: nn.gelu(x, approximate), x)
    narrow = value_and_gradient(lambda x: nn.gelu(x, approximate), x.astype(np.float32))
    np.testing.assert_allclose(narrow[0], value, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(narrow[1], gradient, rtol=1e-5, atol=3e-6)


def test_learned_slopes() -> None:
    x = fnp.array([-2.0, 3.0])
    assert float(fg.grad(lambda a: fnp.sum(nn.leaky_relu(x, a)))(0.1)) == -2
    assert float(fg.grad(lambda a: fnp.sum(nn.elu(x, a)))(1.0)) == pytest.approx(np.expm1(-2))
    check_grads(lambda a: nn.celu(x, a), (2.0,), order=2)


def test_glu_of_odd_length() -> None:
    with pytest.raises(errors.ShapeError, match="odd length 3"):
        nn.glu(fnp.ones(3))


def test_softmax_without_any_weight() -> None:
    x = fnp.array([[-np.inf, -np.inf], [0.0, -np.inf]])
    np.testing.assert_array_equal(nn.softmax(x), [[0, 0], [1, 0]])
    masked = nn.softmax(fnp.ones((2, 2)), where=np.array([[False, False], [True, False]]))
    np.testing.assert_array_equal(masked, [[0, 0], [1, 0]])


def test_one_hot() -> None:
    np.testing.assert_array_equal(nn.one_hot(2, 3), [0, 0, 1])
    np.testing.assert_array_equal(nn.one_hot([0, -1, 3], 3), [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert nn.one_hot([[0, 1]], 3, axis=0).shape == (3, 1, 2)
    assert nn.one_hot([0], 2, dtype=np.float64).dtype == np.float64
    batched = fg.vmap(lambda label: nn.one_hot(label, 3))(fnp.array([0, 2]))
    np.testing.assert_array_equal(batched, nn.one_hot([0, 2], 3))


# --- losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", range(len(jax_functions.LOSSES)))
def test_function_is_jaxs_or_optaxs(position: int) -> None:
    name, (x, *others), options = jax_functions.LOSSES[position]

    def function(x: Any) -> Any:
        kind = x.dtype
        args = [each.astype(kind) if is_float(each) else each for each in others]
        given = {k: v.astype(kind) if is_float(v) else v for k, v in options.items()}
        return getattr(nn, name)(x, *args, **given)

    assert_recorded(JAX, f"{position} {name}", function, x)


@pytest.mark.parametrize("position", range(len(torch_sequences.LOSSES)))
def test_loss_is_pytorchs(position: int) -> None:
    name, (x, *others), options = torch_sequences.LOSSES[position]

    def function(x: Any) -> Any:
        args = [each.astype(x.dtype) if is_float(each) else each for each in others]
        given = {k: v.astype(x.dtype) if is_float(v) else v for k, v in options.items()}
        x = nn.log_softmax(x) if name == "ctc_loss" else x
        return getattr(nn, name)(x, *args, **given)

    assert_recorded(TORCH, f"{position} {name}", function, x)


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def test_cross_entropy_in_all_modes() -> None:
    logits = fnp.array(np.random.default_rng(1).normal(size=(3, 5, 4)))
    labels = fnp.array(np.random.default_rng(2).integers(0, 4, (3, 5)))

    def plain(logits: Any, labels: Any) -> Any:
        return -fnp.mean(fnp.sum(nn.log_softmax(logits) * nn.one_hot(labels, 4), axis=-1))

    for transform in (
        fg.grad,
        fg.hessian,
        lambda f: fg.jacfwd(fg.grad(f)),
        lambda f: fg.grad(lambda z, y: fnp.sum(fg.grad(f)(z, y) ** 2)),
    ):
        ours, theirs = (fg.vmap(transform(f))(logits, labels) for f in (nn.cross_entropy, plain))
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    check_grads(lambda z: nn.cross_entropy(z, labels[0], ignore_index=2), (logits[0],), order=2)


def test_labels_to_ignore_under_vmap() -> None:
    logits = fnp.array(np.random.default_rng(1).normal(size=(2, 3, 4)))
    labels = fnp.array([[0, -100, 2], [3, 1, 1]])
    expected = [nn.cross_entropy(z, y) for z, y in zip(logits, labels)]
    np.testing.assert_allclose(fg.vmap(nn.cross_entropy)(logits, labels), expected)


def test_what_is_ignored_has_no_gradient() -> None:
    logits = fnp.array([[1.0, 2.0], [np.nan, np.inf]])
    with np.errstate(invalid="ignore"):
        gradient = fg.grad(nn.cross_entropy)(logits, fnp.array([0, -100]))
    assert np.isfinite(gradient).all()
    assert not gradient[1].any()


def test_classes_that_are_masked_out() -> None:
    logits, shares = fnp.array([2.0, 0.0, -np.inf]), fnp.array([0.5, 0.5, 0.0])
    for loss in (nn.softmax_cross_entropy, nn.cross_entropy):
        assert float(loss(logits, shares)) == pytest.approx(np.log(1 + np.exp(-2)) + 1)
        gradient = fg.grad(loss)(logits, shares)
        np.testing.assert_allclose(gradient, nn.softmax(logits) - shares, atol=1e-12)


def test_losses_at_their_limits() -> None:
    far = fnp.array([-1e4, 1e4])
    for loss in (
        lambda x: nn.binary_cross_entropy_with_logits(x, fnp.array([1.0, 0.0])),
        lambda x: nn.sigmoid_focal_loss(x, fnp.array([1.0, 0.0])).sum(),
        lambda x: nn.soft_margin_loss(x, fnp.array([1, -1])),
        lambda x: nn.log_cosh(x).sum(),
        lambda x: nn.cross_entropy(fnp.stack([x, -x]), fnp.array([0, 0])),
    ):
        value, gradient = fg.value_and_grad(loss)(far)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
    zero = fnp.zeros((1, 3))
    assert np.isfinite(fg.grad(lambda x: nn.cosine_similarity(x, x + 1.0).sum())(zero)).all()
    shares = fnp.array([1.0, 0.0])
    divergence = nn.kl_divergence(fnp.array([0.0, -np.inf]), shares)
    assert float(divergence) == 0


def test_ctc_in_second_order_and_batches() -> None:
    steps, targets = nn.log_softmax(torch_sequences.STEPS), torch_sequences.TARGETS
    scores = np.random.default_rng(0).normal(size=(2, *steps.shape))

    def loss(scores: Any) -> Any:
        return nn.ctc_loss(nn.log_softmax(scores), targets, *torch_sequences.LENGTHS)

    check_grads(loss, (scores[0],), order=2)
    rows = [fg.grad(loss)(each) for each in scores]
    np.testing.assert_allclose(fg.vmap(fg.grad(loss))(scores), fnp.stack(rows), atol=1e-12)
    in_a_row = [row[:n] for row, n in zip(targets, torch_sequences.LENGTHS[1])]
    flat = nn.ctc_loss(steps, np.concatenate(in_a_row), *torch_sequences.LENGTHS)
    assert float(flat) == pytest.approx(
        float(nn.ctc_loss(steps, targets, *torch_sequences.LENGTHS))
    )
    too_short = nn.ctc_loss(steps, targets, [1, 1, 1, 1], [3, 2, 1, 0], reduction="none")
    assert np.isinf(too_short[:2]).all()
    assert np.isfinite(too_short[2:]).all()


# --- initialisers --------------------------------------------------------------------------------

INITIALIZERS = [
    nn.initializers.constant(0.5),
    nn.initializers.delta_orthogonal(2.0),
    nn.initializers.glorot_normal(),
    nn.initializers.glorot_uniform(),
    nn.initializers.he_normal(),
    nn.initializers.he_uniform(),
    nn.initializers.lecun_normal(),
    nn.initializers.lecun_uniform(),
    nn.initializers.normal(0.1),
    nn.initializers.ones,
    nn.initializers.orthogonal(column_axis=0),
    nn.initializers.truncated_normal(0.1),
    nn.initializers.uniform(0.1),
    nn.initializers.variance_scaling(2.0, "fan_geo_avg", "normal", (0, 1), 2),
    nn.initializers.zeros,
]


@pytest.mark.parametrize("init", INITIALIZERS, ids=str)
def test_initialiser(init: Any) -> None:
    assert isinstance(init, nn.initializers.Initializer)
    assert pickle.loads(pickle.dumps(init)) == init
    assert hash(init) == hash(init)
    for dtype in (np.float32, np.float64):
        w = init(random.key(0), (3, 2, 4), dtype)
        assert w.shape == (3, 2, 4)
        assert w.dtype == dtype
    assert init(random.key(0), (3, 2, 4)).dtype == np.float32
    ensemble = fg.vmap(lambda key: init(key, (3, 2, 4)))(random.split(random.key(0), 2))
    one = init(random.split(random.key(0), 2)[1], (3, 2, 4))
    np.testing.assert_allclose(ensemble[1], one, atol=1e-6)


def test_variances() -> None:
    shape = (300, 200)
    for init, variance in (
        (nn.initializers.glorot_normal(), 2 / 500),
        (nn.initializers.glorot_uniform(), 2 / 500),
        (nn.initializers.he_normal(), 2 / 300),
        (nn.initializers.lecun_uniform(), 1 / 300),
        (nn.initializers.lecun_uniform(in_axis=1, out_axis=0), 1 / 200),
    ):
        w = init(random.key(0), shape)
        assert abs(float(np.var(w)) / variance - 1) < 0.03


def test_initialisers_of_layers() -> None:
    layer = nn.LSTM(3, 4, weight_init=nn.initializers.orthogonal(), bias_init=nn.initializers.ones)
    params = layer.init(random.key(0), np.float64)
    w = params["weight_hh_l0"]
    np.testing.assert_allclose(w.T @ w, np.eye(4), atol=1e-12)
    np.testing.assert_array_equal(params["bias_ih_l0"], np.ones(16))


def test_wrong_initialisers() -> None:
    for make, text in (
        (lambda: nn.initializers.variance_scaling(1.0, "fan", "normal"), "mode is 'fan'"),
        (lambda: nn.initializers.variance_scaling(1.0, "fan_in", "flat"), "distribution is"),
        (lambda: nn.initializers.he_normal()(random.key(0), (3,)), "has no axes for inputs"),
        (lambda: nn.initializers.orthogonal()(random.key(0), (3,)), "is not that of a matrix"),
        (lambda: nn.initializers.delta_orthogonal()(random.key(0), (3, 4, 2)), "as inputs"),
    ):
        with pytest.raises(errors.LayerArgumentError, match=text):
            make()
