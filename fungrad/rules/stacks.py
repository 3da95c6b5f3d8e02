"""What rules on stacks of matrices share.

The formulas of these rules are those of the literature, for complex matrices. They pair a gradient
G with a change of Z as the real part of ``sum(conj(G) * dZ)``, whereas a cotangent g of fungrad
(and JAX) pairs without the conjugate: so a rule starts from ``conj(g)`` and returns the conjugate.
A rule whose formula is holomorphic needs neither.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.products import product


def on_stacks(
    cls: Any, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
) -> tuple[Any, Any]:
    """Batch a rule of one operand whose kernel takes stacks: the `batch` of such rules."""
    return cls.call(*values, **params), True


def chain(*factors: Any) -> Any:
    """Return the matrix product of the factors, from the left."""
    return functools.reduce(product, factors)


def conj(x: Any) -> Any:
    """Return the complex conjugate, x itself where it is real."""
    return np.conj(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """Return the conjugate transpose of each matrix."""
    return conj(x).mT


def symmetrized(x: Any) -> Any:
    """Return the Hermitian part of each matrix."""
    return (x + adjoint(x)) / 2


def outer(x: Any, y: Any) -> Any:
    """Return the matrix of products of each pair of vectors."""
    return x[..., :, None] * y[..., None, :]


def halved_upper(x: Any) -> Any:
    """Return the upper triangle of each matrix, half of its diagonal."""
    return x * _half_triangle(x.shape[-1], real_dtype(x))


def halved_lower(x: Any) -> Any:
    """Return the lower triangle of each matrix, half of its diagonal."""
    return x * _half_triangle(x.shape[-1], real_dtype(x)).T


@functools.lru_cache(maxsize=32)
def _half_triangle(size: int, dtype: Any) -> Any:
    table = np.triu(np.ones((size, size), dtype), 1)
    np.fill_diagonal(table, 0.5)
    table.flags.writeable = False
    return table


def diagonal_matrix(x: Any) -> Any:
    """Return the matrices that have the vectors on their diagonals."""
    return x[..., None, :] * np.eye(x.shape[-1], dtype=real_dtype(x))


def real_diagonal(x: Any) -> Any:
    """Return the real parts of the diagonals."""
    return np.real(np.diagonal(x, axis1=-2, axis2=-1))


def real_dtype(x: Any) -> Any:
    """Return the dtype of the real and imaginary parts of x."""
    return x.dtype.type(0).real.dtype


def is_zero(x: Any) -> bool:
    """Return whether a gradient is known to be zero; those of unused results are."""
    return type(x) is np.ndarray and not x.any()


def inverse_gaps(w: Any) -> Any:
    """Return ``1 / (w[j] - w[i])``, and 0 where two values are the same but for rounding."""
    return _inverse(w[..., None, :] - w[..., :, None], w)


def inverse_sums(s: Any) -> Any:
    """Return ``1 / (s[j] + s[i])``, and 0 where both are zero but for rounding."""
    return _inverse(s[..., None, :] + s[..., :, None], s)


def inverse_or_zero(s: Any) -> Any:
    """Return ``1 / s``, and 0 where it is zero but for rounding."""
    return _inverse(s[..., None], s)[..., 0]


def _inverse(x: Any, values: Any) -> Any:
    """Return ``1 / x``, and 0 where x is no more than the rounding error of the values."""
    count = values.shape[-1]
    if not count:
        return x
    accuracy = 10 * count * np.finfo(values.dtype).eps
    largest = np.max(np.abs(values), axis=-1, keepdims=True)[..., None]
    negligible = np.abs(x) <= accuracy * largest
    return np.where(negligible, 0.0, 1 / np.where(negligible, 1.0, x))
