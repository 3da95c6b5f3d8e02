"""Rows of `fungrad.rules.elementwise`, `selection`, `comparison` and `chain`."""

from __future__ import annotations

from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import chain, comparison, elementwise, selection
from tests.cases import Case, complex_normal, normal, positive

UNIT = positive(2, 3, seed=1) / 2.5  # from 0.2 to 0.8
ABOVE = positive(2, 3, seed=2) + 1.0
INTEGERS = np.array([[1, 5, 12], [7, 8, 9]])
BOOLS = np.array([[True, False, True], [False, False, True]])
REALS = normal(2, 3)

SMOOTH: list[tuple[str, type, Any, bool]] = [
    # name, rule, arguments, whether of complex numbers too
    ("negative", elementwise.Negative, REALS, True),
    ("positive", elementwise.Positive, REALS, True),
    ("absolute", selection.Absolute, REALS, True),
    ("fabs", elementwise.Fabs, REALS, False),
    ("deg2rad", elementwise.Deg2rad, REALS, False),
    ("rad2deg", elementwise.Rad2deg, REALS, False),
    ("sqrt", elementwise.Sqrt, positive(2, 3), True),
    ("cbrt", elementwise.Cbrt, positive(2, 3), False),
    ("square", elementwise.Square, REALS, True),
    ("reciprocal", elementwise.Reciprocal, positive(2, 3), True),
    ("exp", elementwise.Exp, REALS, True),
    ("exp2", elementwise.Exp2, REALS, True),
    ("expm1", elementwise.Expm1, REALS, True),
    ("log", elementwise.Log, positive(2, 3), True),
    ("log2", elementwise.Log2, positive(2, 3), True),
    ("log10", elementwise.Log10, positive(2, 3), True),
    ("log1p", elementwise.Log1p, positive(2, 3), True),
    ("sin", elementwise.Sin, REALS, True),
    ("cos", elementwise.Cos, REALS, True),
    ("tan", elementwise.Tan, UNIT, True),
    ("arcsin", elementwise.Arcsin, UNIT, True),
    ("arccos", elementwise.Arccos, UNIT, True),
    ("arctan", elementwise.Arctan, REALS, True),
    ("sinh", elementwise.Sinh, REALS, True),
    ("cosh", elementwise.Cosh, REALS, True),
    ("tanh", elementwise.Tanh, REALS, True),
    ("arcsinh", elementwise.Arcsinh, REALS, True),
    ("arccosh", elementwise.Arccosh, ABOVE, True),
    ("arctanh", elementwise.Arctanh, UNIT, True),
    ("sinc", elementwise.Sinc, REALS, True),
    ("i0", elementwise.I0, REALS, False),
    ("nan_to_num", selection.NanToNum, REALS, True),
]

BINARY: list[tuple[str, type, Any, Any, bool]] = [
    ("add", elementwise.Add, REALS, normal(3), True),
    ("subtract", elementwise.Subtract, REALS, normal(2, 1), True),
    ("multiply", elementwise.Multiply, normal(3), normal(2, 1), True),
    ("divide", elementwise.Divide, normal(3), positive(2, 1), True),
    ("remainder", elementwise.Remainder, REALS, positive(3, seed=3), False),
    ("fmod", elementwise.Fmod, REALS, positive(3, seed=3), False),
    ("power", elementwise.Power, positive(3), normal(2, 1), True),
    ("float_power", elementwise.FloatPower, positive(3), normal(2, 1), True),
    ("hypot", elementwise.Hypot, normal(3), normal(2, 1), False),
    ("logaddexp", elementwise.Logaddexp, normal(3), normal(2, 1), False),
    ("logaddexp2", elementwise.Logaddexp2, normal(3), normal(2, 1), False),
    ("arctan2", elementwise.Arctan2, normal(3), normal(2, 1), False),
    ("maximum", selection.Maximum, normal(3), normal(2, 1), False),
    ("minimum", selection.Minimum, normal(3), normal(2, 1), False),
    ("fmax", selection.Fmax, normal(3), normal(2, 1), False),
    ("fmin", selection.Fmin, normal(3), normal(2, 1), False),
    ("copysign", selection.Copysign, normal(3), normal(2, 1), False),
    ("heaviside", selection.Heaviside, REALS, normal(3), False),
]

FLAT: list[tuple[str, type, tuple[Any, ...]]] = [
    ("floor_divide", elementwise.FloorDivide, (REALS, positive(3))),
    ("equal", comparison.Equal, (INTEGERS, np.array(5))),
    ("not_equal", comparison.NotEqual, (INTEGERS, np.array([1, 5, 3]))),
    ("less", comparison.Less, (REALS, normal(3))),
    ("less_equal", comparison.LessEqual, (REALS, normal(3))),
    ("greater", comparison.Greater, (REALS, normal(3))),
    ("greater_equal", comparison.GreaterEqual, (REALS, normal(3))),
    ("isclose", comparison.IsClose, (REALS, REALS + np.array([0.0, 1e-9, 1.0]))),
    ("logical_and", comparison.LogicalAnd, (BOOLS, INTEGERS)),
    ("logical_or", comparison.LogicalOr, (BOOLS, BOOLS[0])),
    ("logical_xor", comparison.LogicalXor, (BOOLS, BOOLS[0])),
    ("logical_not", comparison.LogicalNot, (BOOLS,)),
    ("isfinite", comparison.IsFinite, (np.array([1.0, np.inf, np.nan]),)),
    ("isinf", comparison.IsInf, (np.array([1.0, np.inf, np.nan]),)),
    ("isnan", comparison.IsNan, (np.array([1.0, np.inf, np.nan]),)),
    ("isposinf", comparison.IsPosinf, (np.array([1.0, np.inf, -np.inf]),)),
    ("isneginf", comparison.IsNeginf, (np.array([1.0, np.inf, -np.inf]),)),
    ("isreal", comparison.IsReal, (np.array([1.0, 1j]),)),
    ("iscomplex", comparison.IsComplex, (np.array([1.0, 1j]),)),
    ("signbit", comparison.Signbit, (np.array([1.0, -0.0]),)),
    ("bitwise_and", comparison.BitwiseAnd, (INTEGERS, np.array(6))),
    ("bitwise_or", comparison.BitwiseOr, (INTEGERS, INTEGERS[0])),
    ("bitwise_xor", comparison.BitwiseXor, (BOOLS, BOOLS[0])),
    ("invert", comparison.Invert, (INTEGERS,)),
    ("left_shift", comparison.LeftShift, (INTEGERS, np.array(2))),
    ("right_shift", comparison.RightShift, (INTEGERS, np.array([1, 2, 0]))),
    ("bitwise_count", comparison.BitwiseCount, (INTEGERS,)),
    ("gcd", comparison.Gcd, (INTEGERS, np.array(6))),
    ("lcm", comparison.Lcm, (INTEGERS, INTEGERS[0])),
    ("floor", comparison.Floor, (REALS,)),
    ("ceil", comparison.Ceil, (REALS,)),
    ("trunc", comparison.Trunc, (REALS,)),
    ("rint", comparison.Rint, (REALS,)),
    ("round", comparison.Round, (REALS,)),
    ("nextafter", comparison.Nextafter, (REALS, normal(3))),
    ("spacing", comparison.Spacing, (REALS,)),
    ("sign", selection.Sign, (REALS,)),
]

CASES = [
    Case(name, (rule,), getattr(fnp, name), (x,), getattr(np, name)) for name, rule, x, _ in SMOOTH
]
CASES += [
    Case(f"{name} complex", (rule,), getattr(fnp, name), (complex_normal(3),), getattr(np, name))
    for name, rule, _, is_complex in SMOOTH
    if is_complex
]
CASES += [
    Case(
        name, (rule,), getattr(fnp, name), (x, y), getattr(np, name), float32=name != "float_power"
    )
    for name, rule, x, y, _ in BINARY
]
CASES += [
    Case(
        f"{name} complex",
        (rule,),
        getattr(fnp, name),
        (complex_normal(3), complex_normal(2, 1, seed=4)),
        getattr(np, name),
        float32=name != "float_power",
    )
    for name, rule, _, _, is_complex in BINARY
    if is_complex
]
CASES += [
    Case(name, (rule,), getattr(fnp, name), args, getattr(np, name), derivative=False)
    for name, rule, args in FLAT
]


CASES += [
    Case(
        "multiply of a number and an array",
        (elementwise.Multiply,),
        lambda x, y: x * y,
        (np.float64(1.5), normal(3)),
        lambda x, y: x * y,
    ),
    Case(
        "arithmetic with Python numbers",
        (elementwise.Multiply, elementwise.Divide, elementwise.Subtract, elementwise.Add),
        lambda x: 3 - (2 * x + 1) / 4 * 2j,
        (complex_normal(3),),
        lambda x: 3 - (2 * x + 1) / 4 * 2j,
    ),
    Case(
        "operators",
        (elementwise.Negative, elementwise.Positive, selection.Absolute, elementwise.Remainder),
        lambda x: -x + abs(+x) % 0.7,
        (REALS,),
        lambda x: -x + abs(+x) % 0.7,
    ),
    Case(
        "divmod",
        (elementwise.FloorDivide, elementwise.Remainder),
        fnp.divmod,
        (REALS, positive(3, seed=3)),
        np.divmod,
    ),
    *[
        Case(
            f"power with the exponent {exponent!r}",
            (elementwise.Power,),
            lambda x, exponent=exponent: fnp.asarray(x) ** exponent,
            (positive(2, 3),),
            lambda x, exponent=exponent: np.power(x, exponent),
        )
        for exponent in (0, 1, 2, 3, 4, -1, 0.5, -0.5, 2.5, np.int8(3))
    ],
    Case(
        "power with integers in an array",
        (elementwise.Power,),
        lambda x: x ** np.array([0, 1, 2, -3]),
        (normal(2, 4),),
        lambda x: x ** np.array([0, 1, 2, -3]),
        float32=False,
    ),
    Case(
        "power of a number",
        (elementwise.Power,),
        lambda y: 2**y,
        (normal(3),),
        lambda y: np.power(2, y),
    ),
    Case(
        "where",
        (selection.Where,),
        fnp.where,
        (BOOLS, normal(3), normal(2, 1)),
        np.where,
    ),
    Case(
        "where with a Python number",
        (selection.Where,),
        lambda x: fnp.where(x > 0, x, 1.0),
        (REALS,),
        lambda x: np.where(x > 0, x, 1.0),
    ),
    Case(
        "clip",
        (selection.Clip,),
        fnp.clip,
        (normal(4, 3), -positive(3) / 2, positive(4, 1) / 2),
        np.clip,
    ),
    Case(
        "clip from below",
        (selection.Maximum,),
        lambda x: fnp.clip(x, 0.1),
        (REALS,),
        lambda x: np.clip(x, 0.1, None),
    ),
    Case(
        "clip from above",
        (selection.Minimum,),
        lambda x: fnp.clip(x, max=0.1),
        (REALS,),
        lambda x: np.clip(x, None, 0.1),
    ),
    Case(
        "select",
        (selection.Where,),
        lambda x, y: fnp.select([x > 0.5, x > -0.5], [x * y, y * y], 7),
        (normal(5), normal(2, 1)),
        lambda x, y: np.select([x > 0.5, x > -0.5], [x * y, y * y], 7),
    ),
    Case(
        "piecewise",
        (selection.Representative, selection.Where),
        lambda x: fnp.piecewise(x, [x < -0.3, x > 0.3], [fnp.sin, fnp.log, lambda x: x * x]),
        (normal(6),),
        lambda x: np.piecewise(x, [x < -0.3, x > 0.3], [np.sin, np.log, lambda x: x * x]),
    ),
    Case(
        "sign complex",
        (selection.ComplexSign,),
        fnp.sign,
        (complex_normal(3),),
        np.sign,
    ),
    Case("real", (selection.Real,), fnp.real, (complex_normal(3),), np.real),
    Case("imag", (selection.Imag,), fnp.imag, (complex_normal(3),), np.imag),
    Case(
        "imag of real numbers",
        (selection.Zero,),
        fnp.imag,
        (REALS,),
        np.imag,
        derivative=False,
    ),
    Case("conjugate", (selection.Conjugate,), fnp.conjugate, (complex_normal(3),), np.conjugate),
    Case("angle", (elementwise.Arctan2,), fnp.angle, (complex_normal(3),), np.angle),
    Case(
        "angle in degrees",
        (elementwise.Arctan2,),
        lambda x: fnp.angle(x, deg=True),
        (complex_normal(3),),
        lambda x: np.angle(x, deg=True),
    ),
    Case(
        "astype",
        (selection.AsType,),
        lambda x: fnp.astype(x, complex),
        (REALS,),
        lambda x: x.astype(complex),
        float32=False,
    ),
    Case(
        "astype to integers",
        (selection.AsInteger,),
        lambda x: x.astype(int),
        (REALS,),
        lambda x: x.astype(int),
        derivative=False,
    ),
    Case(
        "ldexp",
        (selection.Ldexp,),
        fnp.ldexp,
        (normal(3), np.array([[1], [-2]])),
        np.ldexp,
    ),
    Case(
        "frexp",
        (selection.Mantissa, selection.Exponent),
        fnp.frexp,
        (normal(3),),
        np.frexp,
    ),
    Case(
        "modf",
        (selection.Fraction, selection.IntegralPart),
        fnp.modf,
        (normal(3),),
        np.modf,
    ),
    Case(
        "scale",
        (chain.Scale,),
        chain.Scale.apply,
        (normal(3), normal(2, 1)),
        np.multiply,
    ),
    Case(
        "quotient",
        (chain.Quotient,),
        chain.Quotient.apply,
        (normal(3), positive(2, 1)),
        np.divide,
    ),
    Case(
        "product",
        (chain.Product,),
        chain.Product.apply,
        (normal(3), normal(2, 1)),
        np.multiply,
    ),
]
