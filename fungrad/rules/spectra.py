"""Eigenvalues and singular values, with their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Constant, Rule, conform
from fungrad.rules.products import product
from fungrad.rules.stacks import (
    adjoint,
    chain,
    conj,
    diagonal_matrix,
    inverse_gaps,
    inverse_or_zero,
    inverse_sums,
    is_zero,
    on_stacks,
    real_diagonal,
    symmetrized,
)
from fungrad.rules.systems import solve


class Eigh(Rule):
    """Eigenvalues and eigenvectors of Hermitian matrices; gradients are Hermitian.

    Vectors that belong to one repeated eigenvalue are taken as not turning among themselves.
    """

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, uplo: Any) -> Any:
        return tuple(np.linalg.eigh(x, uplo))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values, **params)
        return factors, factors

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        (w, v), (gw, gv) = notes, gradient
        if is_zero(gv):
            return (conj(chain(v * gw[..., None, :], adjoint(v))),)
        turn = inverse_gaps(w) * product(adjoint(v), conj(gv))
        return (conj(symmetrized(chain(v, turn + diagonal_matrix(gw), adjoint(v)))),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = cls.call(*values, **params)
        inside = chain(adjoint(v), symmetrized(*tangents), v)
        return (w, v), (real_diagonal(inside), product(v, inverse_gaps(w) * inside))


class Eigvalsh(Rule):
    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, uplo: Any) -> Any:
        return np.linalg.eigvalsh(x, uplo)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        w, v = Eigh.call(*values, **params)
        return w, v

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        return (conj(product(notes * gradient[..., None, :], adjoint(notes))),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = Eigh.call(*values, **params)
        return w, np.real(np.sum(conj(v) * product(symmetrized(*tangents), v), axis=-2))


class Eig(Rule):
    """Eigenvalues and eigenvectors of any matrix.

    The vectors are those of LAPACK: of length one, their largest component real.
    """

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any) -> Any:
        return tuple(np.linalg.eig(x))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values)
        return factors, factors

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        (w, v), (gw, gv) = notes, map(conj, gradient)
        middle = diagonal_matrix(gw)
        if not is_zero(gv):
            along = np.sum(conj(v) * gv, axis=-2)[..., None, :]
            gv = gv - np.real(along) * v
            if v.dtype.kind == "c":
                gv = gv - 1j * np.imag(along) * largest_real(v)
            middle = middle + conj(inverse_gaps(w)) * product(adjoint(v), gv)
        return (conj(solve(adjoint(v), product(middle, adjoint(v)))),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = cls.call(*values)
        inside = solve(v, product(tangents[0], v))
        turn = product(v, inverse_gaps(w) * inside)
        # Keep the length, and the component real that is so.
        stretch = np.real(np.sum(conj(v) * turn, axis=-2))
        if v.dtype.kind == "c":
            stretch = stretch + 1j * np.sum(np.imag(turn) * largest_real(v), axis=-2)
        tw = np.diagonal(inside, axis1=-2, axis2=-1)
        return (w, v), (conform(tw, w), conform(turn - v * stretch[..., None, :], v))


def largest_real(v: Any) -> Any:
    """Return the reciprocal of the largest real component of each column in its place."""
    size = np.where(np.equal(np.imag(v), 0), np.abs(np.real(v)), 0.0)
    place = np.equal(size, np.max(size, axis=-2, keepdims=True)) * (size > 0)
    count = np.sum(place, axis=-2, keepdims=True)
    return np.where(place, 1 / np.where(place, np.real(v) * count, 1.0), 0.0)


class Eigvals(Rule):
    batch = classmethod(on_stacks)

    kernel = np.linalg.eigvals

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        w, v = Eig.call(*values)
        return w, v

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        v = notes.mT
        return (solve(v, gradient[..., :, None] * v),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = Eig.call(*values)
        inside = solve(v, product(tangents[0], v))
        return w, conform(np.diagonal(inside, axis1=-2, axis2=-1), w)


# --- singular values ------------------------------------------------------------------------------


class Svd(Rule):
    """The factors u, s and vh.

    Vectors that belong to one repeated singular value are taken as not turning together.
    """

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, full_matrices: bool, hermitian: bool) -> Any:
        return tuple(np.linalg.svd(x, full_matrices=full_matrices, hermitian=hermitian))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values, **params)
        return factors, (*factors, params["hermitian"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        u, s, vh, hermitian = notes
        gu, gs, gvh = gradient
        count = s.shape[-1]
        left, right = u[..., :count], vh[..., :count, :]
        if is_zero(gu) and is_zero(gvh):
            result = product(left * gs[..., None, :], right)
        else:
            gu, gv = conj(gu), gvh.mT
            of_u, of_v = product(adjoint(u), gu), product(vh, gv)
            inner_u, inner_v = of_u[..., :count, :count], of_v[..., :count, :count]
            together = inverse_gaps(s) * (inner_u + inner_v)
            apart = inverse_sums(s) * (inner_u - inner_v)
            middle = (together + adjoint(together) + apart - adjoint(apart)) / 2
            result = chain(left, middle + diagonal_matrix(gs), right)
            inverse = inverse_or_zero(s)[..., None, :]
            if u.shape[-2] > count:
                outside = _outside(u, gu, of_u, count) * inverse
                result = result + product(outside, right)
            if vh.shape[-1] > count:
                outside = _outside(adjoint(vh), gv, of_v, count) * inverse
                result = result + product(left, adjoint(outside))
        return (conj(symmetrized(result) if hermitian else result),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (t,) = tangents
        u, s, vh = cls.call(*values, **params)
        count = s.shape[-1]
        if params["hermitian"]:
            t = symmetrized(t)
        v = adjoint(vh)
        left, right = u[..., :count], v[..., :count]
        of_u, of_v = product(t, right), product(adjoint(t), left)
        inside = product(adjoint(left), of_u)
        together = inverse_gaps(s) * (inside + adjoint(inside))
        apart = inverse_sums(s) * (inside - adjoint(inside))
        inverse = inverse_or_zero(s)[..., None, :]
        tu = _turned(u, (together + apart) / 2, of_u * inverse)
        tv = _turned(v, (together - apart) / 2, of_v * inverse)
        return (u, s, vh), (tu, real_diagonal(inside), adjoint(tv))


def _turned(u: Any, turn: Any, change: Any) -> Any:
    """Return the tangent of u: its first columns turn among themselves, and leave their space."""
    count = turn.shape[-1]
    if u.shape[-2] == count:
        return product(u, turn)
    first, rest = u[..., :count], u[..., count:]
    if u.shape[-1] == count:
        return product(first, turn - product(adjoint(first), change)) + change
    across = product(adjoint(rest), change)
    within = product(first, turn) + product(rest, across)
    return np.concatenate([within, -product(first, adjoint(across))], axis=-1)


def _outside(u: Any, gu: Any, inner: Any, count: int) -> Any:
    """Return the part of gu that leaves the space of the first columns of u."""
    if u.shape[-1] == count:
        return gu - product(u, inner)
    # The other columns turn against the first ones.
    turn = inner[..., count:, :count] - adjoint(inner[..., :count, count:])
    return product(u[..., count:], turn)


class Svdvals(Rule):
    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, hermitian: bool) -> Any:
        return np.linalg.svd(x, compute_uv=False, hermitian=hermitian)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        u, s, vh = Svd.call(*values, full_matrices=False, **params)
        return s, (u, vh)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        u, vh = notes
        return (conj(product(u * gradient[..., None, :], vh)),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        u, s, vh = Svd.call(*values, full_matrices=False, **params)
        return s, np.real(np.sum(conj(u) * product(tangents[0], adjoint(vh)), axis=-2))


class MatrixRank(Constant):
    @staticmethod
    def kernel(x: Any, tol: float | None, hermitian: bool, rtol: float | None) -> Any:
        return np.linalg.matrix_rank(x, tol, hermitian, rtol=rtol)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), True
