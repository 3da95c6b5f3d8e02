"""Rows of the compositions that make, pad and repeat arrays."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from tests.cases import Case, normal, positive

V = normal(4)
X = normal(3, 4)

CASES = [
    Case(
        "full", (), lambda v: fnp.full((2, 3), v), (np.float64(0.5),), lambda v: np.full((2, 3), v)
    ),
    Case(
        "linspace",
        (),
        lambda a, b: fnp.linspace(a, b, 5),
        (normal(2), np.float64(2.0)),
        lambda a, b: np.linspace(a, b, 5),
    ),
    Case(
        "linspace without its end, along another axis",
        (),
        lambda a, b: fnp.linspace(a, b, 4, endpoint=False, axis=-1),
        (normal(2, 1), normal(3)),
        lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=-1),
    ),
    Case(
        "logspace",
        (),
        lambda a, b, c: fnp.logspace(a, b, 4, base=c),
        (normal(), normal(2), positive()),
        lambda a, b, c: np.logspace(a, b, 4, base=c),
        exact=False,
    ),
    Case(
        "geomspace",
        (),
        lambda a, b: fnp.geomspace(a, b, 4),
        (positive(2), positive(2, seed=1)),
        lambda a, b: np.geomspace(a, b, 4),
        exact=False,
        float32=False,
    ),
    Case(
        "arange",
        (),
        lambda a, b: fnp.arange(a, 3.0, b),
        (np.float64(0.1), np.float64(0.7)),
        lambda a, b: np.arange(a, 3.0, b),
        vmap=False,
        float32=False,
    ),
    Case("meshgrid", (), fnp.meshgrid, (V, normal(2)), np.meshgrid),
    Case("vander", (), lambda x: fnp.vander(x, 4), (V,), lambda x: np.vander(x, 4), float32=False),
    Case(
        "vander, increasing",
        (),
        lambda x: fnp.vander(x, increasing=True),
        (V,),
        lambda x: np.vander(x, increasing=True),
        float32=False,
    ),
    Case("trace", (), lambda x: fnp.trace(x, 1), (X,), lambda x: np.trace(x, 1)),
    Case("tile", (), lambda x: fnp.tile(x, (2, 1, 3)), (X,), lambda x: np.tile(x, (2, 1, 3))),
    Case("repeat", (), lambda x: fnp.repeat(x, 2, 1), (X,), lambda x: np.repeat(x, 2, 1)),
    Case(
        "repeat each",
        (),
        lambda x: fnp.repeat(x, [1, 0, 2], 0),
        (X,),
        lambda x: np.repeat(x, [1, 0, 2], 0),
    ),
    Case("resize", (), lambda x: fnp.resize(x, (3, 7)), (X,), lambda x: np.resize(x, (3, 7))),
    Case("delete", (), lambda x: fnp.delete(x, [0, 2], 1), (X,), lambda x: np.delete(x, [0, 2], 1)),
    Case(
        "insert",
        (),
        lambda x, v: fnp.insert(x, [2, 0], v, 1),
        (X, normal(2)),
        lambda x, v: np.insert(x, [2, 0], v, 1),
    ),
    Case(
        "insert rows",
        (),
        lambda x, v: fnp.insert(x, 1, v, 1),
        (X, normal(2, 3)),
        lambda x, v: np.insert(x, 1, v, 1),
    ),
    Case(
        "trim_zeros",
        (),
        lambda x: fnp.trim_zeros(x * np.array([0.0, 1.0, 1.0, 0.0])),
        (V,),
        lambda x: x[1:3],
        exact=False,
        vmap=False,
        float32=False,
    ),
    Case(
        "choose",
        (),
        lambda x, y: fnp.choose([0, 1, 1, 0], [x, y]),
        (V, X),
        lambda x, y: np.choose([0, 1, 1, 0], [x, y]),
    ),
    Case(
        "fill_diagonal",
        (),
        lambda x, v: fnp.fill_diagonal(x, v),
        (X, normal(2)),
        lambda x, v: np.where(np.eye(3, 4), v[np.array([0, 1, 0])][:, None], x),
    ),
    Case(
        "apply_along_axis",
        (),
        lambda x: fnp.apply_along_axis(lambda row: fnp.outer(row, row), 1, x),
        (X,),
        lambda x: np.apply_along_axis(lambda row: np.outer(row, row), 1, x),
    ),
    Case("vectorize", (), fnp.vectorize(lambda a, b: a * b + a), (X, V), lambda a, b: a * b + a),
    *[
        Case(
            f"pad: {mode}",
            (),
            lambda x, m=mode: fnp.pad(x, ((2, 9), (1, 4)), m),
            (X,),
            lambda x, m=mode: np.pad(x, ((2, 9), (1, 4)), m),
        )
        for mode in (
            "edge",
            "reflect",
            "symmetric",
            "wrap",
            "mean",
            "maximum",
            "minimum",
            "median",
            "linear_ramp",
        )
    ],
    *[
        Case(
            f"pad: odd {mode}",
            (),
            lambda x, m=mode: fnp.pad(x, ((2, 9), (1, 4)), m, reflect_type="odd"),
            (X,),
            lambda x, m=mode: np.pad(x, ((2, 9), (1, 4)), m, reflect_type="odd"),
        )
        for mode in ("reflect", "symmetric")
    ],
    Case(
        "pad: constants",
        (),
        lambda x, c: fnp.pad(x, ((1, 2), (0, 1)), constant_values=c),
        (X, normal(2, 2)),
        lambda x, c: np.pad(x, ((1, 2), (0, 1)), constant_values=c),
    ),
    Case(
        "pad: ramps to values",
        (),
        lambda x, c: fnp.pad(x, 2, "linear_ramp", end_values=c),
        (X, normal(2)),
        lambda x, c: np.pad(x, 2, "linear_ramp", end_values=c),
    ),
    Case(
        "pad: mean of a few",
        (),
        lambda x: fnp.pad(x, 2, "mean", stat_length=((2, 1), (3, 9))),
        (X,),
        lambda x: np.pad(x, 2, "mean", stat_length=((2, 1), (3, 9))),
    ),
]
