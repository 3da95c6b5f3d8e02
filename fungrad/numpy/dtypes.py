"""Dtypes, constants, and what arrays tell about themselves without their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import bool as bool

from fungrad.array import Array, wrap
from fungrad.errors import ArrayImmutableError, UnsupportedFunctionError
from fungrad.numpy.common import axis_tuple, is_traced, lift

dtype = np.dtype
bool_ = np.bool_
int_, uint, intp, uintp = np.int_, np.uint, np.intp, np.uintp
int8, int16, int32, int64 = np.int8, np.int16, np.int32, np.int64
uint8, uint16, uint32, uint64 = np.uint8, np.uint16, np.uint32, np.uint64
float16, float32, float64 = np.float16, np.float32, np.float64
complex64, complex128 = np.complex64, np.complex128
byte, short, intc, long, longlong = np.byte, np.short, np.intc, np.long, np.longlong
ubyte, ushort, uintc = np.ubyte, np.ushort, np.uintc
ulong, ulonglong = np.ulong, np.ulonglong
half, single, double, longdouble = np.half, np.single, np.double, np.longdouble
csingle, cdouble, clongdouble = np.csingle, np.cdouble, np.clongdouble
generic, number, integer, inexact = np.generic, np.number, np.integer, np.inexact
signedinteger, unsignedinteger = np.signedinteger, np.unsignedinteger
floating, complexfloating = np.floating, np.complexfloating

e, euler_gamma, inf, nan, pi = np.e, np.euler_gamma, np.inf, np.nan, np.pi
newaxis = None
False_, True_ = np.False_, np.True_

finfo, iinfo = np.finfo, np.iinfo
promote_types, isdtype, issubdtype, isscalar = (
    np.promote_types,
    np.isdtype,
    np.issubdtype,
    np.isscalar,
)
typename = np.typename
errstate, printoptions = np.errstate, np.printoptions
get_printoptions, set_printoptions = np.get_printoptions, np.set_printoptions
ndindex = np.ndindex
ufunc = np.ufunc

ndarray = Array
"""What the functions of `fungrad.numpy` return: ``isinstance(x, fnp.ndarray)``."""


def ndim(a: Any) -> int:
    """Return the number of axes.

    Examples
    --------
    >>> fnp.ndim([[1, 2]])
    2
    """
    return lift(a, "ndim").ndim  # type: ignore[no-any-return]


def shape(a: Any) -> tuple[int, ...]:
    """Return the lengths of the axes.

    Examples
    --------
    >>> fnp.shape([[1, 2]])
    (1, 2)
    """
    return lift(a, "shape").shape  # type: ignore[no-any-return]


def size(a: Any, axis: Any = None) -> int:
    """Return the number of elements, or the length of an axis, or of several together.

    Examples
    --------
    >>> fnp.size([[1, 2]]), fnp.size([[1, 2]], 0)
    (2, 1)
    """
    lengths = lift(a, "size").shape
    count = 1
    for each in axis_tuple(axis, len(lengths)):
        count *= lengths[each]
    return count


def result_type(*arrays_and_dtypes: Any) -> Any:
    """Return the dtype that an operation on these arrays, numbers and dtypes has.

    Examples
    --------
    >>> fnp.result_type(fnp.ones(2, np.float32), 2.0)
    dtype('float32')
    """
    return np.result_type(*[_dtype_of(each) for each in arrays_and_dtypes])


def common_type(*arrays: Any) -> Any:
    """Return the floating-point type that holds the elements of all arrays.

    Examples
    --------
    >>> fnp.common_type(fnp.ones(2, np.float32), fnp.arange(2))
    <class 'numpy.float64'>
    """
    return np.common_type(*[np.empty(0, lift(each, "common_type").dtype) for each in arrays])


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Return whether one dtype, or that of an array, can be converted to another.

    Parameters
    ----------
    from_ : dtype or array
    to : dtype
    casting : {'no', 'equiv', 'safe', 'same_kind', 'unsafe'}
        What is allowed.

    Examples
    --------
    >>> fnp.can_cast(np.float64, np.float32), fnp.can_cast(np.float64, np.float32, "same_kind")
    (False, True)
    """
    return np.can_cast(_dtype_of(from_), to, casting)


def min_scalar_type(a: Any) -> Any:
    """Return the smallest dtype that holds a number; of an array, its dtype.

    Examples
    --------
    >>> fnp.min_scalar_type(300)
    dtype('uint16')
    """
    return _dtype_of(a) if isinstance(a, Array) else np.min_scalar_type(a)


def iscomplexobj(x: Any) -> Any:
    """Return whether the elements are of a complex dtype.

    Examples
    --------
    >>> fnp.iscomplexobj([1j]), fnp.iscomplexobj([1.0])
    (True, False)
    """
    return lift(x, "iscomplexobj").dtype.kind == "c"


def isrealobj(x: Any) -> Any:
    """Return whether the elements are not of a complex dtype.

    Examples
    --------
    >>> fnp.isrealobj([1.0])
    True
    """
    return not iscomplexobj(x)


def isfortran(a: Any) -> Any:
    """Return whether the elements of a NumPy array lie in Fortran's order; see `numpy.isfortran`.

    Examples
    --------
    >>> fnp.isfortran(fnp.ones((2, 2)))
    False
    """
    return np.isfortran(np.asarray(a))


def view(a: Any, dtype: Any) -> Any:
    """Return the bytes of an array read as another dtype: what ``x.view(dtype)`` does."""
    return wrap(_untraced(a, "view").view(dtype))


def byteswap(a: Any, inplace: Any = False) -> Any:
    """Return an array with the bytes of each element reversed: what ``x.byteswap()`` does."""
    if inplace:
        raise ArrayImmutableError("x.byteswap(inplace=True)", "x = x.byteswap()")
    return wrap(_untraced(a, "byteswap").byteswap())


def _untraced(a: Any, where: str) -> Any:
    x = lift(a, where)
    if is_traced(x):
        raise UnsupportedFunctionError(
            f"x.{where}", "reads bytes, which have no derivative; take fungrad.stop_gradient(x)"
        )
    return np.asarray(x)


def _dtype_of(x: Any) -> Any:
    return x.dtype if isinstance(x, Array) else x


__all__ = [
    "False_",
    "True_",
    "bool",
    "bool_",
    "byte",
    "can_cast",
    "cdouble",
    "clongdouble",
    "common_type",
    "complex64",
    "complex128",
    "complexfloating",
    "csingle",
    "double",
    "dtype",
    "e",
    "errstate",
    "euler_gamma",
    "finfo",
    "float16",
    "float32",
    "float64",
    "floating",
    "generic",
    "get_printoptions",
    "half",
    "iinfo",
    "inexact",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "int_",
    "intc",
    "integer",
    "intp",
    "iscomplexobj",
    "isdtype",
    "isfortran",
    "isrealobj",
    "isscalar",
    "issubdtype",
    "long",
    "longdouble",
    "longlong",
    "min_scalar_type",
    "nan",
    "ndarray",
    "ndim",
    "ndindex",
    "newaxis",
    "number",
    "pi",
    "printoptions",
    "promote_types",
    "result_type",
    "set_printoptions",
    "shape",
    "short",
    "signedinteger",
    "single",
    "size",
    "typename",
    "ubyte",
    "ufunc",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintc",
    "uintp",
    "ulong",
    "ulonglong",
    "unsignedinteger",
    "ushort",
]
