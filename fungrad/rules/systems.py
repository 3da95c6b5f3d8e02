"""Inverses, and systems of linear equations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fungrad.rules.families import Rule, align, conform
from fungrad.rules.products import Contract, product
from fungrad.rules.stacks import adjoint, chain, conj, on_stacks, symmetrized

SMALL = 48  # the side of a matrix that is not worth halving


class Inv(Rule):
    batch = classmethod(on_stacks)

    kernel: ClassVar[Any] = np.linalg.inv

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        z = cls.call(*values)
        return z, z

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
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
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
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


class Pinv(Rule):
    """The pseudo-inverse; its derivative holds where the rank does not change."""

    batch = classmethod(on_stacks)

    @staticmethod
    def kernel(x: Any, rcond: float, hermitian: bool) -> Any:
        return np.linalg.pinv(x, rcond, hermitian=hermitian)

    @classmethod
    def linearize(cls, values: Any, parents: Any, params: Any, nested: bool) -> tuple[Any, Any]:
        (x,) = values
        z = cls.call(x, **params)
        return z, (x, z, params["hermitian"])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
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
