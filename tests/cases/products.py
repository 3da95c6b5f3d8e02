"""Rows of `fungrad.rules.products`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import products as rules
from tests.cases import Case, complex_normal, normal

MATMUL = (rules.Matmul,)
CONTRACT = (rules.Contract,)


def both(
    name: str, covers: tuple[type, ...], call: Callable[..., Any], *args: Any, **options: Any
) -> Case:
    """Make a row from ``call(namespace, *args)``, for fungrad's functions and NumPy's."""
    return Case(
        name, covers, lambda *xs: call(fnp, *xs), args, lambda *xs: call(np, *xs), **options
    )


def matmul(*shapes: tuple[int, ...]) -> Case:
    title = " @ ".join(str(list(shape)).replace(" ", "") for shape in shapes)
    x, y = (normal(*shape, seed=seed) for seed, shape in enumerate(shapes))
    return both(f"matmul {title}", MATMUL, lambda m, x, y: m.matmul(x, y), x, y)


def einsum(subscripts: str, *shapes: tuple[int, ...], covers: tuple[type, ...] = CONTRACT) -> Case:
    arrays = [normal(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    return both(f"einsum {subscripts}", covers, lambda m, *xs: m.einsum(subscripts, *xs), *arrays)


CASES = [
    matmul((3,), (3,)),
    matmul((3,), (3, 2)),
    matmul((2, 3), (3,)),
    matmul((2, 3), (3, 4)),
    matmul((3,), (2, 3, 4)),
    matmul((2, 4, 3), (3,)),
    matmul((2, 4, 3), (3, 2)),
    matmul((4, 3), (2, 3, 2)),
    matmul((2, 4, 3), (2, 3, 2)),
    matmul((2, 1, 4, 3), (3, 3, 2)),
    matmul((0, 3), (3, 2)),
    matmul((2, 0), (0, 2)),
    matmul((2, 2, 0), (0, 2)),
    both(
        "matmul, complex",
        MATMUL,
        lambda m, x, y: m.matmul(x, y),
        complex_normal(2, 2, 3),
        complex_normal(3, 2),
    ),
    both(
        "matmul of integers and floats",
        MATMUL,
        lambda m, x, y: m.matmul(x, y),
        np.arange(6).reshape(2, 3),
        normal(3, 2),
        float32=False,
    ),
    both("matmul of itself", MATMUL, lambda m, x: m.matmul(x, x), normal(3, 3)),
    both("dot of vectors", MATMUL, lambda m, x, y: m.dot(x, y), normal(3), normal(3, seed=1)),
    both(
        "dot [2,2,3] [2,3,2]",
        CONTRACT,
        lambda m, x, y: m.dot(x, y),
        normal(2, 2, 3),
        normal(2, 3, 2),
    ),
    both("dot [3] [2,3,2]", CONTRACT, lambda m, x, y: m.dot(x, y), normal(3), normal(2, 3, 2)),
    both("dot of a scalar", (), lambda m, x, y: m.dot(x, y), normal(), normal(2, 3)),
    both("inner", CONTRACT, lambda m, x, y: m.inner(x, y), normal(2, 3), normal(2, 2, 3)),
    both("outer", CONTRACT, lambda m, x, y: m.outer(x, y), normal(3), normal(2, 2)),
    both("vdot", MATMUL, lambda m, x, y: m.vdot(x, y), complex_normal(2, 3), complex_normal(6)),
    both(
        "tensordot", CONTRACT, lambda m, x, y: m.tensordot(x, y), normal(2, 3, 2), normal(3, 2, 4)
    ),
    both(
        "tensordot, axes",
        CONTRACT,
        lambda m, x, y: m.tensordot(x, y, axes=([0, -1], [1, 0])),
        normal(2, 4, 3),
        normal(3, 2, 2),
    ),
    both(
        "tensordot, one axis",
        CONTRACT,
        lambda m, x, y: m.tensordot(x, y, axes=(-1, 0)),
        normal(2, 3),
        normal(3, 2),
    ),
    both(
        "tensordot, no axes",
        CONTRACT,
        lambda m, x, y: m.tensordot(x, y, axes=0),
        normal(2, 2),
        normal(3),
    ),
    both("vecdot", CONTRACT, lambda m, x, y: m.vecdot(x, y), normal(2, 1, 3), normal(4, 3)),
    both(
        "vecdot, complex",
        CONTRACT,
        lambda m, x, y: m.vecdot(x, y, axis=0),
        complex_normal(3, 2),
        complex_normal(3, 2, seed=2),
    ),
    both("kron", CONTRACT, lambda m, x, y: m.kron(x, y), normal(2, 3), normal(3, 2)),
    both("kron, unequal ranks", CONTRACT, lambda m, x, y: m.kron(x, y), normal(2), normal(2, 1, 3)),
    both("cross", (rules.Cross,), lambda m, x, y: m.cross(x, y), normal(3), normal(2, 3)),
    both(
        "cross, axes",
        (rules.Cross,),
        lambda m, x, y: m.cross(x, y, axisa=0, axisb=1, axisc=0),
        normal(3, 2),
        normal(2, 3),
    ),
    einsum("ij->ji", (2, 3), covers=()),
    einsum("ij->", (2, 3), covers=()),
    einsum("ii", (3, 3), covers=()),
    einsum("ii->i", (3, 3), covers=()),
    einsum("iji->j", (3, 2, 3), covers=()),
    einsum("...ii->...", (2, 3, 3), covers=()),
    einsum("i,i", (3,), (3,)),
    einsum("i,i->i", (3,), (3,)),
    einsum("i,j", (3,), (2,)),
    einsum(",ij", (), (2, 3)),
    einsum("ij,jk", (2, 3), (3, 2)),
    einsum("ij , kj -> ki", (2, 3), (4, 3)),
    einsum("ij,jk->", (2, 3), (3, 2)),
    einsum("ij,kl->ik", (2, 3), (4, 2)),
    einsum("ij,ij->j", (2, 3), (2, 3)),
    einsum("ii,ij->j", (3, 3), (3, 2)),
    einsum("ij,ij->ij", (1, 3), (2, 1)),
    einsum("ij,j->i", (2, 1), (3,)),
    einsum("bthd,bshd->bhts", (2, 3, 2, 4), (2, 2, 2, 4)),
    einsum("abcd,cdbe->aeb", (2, 3, 2, 2), (2, 2, 3, 2)),
    einsum("...ij,...jk", (2, 2, 3), (1, 3, 2)),
    einsum("i...,...->...i", (2, 3), (4, 3)),
    einsum("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
    einsum("i,i,i->i", (3,), (3,), (3,)),
    einsum("ij,ik,il->jkl", (3, 2), (3, 2), (3, 2)),
    einsum("ij,j,k->", (1, 3), (3,), (2,)),
    both(
        "einsum, lists of axes",
        CONTRACT,
        lambda m, x, y: m.einsum(x, [0, 1], y, [1, 2], [2, 0]),
        normal(2, 3),
        normal(3, 2),
    ),
    both(
        "einsum, lists of axes with an ellipsis",
        CONTRACT,
        lambda m, x, y: m.einsum(x, [..., 5], y, [5, 1]),
        normal(2, 3),
        normal(3, 2),
    ),
    both(
        "einsum, complex",
        CONTRACT,
        lambda m, x, y: m.einsum("aij,ajk->aik", x, y, optimize=True),
        complex_normal(2, 2, 3),
        complex_normal(2, 3, 2),
    ),
]

if hasattr(np, "matvec"):
    CASES += [
        both("matvec", CONTRACT, lambda m, x, y: m.matvec(x, y), normal(2, 2, 3), normal(3)),
        both(
            "vecmat", CONTRACT, lambda m, x, y: m.vecmat(x, y), complex_normal(2, 3), normal(3, 2)
        ),
    ]
