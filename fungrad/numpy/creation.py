"""Making arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.array import Array, operations, wrap
from fungrad.errors import OperandError, ShapeError, TracerConversionError
from fungrad.numpy.common import lift
from fungrad.numpy.shapes import broadcast_to, reshape
from fungrad.rules import shape as rules
from fungrad.trace import Tracer, peek

DEVICES = (None, "cpu")


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = "K",
    ndmin: int = 0,
    device: str | None = None,
) -> Any:
    """Return an array of numbers; traced values among them stay traced.

    Parameters
    ----------
    object : array_like
        A number, an array, or nested lists of those.
    dtype : dtype, optional
        When left out, the smallest that holds all elements.
    copy : bool, optional
        Arrays do not change, so a fungrad array need not be copied. What comes from elsewhere
        always is: ``copy=False`` is an error for it.
    order : str
        The layout in memory.
    ndmin : int
        The least number of axes; new ones come first.
    device : {'cpu'}, optional

    Raises
    ------
    ArrayDTypeError
        If the elements are not numbers or booleans.
    ShapeError
        If the lists do not have the shape of an array.

    Examples
    --------
    >>> fnp.array([[1, 2], [3, 4]])
    Array([[1, 2],
           [3, 4]], dtype=int64)
    >>> fg.grad(lambda x: fnp.array([x, 2 * x]).sum())(1.0)
    Array(3., dtype=float64)
    """
    _check_device(device)
    if isinstance(object, Array):
        result: Any = object
        if dtype is not None and result.dtype != np.dtype(dtype):
            result = operations.astype(result, dtype)
    else:
        if copy is False:
            raise ValueError(
                "an array never shares its elements with anything that can change: "
                "what is no fungrad array is copied, so copy=False is not possible"
            )
        result = _convert(object, dtype, order)
    if result.ndim < ndmin:
        return reshape(result, (*(1,) * (ndmin - result.ndim), *result.shape))
    return result


def _convert(object: Any, dtype: Any, order: Any = "K") -> Any:
    kind = type(object)
    if kind is list or kind is tuple:
        for item in object[:8]:  # a quick way for [x, y]; others are found by the error below
            if isinstance(item, Tracer):
                return _stack(object, dtype)
    try:
        return wrap(np.array(object, dtype, order=order))
    except TracerConversionError:
        if isinstance(object, (list, tuple)):
            return _stack(object, dtype)
        raise
    except TypeError:
        if isinstance(object, (list, tuple)) or hasattr(object, "dtype"):
            raise
        raise OperandError("fnp.array", object) from None
    except ValueError as error:
        if not isinstance(object, (list, tuple)):
            raise
        raise ShapeError("fnp.array", [object], error) from None


def _stack(items: Any, dtype: Any) -> Any:
    """Make an array of a list in which something is traced."""
    parts = [
        each if isinstance(each, Array) else lift(_convert(each, None), "fnp.array")
        for each in items
    ]
    if any(part.shape != parts[0].shape for part in parts):
        raise ShapeError("fnp.array", parts, "the elements of a list must have the same shape")
    joined = rules.Stack.apply(*parts, axis=0)
    return joined if dtype is None or joined.dtype == dtype else operations.astype(joined, dtype)


def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: str | None = None,
    copy: bool | None = None,
) -> Any:
    """Return `a` as an array; a fungrad array of the right dtype is returned as it is.

    Parameters
    ----------
    a : array_like
    dtype, order, device, copy
        See `array`.

    Examples
    --------
    >>> fnp.asarray([1.0, 2.0])
    Array([1., 2.], dtype=float64)
    """
    if dtype is None and isinstance(a, Array):
        return a
    return array(a, dtype, copy=copy, order=order or "K", device=device)


def asanyarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: str | None = None,
    copy: bool | None = None,
) -> Any:
    """Return `a` as an array: the same as `asarray`.

    Examples
    --------
    >>> fnp.asanyarray(1.0)
    Array(1., dtype=float64)
    """
    return asarray(a, dtype, order, device=device, copy=copy)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Return `a` as an array; raise if an element is NaN or infinite.

    Raises
    ------
    ValueError
        If an element is not finite.

    Examples
    --------
    >>> fnp.asarray_chkfinite([1.0, 2.0])
    Array([1., 2.], dtype=float64)
    """
    result = asarray(a, dtype, order)
    finite = np.isfinite(peek(result))
    if not finite.all():
        raise ValueError(
            f"asarray_chkfinite: {np.count_nonzero(~finite)} of {finite.size} elements are NaN or "
            "infinite"
        )
    return result


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """Return `a` as an array with one axis at least; its layout in memory nobody sees.

    Examples
    --------
    >>> fnp.ascontiguousarray(1.0)
    Array([1.], dtype=float64)
    """
    return array(a, dtype, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> Any:
    """Return `a` as an array with one axis at least; its layout in memory nobody sees.

    Examples
    --------
    >>> fnp.asfortranarray(1.0)
    Array([1.], dtype=float64)
    """
    return array(a, dtype, order="F", ndmin=1)


def copy(a: Any, order: Any = "K") -> Any:
    """Return `a` as an array. An array that is one already need not be copied.

    Examples
    --------
    >>> fnp.copy([1, 2])
    Array([1, 2], dtype=int64)
    """
    return array(a, order=order)


def _check_device(device: str | None) -> None:
    if device not in DEVICES:
        raise ValueError(f'the only device is "cpu", got {device!r}')


# --- filled arrays -------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = float, order: str = "C", *, device: str | None = None) -> Any:
    """Return an array of zeros.

    Examples
    --------
    >>> fnp.zeros(2)
    Array([0., 0.], dtype=float64)
    """
    _check_device(device)
    return wrap(np.zeros(shape, dtype, order))  # type: ignore[call-overload]


def ones(shape: Any, dtype: Any = float, order: str = "C", *, device: str | None = None) -> Any:
    """Return an array of ones.

    Examples
    --------
    >>> fnp.ones((2, 2))
    Array([[1., 1.],
           [1., 1.]], dtype=float64)
    """
    _check_device(device)
    return wrap(np.ones(shape, dtype, order))  # type: ignore[call-overload]


def empty(shape: Any, dtype: Any = float, order: str = "C", *, device: str | None = None) -> Any:
    """Return an array of zeros: an array cannot be filled later, so nothing is left undefined.

    Examples
    --------
    >>> fnp.empty(2)
    Array([0., 0.], dtype=float64)
    """
    return zeros(shape, dtype, order, device=device)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: str | None = None,
) -> Any:
    """Return an array filled with a value, which may be traced, or with values that broadcast.

    Examples
    --------
    >>> fnp.full((2,), 3.0)
    Array([3., 3.], dtype=float64)
    """
    _check_device(device)
    value = asarray(fill_value, dtype)
    return broadcast_to(value, shape)


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Return zeros with the shape and dtype of an array.

    Parameters
    ----------
    a : array_like
    dtype : dtype, optional
    order, subok
        Without effect.
    shape : sequence of int, optional
    device : {'cpu'}, optional

    Examples
    --------
    >>> fnp.zeros_like([1, 2])
    Array([0, 0], dtype=int64)
    """
    x = lift(a, "zeros_like")
    return zeros(x.shape if shape is None else shape, dtype or x.dtype, device=device)


def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Return ones with the shape and dtype of an array; the parameters are those of `zeros_like`.

    Examples
    --------
    >>> fnp.ones_like([1, 2])
    Array([1, 1], dtype=int64)
    """
    x = lift(a, "ones_like")
    return ones(x.shape if shape is None else shape, dtype or x.dtype, device=device)


def empty_like(
    prototype: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Return zeros with the shape and dtype of an array; see `empty`.

    Examples
    --------
    >>> fnp.empty_like([1, 2])
    Array([0, 0], dtype=int64)
    """
    return zeros_like(prototype, dtype, shape=shape, device=device)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Return an array with the shape and dtype of another one, filled with a value.

    Parameters
    ----------
    a : array_like
    fill_value : array_like
        May be traced, and may be an array that broadcasts.
    dtype : dtype, optional
    order, subok
        Without effect.
    shape : sequence of int, optional
    device : {'cpu'}, optional

    Examples
    --------
    >>> fnp.full_like([1.0, 2.0], 3)
    Array([3., 3.], dtype=float64)
    """
    x = lift(a, "full_like")
    return full(x.shape if shape is None else shape, fill_value, dtype or x.dtype, device=device)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = float,
    order: Any = "C",
    *,
    device: str | None = None,
) -> Any:
    """Return a matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    N, M : int
        The numbers of rows and columns; as many columns as rows when `M` is left out.
    k : int
        Which diagonal: positive ones lie above the main diagonal.
    dtype : dtype
    order
        Without effect.
    device : {'cpu'}, optional

    Examples
    --------
    >>> fnp.eye(2)
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    _check_device(device)
    return wrap(np.eye(N, M, k, dtype))


def identity(n: int, dtype: Any = None) -> Any:
    """Return the n by n matrix with ones on the diagonal and zeros elsewhere.

    Examples
    --------
    >>> fnp.identity(2)
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    return eye(n, dtype=float if dtype is None else dtype)


__all__ = [
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "identity",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]
