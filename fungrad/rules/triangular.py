"""Triangular factors of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.errors import NoDerivativeError
from fungrad.rules.families import Rule
from fungrad.rules.products import product
from fungrad.rules.stacks import (
    adjoint,
    chain,
    conj,
    halved_lower,
    halved_upper,
    on_stacks,
    symmetrized,
)
from fungrad.rules.systems import SMALL, LowerInverse


class Cholesky(Rule):
    """The triangular factor; gradients are Hermitian, though one triangle only is read."""

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, upper: bool) -> Any:
        return np.linalg.cholesky(x, upper=True) if upper else np.linalg.cholesky(x)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, params["upper"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        z, upper = notes
        lower, g = (adjoint(z), gradient.mT) if upper else (z, conj(gradient))
        return (conj(cholesky_gradient(lower, g)),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        lower = adjoint(z) if params["upper"] else z
        inverse = LowerInverse.call(lower)
        middle = chain(inverse, symmetrized(*tangents), adjoint(inverse))
        t = product(lower, halved_lower(middle))
        return z, adjoint(t) if params["upper"] else t


def cholesky_gradient(lower: Any, g: Any, inverse: Any = None) -> Any:
    """Return the gradient of the matrix from that of its lower factor."""
    size = lower.shape[-1]
    if size <= SMALL or type(lower) is not np.ndarray or type(g) is not np.ndarray:
        if inverse is None:
            inverse = LowerInverse.call(lower)
        middle = halved_lower(product(adjoint(lower), g))
        return symmetrized(chain(adjoint(inverse), middle, inverse))
    # By halves: the same with a sixth of the arithmetic.
    top, bottom = slice(size // 2), slice(size // 2, None)
    first, below = lower[..., top, top], lower[..., bottom, top]
    if inverse is None:
        first_inverse, second_inverse = LowerInverse.kernel(first), None
    else:
        first_inverse, second_inverse = inverse[..., top, top], inverse[..., bottom, bottom]
    of_second = cholesky_gradient(
        lower[..., bottom, bottom], g[..., bottom, bottom], second_inverse
    )
    of_below = product(g[..., bottom, top] - 2 * product(of_second, below), first_inverse)
    of_first = cholesky_gradient(
        first, g[..., top, top] - product(adjoint(of_below), below), first_inverse
    )
    z = np.empty(lower.shape, lower.dtype)
    z[..., top, top] = of_first
    z[..., bottom, bottom] = of_second
    z[..., bottom, top] = of_below = of_below / 2
    z[..., top, bottom] = adjoint(of_below)
    return z


class Qr(Rule):
    """The factors; the derivative is that of matrices of full column rank, in reduced mode."""

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, mode: Any) -> Any:
        return tuple(np.linalg.qr(x, mode))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        if params["mode"] != "reduced":
            raise NoDerivativeError(
                'qr(x, mode="complete") of a matrix with more rows than columns',
                "the additional columns of q are not unique",
                'use mode="reduced"',
            )
        factors = cls.call(*values, **params)
        return factors, factors

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        q, r = notes
        gq, gr = map(conj, gradient)
        middle = halved_upper(product(gr, adjoint(r)) - product(adjoint(q), gq))
        total = gq + product(q, middle + adjoint(middle))
        return (conj(product(total, LowerInverse.call(adjoint(r)))),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (q, r), _ = cls.linearize(values, [0], params, True)
        change = product(tangents[0], adjoint(LowerInverse.call(adjoint(r))))
        inside = product(adjoint(q), change)
        upper = halved_upper(inside) + adjoint(halved_lower(inside))
        # `upper` is that part of the change which keeps r triangular with a real diagonal.
        return (q, r), (change - product(q, upper), product(upper, r))
