"""Trees of arrays as one vector, for solvers and optimisers that know vectors only."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import TreeMismatchError

__all__ = ["Unravel", "ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[Any, Unravel]:
    """Join the leaves of a tree to one vector.

    Parameters
    ----------
    pytree
        A tree of arrays and numbers.

    Returns
    -------
    flat : Array
        The elements of all leaves in a dtype that holds them all, where Python numbers count as
        float64, int64 and so on; an empty float64 vector for a tree without leaves.
    unravel : Unravel
        The inverse: a function that makes a tree from a vector of this size.

    Examples
    --------
    >>> from fungrad.flatten_util import ravel_pytree
    >>> flat, unravel = ravel_pytree({"w": np.ones((2, 2)), "b": 5.0})
    >>> flat
    Array([1., 1., 1., 1., 5.], dtype=float64)
    >>> unravel(2 * flat)["b"]
    Array(10., dtype=float64)
    """
    leaves, structure = tree.flatten_with_path(pytree)
    arrays = [_as_array(path, leaf) for path, leaf in leaves]
    shapes = tuple(array.shape for array in arrays)
    dtypes = tuple(array.dtype for array in arrays)
    if not arrays:
        return fnp.zeros(0), Unravel(structure, shapes, dtypes)
    common = np.result_type(*dtypes)
    flat = fnp.concatenate([fnp.ravel(array).astype(common) for array in arrays])
    return flat, Unravel(structure, shapes, dtypes)


def _as_array(path: tree.KeyPath, leaf: Any) -> Any:
    try:
        return fnp.asarray(leaf)
    except TypeError as error:
        error.add_note(f"ravel_pytree met it at {tree.format_path('pytree', path)}")
        raise


class Unravel:
    """Make a tree of arrays from a vector: the inverse that `ravel_pytree` returns.

    Parameters
    ----------
    structure
        The structure of the tree.
    shapes, dtypes
        Those of the leaves.
    """

    __slots__ = ("dtypes", "shapes", "size", "structure")

    def __init__(
        self,
        structure: tree.TreeDef,
        shapes: tuple[tuple[int, ...], ...],
        dtypes: tuple[np.dtype[Any], ...],
    ) -> None:
        self.structure = structure
        self.shapes = shapes
        self.dtypes = dtypes
        self.size = sum(map(math.prod, shapes))

    def __call__(self, flat: Any) -> Any:
        """Return the tree whose elements are those of the vector.

        Parameters
        ----------
        flat
            A vector of the size of the tree.

        Returns
        -------
        tree
            The tree, each leaf with its own shape and dtype.

        Raises
        ------
        TreeMismatchError
            If the vector has another shape.
        """
        vector = fnp.asarray(flat)
        if vector.shape != (self.size,):
            raise TreeMismatchError.wrong_size("unravel", (self.size,), vector)
        bounds = pairwise(accumulate(map(math.prod, self.shapes), initial=0))
        return self.structure.unflatten(
            [
                _cast(fnp.reshape(vector[start:stop], shape), dtype)
                for (start, stop), shape, dtype in zip(bounds, self.shapes, self.dtypes)
            ]
        )

    def __repr__(self) -> str:
        return f"Unravel({self.structure}, shapes={self.shapes}, dtypes={self.dtypes})"


def _cast(array: Any, dtype: np.dtype[Any]) -> Any:
    # A real leaf beside complex ones is the real part again, which NumPy would take with a warning.
    both = array.dtype.kind == "c" and dtype.kind != "c"
    return (fnp.real(array) if both else array).astype(dtype)
