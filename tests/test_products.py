"""Products of arrays: values and errors of the public functions, forms of einsum, layouts."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import ShapeError
from fungrad.transforms.vmap import vmap
from tests.cases import complex_normal, normal

SHAPES = [(3,), (0,), (2, 3), (3, 2), (3, 3), (2, 3, 3), (2, 1, 3, 2), (0, 3)]


def identical(ours: Any, theirs: Any) -> None:
    assert isinstance(ours, fg.Array)
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(np.asarray(ours), theirs)


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["matmul", "dot", "inner", "outer", "kron", "vecdot", "vdot"])
@pytest.mark.parametrize("dtype", [float, np.float32, complex, int, bool])
def test_values_and_dtypes_are_numpys(name: str, dtype: Any) -> None:
    for one, two in itertools.product(SHAPES, SHAPES):
        x, y = (normal(*one) * 3).astype(dtype), (normal(*two, seed=1) * 3).astype(dtype)
        try:
            expected = getattr(np, name)(x, y)
        except ValueError:
            with pytest.raises(ShapeError):
                getattr(fnp, name)(x, y)
        else:
            identical(getattr(fnp, name)(x, y), expected)
            identical(getattr(np, name)(fnp.array(x), fnp.array(y)), expected)


def test_scalars_and_lists() -> None:
    identical(fnp.dot(2, [1.0, 2.0]), np.dot(2, [1.0, 2.0]))
    identical(fnp.inner(2.0, 3.0), np.inner(2.0, 3.0))
    identical(fnp.outer(2.0, [3, 4]), np.outer(2.0, [3, 4]))
    identical(fnp.kron(2, [[1, 2]]), np.kron(2, [[1, 2]]))
    identical(fnp.matmul([[1, 2]], [3, 4]), np.matmul([[1, 2]], [3, 4]))
    identical([[1.0, 2.0]] @ fnp.array([3.0, 4.0]), np.array([11.0]))


def test_dtypes_are_promoted() -> None:
    for x, y in itertools.product([np.float32(1), np.int64(1), np.complex64(1)], repeat=2):
        x, y = np.full((2, 2), x), np.full((2, 2), y)
        identical(fnp.matmul(x, y), np.matmul(x, y))


@pytest.mark.parametrize("axes", [0, 1, ([0], [1]), ([1, 0], [0, 1]), (-1, 0)])
def test_tensordot(axes: Any) -> None:
    x, y = normal(3, 3), normal(3, 3, seed=1)
    identical(fnp.tensordot(x, y, axes), np.tensordot(x, y, axes))
    identical(np.tensordot(fnp.array(x), y, axes=axes), np.tensordot(x, y, axes))


@pytest.mark.skipif(not hasattr(np, "matvec"), reason="new in NumPy 2.2")
def test_matvec_and_vecmat() -> None:
    x, v = complex_normal(4, 2, 3), complex_normal(3, seed=5)
    identical(fnp.matvec(x, v), np.matvec(x, v))
    identical(np.matvec(fnp.array(x), v), np.matvec(x, v))
    identical(fnp.vecmat(v, x.mT), np.vecmat(v, x.mT))


def test_matvec_and_vecmat_without_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    x, v = complex_normal(4, 2, 3), complex_normal(3, seed=5)
    monkeypatch.delattr(np, "matvec", raising=False)
    monkeypatch.delattr(np, "vecmat", raising=False)
    np.testing.assert_allclose(np.asarray(fnp.matvec(x, v)), x @ v)
    np.testing.assert_allclose(np.asarray(fnp.vecmat(v, x.mT)), v.conj() @ x.mT)


def test_results_do_not_share_memory_with_what_can_change() -> None:
    x = normal(3, 3)
    y = fnp.einsum("ii->i", x)
    before = np.array(y)
    x[:] = 0
    np.testing.assert_array_equal(np.asarray(y), before)
    assert x.flags.writeable


def test_layouts() -> None:
    base = normal(8, 6, 4)
    views = [base[::2, ::3, ::2], base.transpose(2, 1, 0)[::2, ::3, ::2], base[:4, :2, :2]]
    weight = normal(2, 6, seed=2)[:, ::2]
    for x in views:
        x = x if x.shape[-1] == 2 else x[..., :2]
        identical(fnp.matmul(x, weight), np.matmul(x, weight))
        z, (of_x, of_w) = fg.value_and_grad(lambda x, w: fnp.sum((x @ w) ** 2), argnums=(0, 1))(
            x, weight
        )
        np.testing.assert_allclose(float(z), np.sum((x @ weight) ** 2))
        np.testing.assert_allclose(np.asarray(of_x), 2 * (x @ weight) @ weight.T)
        flat = x.reshape(-1, 2)
        np.testing.assert_allclose(np.asarray(of_w), 2 * flat.T @ (flat @ weight))


def test_cross_of_two_components() -> None:
    def components(x: Any, y: Any) -> Any:
        return fnp.cross(x, y)

    x, y = normal(4, 2), normal(4, 2, seed=1)
    plane = np.concatenate([x, np.zeros((4, 1))], axis=1)
    z, pullback = fg.vjp(components, x, y)
    expected = x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]
    np.testing.assert_allclose(np.asarray(z), expected)
    np.testing.assert_allclose(
        np.asarray(pullback(np.ones(4))[0]), np.stack([y[:, 1], -y[:, 0]], axis=1)
    )
    z, _ = fg.vjp(components, x, normal(4, 3))
    np.testing.assert_allclose(np.asarray(z), np.cross(plane, normal(4, 3)))


# --- gradients -----------------------------------------------------------------------------------


def test_gradient_of_a_sum_of_products() -> None:
    x, y = normal(4, 3), normal(3, 2)
    of_x, of_y = fg.grad(lambda x, y: fnp.sum(x @ y), argnums=(0, 1))(x, y)
    np.testing.assert_allclose(np.asarray(of_x), np.ones((4, 2)) @ y.T)
    np.testing.assert_allclose(np.asarray(of_y), x.T @ np.ones((4, 2)))


def test_per_example_gradients() -> None:
    x, w = normal(5, 3), normal(3, 2)

    def loss(w: Any, x: Any) -> Any:
        return fnp.sum((x @ w) ** 2)

    each = vmap(fg.grad(loss), in_axes=(None, 0))(w, x)
    expected = np.stack([np.asarray(fg.grad(loss)(w, row)) for row in x])
    np.testing.assert_allclose(np.asarray(each), expected)


def test_a_batch_of_vectors_times_one_matrix() -> None:
    x, y, v = normal(5, 3), normal(5, 2, 3), normal(3)
    for call, args, axes in [
        (lambda x, w: x @ w, (x, normal(3, 2)), (0, None)),
        (lambda w, x: w @ x, (normal(2, 3), x), (None, 0)),
        (lambda x, y: x @ y, (x, v), (0, None)),
        (lambda x, y: x @ y, (v, x), (None, 0)),
        (lambda x, y: x @ y, (x, x), (0, 0)),
        (lambda x, y: x @ y, (y, v), (0, None)),
        (lambda x, y: x @ y, (y, x), (0, 0)),
        (lambda x, y: y @ x, (v, normal(5, 3, 3)), (None, 0)),
        (lambda x, y: x @ y, (x, normal(4, 3, 2)), (0, None)),
    ]:
        expected = [
            call(*[arg if axis is None else arg[i] for arg, axis in zip(args, axes, strict=True)])
            for i in range(5)
        ]
        np.testing.assert_allclose(np.asarray(vmap(call, in_axes=axes)(*args)), np.stack(expected))


# --- einsum --------------------------------------------------------------------------------------

EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ba", (2, 3)),
    ("ii", (3, 3)),
    ("i->", (3,)),
    (" i j , j -> i ", (2, 3), (3,)),
    ("...", (2, 3)),
    ("...i->i...", (2, 3, 4)),
    ("i...,i...->...", (2, 3), (2, 3)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    ("Ab,bA->A", (2, 3), (3, 2)),
    ("a,b,c->abc", (2,), (3,), (4,)),
    (",,->", (), (), ()),
    ("ij,ij,ij->i", (2, 3), (2, 3), (2, 3)),
]


@pytest.mark.parametrize("optimize", [False, True, "greedy", "optimal"])
@pytest.mark.parametrize("row", EINSUMS, ids=lambda row: row[0])
def test_einsum_values(row: Any, optimize: Any) -> None:
    subscripts, *shapes = row
    arrays = [normal(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    expected = np.einsum(subscripts, *arrays, optimize=optimize)
    identical(fnp.einsum(subscripts, *arrays, optimize=optimize), expected)
    identical(np.einsum(subscripts, *map(fnp.array, arrays), optimize=optimize), expected)
    traced, _ = fg.vjp(lambda *xs: fnp.einsum(subscripts, *xs, optimize=optimize), *arrays)
    np.testing.assert_allclose(np.asarray(traced), expected, rtol=1e-12, atol=1e-12)


@st.composite
def contractions(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """Draw subscripts, with repeated and summed labels and an ellipsis, and fitting shapes."""
    lengths = {label: draw(st.integers(1, 3)) for label in "abcd"}
    count = draw(st.integers(1, 3))
    dots = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, shapes = [], []
    for _ in range(count):
        labels = draw(st.lists(st.sampled_from("abcd"), max_size=4))
        shape = [lengths[label] for label in labels]
        seen: set[str] = set()
        for axis, label in enumerate(labels):
            if label not in seen and labels.count(label) == 1 and draw(st.integers(0, 5)) == 0:
                shape[axis] = 1  # broadcasts
            seen.add(label)
        term = "".join(labels)
        if draw(st.booleans()):
            some = dots[draw(st.integers(0, len(dots))) :]
            at = draw(st.integers(0, len(labels)))
            term = f"{term[:at]}...{term[at:]}"
            shape[at:at] = some
        terms.append(term)
        shapes.append(tuple(shape))
    subscripts = ",".join(terms)
    if draw(st.booleans()):
        used = sorted(set(subscripts).intersection("abcd"))
        result = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
        subscripts += "->" + "..." * ("..." in subscripts) + "".join(result)
    return subscripts, shapes


@settings(max_examples=150)
@given(contractions())
def test_any_einsum(drawn: Any) -> None:
    """It is linear in each operand, so both modes can be checked exactly with NumPy alone."""
    subscripts, shapes = drawn
    arrays = [normal(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    expected = np.einsum(subscripts, *arrays)
    value, pullback = fg.vjp(lambda *xs: fnp.einsum(subscripts, *xs), *arrays)
    np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-10, atol=1e-10)
    cotangent = normal(*expected.shape, seed=9)
    for position, gradient in enumerate(pullback(cotangent)):
        moved = list(arrays)
        moved[position] = normal(*shapes[position], seed=10 + position)
        change = np.sum(cotangent * np.einsum(subscripts, *moved))
        np.testing.assert_allclose(
            np.sum(np.asarray(gradient) * moved[position]), change, rtol=1e-9, atol=1e-9
        )


def test_einsum_of_many_arrays_is_contracted_in_pairs() -> None:
    arrays = [normal(6, 6, seed=seed) for seed in range(12)]
    subscripts = "ab,bc,cd,de,ef,fg,gh,hi,ij,jk,kl,lm->am"
    traced, pullback = fg.vjp(lambda *xs: fnp.einsum(subscripts, *xs), *arrays)
    expected = np.linalg.multi_dot(arrays)
    np.testing.assert_allclose(np.asarray(traced), expected, rtol=1e-9)
    gradient = pullback(np.ones((6, 6)))[0]
    np.testing.assert_allclose(
        np.asarray(gradient), np.ones((6, 6)) @ np.linalg.multi_dot(arrays[1:]).T, rtol=1e-9
    )


def test_einsum_takes_a_path() -> None:
    arrays = [normal(2, 2, seed=seed) for seed in range(3)]
    path = fnp.einsum_path("ij,jk,kl->il", *arrays, optimize="optimal")[0]
    assert path == np.einsum_path("ij,jk,kl->il", *arrays, optimize="optimal")[0]
    value, _ = fg.vjp(lambda *xs: fnp.einsum("ij,jk,kl->il", *xs, optimize=path), *arrays)
    np.testing.assert_allclose(np.asarray(value), np.linalg.multi_dot(arrays))
    whole = ["einsum_path", (0, 1, 2)]
    value, _ = fg.vjp(lambda *xs: fnp.einsum("ij,jk,kl->il", *xs, optimize=whole), *arrays)
    np.testing.assert_allclose(np.asarray(value), np.linalg.multi_dot(arrays))


def test_einsum_path_needs_shapes_only() -> None:
    def function(x: Any) -> Any:
        path, report = fnp.einsum_path(x, [0, 1], x, [1, 2], [0, 2])
        assert path == ["einsum_path", (0, 1)]
        assert "Complete contraction" in report
        return fnp.sum(x)

    fg.grad(function)(normal(2, 2))


def test_einsum_with_a_dtype() -> None:
    x = np.arange(6).reshape(2, 3)
    identical(fnp.einsum("ij->i", x, dtype=float), np.einsum("ij->i", x, dtype=float))
    y = x.astype(np.float32)
    value, pullback = fg.vjp(lambda y: fnp.einsum("ij->i", y, dtype=float), y)
    assert value.dtype == np.float64
    assert pullback(np.ones(2))[0].dtype == np.float32


def test_einsum_with_lists_of_more_labels_than_letters() -> None:
    x = normal(2, 3)
    value, _ = fg.vjp(lambda x: fnp.einsum(x, [100, 200], x, [100, 300], x, [7, 8], [200, 300]), x)
    np.testing.assert_allclose(np.asarray(value), x.T @ x * x.sum())


# --- errors --------------------------------------------------------------------------------------


def test_matmul_says_which_lengths_differ() -> None:
    expected = (
        "matmul of float64[3,4] and float64[5]: the last axis of the first has length 4, but the "
        "only axis of the second has length 5"
    )
    for x, y in itertools.product([np.ones((3, 4)), fnp.ones((3, 4))], [fnp.ones(5)]):
        with pytest.raises(ShapeError) as caught:
            x @ y
        assert str(caught.value) == expected
    with pytest.raises(ShapeError) as caught:
        fg.grad(lambda x: fnp.sum(x @ fnp.ones(5)))(np.ones((3, 4)))
    assert str(caught.value) == expected


def test_matmul_under_vmap_speaks_of_one_example() -> None:
    with pytest.raises(ShapeError) as caught:
        vmap(lambda x: x @ fnp.ones((5, 2)))(np.ones((7, 3, 4)))
    assert str(caught.value) == (
        "matmul of float64[3,4] and float64[5,2]: the last axis of the first has length 4, but "
        "the second to last axis of the second has length 5"
    )


def test_matmul_refuses_scalars_and_stacks_that_do_not_broadcast() -> None:
    for call in (lambda: fnp.matmul(2.0, np.ones(3)), lambda: fnp.ones(3) @ 2.0):
        with pytest.raises(
            ShapeError, match=r"a scalar cannot be among them; multiply by it with \*"
        ):
            call()
    with pytest.raises(ShapeError, match="a scalar cannot be among them"):
        fg.grad(lambda x: fnp.sum(x @ np.ones((2, 2))))(1.0)
    reason = r"stacks of shapes \(2,\) and \(3,\) do not broadcast"
    with pytest.raises(ShapeError, match=reason):
        fnp.matmul(np.ones((2, 1, 1)), np.ones((3, 1, 1)))
    with pytest.raises(ShapeError, match=reason):
        fg.grad(lambda x: fnp.sum(x @ np.ones((3, 1, 1))))(np.ones((2, 1, 1)))


@pytest.mark.parametrize(
    ("subscripts", "message"),
    [
        (
            "ij,jk->ik",
            "einsum of float64[2,3] and float64[4,2]: axis 0 of operand 1 has length 4 and meets 3",
        ),
        (
            "ijk,kl",
            "einsum 'ijk,kl' of float64[2,3] and float64[4,2]: an array with 2 axes has "
            "subscripts for 3",
        ),
        ("ij", "einsum 'ij' of float64[2,3] and float64[4,2]: there are subscripts for 1 arrays"),
        (
            "ij,kl->im",
            "einsum 'ij,kl->im' of float64[2,3] and float64[4,2]: the result has the "
            "subscript m, but no array has",
        ),
        (
            "ij,kl->ii",
            "einsum 'ij,kl->ii' of float64[2,3] and float64[4,2]: the result has the "
            "subscript i twice",
        ),
        (
            "i1,kl",
            "einsum 'i1,kl' of float64[2,3] and float64[4,2]: subscripts are letters and "
            "'...', got 'i1'",
        ),
        (
            "......,kl",
            "einsum '......,kl' of float64[2,3] and float64[4,2]: subscripts are letters "
            "and '...', got '......'",
        ),
    ],
)
def test_einsum_errors(subscripts: str, message: str) -> None:
    x, y = np.ones((2, 3)), np.ones((4, 2))
    with pytest.raises(ShapeError) as caught:
        fnp.einsum(subscripts, x, y)
    assert str(caught.value) == message
    with pytest.raises(ShapeError) as caught:
        fg.grad(lambda x: fnp.sum(fnp.einsum(subscripts, x, y)))(x)
    assert str(caught.value) == message


def test_einsum_without_arguments() -> None:
    with pytest.raises(ValueError, match="einsum needs subscripts and arrays"):
        fnp.einsum()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: fnp.dot(x, np.ones((2, 4, 2))),
            "dot of float64[2,3] and float64[2,4,2]: axis 1 "
            "of the first has length 3, axis 1 of the second 4",
        ),
        (
            lambda x: fnp.inner(x, np.ones(4)),
            "inner of float64[2,3] and float64[4]: axis 1 of the "
            "first has length 3, axis 0 of the second 4",
        ),
        (
            lambda x: fnp.vdot(x, np.ones(4)),
            "vdot of float64[2,3] and float64[4]: their sizes 6 and 4 differ",
        ),
        (
            lambda x: fnp.tensordot(x, x, ([0], [0, 1])),
            "tensordot of float64[2,3] and float64[2,3]: "
            "axes=([0], [0, 1]) names unequal numbers of axes",
        ),
        (
            lambda x: fnp.vecdot(x, np.ones(4)),
            "vecdot of float64[2,3] and float64[4]: axis 0 of operand 1 has length 4 and meets 3",
        ),
        (
            lambda x: fnp.matvec(x[0], np.ones(3)),
            "matvec of float64[3] and float64[3]: the operands need at least 2 and 1 axes",
        ),
        (
            lambda x: fnp.cross(x, np.ones(4)),
            "cross of float64[2,3] and float64[4]: vectors have 2 or 3 components, not 4",
        ),
    ],
)
def test_errors_of_traced_products(call: Any, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        fg.grad(lambda x: fnp.sum(call(x)))(np.ones((2, 3)))
    assert str(caught.value) == message
    with pytest.raises(ValueError):
        call(np.ones((2, 3)))
