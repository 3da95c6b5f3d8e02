"""Rows of `fungrad.rules.sorting`."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import sorting as rules
from tests.cases import Case, complex_normal, normal

EDGES = np.array([-1.0, 0.0, 0.0, 1.0])


def apart(*shape: int) -> Any:
    """Return numbers in a random order, no two of them close to each other."""
    size = int(np.prod(shape))
    return (np.random.default_rng(size).permutation(size) / 8 - 1).reshape(shape)


CASES = [
    *[
        Case(
            f"sort{suffix}",
            (rules.Sort,),
            lambda x, options=options: fnp.sort(x, **options),
            (x,),
            lambda x, options=options: np.sort(x, **options),
        )
        for suffix, x, options in [
            ("", apart(4, 3), {}),
            ("_axis", apart(4, 3), {"axis": 0}),
            ("_flat", apart(4, 3), {"axis": None, "stable": True}),
            ("_complex", complex_normal(5), {"kind": "heapsort"}),
            ("_nothing", normal(0, 3), {"axis": -2}),
        ]
    ],
    Case(
        "partition",
        (rules.Partition,),
        lambda x: fnp.partition(x, (1, 3), axis=1)[:, 1:4],
        (apart(3, 7),),
        lambda x: np.partition(x, (1, 3), axis=1)[:, 1:4],
    ),
    Case(
        "partition_flat",
        (rules.Partition,),
        lambda x: fnp.partition(x, -1, axis=None)[-1],
        (apart(3, 7),),
        lambda x: np.partition(x, -1, axis=None)[-1],
    ),
    Case(
        "argsort",
        (rules.ArgSort,),
        lambda x: fnp.argsort(x, axis=0),
        (normal(3, 4),),
        lambda x: np.argsort(x, axis=0),
        derivative=False,
    ),
    Case(
        "argsort_flat",
        (rules.ArgSort,),
        lambda x: fnp.argsort(x, None, stable=True),
        (normal(3, 4).round(),),
        lambda x: np.argsort(x, None, stable=True),
        derivative=False,
    ),
    Case(
        "argpartition",
        (rules.ArgPartition,),
        lambda x: fnp.argpartition(x, 2)[..., 2],
        (apart(3, 7),),
        lambda x: np.argpartition(x, 2)[..., 2],
        derivative=False,
    ),
    Case(
        "lexsort",
        (rules.LexSort,),
        lambda x, y: fnp.lexsort((x, y)),
        (normal(2, 5), normal(2, 5, seed=1).round()),
        lambda x, y: np.lexsort((x, y)),
        derivative=False,
    ),
    Case(
        "lexsort_axis",
        (rules.LexSort,),
        lambda x, y: fnp.lexsort((x, y), axis=0),
        (normal(5, 2), normal(5, 2, seed=1).round()),
        lambda x, y: np.lexsort((x, y), axis=0),
        derivative=False,
    ),
    *[
        Case(
            f"searchsorted_{side}{suffix}",
            (rules.SearchSorted,),
            lambda a, v, side=side: fnp.searchsorted(a, v, side),
            (EDGES, v),
            lambda a, v, side=side: np.searchsorted(a, v, side),
            derivative=False,
        )
        for side in ("left", "right")
        for suffix, v in {
            "": np.array([[0.0, -2.0, 1.0], [0.5, 3.0, np.nan]]),
            "_one": np.array(0.0),
        }.items()
    ],
]
