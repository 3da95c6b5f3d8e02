"""Distributions of real numbers that are functions of uniform, normal or exponential numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fungrad.random.arguments import Shape, as_dtype, as_shape, parameters, real_dtype
from fungrad.random.keys import Key, Source, source
from fungrad.random.uniform import between, signs
from fungrad.rules.constants import StopGradient
from fungrad.rules.special import Ndtr, Ndtri, WaldSample


def normal(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return standard normal numbers.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats or complex numbers; float64 when left out. The mean of the squares of the absolute
        values is 1 in either case.

    Examples
    --------
    >>> from fungrad import random
    >>> x = 5.0 + 2.0 * random.normal(random.key(0), (10000,))
    >>> float(x.mean().round(1)), float(x.std().round(1))
    (5.0, 2.0)
    """
    dtype = as_dtype(dtype, "fc", "normal")
    return normals(source(key, "normal"), as_shape(shape, "normal"), dtype)


def normals(drawn: Source, shape: Shape, dtype: np.dtype[Any]) -> Any:
    """Return standard normal numbers, real or complex."""
    if dtype.kind == "f":
        return drawn.draw("normal", shape, dtype)
    real = np.empty(0, dtype).real.dtype
    parts = [each.draw("normal", shape, real) for each in drawn.pair()]
    return ((parts[0] + 1j * parts[1]) / math.sqrt(2)).astype(dtype)


def exponential(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return standard exponential numbers.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.exponential(random.key(0), (10000,)).mean().round(1))
    1.0
    """
    dtype = real_dtype(dtype, "exponential")
    shape = as_shape(shape, "exponential")
    return source(key, "exponential").draw("exponential", shape, dtype)


def gumbel(key: Key, shape: Any = (), dtype: Any = None, mode: str | None = None) -> Any:
    """Return standard Gumbel numbers, ``-log(-log(u))`` of uniform u.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.
    mode : str, optional
        Without effect; for programs that were written for JAX.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.gumbel(random.key(0), (10000,)).mean().round(1))  # Euler's constant
    0.6
    """
    dtype = real_dtype(dtype, "gumbel")
    return source(key, "gumbel").draw("gumbel", as_shape(shape, "gumbel"), dtype)


def laplace(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return standard Laplace numbers, of density ``exp(-abs(x)) / 2``.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(abs(random.laplace(random.key(0), (10000,))).mean().round(1))
    1.0
    """
    dtype = real_dtype(dtype, "laplace")
    low = dtype.type(-1 + np.finfo(dtype).epsneg)
    shape = as_shape(shape, "laplace")
    u = between(source(key, "laplace"), shape, dtype, low, dtype.type(1))
    return np.sign(u) * np.log1p(-np.abs(u))


def logistic(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return standard logistic numbers, ``log(u / (1 - u))`` of uniform u.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.logistic(random.key(0), (10000,)).std().round(1))
    1.8
    """
    dtype = real_dtype(dtype, "logistic")
    shape = as_shape(shape, "logistic")
    u = between(source(key, "logistic"), shape, dtype, np.finfo(dtype).tiny, dtype.type(1))
    return np.log(u) - np.log1p(-u)


def cauchy(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return standard Cauchy numbers, of density ``1 / (pi * (1 + x**2))``.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float((abs(random.cauchy(random.key(0), (10000,))) < 1).mean().round(1))
    0.5
    """
    dtype = real_dtype(dtype, "cauchy")
    shape = as_shape(shape, "cauchy")
    u = between(source(key, "cauchy"), shape, dtype, np.finfo(dtype).eps, dtype.type(1))
    return np.tan(math.pi * (u - 0.5))


def truncated_normal(key: Key, lower: Any, upper: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return standard normal numbers between two limits.

    The limits may also lie far out: what is drawn there has the right distribution.

    Parameters
    ----------
    key : Key
        One key.
    lower, upper : array_like
        The limits, which may be infinite; they broadcast against each other, and have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of the limits when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.truncated_normal(random.key(0), 10.0, 11.0, (1000,))
    >>> bool(x.min() > 10.0), float(x.mean().round(1))
    (True, 10.1)
    """
    dtype = real_dtype(dtype, "truncated_normal")
    shape, (lower, upper) = parameters("truncated_normal", shape, dtype, lower, upper)
    # In float64, for float32 has few probabilities near 1; from the side of the nearer tail, where
    # the probabilities are small and thus exact.
    low, high = lower.astype(np.float64), upper.astype(np.float64)
    mirrored = low > 0
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    u = source(key, "truncated_normal").draw("uniform", shape, np.float64)
    share = Ndtr.apply(low)
    z = Ndtri.apply(share + u * (Ndtr.apply(high) - share))
    z = np.where(mirrored, -z, z).astype(dtype)
    inside = [
        np.nextafter(StopGradient.apply(lower), dtype.type(np.inf)),
        np.nextafter(StopGradient.apply(upper), dtype.type(-np.inf)),
    ]
    return np.clip(z, *inside)


def lognormal(key: Key, sigma: Any = 1.0, shape: Any = None, dtype: Any = None) -> Any:
    """Return ``exp(sigma * x)`` for standard normal numbers x.

    Parameters
    ----------
    key : Key
        One key.
    sigma : array_like
        Standard deviations of the logarithms.
    shape : int or tuple of int, optional
        The shape of the result; that of `sigma` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(np.median(random.lognormal(random.key(0), 2.0, (10000,))).round(1))
    1.0
    """
    dtype = real_dtype(dtype, "lognormal")
    shape, (sigma,) = parameters("lognormal", shape, dtype, sigma)
    return np.exp(source(key, "lognormal").draw("normal", shape, dtype) * sigma)


def maxwell(key: Key, shape: Any = (), dtype: Any = None) -> Any:
    """Return the lengths of vectors of three standard normal numbers.

    Parameters
    ----------
    key : Key
        One key.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float((random.maxwell(random.key(0), (10000,)) ** 2).mean().round(1))
    3.0
    """
    dtype = real_dtype(dtype, "maxwell")
    return _lengths(source(key, "maxwell"), as_shape(shape, "maxwell"), dtype)


def _lengths(drawn: Source, shape: Shape, dtype: Any) -> Any:
    return np.linalg.norm(drawn.draw("normal", (*shape, 3), dtype), axis=-1)


def double_sided_maxwell(key: Key, loc: Any, scale: Any, shape: Any = (), dtype: Any = None) -> Any:
    """Return numbers whose distances from `loc` are those of `maxwell` times `scale`.

    Parameters
    ----------
    key : Key
        One key.
    loc, scale : array_like
        They broadcast against each other, and have derivatives.
    shape : int or tuple of int
        What stands in front of the shape of the parameters in that of the result; when left out,
        the shape of the parameters.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.double_sided_maxwell(random.key(0), 10.0, 2.0, (10000,))
    >>> float(x.mean().round())
    10.0
    """
    dtype = real_dtype(dtype, "double_sided_maxwell")
    common, (loc, scale) = parameters("double_sided_maxwell", None, dtype, loc, scale)
    shape = as_shape(shape, "double_sided_maxwell")
    shape = (*(shape or common), *common)
    one, two = source(key, "double_sided_maxwell").pair()
    return signs(two, shape, dtype) * _lengths(one, shape, dtype) * scale + loc


def rayleigh(key: Key, scale: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return the lengths of vectors of two normal numbers of a standard deviation.

    Parameters
    ----------
    key : Key
        One key.
    scale : array_like
        Standard deviations; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `scale` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float((random.rayleigh(random.key(0), 1.0, (10000,)) ** 2).mean().round(1))
    2.0
    """
    dtype = real_dtype(dtype, "rayleigh")
    shape, (scale,) = parameters("rayleigh", shape, dtype, scale)
    return scale * np.sqrt(2 * source(key, "rayleigh").draw("exponential", shape, dtype))


def weibull_min(
    key: Key, scale: Any, concentration: Any, shape: Any = (), dtype: Any = None
) -> Any:
    """Return numbers of the Weibull distribution, ``scale * e**(1 / concentration)``.

    Parameters
    ----------
    key : Key
        One key.
    scale, concentration : array_like
        They broadcast to the shape, and have derivatives.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.weibull_min(random.key(0), 3.0, 1.0, (10000,)).mean().round())
    3.0
    """
    dtype = real_dtype(dtype, "weibull_min")
    shape, (scale, concentration) = parameters("weibull_min", shape, dtype, scale, concentration)
    e = source(key, "weibull_min").draw("exponential", shape, dtype)
    return e ** (1 / concentration) * scale


def pareto(key: Key, b: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the Pareto distribution, of density ``b / x**(b + 1)`` for x > 1.

    Parameters
    ----------
    key : Key
        One key.
    b : array_like
        Shapes, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `b` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(np.log(random.pareto(random.key(0), 2.0, (10000,))).mean().round(1))
    0.5
    """
    dtype = real_dtype(dtype, "pareto")
    shape, (b,) = parameters("pareto", shape, dtype, b)
    return np.exp(source(key, "pareto").draw("exponential", shape, dtype) / b)


def triangular(
    key: Key, left: Any, mode: Any, right: Any, shape: Any = None, dtype: Any = None
) -> Any:
    """Return numbers whose density is a triangle.

    Parameters
    ----------
    key : Key
        One key.
    left, mode, right : array_like
        The corners; they broadcast against each other, and have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of the corners when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.triangular(random.key(0), 0.0, 0.0, 3.0, (10000,)).mean().round(1))
    1.0
    """
    dtype = real_dtype(dtype, "triangular")
    shape, (left, mode, right) = parameters("triangular", shape, dtype, left, mode, right)
    u = source(key, "triangular").draw("uniform", shape, dtype)
    width = right - left
    rising = left + np.sqrt(u * width * (mode - left))
    falling = right - np.sqrt((1 - u) * width * (right - mode))
    return np.where(u * width < mode - left, rising, falling)


def wald(key: Key, mean: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the inverse normal distribution (Wald's) of scale 1.

    Parameters
    ----------
    key : Key
        One key.
    mean : array_like
        Means, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `mean` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Raises
    ------
    RandomArgumentError
        If a mean is not above 0.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.wald(random.key(0), 0.5, (10000,)).mean().round(1))
    0.5
    """
    dtype = real_dtype(dtype, "wald")
    shape, (mean,) = parameters("wald", shape, dtype, mean)
    return WaldSample.apply(mean, source(key, "wald").draw("wald", shape, dtype, mean))
