"""The gamma distribution, and those that are made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors import RandomArgumentError
from fungrad.numpy.reductions import softmax
from fungrad.random.arguments import Shape, as_shape, parameters, real_dtype, result_shape
from fungrad.random.keys import Key, Source, source
from fungrad.random.uniform import signs
from fungrad.rules.special import Expit, GammaSample, LogGammaSample


def log_gammas(drawn: Source, a: Any, shape: Shape, dtype: Any) -> Any:
    """Return the logarithms of numbers of the gamma distribution."""
    return LogGammaSample.apply(a, drawn.draw("loggamma", shape, dtype, a))


def gamma(key: Key, a: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the gamma distribution, of density ``x**(a - 1) * exp(-x) / gamma(a)``.

    Parameters
    ----------
    key : Key
        One key.
    a : array_like
        Shapes of the distribution, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `a` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Raises
    ------
    RandomArgumentError
        If a shape of the distribution is negative.

    Examples
    --------
    >>> from fungrad import random
    >>> key = random.key(0)
    >>> float(random.gamma(key, 3.0, (10000,)).mean().round(1))
    3.0

    The mean is a, so its derivative is 1:

    >>> def mean(a):
    ...     return random.gamma(random.clone(key), a, (10000,)).mean()
    >>> float(fg.grad(mean)(3.0).round(1))
    1.0
    """
    dtype = real_dtype(dtype, "gamma")
    shape, (a,) = parameters("gamma", shape, dtype, a)
    return GammaSample.apply(a, source(key, "gamma").draw("gamma", shape, dtype, a))


def loggamma(key: Key, a: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return the logarithms of numbers of the gamma distribution, also where these are tiny.

    Parameters
    ----------
    key : Key
        One key.
    a : array_like
        Shapes of the distribution, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `a` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Raises
    ------
    RandomArgumentError
        If a shape of the distribution is negative.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.loggamma(random.key(0), 1e-4, (10000,)).mean().round(-3))
    -10000.0
    """
    dtype = real_dtype(dtype, "loggamma")
    shape, (a,) = parameters("loggamma", shape, dtype, a)
    return log_gammas(source(key, "loggamma"), a, shape, dtype)


def beta(key: Key, a: Any, b: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the beta distribution, of density ``x**(a - 1) * (1 - x)**(b - 1)``.

    Parameters
    ----------
    key : Key
        One key.
    a, b : array_like
        Above 0; they broadcast against each other, and have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of the parameters when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.beta(random.key(0), 2.0, 8.0, (10000,)).mean().round(1))
    0.2
    """
    dtype = real_dtype(dtype, "beta")
    shape, (a, b) = parameters("beta", shape, dtype, a, b)
    one, two = source(key, "beta").pair()
    return Expit.apply(log_gammas(one, a, shape, dtype) - log_gammas(two, b, shape, dtype))


def dirichlet(key: Key, alpha: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return vectors of shares, which sum up to 1, of the Dirichlet distribution.

    Parameters
    ----------
    key : Key
        One key.
    alpha : array_like
        The concentrations along the last axis, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result without the last axis; that of `alpha` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.dirichlet(random.key(0), [1.0, 2.0, 7.0], (10000,))
    >>> x.mean(axis=0).round(1)
    Array([0.1, 0.2, 0.7], dtype=float64)
    """
    dtype = real_dtype(dtype, "dirichlet")
    _, (alpha,) = parameters("dirichlet", None, dtype, alpha)
    if not alpha.ndim:
        raise RandomArgumentError("dirichlet", "alpha has no axis; it has one of all outcomes")
    shape = result_shape("dirichlet", shape, alpha.shape[:-1])
    drawn = source(key, "dirichlet")
    return softmax(log_gammas(drawn, alpha, (*shape, alpha.shape[-1]), dtype), axis=-1)


def chisquare(key: Key, df: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the chi-square distribution: twice those of gamma of ``df / 2``.

    Parameters
    ----------
    key : Key
        One key.
    df : array_like
        Degrees of freedom, above 0; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of `df` when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.chisquare(random.key(0), 4.0, (10000,)).mean().round(1))
    4.0
    """
    dtype = real_dtype(dtype, "chisquare")
    shape, (df,) = parameters("chisquare", shape, dtype, df)
    return 2 * np.exp(log_gammas(source(key, "chisquare"), df / 2, shape, dtype))


def f(key: Key, dfnum: Any, dfden: Any, shape: Any = None, dtype: Any = None) -> Any:
    """Return numbers of the F distribution: ratios of means of squares of normal numbers.

    Parameters
    ----------
    key : Key
        One key.
    dfnum, dfden : array_like
        Degrees of freedom, above 0; they broadcast against each other, and have derivatives.
    shape : int or tuple of int, optional
        The shape of the result; that of the parameters when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.f(random.key(0), 5.0, 10.0, (10000,)).mean().round(1))
    1.3
    """
    dtype = real_dtype(dtype, "f")
    shape, (dfnum, dfden) = parameters("f", shape, dtype, dfnum, dfden)
    one, two = source(key, "f").pair()
    logarithm = log_gammas(one, dfnum / 2, shape, dtype) - log_gammas(two, dfden / 2, shape, dtype)
    return np.exp(logarithm) * (dfden / dfnum)


def t(key: Key, df: Any, shape: Any = (), dtype: Any = None) -> Any:
    """Return numbers of Student's t distribution.

    Parameters
    ----------
    key : Key
        One key.
    df : array_like
        Degrees of freedom, above 0; they broadcast to the shape, and have derivatives.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> float(random.t(random.key(0), 10.0, (10000,)).std().round(1))
    1.1
    """
    dtype = real_dtype(dtype, "t")
    shape, (df,) = parameters("t", shape, dtype, df)
    one, two = source(key, "t").pair()
    half = df / 2
    spread = 0.5 * (np.log(half) - log_gammas(two, half, shape, dtype))
    return one.draw("normal", shape, dtype) * np.exp(spread)


def generalized_normal(key: Key, p: Any, shape: Any = (), dtype: Any = None) -> Any:
    """Return numbers of a density proportional to ``exp(-abs(x)**p)``.

    Parameters
    ----------
    key : Key
        One key.
    p : array_like
        Powers, above 0; they broadcast to the shape, and have derivatives.
    shape : int or tuple of int
        The shape of the result.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.generalized_normal(random.key(0), 1.0, (10000,))  # Laplace's
    >>> float(abs(x).mean().round(1))
    1.0
    """
    dtype = real_dtype(dtype, "generalized_normal")
    shape, (p,) = parameters("generalized_normal", shape, dtype, p)
    return _generalized_normals(source(key, "generalized_normal"), p, shape, dtype)


def _generalized_normals(drawn: Source, p: Any, shape: Shape, dtype: Any) -> Any:
    one, two = drawn.pair()
    return signs(two, shape, dtype) * np.exp(log_gammas(one, 1 / p, shape, dtype) / p)


def ball(key: Key, d: int, p: Any = 2, shape: Any = (), dtype: Any = None) -> Any:
    """Return points of the unit ball of the norm of power p in d dimensions.

    Parameters
    ----------
    key : Key
        One key.
    d : int
        The dimension.
    p : float
        The power of the norm, above 0.
    shape : int or tuple of int
        The shape of the result without its last axis, that of the coordinates.
    dtype : dtype, optional
        Of floats; float64 when left out.

    Examples
    --------
    >>> from fungrad import random
    >>> x = random.ball(random.key(0), 3, shape=(10000,))
    >>> float((np.linalg.norm(x, axis=-1) < 0.5).mean().round(2))  # an eighth
    0.12
    """
    dtype = real_dtype(dtype, "ball")
    shape = as_shape(shape, "ball")
    _, (p,) = parameters("ball", shape, dtype, p)
    (d,) = as_shape(d, "ball")
    one, two = source(key, "ball").pair()
    x = _generalized_normals(one, p, (*shape, d), dtype)
    total = np.sum(np.abs(x) ** p, axis=-1) + two.draw("exponential", shape, dtype)
    return x / np.expand_dims(total ** (1 / p), -1)
