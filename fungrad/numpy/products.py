"""Products of arrays: matmul, dot, einsum and their kin.

Where nothing is traced these are NumPy's own functions, bit for bit. Traced, all but `matmul` and
`cross` are contractions, which run as matrix products whatever their form.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad.errors import ShapeError
from fungrad.numpy.common import axis_index, is_traced, lift
from fungrad.numpy.untraced import call_numpy
from fungrad.rules import products as rules
from fungrad.rules.products import Labels


def plain(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """Return what NumPy's function returns for arguments that are not traced, as arrays."""
    try:
        return call_numpy(function, *args, **params)
    except np.linalg.LinAlgError:
        raise
    except ValueError as error:
        operands = [x for x in args if hasattr(x, "shape")]
        raise ShapeError(function.__name__, operands, error) from None


# --- products of matrices and vectors ------------------------------------------------------------


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
    return _sum_over(a, b, (a.ndim - 1,), (b.ndim - 2,), "dot")


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
    return _sum_over(a, b, (a.ndim - 1,), (b.ndim - 1,), "inner")


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
    return _sum_over(
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
    return _gufunc("vecdot", _conjugate(x1), x2, (-1,), (-1,), ())


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
    return _gufunc("matvec", x1, x2, (-2, -1), (-1,), (-2,))


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
    return _gufunc("vecmat", _conjugate(x1), x2, (-1,), (-1, -3), (-3,))


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


# --- einsum --------------------------------------------------------------------------------------


def einsum(
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """Return the sum of products that subscripts describe, in Einstein's notation.

    Parameters
    ----------
    *operands
        The subscripts and then the arrays, ``einsum("ij,jk->ik", a, b)``; or each array followed
        by a list of ints for its axes, and the list for the result last: ``einsum(a, [0, 1], b,
        [1, 2], [0, 2])``. A label that appears twice in one operand takes its diagonal, one that
        the result lacks is summed over, ``...`` stands for any number of axes that broadcast.
        Without ``->`` the result has the labels that appear once, in alphabetical order.
    optimize : bool, str or list
        The order in which more than two arrays are contracted, as for `numpy.einsum`. Under
        transforms contraction is always pairwise, in the order that ``"greedy"`` finds if none is
        given.
    dtype : dtype, optional
        Compute in this dtype.
    order, casting : str
        As for `numpy.einsum`; under transforms without effect.

    Returns
    -------
    Array

    Raises
    ------
    ShapeError
        If the subscripts do not fit the arrays, or a label has several lengths.

    Examples
    --------
    >>> x = fnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> fnp.einsum("ii", x)
    Array(5., dtype=float64)
    >>> fnp.einsum("ij,j->i", x, fnp.array([1.0, 1.0]))
    Array([3., 7.], dtype=float64)
    """
    subscripts, arrays = _split(operands, "einsum")
    if not is_traced(*arrays):
        params = {"optimize": optimize, "dtype": dtype, "order": order, "casting": casting}
        try:
            return plain(np.einsum, *_joined(subscripts, arrays), **params)
        except ShapeError:
            _check_lengths(arrays, _parse(subscripts, arrays)[0], "einsum")  # says it better
            raise
    if dtype is not None:
        arrays = [x.astype(dtype) for x in arrays]
    labels, result = _parse(subscripts, arrays)
    return _contract(arrays, labels, result, optimize, "einsum")


def einsum_path(*operands: Any, optimize: Any = "greedy") -> Any:
    """Return the order of contraction that `einsum` would use, and a report on its cost.

    Parameters
    ----------
    *operands
        As for `einsum`; only the shapes matter.
    optimize : bool, str or list
        ``"greedy"``, ``"optimal"``, or a pair of one of these and a limit to the size of
        intermediate results.

    Returns
    -------
    path : list
    report : str

    Examples
    --------
    >>> a = fnp.ones((2, 3))
    >>> fnp.einsum_path("ij,kj,kl->il", a, a, a)[0]
    ['einsum_path', (0, 1), (0, 1)]
    """
    subscripts, arrays = _split(operands, "einsum_path")
    return np.einsum_path(*_joined(subscripts, map(_hollow, arrays)), optimize=optimize)


def _hollow(x: Any) -> Any:
    """Return an ndarray of the shape of x that takes no memory."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)


def _split(operands: Sequence[Any], where: str) -> tuple[Any, list[Any]]:
    """Take the two forms of einsum's arguments apart: subscripts, and arrays."""
    if not operands:
        raise ValueError(f"{where} needs subscripts and arrays, such as {where}('ij->ji', x)")
    if isinstance(operands[0], str):
        return operands[0], [lift(x, where) for x in operands[1:]]
    arrays = [lift(x, where) for x in operands[: len(operands) // 2 * 2 : 2]]
    sublists = [tuple(each) for each in operands[1::2]]
    return (*sublists, tuple(operands[-1]) if len(operands) % 2 else None), arrays


def _joined(subscripts: Any, arrays: Any) -> list[Any]:
    """Return the arguments as NumPy's functions take them: the inverse of `_split`."""
    if isinstance(subscripts, str):
        return [subscripts, *arrays]
    *sublists, result = subscripts
    args = [each for pair in zip(arrays, map(list, sublists), strict=True) for each in pair]
    return args if result is None else [*args, list(result)]


def _parse(subscripts: Any, arrays: Sequence[Any]) -> tuple[tuple[Labels, ...], Labels]:
    try:
        return _labels(subscripts, tuple([x.ndim for x in arrays]))
    except ValueError as error:
        raise ShapeError(f"einsum {subscripts!r}", arrays, error) from None


@functools.lru_cache(maxsize=4096)
def _labels(subscripts: Any, ranks: tuple[int, ...]) -> tuple[tuple[Labels, ...], Labels]:
    """Return the labels of each axis of each operand and of the result, as small ints."""
    inputs, result = _terms(subscripts)
    if len(inputs) != len(ranks):
        raise ValueError(f"there are subscripts for {len(inputs)} arrays")
    dots = max(
        [rank - len(term) + 1 for term, rank in zip(inputs, ranks, strict=True) if ... in term],
        default=0,
    )
    expanded = []
    for term, rank in zip(inputs, ranks, strict=True):
        named = len(term) - (... in term)
        if rank < named or (rank > named and ... not in term):
            raise ValueError(f"an array with {rank} axes has subscripts for {named}")
        expanded.append(_expand(term, rank - named))
    if result is None:
        flat = [label for term in inputs for label in term if label is not ...]
        result = (*[...] * (dots > 0), *sorted({x for x in flat if flat.count(x) == 1}))
    expanded.append(_expand(result, dots))
    numbers: dict[Any, int] = {}
    for term in expanded[:-1]:
        for label in term:
            numbers.setdefault(label, len(numbers))
    for label in expanded[-1]:
        if label not in numbers:
            raise ValueError(f"the result has the subscript {label}, but no array has")
        if expanded[-1].count(label) > 1:
            raise ValueError(f"the result has the subscript {label} twice")
    *terms, last = [tuple([numbers[label] for label in term]) for term in expanded]
    return tuple(terms), last


def _terms(subscripts: Any) -> tuple[list[tuple[Any, ...]], tuple[Any, ...] | None]:
    """Return the labels of the operands and the result as written; None if there is no result."""
    if not isinstance(subscripts, str):
        return list(subscripts[:-1]), subscripts[-1]
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = [_letters(term) for term in left.split(",")]
    return terms, _letters(right) if arrow else None


def _letters(term: str) -> tuple[Any, ...]:
    head, dots, tail = term.partition("...")
    letters = head + tail
    if not (letters.isascii() and letters.isalpha()) and letters:
        raise ValueError(f"subscripts are letters and '...', got {term!r}")
    return (*head, *[...] * bool(dots), *tail)


def _expand(term: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Replace the ellipsis by labels for `count` axes, counted from the right."""
    if ... not in term:
        return term
    at = term.index(...)
    if ... in term[at + 1 :]:
        raise ValueError("there is more than one '...' in a term")
    dots = [("...", position) for position in range(-count, 0)]
    return (*term[:at], *dots, *term[at + 1 :])


# --- contraction under transforms ----------------------------------------------------------------


def _sum_over(a: Any, b: Any, axes_a: tuple[int, ...], axes_b: tuple[int, ...], where: str) -> Any:
    """Contract pairs of axes; the others follow each other, those of `a` first."""
    labels_a = list(range(a.ndim))
    labels_b = list(range(a.ndim, a.ndim + b.ndim))
    for axis_a, axis_b in zip(axes_a, axes_b, strict=True):
        if a.shape[axis_a] != b.shape[axis_b]:
            raise ShapeError(
                where,
                (a, b),
                f"axis {axis_a} of the first has length {a.shape[axis_a]}, axis {axis_b} of the "
                f"second {b.shape[axis_b]}",
            )
        labels_b[axis_b] = axis_a
    result = [label for label in labels_a if label not in axes_a]
    result += [label for axis, label in enumerate(labels_b) if axis not in axes_b]
    return rules.Contract.apply(a, b, labels=(tuple(labels_a), tuple(labels_b), tuple(result)))


def _gufunc(where: str, x: Any, y: Any, core_x: Labels, core_y: Labels, core: Labels) -> Any:
    """Contract the core axes, given by negative labels; the axes in front broadcast."""
    if x.ndim < len(core_x) or y.ndim < len(core_y):
        ranks = f"{len(core_x)} and {len(core_y)}"
        raise ShapeError(where, (x, y), f"the operands need at least {ranks} axes")
    rank_x, rank_y = x.ndim - len(core_x), y.ndim - len(core_y)
    rank = max(rank_x, rank_y)
    labels = ((*range(rank - rank_x, rank), *core_x), (*range(rank - rank_y, rank), *core_y))
    return _contract([x, y], labels, (*range(rank), *core), False, where)


def _contract(
    arrays: Sequence[Any],
    labels: Sequence[Labels],
    result: Labels,
    optimize: Any,
    where: str,
) -> Any:
    """Contract any number of arrays, two at a time; axes of length one broadcast."""
    if len(arrays) == 2:
        x, y = arrays
        shared = _shared_axes(*labels, result)
        if shared is not None and all(x.shape[i] == y.shape[j] for i, j in shared):
            return rules.Contract.apply(x, y, labels=(*labels, result))
    _check_lengths(arrays, labels, where)
    pending = list(zip(arrays, labels, strict=True))
    for positions in _path(pending, result, optimize):
        chosen = [pending[position] for position in positions]
        pending = [each for i, each in enumerate(pending) if i not in positions]
        while len(chosen) > 1:
            first, second, *chosen = chosen
            later = {label for _, each in (*chosen, *pending) for label in each}
            wanted = result if not later else (*result, *sorted(later.difference(result)))
            chosen.insert(0, _contract_two(*first, *second, wanted))
        pending += chosen
    ((x, found),) = pending
    x, found = _simplify(x, found, set(result))
    order = tuple([found.index(label) for label in result])
    return x if order == tuple(range(len(order))) else np.transpose(x, order)


@functools.lru_cache(maxsize=4096)
def _shared_axes(x: Labels, y: Labels, result: Labels) -> list[tuple[int, int]] | None:
    """Return the pairs of axes with the same label if the labels are in normal form, else None."""
    for one, other in ((x, y), (y, x)):
        if len(set(one)) < len(one) or not set(one).issubset((*other, *result)):
            return None
    return [(axis, y.index(label)) for axis, label in enumerate(x) if label in y]


def _path(
    pending: list[tuple[Any, Labels]], result: Labels, optimize: Any
) -> list[tuple[int, ...]]:
    """Return which of the pending operands to contract, step by step."""
    if len(pending) <= 2:
        return [(0, 1)] if len(pending) == 2 else []
    if optimize in (False, True):
        optimize = "greedy"
    operands = [each for x, labels in pending for each in (_hollow(x), list(labels))]
    try:
        path = np.einsum_path(*operands, list(result), optimize=optimize)[0]
    except TypeError:  # NumPy has letters for 52 labels
        return [(0, 1)] * (len(pending) - 1)
    return [tuple(each) for each in path[1:]]


def _contract_two(x: Any, labels_x: Labels, y: Any, labels_y: Labels, wanted: Labels) -> Any:
    """Contract two operands, to those of their labels that are wanted; return these too."""
    x, labels_x = _diagonals(x, labels_x)
    y, labels_y = _diagonals(y, labels_y)
    # What broadcasts is as if it were not there.
    lengths_x = dict(zip(labels_x, x.shape, strict=True))
    lengths_y = dict(zip(labels_y, y.shape, strict=True))
    both = set(labels_x).intersection(labels_y)
    x, labels_x = _drop(
        x, labels_x, {each for each in both if lengths_x[each] == 1 != lengths_y[each]}
    )
    y, labels_y = _drop(
        y, labels_y, {each for each in both if lengths_y[each] == 1 != lengths_x[each]}
    )
    x, labels_x = _sum_out(x, labels_x, {*labels_y, *wanted})
    y, labels_y = _sum_out(y, labels_y, {*labels_x, *wanted})
    here = {*labels_x, *labels_y}
    labels = tuple([label for label in wanted if label in here])
    return rules.Contract.apply(x, y, labels=(labels_x, labels_y, labels)), labels


def _simplify(x: Any, labels: Labels, wanted: set[int]) -> tuple[Any, Labels]:
    return _sum_out(*_diagonals(x, labels), wanted)


def _diagonals(x: Any, labels: Labels) -> tuple[Any, Labels]:
    """Take the diagonal of each label that stands there more than once."""
    while len(set(labels)) < len(labels):
        label = next(label for label in labels if labels.count(label) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        if x.shape[first] != x.shape[second]:  # one of them is 1, and broadcasts
            axis = first if x.shape[first] == 1 else second
            x = np.reshape(x, (*x.shape[:axis], *x.shape[axis + 1 :]))
            labels = (*labels[:axis], *labels[axis + 1 :])
            continue
        x = np.diagonal(x, axis1=first, axis2=second)
        labels = (*[each for i, each in enumerate(labels) if i not in (first, second)], label)
    return x, labels


def _drop(x: Any, labels: Labels, unwanted: set[int]) -> tuple[Any, Labels]:
    """Drop axes of length one."""
    if not unwanted:
        return x, labels
    kept = [(label, n) for label, n in zip(labels, x.shape, strict=True) if label not in unwanted]
    x = np.reshape(x, tuple([length for _, length in kept]))
    return x, tuple([label for label, _ in kept])


def _sum_out(x: Any, labels: Labels, wanted: set[int]) -> tuple[Any, Labels]:
    """Sum over the labels that are not wanted."""
    axes = tuple([axis for axis, label in enumerate(labels) if label not in wanted])
    if not axes:
        return x, labels
    return np.sum(x, axis=axes), tuple([label for label in labels if label in wanted])


def _check_lengths(arrays: Sequence[Any], labels: Sequence[Labels], where: str) -> None:
    lengths: dict[int, int] = {}
    for position, (x, each) in enumerate(zip(arrays, labels, strict=True)):
        for axis, (label, length) in enumerate(zip(each, x.shape, strict=True)):
            before = lengths.setdefault(label, length)
            if before == 1:
                lengths[label] = length
            elif length not in (1, before):
                reason = f"axis {axis} of operand {position} has length {length} and meets {before}"
                raise ShapeError(where, arrays, reason)


def _conjugate(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


__all__ = [
    "cross",
    "dot",
    "einsum",
    "einsum_path",
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
