"""Rows of `fungrad.rules.reductions`."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.numpy.reductions import log_softmax, logsumexp, softmax, vector_norm
from fungrad.rules import reductions as rules
from tests.cases import Case, complex_normal, normal, positive

TIES = np.array([[3.0, 1.0, 3.0], [0.0, 0.0, -1.0]])
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 4.0, 0.0], [1.5, -2.0, 0.5]])
MASK = np.array([[True, False, True], [True, True, True]])


def log_of_sum(x: Any, axis: Any, keepdims: bool = False) -> Any:
    shift = np.max(x.real, axis, keepdims=True)
    z = np.log(np.sum(np.exp(x - shift), axis, keepdims=True)) + shift
    return z if keepdims else np.squeeze(z, tuple(range(x.ndim)) if axis is None else axis)


def normalised(x: Any, axis: Any) -> Any:
    return np.exp(x - log_of_sum(x, axis, keepdims=True))


def signed_log(x: Any, b: Any) -> Any:
    total = np.sum(b * np.exp(x), 1)
    return np.log(np.abs(total)), np.sign(total)


def along(
    name: str,
    rule: Any,
    function: str,
    *args: Any,
    cases: dict[str, Any] | None = None,
    **more: Any,
) -> list[Case]:
    """Return rows for several choices of axes."""
    choices = {
        "": {},
        "_axis": {"axis": 1},
        "_negative_axis": {"axis": -2, "keepdims": True},
        "_axes": {"axis": (0, -1)},
        "_no_axes": {"axis": ()},
        **(cases or {}),
    }
    return [
        Case(
            name + suffix,
            (rule,),
            lambda x, options=options: getattr(fnp, function)(x, **options),
            args or (normal(2, 3, 2),),
            lambda x, options=options: getattr(np, function)(x, **options),
            **more,
        )
        for suffix, options in choices.items()
    ]


def one(name: str, rule: Any, function: Any, x: Any, reference: Any, **more: Any) -> Case:
    return Case(name, (rule,), function, (x,), reference, **more)


CASES = [
    *along("sum", rules.Sum, "sum"),
    one("sum_of_nothing", rules.Sum, fnp.sum, normal(0, 2), np.sum),
    one("sum_of_no_rows", rules.Sum, lambda x: fnp.sum(x, 0), normal(0, 2), lambda x: np.sum(x, 0)),
    one("sum_of_number", rules.Sum, fnp.sum, np.array(2.0), np.sum),
    one(
        "sum_complex", rules.Sum, lambda x: fnp.sum(x, 1), complex_normal(2, 3), lambda x: x.sum(1)
    ),
    one(
        "sum_in_float64",
        rules.Sum,
        lambda x: fnp.sum(x, 1, dtype=np.float64),
        normal(2, 3),
        lambda x: np.sum(x, 1, dtype=np.float64),
        float32=False,
    ),
    Case(
        "sum_masked",
        (rules.Sum,),
        lambda x, mask, start: fnp.sum(x, 1, where=mask, initial=start),
        (normal(2, 3), MASK, np.array(0.5)),
        lambda x, mask, start: np.sum(x, 1, where=mask, initial=start),
    ),
    *along("mean", rules.Mean, "mean"),
    one("mean_of_number", rules.Mean, fnp.mean, np.array(2.0), np.mean),
    one("mean_complex", rules.Mean, fnp.mean, complex_normal(2, 3), np.mean),
    Case(
        "mean_masked",
        (rules.Sum,),
        lambda x, mask: fnp.mean(x, 1, where=mask),
        (normal(2, 3), MASK),
        lambda x, mask: np.mean(x, 1, where=mask),
    ),
    *along("prod", rules.Prod, "prod"),
    one("prod_with_zeros", rules.Prod, lambda x: fnp.prod(x, 1), ZEROS, lambda x: np.prod(x, 1)),
    one("prod_of_all_with_zeros", rules.Prod, fnp.prod, ZEROS, np.prod),
    one("prod_of_nothing", rules.Prod, fnp.prod, normal(0, 2), np.prod),
    one("prod_of_number", rules.Prod, fnp.prod, np.array(2.0), np.prod),
    one("prod_complex", rules.Prod, fnp.prod, complex_normal(5), np.prod),
    Case(
        "prod_masked",
        (rules.Prod,),
        lambda x, mask, start: fnp.prod(x, 1, where=mask, initial=start),
        (normal(2, 3), MASK, np.array(0.5)),
        lambda x, mask, start: np.prod(x, 1, where=mask, initial=start),
    ),
    *along("max", rules.Max, "max"),
    *along("min", rules.Min, "min"),
    one("max_complex", rules.Max, fnp.max, complex_normal(5), np.max),
    Case(
        "max_masked",
        (rules.Max,),
        lambda x, mask: fnp.max(x, 1, where=mask, initial=-9.0),
        (normal(2, 3), MASK),
        lambda x, mask: np.max(x, 1, where=mask, initial=-9.0),
    ),
    *along("ptp", rules.Max, "ptp"),
    *along("var", rules.Var, "var", cases={"_ddof": {"axis": 0, "ddof": 1}}),
    one(
        "var_complex", rules.Var, lambda x: fnp.var(x, 0), complex_normal(4, 2), lambda x: x.var(0)
    ),
    Case(
        "var_masked_with_mean",
        (rules.Sum,),
        lambda x, mask, mean: fnp.var(x, 1, where=mask, mean=mean, correction=1),
        (normal(2, 3), MASK, normal(2, 1)),
        lambda x, mask, mean: np.var(x, 1, where=mask, mean=mean, correction=1),
        exact=False,
    ),
    *along(
        "std", rules.Std, "std", cases={"_ddof": {"axis": 0, "ddof": 1}, "_no_axes": {"axis": 2}}
    ),
    one(
        "std_complex", rules.Std, lambda x: fnp.std(x, 0), complex_normal(4, 2), lambda x: x.std(0)
    ),
    Case(
        "std_masked",
        (rules.Sum,),
        lambda x, mask: fnp.std(x, 1, where=mask),
        (normal(2, 3), MASK),
        lambda x, mask: np.std(x, 1, where=mask),
        exact=False,
    ),
    *along("any", rules.AnyTrue, "any", TIES > 0, derivative=False, cases={"_no_axes": {}}),
    *along("all", rules.AllTrue, "all", TIES > 0, derivative=False, cases={"_no_axes": {}}),
    *along("count_nonzero", rules.CountNonzero, "count_nonzero", TIES, derivative=False),
    *[
        one(
            f"{function}{suffix}",
            rule,
            lambda x, f=function, options=options: getattr(fnp, f)(x, **options),
            normal(2, 3, 2),
            lambda x, f=function, options=options: getattr(np, f)(x, **options),
            derivative=False,
        )
        for function, rule in {"argmax": rules.ArgMax, "argmin": rules.ArgMin}.items()
        for suffix, options in {
            "": {},
            "_keepdims": {"keepdims": True},
            "_axis": {"axis": -2},
            "_axis_keepdims": {"axis": 1, "keepdims": True},
        }.items()
    ],
    one("norm", rules.EuclideanNorm, vector_norm, normal(2, 3), np.linalg.norm),
    one(
        "norm_axis",
        rules.EuclideanNorm,
        lambda x: vector_norm(x, 1, keepdims=True),
        normal(2, 3),
        lambda x: np.linalg.norm(x, axis=1, keepdims=True),
    ),
    one("norm_complex", rules.EuclideanNorm, vector_norm, complex_normal(2, 3), np.linalg.norm),
    one(
        "norm_complex_axis",
        rules.EuclideanNorm,
        lambda x: vector_norm(x, 0),
        complex_normal(2, 3),
        lambda x: np.linalg.norm(x, axis=0),
    ),
    *[
        one(
            f"norm_of_order_{order}{suffix}",
            rule,
            lambda x, order=order: vector_norm(x, 1, ord=order),
            x,
            lambda x, order=order: np.linalg.norm(x, order, axis=1),
        )
        for order, rule in {
            3: rules.PNorm,
            1.5: rules.PNorm,
            0.5: rules.PNorm,
            -1: rules.PNorm,
            1: rules.Sum,
            np.inf: rules.Max,
            -np.inf: rules.Min,
        }.items()
        for suffix, x in {"": normal(2, 3), "_complex": complex_normal(2, 3)}.items()
    ],
    *[
        one(
            f"{function.__name__}{suffix}",
            rule,
            lambda x, f=function, axis=axis: f(x, axis),
            x,
            lambda x, f=reference, axis=axis: f(x, axis),
            exact=False,
        )
        for function, rule, reference in [
            (logsumexp, rules.LogSumExp, log_of_sum),
            (softmax, rules.Softmax, normalised),
            (log_softmax, rules.LogSoftmax, lambda x, axis: x - log_of_sum(x, axis, True)),
        ]
        for suffix, axis, x in [
            ("", None, normal(2, 3)),
            ("_axis", 1, normal(2, 3)),
            ("_axes", (0, -1), normal(2, 3, 2)),
            ("_huge", -1, 1000.0 + normal(2, 3)),
        ]
    ],
    one(
        "logsumexp_complex",
        rules.LogSumExp,
        lambda x: logsumexp(x, 0, keepdims=True),
        complex_normal(3, 2),
        lambda x: log_of_sum(x, 0, keepdims=True),
        exact=False,
    ),
    one("softmax_complex", rules.Softmax, softmax, complex_normal(3, 2), None),
    Case(
        "logsumexp_with_factors",
        (rules.Sum,),
        lambda x, b: logsumexp(x, 1, b=b, return_sign=True),
        (normal(2, 3), normal(2, 3, seed=1)),
        signed_log,
        exact=False,
    ),
    Case(
        "softmax_masked",
        (rules.Softmax,),
        lambda x, mask: softmax(x, where=mask),
        (positive(2, 3), MASK),
        lambda x, mask: normalised(np.where(mask, x, -np.inf), -1),
        exact=False,
    ),
]
