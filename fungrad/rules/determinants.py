"""Determinants, with derivatives that hold for singular matrices too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Rule, conform
from fungrad.rules.products import product
from fungrad.rules.spectra import Svd
from fungrad.rules.stacks import adjoint, chain, conj, on_stacks, outer
from fungrad.rules.systems import Inv
from fungrad.trace import peek


class Det(Rule):
    batch = classmethod(on_stacks)

    kernel = np.linalg.det

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        return cls.call(*values), values[0]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (gradient[..., None, None] * Cofactor.call(notes),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        z = cls.call(x)
        return z, conform(np.sum(Cofactor.call(x) * t, axis=(-2, -1)), z)


class Cofactor(Rule):
    """The matrix of cofactors, the gradient of the determinant: exact for singular matrices too."""

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any) -> Any:
        if is_regular(x):
            return np.linalg.det(x)[..., None, None] * np.linalg.inv(x).mT
        u, s, vh = np.linalg.svd(x)
        # Products of all singular values but one; none is divided by that may be zero.
        rest, last = s[..., :-1], s[..., -1:]
        inverse = 1 / np.where(rest == 0, np.inf, rest)
        all_but_last = np.prod(rest, axis=-1, keepdims=True)
        others = np.concatenate([all_but_last * last * inverse, all_but_last], axis=-1)
        return unit_determinant(u, vh) * product(u.conj() * others[..., None, :], vh.conj())

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        return cls.call(*values), values[0]

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (cofactor_change(notes, gradient),)  # second derivatives are symmetric

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        return cls.call(x), cofactor_change(x, t)


def cofactor_change(x: Any, t: Any) -> Any:
    """Return the change of the cofactors of x along t."""
    size = x.shape[-1]
    if size < 2:
        return np.zeros_like(x)
    if is_regular(x):
        inverse = Inv.call(x).mT
        slope = np.sum(inverse * t, axis=(-2, -1))[..., None, None]
        return Det.call(x)[..., None, None] * (slope * inverse - chain(inverse, t.mT, inverse))
    u, s, vh = Svd.call(x, full_matrices=True, hermitian=False)
    inside = chain(adjoint(u), t, adjoint(vh))
    # Products of all singular values but two, of which the last two may be zero.
    rest, first, second = s[..., :-2], s[..., -2:-1], s[..., -1:]
    inverse = 1 / np.where(rest == 0, np.inf, rest)
    zero = np.zeros_like(first)
    reciprocals = np.concatenate([inverse, zero, zero], axis=-1)
    others = np.concatenate([np.zeros_like(rest), second, first], axis=-1)
    unit = np.eye(size, dtype=s.dtype)
    pair = unit[-2][:, None] * unit[-1]
    rank_one = (first * second)[..., None] * outer(reciprocals, reciprocals)
    mixed = outer(reciprocals, others)
    table = np.prod(rest, axis=-1)[..., None, None] * (
        rank_one + mixed + mixed.mT + (pair + pair.T)
    )
    table = table * (1 - unit)
    diagonal = product(table, np.diagonal(inside, axis1=-2, axis2=-1)[..., None])
    middle = diagonal * unit - table * inside.mT
    return unit_determinant(u, vh) * chain(conj(u), middle, conj(vh))


def is_regular(x: Any) -> bool:
    """Return whether an inverse of x is accurate; decided by the numbers at the bottom."""
    x = peek(x)
    if not np.isfinite(x).all():
        return True
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return False
    size, inverse_size = [
        np.abs(each).sum(axis=-1).max(axis=-1, initial=0) for each in (x, inverse)
    ]
    return bool(np.all(size * inverse_size < np.finfo(inverse.dtype).eps ** -0.5))


def unit_determinant(u: Any, vh: Any) -> Any:
    """Return the determinant of a product of unitary matrices, with axes for the matrix."""
    return (Det.call(u) * Det.call(vh))[..., None, None]


class Slogdet(Rule):
    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any) -> Any:
        return tuple(np.linalg.slogdet(x))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        (x,) = values
        sign, logarithm = cls.call(x)
        return (sign, logarithm), (x, sign)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, sign = notes
        of_sign, slope = gradient
        if x.dtype.kind == "c":
            slope = slope + 1j * np.imag(of_sign * sign)
        slope = slope[..., None, None]
        inverse, singular = inverse_where_regular(x, sign)
        if singular is not None:
            # The slope at a singular matrix is infinite, if anything depends on it.
            inverse = np.where(singular, np.where(slope == 0, 0.0, np.inf), inverse)
        return (slope * inverse.mT,)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        sign, logarithm = cls.call(x)
        inverse, singular = inverse_where_regular(x, sign)
        slope = np.sum(inverse.mT * t, axis=(-2, -1))
        if singular is not None:
            slope = np.where(singular[..., 0, 0], np.inf, slope)
        turn = sign * (1j * np.imag(slope)) if x.dtype.kind == "c" else None
        return (sign, logarithm), (turn, np.real(slope))


def inverse_where_regular(x: Any, sign: Any) -> tuple[Any, Any]:
    """Return the inverses, and where there are none; None if there is one for each matrix."""
    if np.all(peek(sign)):
        return Inv.call(x), None
    singular = (sign == 0)[..., None, None]
    return Inv.call(np.where(singular, np.eye(x.shape[-1], dtype=x.dtype), x)), singular
