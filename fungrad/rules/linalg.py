"""Linear algebra on stacks of matrices.

The formulas are those of the literature, for complex matrices. They pair a gradient G with a change
of Z as the real part of ``sum(conj(G) * dZ)``, whereas a cotangent g of fungrad (and JAX) pairs
without the conjugate: so a rule starts from ``conj(g)`` and returns the conjugate. A rule whose
formula is holomorphic needs neither.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad.errors import NoDerivativeError
from fungrad.rules.families import Constant, Rule, align, conform
from fungrad.rules.products import Contract, product
from fungrad.trace import peek

SMALL = 48  # the side of a matrix that is not worth halving


class _Stacked(Rule):
    """A function of one matrix, that takes stacks of them."""

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*values, **params), True


# --- inverses and systems of equations -----------------------------------------------------------


class Inv(_Stacked):
    kernel: ClassVar[Any] = np.linalg.inv

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        z = cls.call(*values)
        return z, z

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        z = notes.mT
        return (-chain(z, gradient, z),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        z = cls.call(*values)
        return z, -chain(z, *tangents, z)


class LowerInverse(Inv):
    """The inverse of lower triangular matrices, several times quicker than that of full ones."""

    @staticmethod
    def kernel(x: Any) -> Any:
        size = x.shape[-1]
        if size <= SMALL:
            return np.linalg.inv(x)
        half = size // 2
        top = LowerInverse.kernel(x[..., :half, :half])
        bottom = LowerInverse.kernel(x[..., half:, half:])
        z = np.zeros(x.shape, top.dtype)
        z[..., :half, :half] = top
        z[..., half:, half:] = bottom
        z[..., half:, :half] = -chain(bottom, x[..., half:, :half], top)
        return z


class Solve(Rule):
    """Solve ``a @ z = b`` for matrices b."""

    kernel = np.linalg.solve

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        a, b = values
        z = solve(a, b)
        return z, (a, z if parents[0] >= 0 else None)

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        a, z = notes
        of_b = solve(a.mT, gradient)
        of_a = None
        if parents[0] >= 0:
            if a.ndim == 2 < z.ndim:  # one product instead of a stack and its sum
                stack = tuple(range(2, z.ndim))
                labels = ((*stack, 0, -1), (*stack, 1, -1), (0, 1))
                of_a = -Contract.call(of_b, z, labels=labels)
            else:
                of_a = product(of_b, -z.mT)
        return of_a, of_b

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (a, b), (ta, tb) = values, tangents
        z = solve(a, b)
        if ta is None:
            return z, conform(solve(a, tb), z)
        right = -product(ta, z) if tb is None else tb - product(ta, z)
        return z, conform(solve(a, right), z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return solve(*align(batched, values)), True


def solve(a: Any, b: Any) -> Any:
    """Solve ``a @ z = b`` by the quickest way; may differ from NumPy's in the last bit."""
    if a.ndim == 2 < b.ndim:  # the stack shares one matrix, which is factored once
        *stack, rows, columns = b.shape
        side_by_side = b.mT.reshape((math.prod(stack) * columns, rows)).T
        return solve(a, side_by_side).T.reshape((*stack, columns, rows)).mT
    if type(a) is np.ndarray and type(b) is np.ndarray:
        return substitute(a, b)
    return Solve.call(a, b)


def substitute(a: Any, b: Any) -> Any:
    """Solve ``a @ z = b`` for raw values; triangular matrices by halves, without factoring."""
    size = a.shape[-1]
    half = size // 2
    if size > SMALL and not a[..., :half, half:].any():
        top = substitute(a[..., :half, :half], b[..., :half, :])
        rest = b[..., half:, :] - product(a[..., half:, :half], top)
        return np.concatenate([top, substitute(a[..., half:, half:], rest)], axis=-2)
    if size > SMALL and not a[..., half:, :half].any():
        bottom = substitute(a[..., half:, half:], b[..., half:, :])
        rest = b[..., :half, :] - product(a[..., :half, half:], bottom)
        return np.concatenate([substitute(a[..., :half, :half], rest), bottom], axis=-2)
    return np.linalg.solve(a, b)


class Pinv(_Stacked):
    """The pseudo-inverse; its derivative holds where the rank does not change."""

    @staticmethod
    def kernel(x: Any, rcond: float, hermitian: bool) -> Any:
        return np.linalg.pinv(x, rcond, hermitian=hermitian)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        (x,) = values
        z = cls.call(x, **params)
        return z, (x, z, params["hermitian"])

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        x, z, hermitian = notes
        g, zh = conj(gradient), adjoint(z)
        gz = product(adjoint(g), z)
        zg = product(z, adjoint(g))
        result = -chain(zh, g, zh)
        # What leaves the column space and the row space of x.
        left = product(gz, zh)
        result = result + left - chain(x, z, left)
        right = product(zh, zg)
        result = result + right - chain(right, z, x)
        return (conj(symmetrized(result) if hermitian else result),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        z = cls.call(x, **params)
        zh, th = adjoint(z), adjoint(symmetrized(t) if params["hermitian"] else t)
        left, right = chain(z, zh, th), chain(th, zh, z)
        return z, left - chain(left, x, z) + right - chain(z, x, right) - chain(z, adjoint(th), z)


# --- triangular factors --------------------------------------------------------------------------


class Cholesky(_Stacked):
    """The triangular factor; gradients are Hermitian, though one triangle only is read."""

    @staticmethod
    def kernel(x: Any, upper: bool) -> Any:
        return np.linalg.cholesky(x, upper=True) if upper else np.linalg.cholesky(x)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        z = cls.call(*values, **params)
        return z, (z, params["upper"])

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


class Qr(_Stacked):
    """The factors; the derivative is that of matrices of full column rank, in reduced mode."""

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
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


# --- determinants --------------------------------------------------------------------------------


class Det(_Stacked):
    kernel = np.linalg.det

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        return cls.call(*values), values[0]

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        return (gradient[..., None, None] * Cofactor.call(notes),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        (x,), (t,) = values, tangents
        z = cls.call(x)
        return z, conform(np.sum(Cofactor.call(x) * t, axis=(-2, -1)), z)


class Cofactor(_Stacked):
    """The matrix of cofactors, the gradient of the determinant: exact for singular matrices too."""

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
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


class Slogdet(_Stacked):
    @staticmethod
    def kernel(x: Any) -> Any:
        return tuple(np.linalg.slogdet(x))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        (x,) = values
        sign, logarithm = cls.call(x)
        return (sign, logarithm), (x, sign)

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


# --- eigenvalues ---------------------------------------------------------------------------------


class Eigh(_Stacked):
    """Eigenvalues and eigenvectors of Hermitian matrices; gradients are Hermitian.

    Vectors that belong to one repeated eigenvalue are taken as not turning among themselves.
    """

    @staticmethod
    def kernel(x: Any, uplo: Any) -> Any:
        return tuple(np.linalg.eigh(x, uplo))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values, **params)
        return factors, factors

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


class Eigvalsh(_Stacked):
    @staticmethod
    def kernel(x: Any, uplo: Any) -> Any:
        return np.linalg.eigvalsh(x, uplo)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        w, v = Eigh.call(*values, **params)
        return w, v

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        return (conj(product(notes * gradient[..., None, :], adjoint(notes))),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = Eigh.call(*values, **params)
        return w, np.real(np.sum(conj(v) * product(symmetrized(*tangents), v), axis=-2))


class Eig(_Stacked):
    """Eigenvalues and eigenvectors of any matrix.

    The vectors are those of LAPACK: of length one, their largest component real.
    """

    @staticmethod
    def kernel(x: Any) -> Any:
        return tuple(np.linalg.eig(x))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values)
        return factors, factors

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


class Eigvals(_Stacked):
    kernel = np.linalg.eigvals

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        w, v = Eig.call(*values)
        return w, v

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
        v = notes.mT
        return (solve(v, gradient[..., :, None] * v),)

    @classmethod
    def push(cls, values: Any, tangents: Any, params: Any) -> tuple[Any, Any]:
        w, v = Eig.call(*values)
        inside = solve(v, product(tangents[0], v))
        return w, conform(np.diagonal(inside, axis1=-2, axis2=-1), w)


# --- singular values -----------------------------------------------------------------------------


class Svd(_Stacked):
    """The factors u, s and vh.

    Vectors that belong to one repeated singular value are taken as not turning together.
    """

    @staticmethod
    def kernel(x: Any, full_matrices: bool, hermitian: bool) -> Any:
        return tuple(np.linalg.svd(x, full_matrices=full_matrices, hermitian=hermitian))

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        factors = cls.call(*values, **params)
        return factors, (*factors, params["hermitian"])

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


class Svdvals(_Stacked):
    @staticmethod
    def kernel(x: Any, hermitian: bool) -> Any:
        return np.linalg.svd(x, compute_uv=False, hermitian=hermitian)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        u, s, vh = Svd.call(*values, full_matrices=False, **params)
        return s, (u, vh)

    @classmethod
    def pull(cls, notes: Any, parents: list[int], gradient: Any) -> Sequence[Any]:
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


# --- shared pieces -------------------------------------------------------------------------------


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


__all__ = [
    "Cholesky",
    "Cofactor",
    "Det",
    "Eig",
    "Eigh",
    "Eigvals",
    "Eigvalsh",
    "Inv",
    "LowerInverse",
    "MatrixRank",
    "Pinv",
    "Qr",
    "Slogdet",
    "Solve",
    "Svd",
    "Svdvals",
]
