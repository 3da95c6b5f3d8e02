"""Products of arrays: matmul, dot and their kin.

Where nothing is traced these are NumPy's own functions, bit for bit. Traced, all but `matmul` and
`cross` are contractions, which run as matrix products whatever their form.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, is_traced, lift
from fungrad.numpy.contraction import contract_cores, sum_over
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import products as rules


def plain(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """Return what NumPy's function returns for arguments that are not traced, as arrays."""
    try:
        return call_numpy(function, *args, **params)
    except np.linalg.LinAlgError:
        raise
    except ValueError as error:
        operands = [x for x in args if hasattr(x, "shape")]
        raise ShapeError(function.__name__, operands, error) from None


def matmul(x1: Any, x2: Any, /) -> Any:
    """Return the matrix product, ``x1 @ x2``.

    Parameters
    ----------
    x1, x2 : array_like
        Stacks of matrices ``[..., m, k]`` and ``[..., k, n]``, whose leading axes broadcast. A
        one-dimensional `x1` is a row, a one-dimensional `x2` a column; their axis of length one is
        left out of the result.

    Returns
    -------
    Array
        Of shape ``[..., m, n]``.

    Raises
    ------
    ShapeError
        If the inner lengths differ, the leading axes do not broadcast, or one of them is a scalar.

    Examples
    --------
    >>> fnp.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0])
    Array([-1., -1.], dtype=float64)
    """
    return rules.Matmul.apply(x1, x2)


def dot(a: Any, b: Any) -> Any:
    """Return the product over the last axis of `a` and the second to last of `b`.

    Parameters
    ----------
    a, b : array_like
        Scalars multiply. Of a one-dimensional `b` the only axis counts.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.dot([1.0, 2.0], [3.0, 4.0])
    Array(11., dtype=float64)
    """
    a, b = lift(a, "dot"), lift(b, "dot")
    if not is_traced(a, b):
        return plain(np.dot, a, b)
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim == 2):
        return rules.Matmul.apply(a, b)
    return sum_over(a, b, (a.ndim - 1,), (b.ndim - 2,), "dot")


def vdot(a: Any, b: Any) -> Any:
    """Return the dot product of all elements; those of `a` are conjugated.

    Parameters
    ----------
    a, b : array_like
        Of the same size; more axes are flattened.

    Returns
    -------
    Array
        A scalar.

    Examples
    --------
    >>> fnp.vdot([1.0 + 1.0j], [1.0j])
    Array(1.+1.j, dtype=complex128)
    """
    a, b = lift(a, "vdot"), lift(b, "vdot")
    if not is_traced(a, b):
        return plain(np.vdot, a, b)
    if a.size != b.size:
        raise ShapeError("vdot", (a, b), f"their sizes {a.size} and {b.size} differ")
    return rules.Matmul.apply(_conjugate(np.ravel(a)), np.ravel(b))


def inner(a: Any, b: Any) -> Any:
    """Return the sum of products over the last axis of both.

    Parameters
    ----------
    a, b : array_like
        Scalars multiply.

    Returns
    -------
    Array
        Of shape ``a.shape[:-1] + b.shape[:-1]``.

    Examples
    --------
    >>> fnp.inner([[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0])
    Array([3., 4.], dtype=float64)
    """
    a, b = lift(a, "inner"), lift(b, "inner")
    if not is_traced(a, b):
        return plain(np.inner, a, b)
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    return sum_over(a, b, (a.ndim - 1,), (b.ndim - 1,), "inner")


def outer(a: Any, b: Any) -> Any:
    """Return the products of each element of `a` with each of `b`.

    Parameters
    ----------
    a, b : array_like
        More axes are flattened.

    Returns
    -------
    Array
        Of shape ``(a.size, b.size)``.

    Examples
    --------
    >>> fnp.outer([1.0, 2.0], [3.0, 4.0])
    Array([[3., 4.],
           [6., 8.]], dtype=float64)
    """
    a, b = lift(a, "outer"), lift(b, "outer")
    if not is_traced(a, b):
        return plain(np.outer, a, b)
    return rules.Contract.apply(np.ravel(a), np.ravel(b), labels=((0,), (1,), (0, 1)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return the sum of products over several axes.

    Parameters
    ----------
    a, b : array_like
    axes : int or pair of axes or of sequences of axes
        The axes of `a` and those of `b` to sum over, in order; an int n stands for the last n of
        `a` and the first n of `b`.

    Returns
    -------
    Array
        With the remaining axes of `a`, then those of `b`.

    Raises
    ------
    ShapeError
        If the lengths of paired axes differ.

    Examples
    --------
    >>> fnp.tensordot(fnp.ones((2, 3)), fnp.ones((3, 2)), axes=([0, 1], [1, 0]))
    Array(6., dtype=float64)
    """
    a, b = lift(a, "tensordot"), lift(b, "tensordot")
    if not is_traced(a, b):
        return plain(np.tensordot, a, b, axes=axes)
    if np.iterable(axes):
        axes_a, axes_b = (_axes(each) for each in axes)
    else:
        count = operator.index(axes)
        axes_a, axes_b = tuple(range(-count, 0)), tuple(range(count))
    if len(axes_a) != len(axes_b):
        raise ShapeError("tensordot", (a, b), f"axes={axes} names unequal numbers of axes")
    return sum_over(
        a,
        b,
        tuple([axis_index(axis, a.ndim) for axis in axes_a]),
        tuple([axis_index(axis, b.ndim) for axis in axes_b]),
        "tensordot",
    )


def _axes(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if np.iterable(axes) else (axes,)


def vecdot(x1: Any, x2: Any, /, axis: int = -1) -> Any:
    """Return the dot products of vectors along an axis; those of `x1` are conjugated.

    Parameters
    ----------
    x1, x2 : array_like
        The other axes broadcast.
    axis : int
        The axis of the vectors in both.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Array([3., 7.], dtype=float64)
    """
    x1, x2 = lift(x1, "vecdot"), lift(x2, "vecdot")
    if not is_traced(x1, x2):
        return plain(np.vecdot, x1, x2, axis=axis)
    if axis != -1:
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return contract_cores("vecdot", _conjugate(x1), x2, (-1,), (-1,), ())


def matvec(x1: Any, x2: Any, /) -> Any:
    """Return the products of matrices with vectors.

    Parameters
    ----------
    x1 : array_like
        Matrices ``[..., m, n]``.
    x2 : array_like
        Vectors ``[..., n]``; the leading axes broadcast.

    Returns
    -------
    Array
        Vectors ``[..., m]``.

    Examples
    --------
    >>> fnp.matvec([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    Array([[1., 3.],
           [2., 4.]], dtype=float64)
    """
    x1, x2 = lift(x1, "matvec"), lift(x2, "matvec")
    if hasattr(np, "matvec") and not is_traced(x1, x2):
        return plain(np.matvec, x1, x2)
    return contract_cores("matvec", x1, x2, (-2, -1), (-1,), (-2,))


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Return the products of vectors with matrices; the vectors are conjugated.

    Parameters
    ----------
    x1 : array_like
        Vectors ``[..., n]``.
    x2 : array_like
        Matrices ``[..., n, m]``; the leading axes broadcast.

    Returns
    -------
    Array
        Vectors ``[..., m]``.

    Examples
    --------
    >>> fnp.vecmat([[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]])
    Array([[1., 2.],
           [3., 4.]], dtype=float64)
    """
    x1, x2 = lift(x1, "vecmat"), lift(x2, "vecmat")
    if hasattr(np, "vecmat") and not is_traced(x1, x2):
        return plain(np.vecmat, x1, x2)
    return contract_cores("vecmat", _conjugate(x1), x2, (-1,), (-1, -3), (-3,))


def kron(a: Any, b: Any) -> Any:
    """Return the Kronecker product: `a` with each element replaced by its multiple of `b`.

    Parameters
    ----------
    a, b : array_like
        Missing axes are added in front.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.kron([1.0, 10.0], [1.0, 2.0, 3.0])
    Array([ 1.,  2.,  3., 10., 20., 30.], dtype=float64)
    """
    a, b = lift(a, "kron"), lift(b, "kron")
    if not is_traced(a, b):
        return plain(np.kron, a, b)
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    rank = max(a.ndim, b.ndim)
    shape_a = (1,) * (rank - a.ndim) + a.shape
    shape_b = (1,) * (rank - b.ndim) + b.shape
    labels_a, labels_b = tuple(range(rank)), tuple(range(rank, 2 * rank))
    woven = tuple([label for pair in zip(labels_a, labels_b, strict=True) for label in pair])
    z = rules.Contract.apply(
        np.reshape(a, shape_a), np.reshape(b, shape_b), labels=(labels_a, labels_b, woven)
    )
    return np.reshape(z, tuple([m * n for m, n in zip(shape_a, shape_b, strict=True)]))


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Return the vector product of three-dimensional vectors.

    Parameters
    ----------
    a, b : array_like
        The other axes broadcast. Two-dimensional vectors have their third component zero; two of
        them give the third component of the product only.
    axisa, axisb, axisc : int
        The axis of the vectors in `a`, in `b` and in the result.
    axis : int, optional
        Takes the place of all three.

    Returns
    -------
    Array

    Examples
    --------
    >>> fnp.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.], dtype=float64)
    """
    a, b = lift(a, "cross"), lift(b, "cross")
    if axis is not None:
        axisa = axisb = axisc = axis
    if not is_traced(a, b):
        return plain(np.cross, a, b, axisa=axisa, axisb=axisb, axisc=axisc)
    if not a.ndim or not b.ndim:
        raise ShapeError("cross", (a, b), "a vector needs an axis")
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    for x in (a, b):
        if x.shape[-1] not in (2, 3):
            raise ShapeError("cross", (a, b), f"vectors have 2 or 3 components, not {x.shape[-1]}")
    z = rules.Cross.apply(_three_components(a), _three_components(b))
    return np.moveaxis(z, -1, axisc)


def _three_components(x: Any) -> Any:
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], axis=-1)


def _conjugate(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


__all__ = [
    "cross",
    "dot",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]
