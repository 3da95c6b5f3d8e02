"""Rows of `fungrad.rules.cumulative`, and of the calculus that is composed of rules."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import cumulative as rules
from fungrad.rules.elementwise import Subtract
from tests.cases import Case, complex_normal, normal, positive

ZEROS = np.array([[2.0, 0.0, 3.0, 0.0, 5.0], [0.0, 4.0, 1.0, 2.0, 3.0]])

CASES = [
    *[
        Case(
            f"{name}{suffix}",
            (rule,),
            lambda x, f=name, options=options: getattr(fnp, f)(x, **options),
            (x,),
            lambda x, f=name, options=options: getattr(np, f)(x, **options),
        )
        for name, rule in {"cumsum": rules.CumSum, "cumprod": rules.CumProd}.items()
        for suffix, x, options in [
            ("", normal(2, 3), {}),
            ("_axis", normal(2, 3), {"axis": 0}),
            ("_negative_axis", normal(2, 3, 2), {"axis": -2}),
            ("_number", np.array(2.0), {}),
            ("_nothing", normal(2, 0), {"axis": 1}),
            ("_complex", complex_normal(4), {}),
            ("_with_zeros", ZEROS, {"axis": 1}),
        ]
    ],
    Case(
        "cumulative_prod",
        (rules.CumProd,),
        lambda x: fnp.cumulative_prod(x, axis=1, include_initial=True),
        (normal(2, 3),),
        lambda x: np.concatenate([np.ones_like(x[:, :1]), np.cumprod(x, 1)], 1),
    ),
    *[
        Case(
            f"diff{suffix}",
            (Subtract,),
            lambda x, options=options: fnp.diff(x, **options),
            (normal(5, 4),),
            lambda x, options=options: np.diff(x, **options),
            float32="append" not in options,
        )
        for suffix, options in {
            "": {},
            "_twice": {"n": 2, "axis": 0},
            "_extended": {"prepend": 0.0, "append": np.ones((5, 2), np.float32)},
        }.items()
    ],
    Case(
        "ediff1d",
        (Subtract,),
        lambda x, y: fnp.ediff1d(x, to_begin=y, to_end=0.0),
        (normal(2, 3), normal(2)),
        lambda x, y: np.ediff1d(x, to_begin=y, to_end=0.0),
    ),
    *[
        Case(
            f"gradient{suffix}",
            (Subtract,),
            lambda f, *d, options=options: fnp.gradient(f, *d, **options),
            args,
            lambda f, *d, options=options: np.gradient(f, *d, **options),
            float32=len(args) == 1,
        )
        for suffix, args, options in [
            ("", (normal(5),), {}),
            ("_axes", (normal(4, 3), np.array(0.5), np.array(2.0)), {}),
            ("_edges", (normal(5, 2), np.array(0.5)), {"axis": 0, "edge_order": 2}),
            ("_places", (normal(2, 4), np.array([0.0, 1.0, 3.0, 3.5])), {"axis": -1}),
            ("_places_edges", (normal(5), np.sort(normal(5))), {"edge_order": 2}),
        ]
    ],
    Case(
        "trapezoid",
        (Subtract,),
        lambda y, x: fnp.trapezoid(y, x, axis=0),
        (normal(4, 3), np.sort(normal(4))),
        lambda y, x: np.trapezoid(y, x, axis=0),
    ),
    Case(
        "trapezoid_places",
        (Subtract,),
        lambda y, x: fnp.trapezoid(y, x),
        (normal(4, 3), np.sort(normal(4, 3, seed=1))),
        lambda y, x: np.trapezoid(y, x),
    ),
    Case(
        "trapezoid_step",
        (),
        lambda y: fnp.trapezoid(y, dx=0.5),
        (normal(4, 3),),
        lambda y: np.trapezoid(y, dx=0.5),
    ),
    *[
        Case(
            f"interp{suffix}",
            (),
            lambda x, xp, fp, options=options: fnp.interp(x, xp, fp, **options),
            (x, np.array([0.0, 1.0, 2.5, 3.0]), fp),
            lambda x, xp, fp, options=options: np.interp(x, xp, fp, **options),
            float32=False,
        )
        for suffix, x, fp, options in [
            ("", 3 * positive(2, 3) - 2, normal(4), {}),
            ("_ends", 3 * positive(2, 3) - 2, normal(4), {"left": -1.0, "right": 9.0}),
            ("_complex", positive(3), complex_normal(4), {}),
            ("_one", np.array(1.7), normal(4), {}),
        ]
    ],
    Case(
        "interp_period",
        (),
        lambda x, xp, fp: fnp.interp(x, xp, fp, period=3.0),
        (normal(5), np.array([0.2, 4.1, 1.3]), normal(3)),
        lambda x, xp, fp: np.interp(x, xp, fp, period=3.0),
        float32=False,
    ),
]
