"""Trees as vectors and back."""

from __future__ import annotations

import pickle
from collections import namedtuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import TreeMismatchError
from fungrad.flatten_util import ravel_pytree
from fungrad.transforms.vmap import vmap

Point = namedtuple("Point", "x y")


def assert_same(given, wanted):
    assert tree.structure(given) == tree.structure(wanted)
    for leaf, other in zip(tree.leaves(given), tree.leaves(wanted)):
        assert leaf.dtype == np.asarray(other).dtype
        np.testing.assert_array_equal(np.asarray(leaf), np.asarray(other))


TREES = [
    {"w": np.arange(6.0).reshape(2, 3), "b": np.ones(3)},
    {"z": np.float32(1.5), "a": [np.arange(3, dtype=np.int8), None]},
    Point(np.ones((2, 0, 3)), (2.0, 3)),
    [np.array([1 + 2j]), np.array([3.0]), True],
    np.arange(4.0),
    2.5,
]


@pytest.mark.parametrize("example", TREES)
def test_round_trip(example):
    flat, unravel = ravel_pytree(example)
    assert isinstance(flat, fg.Array)
    assert flat.shape == (sum(np.size(leaf) for leaf in tree.leaves(example)),)
    assert_same(unravel(flat), example)


def test_order_is_that_of_the_leaves():
    flat, _ = ravel_pytree({"b": np.array([[1.0, 2.0], [3.0, 4.0]]), "a": 5.0})
    np.testing.assert_array_equal(np.asarray(flat), [1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize(
    ("leaves", "dtype"),
    [
        ([np.float32(1), np.float32(2)], "float32"),
        ([np.float32(1), np.arange(2)], "float64"),
        ([np.float32(1), 0.1], "float64"),
        ([np.int8(1), True], "int8"),
        ([np.float32(1), np.complex64(1)], "complex64"),
    ],
)
def test_dtype_of_the_vector(leaves, dtype):
    flat, unravel = ravel_pytree(leaves)
    assert flat.dtype == np.dtype(dtype)
    assert_same(unravel(flat), leaves)


@pytest.mark.parametrize("example", [[], None, {"a": (), "b": None}])
def test_empty_tree(example):
    flat, unravel = ravel_pytree(example)
    assert flat.shape == (0,)
    assert flat.dtype == np.float64
    assert unravel(flat) == example


def test_unravel_takes_other_vectors():
    _, unravel = ravel_pytree({"w": np.ones((2, 2), np.float32), "n": 3.0})
    assert_same(
        unravel(np.arange(5)),
        {"w": np.array([[0, 1], [2, 3]], np.float32), "n": 4.0},
    )


def test_unravel_takes_the_real_part_for_real_leaves():
    _, unravel = ravel_pytree([np.ones(2), np.ones(1, complex)])
    assert_same(unravel(np.array([1 + 5j, 2.0, 3j])), [np.array([1.0, 2.0]), np.array([3j])])


@pytest.mark.parametrize("shape", [(4,), (3, 1), ()])
def test_wrong_shape(shape):
    _, unravel = ravel_pytree({"w": np.ones(3)})
    with pytest.raises(TreeMismatchError) as error:
        unravel(np.zeros(shape))
    text = ",".join(map(str, shape))
    assert str(error.value) == (
        "unravel: expected a vector of shape (3,), one element for each number in the tree, but "
        f"got float64[{text}]; pass a vector like the one that ravel_pytree returned"
    )


def test_a_leaf_that_is_no_array_is_named():
    with pytest.raises(TypeError) as error:
        ravel_pytree({"w": 1.0, "layers": [object()]})
    assert error.value.__notes__ == ['ravel_pytree met it at pytree["layers"][0]']


def test_unravel_is_picklable():
    flat, unravel = ravel_pytree({"w": np.ones((2, 2)), "b": [np.float32(1), None]})
    again = pickle.loads(pickle.dumps(unravel))
    assert_same(again(flat), unravel(flat))
    assert repr(again) == (
        "Unravel(PyTreeDef({'w': *, 'b': [*, None]}), shapes=((2, 2), ()), "
        "dtypes=(dtype('float64'), dtype('float32')))"
    )


def test_gradients_pass_through():
    example = {"w": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([5.0])}
    flat, unravel = ravel_pytree(example)

    def of_tree(params):
        return (fnp.sum(params["w"] ** 2) * params["b"][0]).sum()

    def of_vector(vector):
        return of_tree(unravel(vector))

    by_tree = ravel_pytree(fg.grad(of_tree)(example))[0]
    np.testing.assert_allclose(np.asarray(fg.grad(of_vector)(flat)), np.asarray(by_tree))
    through_both = fg.grad(lambda params: of_vector(ravel_pytree(params)[0]))(example)
    np.testing.assert_allclose(np.asarray(ravel_pytree(through_both)[0]), np.asarray(by_tree))
    batch = np.stack([np.asarray(flat), 2 * np.asarray(flat)])
    np.testing.assert_allclose(
        np.asarray(vmap(of_vector)(batch)), [of_vector(row) for row in batch]
    )
