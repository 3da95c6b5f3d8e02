"""Random vectors and matrices."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from fungrad.errors import RandomArgumentError
from fungrad.random.arguments import as_dtype, as_shape, parameters, real_dtype, result_shape
from fungrad.random.continuous import normals
from fungrad.random.keys import Key, source

METHODS = ("cholesky", "eigh", "svd")


def multivariate_normal(
    key: Key, mean: Any, cov: Any, shape: Any = None, dtype: Any = None, method: str = "cholesky"
) -> Any:
    """Return normal vectors of a mean and a matrix of covariances.

    Parameters
    ----------
    key : Key
        One key.
    mean : array_like
        Means along the last axis; they have derivatives.
    cov : array_like
        Symmetric matrices in the last two axes; they have derivatives.
    shape : int or tuple of int, optional
        The shape of the result without the last axis; that of the parameters when left out.
    dtype : dtype, optional
        Of floats; float64 when left out.
    method : {"cholesky", "eigh", "svd"}
        How the root of the matrix is found. A matrix that has no inverse needs one of the latter.

    Examples
    --------
    >>> from fungrad import random
    >>> cov = np.array([[1.0, 0.6], [0.6, 1.0]])
    >>> x = random.multivariate_normal(random.key(0), np.zeros(2), cov, (10000,))
    >>> fnp.cov(x.T).round(1)
    Array([[1. , 0.6],
           [0.6, 1. ]], dtype=float64)
    """
    dtype = real_dtype(dtype, "multivariate_normal")
    if method not in METHODS:
        raise RandomArgumentError(
            "multivariate_normal", f"method is one of {', '.join(METHODS)}, got {method!r}"
        )
    _, (mean,) = parameters("multivariate_normal", None, dtype, mean)
    _, (cov,) = parameters("multivariate_normal", None, dtype, cov)
    if not mean.ndim or cov.shape[-2:] != (mean.shape[-1],) * 2:
        raise RandomArgumentError(
            "multivariate_normal",
            f"mean has shape (..., n) and cov (..., n, n), got {mean.shape} and {cov.shape}",
        )
    shape = result_shape("multivariate_normal", shape, mean.shape[:-1], cov.shape[:-2])
    noise = source(key, "multivariate_normal").draw("normal", (*shape, mean.shape[-1]), dtype)
    return mean + np.einsum("...ij,...j->...i", _root(cov, method), noise)


def _root(cov: Any, method: str) -> Any:
    """Return a matrix whose product with its transpose is `cov`."""
    if method == "cholesky":
        return np.linalg.cholesky(cov)
    if method == "eigh":
        values, vectors = np.linalg.eigh(cov)
    else:
        vectors, values, _ = np.linalg.svd(cov)
    return vectors * np.sqrt(np.maximum(values, 0))[..., None, :]


def orthogonal(key: Key, n: int, shape: Any = (), dtype: Any = None, m: int | None = None) -> Any:
    """Return orthogonal matrices, none more probable than another.

    Parameters
    ----------
    key : Key
        One key.
    n : int
        The number of rows.
    shape : int or tuple of int
        What stands in front of the axes of the matrices in the shape of the result.
    dtype : dtype, optional
        Of floats or complex numbers; float64 when left out.
    m : int, optional
        The number of columns, that of rows when left out; the shorter ones are orthogonal.

    Examples
    --------
    >>> from fungrad import random
    >>> q = random.orthogonal(random.key(0), 3)
    >>> bool(np.allclose(q @ q.T, np.eye(3)))
    True
    """
    dtype = as_dtype(dtype, "fc", "orthogonal")
    shape = as_shape(shape, "orthogonal")
    n = operator.index(n)
    m = n if m is None else operator.index(m)
    noise = normals(source(key, "orthogonal"), (*shape, max(n, m), min(n, m)), dtype)
    q, r = np.linalg.qr(noise)
    # The signs make it the same matrix for all ways to compute it, and the distribution uniform.
    diagonal = np.diagonal(r, axis1=-2, axis2=-1)
    q = q * np.expand_dims(np.sign(diagonal), -2)
    return np.swapaxes(q, -1, -2) if n < m else q
