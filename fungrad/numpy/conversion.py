"""Complex parts, and dtypes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.errors import ArrayDTypeError
from fungrad.numpy.common import as_array, lift
from fungrad.numpy.trigonometric import arctan2
from fungrad.rules import selection as rules


def real(val: Any) -> Any:
    """Return the real parts; real numbers are returned as they are.

    Parameters
    ----------
    val : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.real([1 + 2j, 3.0])
    Array([1., 3.], dtype=float64)
    """
    val = lift(val, "real")
    return rules.Real.apply(val) if val.dtype.kind == "c" else as_array(val)


def imag(val: Any) -> Any:
    """Return the imaginary parts; zeros for real numbers.

    Parameters
    ----------
    val : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.imag([1 + 2j, 3.0])
    Array([2., 0.], dtype=float64)
    """
    val = lift(val, "imag")
    return (rules.Imag if val.dtype.kind == "c" else rules.Zero).apply(val)


def conjugate(x: Any, /) -> Any:
    """Return the complex conjugates; real numbers are returned as they are.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.conjugate([1 + 2j, 3.0])
    Array([1.-2.j, 3.-0.j], dtype=complex128)
    """
    x = lift(x, "conjugate")
    return rules.Conjugate.apply(x) if x.dtype.kind in "cb" else as_array(x)


conj = conjugate


def angle(z: Any, deg: bool = False) -> Any:
    """Return the angles of complex numbers, from -pi to pi.

    Parameters
    ----------
    z : array_like
        Real or complex numbers.
    deg : bool
        Whether in degrees, in place of radians.

    Examples
    --------
    >>> fnp.angle([1j, -1.0])
    Array([1.57079633, 3.14159265], dtype=float64)
    """
    z = lift(z, "angle")
    angles = arctan2(imag(z) if z.dtype.kind == "c" else 0, real(z))
    return angles * (180 / math.pi) if deg else angles


def real_if_close(a: Any, tol: float = 100) -> Any:
    """Return the real parts if all imaginary parts are almost zero, else the numbers themselves.

    Parameters
    ----------
    a : array_like
        Real or complex numbers.
    tol : float
        How close: in machine epsilons if above 1, absolute otherwise.

    Examples
    --------
    >>> fnp.real_if_close([1 + 1e-15j, 2.0])
    Array([1., 2.], dtype=float64)
    """
    a = lift(a, "real_if_close")
    if a.dtype.kind != "c":
        return as_array(a)
    if tol > 1:
        tol = float(np.finfo(a.dtype).eps) * tol
    small = rules.Absolute.apply(imag(a)) < tol
    return real(a) if small.all() else as_array(a)


def astype(
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: Any = "unsafe",
    subok: bool = True,
    copy: bool = True,
    *,
    device: Any = None,
) -> Any:
    """Return the numbers in another dtype.

    Parameters
    ----------
    x : array_like
        The numbers.
    dtype : dtype
        The wanted dtype; to integers and booleans there is no derivative.
    order, subok, copy, device :
        Without effect; here for callers of NumPy's astype.
    casting : str
        Which conversions are allowed, as for `numpy.can_cast`.

    Raises
    ------
    ArrayDTypeError
        If the dtype is none of numbers or booleans.
    TypeError
        If `casting` forbids the conversion.

    Examples
    --------
    >>> fnp.astype(fnp.array([1, 2]), np.float32)
    Array([1., 2.], dtype=float32)
    """
    x = lift(x, "astype")
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc":
        raise ArrayDTypeError(dtype)
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(
            f"astype: {x.dtype} to {dtype} is not allowed by casting={casting!r}; leave casting "
            "out to allow it"
        )
    if dtype == x.dtype:
        return as_array(x)
    return (rules.AsType if dtype.kind in "fc" else rules.AsInteger).apply(x, dtype=dtype)


__all__ = [
    "angle",
    "astype",
    "conj",
    "conjugate",
    "imag",
    "real",
    "real_if_close",
]
