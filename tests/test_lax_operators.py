"""Functions of JAX's lax that are made from those of fungrad.numpy."""

from __future__ import annotations

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, lax

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 5))


def derivative_along(f, x, direction, step=1e-6):
    return (np.asarray(f(x + step * direction)) - np.asarray(f(x - step * direction))) / (2 * step)


SMOOTH = {
    "clamp": lambda x: lax.clamp(-0.5, x, 0.5),
    "rsqrt": lambda x: lax.rsqrt(x**2 + 1),
    "logistic": lax.logistic,
    "select": lambda x: lax.select(x > 0, x**2, x**3),
    "select_n": lambda x: lax.select_n(np.arange(5) % 3, x, x**2, x**3),
    "expand_dims": lambda x: lax.expand_dims(x, (0, -1)) ** 2,
    "dynamic_slice": lambda x: lax.dynamic_slice(x, (1, -3), (2, 2)) ** 2,
    "dynamic_slice_in_dim": lambda x: lax.dynamic_slice_in_dim(x, 1, 2, axis=-1) ** 2,
    "dynamic_index_in_dim": lambda x: lax.dynamic_index_in_dim(x, 2, 1, keepdims=False) ** 2,
    "dynamic_update_slice": lambda x: lax.dynamic_update_slice(x**2, x[:2, :2], (1, 1)),
    "dynamic_update_slice_in_dim": lambda x: lax.dynamic_update_slice_in_dim(x**2, x[:1], 1, 0),
    "dynamic_update_index_in_dim": lambda x: lax.dynamic_update_index_in_dim(x**2, x[:, 0], 1, 1),
    "top_k": lambda x: lax.top_k(x, 3)[0] ** 2,
    "cumsum": lambda x: lax.cumsum(x, 1, reverse=True) ** 2,
    "cumprod": lambda x: lax.cumprod(x, -1, reverse=True),
    "cummax": lambda x: lax.cummax(x, 1) ** 2,
    "cummin": lambda x: lax.cummin(x, 1, reverse=True) ** 2,
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x, 1),
}


@pytest.mark.parametrize("f", SMOOTH.values(), ids=SMOOTH)
def test_derivatives(f):
    direction = RANDOM.normal(size=X.shape)
    y, tangent = fg.jvp(f, (X,), (direction,))
    np.testing.assert_allclose(y, f(X))
    np.testing.assert_allclose(tangent, derivative_along(f, X, direction), atol=1e-7)
    _, pullback = fg.vjp(f, X)
    weights = RANDOM.normal(size=y.shape)
    inner = np.sum(np.asarray(pullback(weights)[0]) * direction)
    np.testing.assert_allclose(inner, np.sum(weights * np.asarray(tangent)))
    batch = fg.vmap(f)(np.stack([X, X * 2]))
    np.testing.assert_allclose(batch, np.stack([f(X), f(X * 2)]))
    assert np.asarray(f(X.astype(np.float32))).dtype == np.float32


def test_elements():
    np.testing.assert_array_equal(lax.clamp(0, [-1, 5, 3], 4), [0, 4, 3])
    extreme = fg.grad(lambda x: lax.logistic(x).sum())(fnp.array([-1e3, -40.0, 0.0, 40.0, 1e3]))
    np.testing.assert_allclose(extreme, [0, np.exp(-40), 0.25, np.exp(-40), 0], rtol=1e-12)
    assert complex(lax.logistic(1j)) == pytest.approx(1 / (1 + np.exp(-1j)))
    masked = fg.grad(lambda x: lax.select(x > 0, np.sqrt(x), 0.0))(0.0)
    assert float(masked) == 0.0
    np.testing.assert_array_equal(lax.select_n([True, False], [1, 2], [3, 4]), [3, 2])
    assert int(lax.select_n(1, 5, 6)) == 6
    with pytest.raises(IndexError, match=r"not in 0 \.\.\. 1"):
        lax.select_n([0, 2], [1, 2], [3, 4])
    with pytest.raises(TypeError, match="takes two cases"):
        lax.select_n(True, 1, 2, 3)
    with pytest.raises(TypeError, match="one case at least"):
        lax.select_n(0)


def test_making():
    assert lax.iota(np.float32, 3).dtype == np.float32
    np.testing.assert_array_equal(lax.iota(int, 3), [0, 1, 2])
    assert lax.stop_gradient is fg.stop_gradient


def test_slices_at_places_that_differ_between_examples():
    starts = fnp.array([0, 2, -2])
    given = fg.vmap(lambda s: lax.dynamic_slice(X, (s, 1), (1, 3)))(starts)
    np.testing.assert_array_equal(given, [X[0:1, 1:4], X[2:3, 1:4], X[1:2, 1:4]])
    given = fg.vmap(lambda s: lax.dynamic_slice_in_dim(X, s, 2, axis=1))(starts)
    np.testing.assert_array_equal(given, [X[:, 0:2], X[:, 2:4], X[:, 3:5]])
    given = fg.vmap(lambda s: lax.dynamic_index_in_dim(X, s, keepdims=False))(starts)
    np.testing.assert_array_equal(given, X[[0, 2, 1]])
    given = fg.vmap(lambda s: lax.dynamic_update_slice(X, np.zeros((1, 3)), (s, 1)))(starts)
    expected = np.stack([X, X, X])
    expected[[0, 1, 2], [0, 2, 1], 1:4] = 0
    np.testing.assert_array_equal(given, expected)
    gradient = fg.vmap(fg.grad(lambda x, s: lax.dynamic_slice(x, (s,), (2,)).sum()), (None, 0))
    np.testing.assert_array_equal(
        gradient(np.ones(4), starts), [[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    )


def test_slices_outside_are_errors():
    with pytest.raises(errors.IndexOutOfBoundsError, match="2 elements from 4 on leave axis 1"):
        lax.dynamic_slice(X, (0, 4), (1, 2))
    with pytest.raises(errors.IndexOutOfBoundsError, match="6 elements of axis 1 with size 5"):
        lax.dynamic_slice_in_dim(X, 0, 6, axis=1)
    with pytest.raises(errors.IndexOutOfBoundsError):
        lax.dynamic_update_slice(X, np.ones((1, 2)), (0, 4))
    with pytest.raises(IndexError):
        fg.vmap(lambda s: lax.dynamic_slice_in_dim(X, s, 2))(fnp.array([0, 2]))
    with pytest.raises(errors.ShapeError, match="a start and a size for each axis"):
        lax.dynamic_slice(X, (0,), (1, 1))
    with pytest.raises(TypeError):
        lax.dynamic_slice_in_dim(X, 0.5, 1)


def test_top_k():
    values, positions = lax.top_k([1, 3, 2, 3], 3)
    np.testing.assert_array_equal(values, [3, 3, 2])
    np.testing.assert_array_equal(positions, [1, 3, 2])
    values, positions = lax.top_k(X, 2, axis=0)
    np.testing.assert_array_equal(values, -np.sort(-X, 0)[:2])
    np.testing.assert_array_equal(np.take_along_axis(X, np.asarray(positions), 0), values)
    assert lax.top_k(X, 0)[0].shape == (3, 0)
    assert lax.top_k(X, 5)[0].shape == (3, 5)
    with pytest.raises(errors.IndexOutOfBoundsError, match="6 elements of axis 1 with size 5"):
        lax.top_k(X, 6)


def test_along_an_axis():
    np.testing.assert_array_equal(lax.cummax(X, 1), np.maximum.accumulate(X, 1))
    np.testing.assert_array_equal(lax.cummin(X), np.minimum.accumulate(X))
    np.testing.assert_allclose(lax.cumlogsumexp(X), np.logaddexp.accumulate(X))
    np.testing.assert_allclose(lax.cumsum(X, reverse=True), np.cumsum(X[::-1], 0)[::-1])
    np.testing.assert_allclose(lax.cumprod(X, 1), np.cumprod(X, 1))
    np.testing.assert_array_equal(lax.cummax(fnp.array([1, np.nan, 2])), [1, np.nan, np.nan])
    np.testing.assert_array_equal(lax.cummax(np.zeros((0, 2))), np.zeros((0, 2)))
