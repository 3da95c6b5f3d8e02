"""Rows of `fungrad.rules.convolution` and `histograms`, and of statistics composed of rules."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules.convolution import Convolve
from fungrad.rules.elementwise import Divide
from fungrad.rules.histograms import BinCount
from fungrad.rules.reductions import Max, Min, Prod, Sum
from fungrad.rules.sorting import ArgPartition, ArgSort
from tests.cases import Case, complex_normal, normal, positive
from tests.cases.sorting import apart

BINS = np.array([0, 2, 2, 1, 0])
HOLES = np.where(np.arange(15).reshape(3, 5) % 4 == 1, np.nan, normal(3, 5))

METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]

CASES = [
    *[
        Case(
            f"{name}_{mode}_{n}_{m}",
            (Convolve,),
            lambda x, y, f=name, mode=mode: getattr(fnp, f)(x, y, mode),
            (normal(n), normal(m)),
            lambda x, y, f=name, mode=mode: getattr(np, f)(x, y, mode),
        )
        for name in ("convolve", "correlate")
        for mode in ("full", "same", "valid")
        for n, m in ((6, 3), (3, 6), (5, 4))
    ],
    Case(
        "correlate_complex",
        (Convolve,),
        lambda x, y: fnp.correlate(x, y, "full"),
        (complex_normal(4), complex_normal(3)),
        lambda x, y: np.correlate(x, y, "full"),
    ),
    Case(
        "bincount",
        (BinCount,),
        lambda weights: fnp.bincount(BINS, weights, minlength=4),
        (normal(5),),
        lambda weights: np.bincount(BINS, weights, minlength=4),
        float32=False,
    ),
    Case(
        "histogram_of_weights",
        (BinCount,),
        lambda x, weights: fnp.histogram(x, 4, weights=weights, density=True),
        (normal(20), positive(20)),
        lambda x, weights: np.histogram(x, 4, weights=weights, density=True),
        exact=False,
        float32=False,
    ),
    Case(
        "histogram",
        (BinCount,),
        lambda x: fnp.histogram(x, np.array([-1.0, 0.0, 1.0]))[0],
        (normal(20),),
        lambda x: np.histogram(x, np.array([-1.0, 0.0, 1.0]))[0],
        derivative=False,
    ),
    Case(
        "average",
        (Divide,),
        lambda x, weights: fnp.average(x, axis=1, weights=weights, returned=True),
        (normal(3, 4), positive(4)),
        lambda x, weights: np.average(x, axis=1, weights=weights, returned=True),
    ),
    Case(
        "average_of_axes",
        (Divide,),
        lambda x, weights: fnp.average(x, axis=(2, 0), weights=weights, keepdims=True),
        (normal(3, 4, 2), positive(2, 3)),
        lambda x, weights: np.average(x, axis=(2, 0), weights=weights, keepdims=True),
    ),
    Case(
        "average_complex",
        (Divide,),
        lambda x, weights: fnp.average(x, weights=weights),
        (complex_normal(3, 4), positive(3, 4)),
        lambda x, weights: np.average(x, weights=weights),
    ),
    *[
        Case(
            f"median{suffix}",
            (ArgPartition,),
            lambda x, options=options: fnp.median(x, **options),
            (x,),
            lambda x, options=options: np.median(x, **options),
        )
        for suffix, x, options in [
            ("", normal(5), {}),
            ("_even", normal(2, 4), {"axis": 1}),
            ("_axes", normal(2, 3, 4), {"axis": (0, -1), "keepdims": True}),
        ]
    ],
    *[
        Case(
            f"quantile_{method}",
            (ArgSort,),
            lambda x, q, method=method: fnp.quantile(x, q, axis=1, method=method),
            (apart(3, 7), np.array([0.2, 0.53, 0.9])),
            lambda x, q, method=method: np.quantile(x, q, axis=1, method=method),
        )
        for method in METHODS
    ],
    Case(
        "percentile",
        (ArgSort,),
        lambda x, q: fnp.percentile(x, q, axis=(0, 2), keepdims=True),
        (apart(3, 2, 4), np.array([17.0, 60.0])),
        lambda x, q: np.percentile(x, q, axis=(0, 2), keepdims=True),
    ),
    *[
        Case(
            f"{name}{suffix}",
            (rule,),
            lambda x, f=name, options=options: getattr(fnp, f)(x, **options),
            (HOLES,),
            lambda x, f=name, options=options: getattr(np, f)(x, **options),
            second=False,
        )
        for name, rule in {
            "nansum": Sum,
            "nanprod": Prod,
            "nanmean": Sum,
            "nanvar": Sum,
            "nanstd": Sum,
            "nanmax": Max,
            "nanmin": Min,
            "nanmedian": ArgSort,
        }.items()
        for suffix, options in {"": {}, "_axis": {"axis": 0, "keepdims": True}}.items()
    ],
    Case(
        "nanquantile",
        (ArgSort,),
        lambda x, q: fnp.nanquantile(x, q, axis=1),
        (HOLES, np.array([0.21, 0.55])),
        lambda x, q: np.nanquantile(x, q, axis=1),
        second=False,
    ),
    Case(
        "nanpercentile",
        (ArgSort,),
        lambda x: fnp.nanpercentile(x, 40, axis=1),
        (HOLES,),
        lambda x: np.nanpercentile(x, 40, axis=1),
        second=False,
    ),
    Case("cov", (), fnp.cov, (normal(3, 5),), np.cov, float32=False),
    Case("cov_complex", (), fnp.cov, (complex_normal(3, 5),), np.cov, float32=False),
    Case(
        "cov_weighted",
        (),
        lambda x, y, w: fnp.cov(x, y, rowvar=False, fweights=[1, 2, 1, 3, 1], aweights=w),
        (normal(5, 2), normal(5, 1), positive(5)),
        lambda x, y, w: np.cov(x, y, rowvar=False, fweights=[1, 2, 1, 3, 1], aweights=w),
        float32=False,
    ),
    Case("cov_of_one", (), fnp.cov, (normal(5),), np.cov, float32=False),
    Case("corrcoef", (), fnp.corrcoef, (normal(3, 5),), np.corrcoef, float32=False, tolerance=1e-5),
]
