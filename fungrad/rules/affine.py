"""The linear layer: a matrix product and a sum, as one operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.families import Rule, align, conform
from fungrad.rules.products import Matmul, gradient_of_right, product


class Affine(Rule):
    """``x @ w.T + b`` for vectors x along the last axis, a matrix w and a vector b."""

    @staticmethod
    def kernel(x: Any, w: Any, b: Any) -> Any:
        z = product(x, w.T)
        if z.ndim and z.dtype == np.result_type(z, b):
            z += b  # in its own memory
            return z
        return z + b

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        x, w, _ = values
        to_x, to_w, _ = parents
        z = cls.call(*values) if nested else cls.compute(*values)
        return z, (x if to_w >= 0 else None, w if to_x >= 0 else None)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        x, w = notes
        to_x, to_w, to_b = parents
        of_w = None
        if to_w >= 0:
            of_w = gradient_of_right(gradient, x, (x.shape[-1], gradient.shape[-1])).T
        return (
            product(gradient, w) if to_x >= 0 else None,
            of_w,
            gradient if to_b >= 0 else None,  # the tape sums
        )

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        (x, w, _), (tx, tw, tb) = values, tangents
        terms = [None if tx is None else product(tx, w.T), None if tw is None else product(x, tw.T)]
        total = tb
        for term in terms:
            if term is not None:
                total = term if total is None else total + term
        z = cls.call(*values)
        return z, conform(total, z)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, w, b = values
        own_x, own_w, own_b = batched
        if not own_w and not own_b:
            return cls.call(x, w, b), True
        own_z = own_x or own_w
        if own_w:
            z, _ = Matmul.batch(size, (own_x, own_w), (x, np.swapaxes(w, -1, -2)), {})
        else:
            z = product(x, w.T)
        return np.add(*align((own_z, own_b), (z, b))), True
