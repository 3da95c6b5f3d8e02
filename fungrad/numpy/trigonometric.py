"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

from typing import Any

from fungrad.rules import elementwise as rules


def sin(x: Any, /) -> Any:
    """Return the sines.

    Parameters
    ----------
    x : array_like
        Angles in radians, or complex numbers.

    Examples
    --------
    >>> fnp.sin([0.0, 1.0])
    Array([0.        , 0.84147098], dtype=float64)
    """
    return rules.Sin.apply(x)


def cos(x: Any, /) -> Any:
    """Return the cosines.

    Parameters
    ----------
    x : array_like
        Angles in radians, or complex numbers.

    Examples
    --------
    >>> fnp.cos([0.0, 1.0])
    Array([1.        , 0.54030231], dtype=float64)
    """
    return rules.Cos.apply(x)


def tan(x: Any, /) -> Any:
    """Return the tangents.

    Parameters
    ----------
    x : array_like
        Angles in radians, or complex numbers.

    Examples
    --------
    >>> fnp.tan([0.0, 1.0])
    Array([0.        , 1.55740772], dtype=float64)
    """
    return rules.Tan.apply(x)


def arcsin(x: Any, /) -> Any:
    """Return the angles whose sine is x, from -pi/2 to pi/2.

    Parameters
    ----------
    x : array_like
        Numbers from -1 to 1, or complex ones.

    Examples
    --------
    >>> fnp.arcsin([0.0, 1.0])
    Array([0.        , 1.57079633], dtype=float64)
    """
    return rules.Arcsin.apply(x)


asin = arcsin


def arccos(x: Any, /) -> Any:
    """Return the angles whose cosine is x, from 0 to pi.

    Parameters
    ----------
    x : array_like
        Numbers from -1 to 1, or complex ones.

    Examples
    --------
    >>> fnp.arccos([0.0, 1.0])
    Array([1.57079633, 0.        ], dtype=float64)
    """
    return rules.Arccos.apply(x)


acos = arccos


def arctan(x: Any, /) -> Any:
    """Return the angles whose tangent is x, from -pi/2 to pi/2.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.arctan([0.0, 1.0])
    Array([0.        , 0.78539816], dtype=float64)
    """
    return rules.Arctan.apply(x)


atan = arctan


def arctan2(x1: Any, x2: Any, /) -> Any:
    """Return the angle of the point (x2, x1), from -pi to pi.

    The derivatives at the origin are 0.

    Parameters
    ----------
    x1, x2 : array_like
        The ordinates and the abscissas; broadcast against each other.

    Examples
    --------
    >>> fnp.arctan2(1.0, -1.0)
    Array(2.35619449, dtype=float64)
    >>> fg.grad(fnp.arctan2)(0.0, 0.0)
    Array(0., dtype=float64)
    """
    return rules.Arctan2.apply(x1, x2)


atan2 = arctan2


def sinh(x: Any, /) -> Any:
    """Return the hyperbolic sines.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.sinh([0.0, 1.0])
    Array([0.        , 1.17520119], dtype=float64)
    """
    return rules.Sinh.apply(x)


def cosh(x: Any, /) -> Any:
    """Return the hyperbolic cosines.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.cosh([0.0, 1.0])
    Array([1.        , 1.54308063], dtype=float64)
    """
    return rules.Cosh.apply(x)


def tanh(x: Any, /) -> Any:
    """Return the hyperbolic tangents.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.tanh([0.0, 1.0])
    Array([0.        , 0.76159416], dtype=float64)
    """
    return rules.Tanh.apply(x)


def arcsinh(x: Any, /) -> Any:
    """Return the numbers whose hyperbolic sine is x.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.arcsinh([0.0, 1.0])
    Array([0.        , 0.88137359], dtype=float64)
    """
    return rules.Arcsinh.apply(x)


asinh = arcsinh


def arccosh(x: Any, /) -> Any:
    """Return the numbers whose hyperbolic cosine is x.

    Parameters
    ----------
    x : array_like
        Numbers from 1 on, or complex ones.

    Examples
    --------
    >>> fnp.arccosh([1.0, 2.0])
    Array([0.       , 1.3169579], dtype=float64)
    """
    return rules.Arccosh.apply(x)


acosh = arccosh


def arctanh(x: Any, /) -> Any:
    """Return the numbers whose hyperbolic tangent is x.

    Parameters
    ----------
    x : array_like
        Numbers from -1 to 1, or complex ones.

    Examples
    --------
    >>> fnp.arctanh([0.0, 0.5])
    Array([0.        , 0.54930614], dtype=float64)
    """
    return rules.Arctanh.apply(x)


atanh = arctanh


def sinc(x: Any) -> Any:
    """Return ``sin(pi x) / (pi x)``, which is 1 at 0.

    Parameters
    ----------
    x : array_like
        Real or complex numbers.

    Examples
    --------
    >>> fnp.sinc([0.0, 0.5])
    Array([1.        , 0.63661977], dtype=float64)
    >>> fg.grad(fg.grad(fnp.sinc))(0.0)
    Array(-3.28986813, dtype=float64)
    """
    return rules.Sinc.apply(x, order=0)


def deg2rad(x: Any, /) -> Any:
    """Return angles in radians.

    Parameters
    ----------
    x : array_like
        Angles in degrees.

    Examples
    --------
    >>> fnp.deg2rad([90.0, 180.0])
    Array([1.57079633, 3.14159265], dtype=float64)
    """
    return rules.Deg2rad.apply(x)


radians = deg2rad


def rad2deg(x: Any, /) -> Any:
    """Return angles in degrees.

    Parameters
    ----------
    x : array_like
        Angles in radians.

    Examples
    --------
    >>> fnp.rad2deg([1.0, 2.0])
    Array([ 57.29577951, 114.59155903], dtype=float64)
    """
    return rules.Rad2deg.apply(x)


degrees = rad2deg


__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "rad2deg",
    "radians",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]
