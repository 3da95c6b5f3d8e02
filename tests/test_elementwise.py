"""The elementwise functions: NumPy's values and dtypes, and derivatives at special points."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import ArrayDTypeError, OperandError, ShapeError
from fungrad.rules import chain
from fungrad.transforms.forward import jvp
from fungrad.transforms.vmap import vmap
from tests.cases.elementwise import BINARY, FLAT, SMOOTH

INF = np.inf
NAN = np.nan


def first(function: Any, x: Any) -> Any:
    return fg.grad(function)(x)


def second(function: Any, x: Any) -> Any:
    return fg.grad(fg.grad(function))(x)


def forward(function: Any, x: Any) -> Any:
    return jvp(function, (x,), (1.0,))[1]


def batched(function: Any, x: Any) -> Any:
    return vmap(fg.grad(function))(np.array([x, x]))[1]


def gradient_of_batch(function: Any, x: Any) -> Any:
    return fg.grad(lambda xs: fnp.sum(vmap(function)(xs)))(np.array([x, x]))[0]


def as_array(function: Any, x: Any) -> Any:
    return fg.grad(lambda xs: fnp.sum(function(xs)))(np.full(3, x))[2]


def big_array(function: Any, x: Any) -> Any:
    xs = np.full(chain.SMALL + 1, x)
    return fg.grad(lambda xs: fnp.sum(function(xs)))(xs)[-1]


FIRST = [first, forward, batched, gradient_of_batch, as_array, big_array]
SECOND = [
    second,
    lambda f, x: forward(fg.grad(f), x),
    lambda f, x: first(lambda x: forward(f, x), x),
    lambda f, x: forward(lambda x: forward(f, x), x),
    lambda f, x: batched(fg.grad(f), x),
    lambda f, x: as_array(vmap(fg.grad(f)), x),
]


def check(function: Any, x: float, slope: float, curvature: float | None = None) -> None:
    """Check the first derivative in every mode, and the second one."""
    for derivative in FIRST:
        np.testing.assert_allclose(np.asarray(derivative(function, x)), slope, rtol=1e-14)
    if curvature is not None:
        for derivative in SECOND:
            given = np.asarray(derivative(function, x))
            np.testing.assert_allclose(given, curvature, rtol=1e-12)


def silently(function: Any) -> Any:
    """Let the value, which NumPy warns about, pass in silence; not what comes after it."""

    def silent(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return silent


# --- zero stays zero -----------------------------------------------------------------------------

SINGULAR = {
    "sqrt": (fnp.sqrt, 0.0),
    "power": (lambda x: x**0.5, 0.0),
    "power with an array": (lambda x: x ** fnp.asarray(0.5), 0.0),
    "power below zero": (lambda x: x**-2, 0.0),
    "cbrt": (fnp.cbrt, 0.0),
    "log": (fnp.log, 0.0),
    "log2": (fnp.log2, 0.0),
    "log10": (fnp.log10, 0.0),
    "log1p": (fnp.log1p, -1.0),
    "log outside": (fnp.log, -1.0),
    "sqrt outside": (fnp.sqrt, -1.0),
    "reciprocal": (fnp.reciprocal, 0.0),
    "divide": (lambda x: 1 / x, 0.0),
    "divide 0 by 0": (lambda x: x / x, 0.0),
    "floor and remainder": (lambda x: 3 % x, 0.0),
    "multiply": (lambda x: x * fnp.log(x), 0.0),
    "multiply infinities": (lambda x: x * x, INF),
    "arcsin": (fnp.arcsin, 1.0),
    "arccos": (fnp.arccos, -1.0),
    "arccosh": (fnp.arccosh, 1.0),
    "arctanh": (fnp.arctanh, 1.0),
    "arcsin outside": (fnp.arcsin, 2.0),
    "exp": (fnp.exp, 1000.0),
    "expm1": (fnp.expm1, 1000.0),
    "exp2": (fnp.exp2, 5000.0),
    "sinh": (fnp.sinh, 1000.0),
    "cosh": (fnp.cosh, 1000.0),
    "tan of a sum": (lambda x: fnp.tan(x + 1), INF),
    "square": (fnp.square, NAN),
    "abs": (abs, NAN),
    "maximum": (lambda x: fnp.maximum(x, 0.0) * x, NAN),
    "nested": (lambda x: fnp.sqrt(fnp.sqrt(fnp.log1p(x))) / fnp.cbrt(x), 0.0),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_an_untaken_branch_has_gradient_zero(name):
    singular, point = SINGULAR[name]

    def function(x):
        with np.errstate(all="ignore"):
            return (
                fnp.where(x == point, 3.0, singular(x))
                if point == point
                else fnp.where(fnp.isnan(x), 3.0, singular(x))
            )

    check(function, point, 0.0, 0.0)
    check(lambda x: 2 * x + function(x), point, 2.0, 0.0)


def test_where_and_sqrt():
    check(lambda x: fnp.where(x < 1, x, fnp.sqrt(x)), 0.0, 1.0, 0.0)
    check(lambda x: fnp.where(x > 0, fnp.sqrt(x), 0.0), 0.0, 0.0, 0.0)
    gradient = fg.grad(lambda x: fnp.sum(fnp.where(x > 0, fnp.sqrt(x), 0.0)))
    np.testing.assert_array_equal(np.asarray(gradient(np.array([0.0, 4.0]))), [0.0, 0.25])


def test_softplus_by_where():
    def softplus(x):
        with np.errstate(over="ignore"):
            return fnp.where(x > 30, x, fnp.log1p(fnp.exp(x)))

    check(softplus, 1000.0, 1.0, 0.0)


def test_masked_data_do_not_poison_the_parameters():
    data = np.array([1.0, NAN, INF, 2.0])

    def loss(w):
        with np.errstate(all="ignore"):
            return fnp.sum(fnp.where(np.isfinite(data), (fnp.sin(data * w) - data / w) ** 2, 0.0))

    kept = np.array([1.0, 2.0])
    expected = fg.grad(lambda w: fnp.sum((fnp.sin(kept * w) - kept / w) ** 2))(1.5)
    assert float(fg.grad(loss)(1.5)) == pytest.approx(float(expected), rel=1e-14)


def test_entropy_with_zero_probability():
    def entropy(p):
        with np.errstate(all="ignore"):
            return -fnp.sum(fnp.where(p > 0, p * fnp.log(p), 0.0))

    gradient = fg.grad(entropy)(np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(np.asarray(gradient), [0.0, -1 - np.log(0.5), -1.0])


def test_a_zero_gradient_keeps_its_dtype():
    one = np.complex128(0)
    assert chain.guarded_scale(np.float64(0), one).dtype == complex
    assert chain.guarded_quotient(np.float64(0), one).dtype == complex
    assert chain.guarded_multiply(one, np.float64(2)).dtype == complex
    assert chain.masked(np.float32(3), False).dtype == np.float32


@pytest.mark.parametrize("size", [None, 3, chain.SMALL + 1])
def test_products_in_which_zero_wins(size):
    def full(value):
        return np.float64(value) if size is None else np.full(size, value)

    with np.errstate(all="ignore"):  # as while derivatives are computed
        check_products(full)


def check_products(full):
    for factor in (INF, -INF, NAN):
        assert not np.any(chain.guarded_scale(full(0.0), full(factor)))
        assert not np.any(chain.guarded_scale(full(0.0), factor))
        assert not np.any(chain.guarded_multiply(full(factor), full(0.0)))
        assert not np.any(chain.guarded_multiply(full(0.0), full(factor)))
        assert not np.any(chain.guarded_quotient(full(0.0), full(factor)))
        assert not np.any(chain.masked(full(factor), full(0.0) > 1))
    assert not np.any(chain.guarded_quotient(full(0.0), full(0.0)))
    assert not np.any(chain.guarded_quotient(full(0.0), 0))
    assert np.all(chain.guarded_quotient(full(1.0), full(0.0)) == INF)
    assert np.all(chain.guarded_scale(full(1.0), full(INF)) == INF)
    assert np.all(np.isnan(chain.guarded_scale(full(1.0), full(NAN))))
    assert np.all(chain.guarded_scale(full(2.0), full(1e200)) == 2e200)


# --- special points ------------------------------------------------------------------------------


def test_derivatives_that_are_infinite():
    check(fnp.sqrt, 0.0, INF)
    check(fnp.cbrt, 0.0, INF)
    check(lambda x: x**0.5, 0.0, INF)
    check(lambda x: fnp.power(x, np.array(0.25)), 0.0, INF)
    check(fnp.arcsin, 1.0, INF)
    check(fnp.arccos, 1.0, -INF)
    check(silently(fnp.log), 0.0, INF)


def test_abs_at_zero():
    check(abs, 0.0, 0.0, 0.0)
    check(fnp.fabs, 0.0, 0.0, 0.0)
    check(fnp.sign, 0.0, 0.0, 0.0)
    assert complex(fg.grad(fnp.abs)(0j)) == 0
    assert complex(fg.grad(lambda z: fnp.real(fg.grad(fnp.abs)(z)))(0j)) == 0
    np.testing.assert_allclose(complex(fg.grad(fnp.abs)(3 + 4j)), 0.6 - 0.8j)


def test_hypot_at_zero():
    check(lambda x: fnp.hypot(x, 0.0), 0.0, 0.0, 0.0)
    check(lambda x: fnp.hypot(x, x), 0.0, 0.0)
    check(lambda x: fnp.hypot(0.0, x), 0.0, 0.0)
    check(lambda x: fnp.hypot(x, 4e300), 3e300, 0.6)
    check(lambda x: fnp.hypot(x, 4e-300), 3e-300, 0.6)


def test_arctan2_at_the_origin():
    check(lambda x: fnp.arctan2(x, 0.0), 0.0, 0.0, 0.0)
    check(lambda x: fnp.arctan2(0.0, x), 0.0, 0.0, 0.0)
    check(lambda x: fnp.arctan2(x, 1e200), 0.0, 1e-200)
    check(lambda x: fnp.arctan2(1.0, x), INF, 0.0)
    check(fnp.arctan, 1e200, 0.0)


def test_ties_share():
    for function in (fnp.maximum, fnp.minimum, fnp.fmax, fnp.fmin):
        check(lambda x, f=function: f(x, 2.0), 2.0, 0.5, 0.0)
        check(lambda x, f=function: f(2.0, x), 2.0, 0.5, 0.0)
        check(lambda x, f=function: f(x, x), 2.0, 1.0, 0.0)
    mixed = fg.grad(lambda x: fnp.sum(fnp.maximum(x, 1.0)))(np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(np.asarray(mixed), [0.0, 0.5, 1.0])


def test_extremes_with_nan():
    check(lambda x: fnp.fmax(x, NAN), 2.0, 1.0)
    check(lambda x: fnp.fmin(NAN, x), 2.0, 1.0)
    check(lambda x: fnp.maximum(x, NAN), 2.0, 0.0)
    check(lambda x: fnp.maximum(x, 2.0), NAN, 1.0)
    check(lambda x: fnp.fmax(x, 2.0), NAN, 0.0)


def test_clip_at_its_bounds():
    for x, slope in ((-1.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 0.5), (2.0, 0.0)):
        check(lambda x: fnp.clip(x, 0.0, 1.0), x, slope, 0.0)
        check(lambda x: fnp.clip(fnp.clip(x, 0.0), None, 1.0), x, slope, 0.0)
    gradients = fg.grad(fnp.clip, argnums=(0, 1, 2))
    for x, expected in (
        (-1.0, (0, 1, 0)),
        (0.5, (1, 0, 0)),
        (1.0, (0.5, 0, 0.5)),
        (2.0, (0, 0, 1)),
    ):
        assert tuple(map(float, gradients(x, 0.0, 1.0))) == expected
    assert float(fg.grad(lambda x: x.clip(max=1.0))(0.5)) == 1.0


def test_logaddexp_at_infinity():
    for function in (fnp.logaddexp, fnp.logaddexp2):
        check(lambda x, f=function: f(x, -INF), -INF, 0.0, 0.0)
        check(lambda x, f=function: f(x, x), -INF, 0.0, 0.0)
        check(lambda x, f=function: f(x, 3.0), -INF, 0.0, 0.0)
        check(lambda x, f=function: f(x, -INF), 3.0, 1.0, 0.0)
        check(lambda x, f=function: f(x, 1e4), 1e4, 0.5)
        check(lambda x, f=function: f(x, -1e4), 1e4, 1.0, 0.0)
        check(lambda x, f=function: f(x, 3.0), INF, 1.0)


def test_power_at_zero():
    for power in (lambda x, y: x**y, fnp.float_power, lambda x, y: fnp.power(x, fnp.asarray(y))):
        for one in (int, float):
            for exponent, slope, curvature in (
                (0, 0, 0),
                (1, 1, 0),
                (2, 0, 2),
                (3, 0, 0),
                (4, 0, 0),
            ):
                y = one(exponent)
                check(lambda x, p=power, y=y: p(x, y), 0.0, slope, curvature)
    third = fg.grad(fg.grad(fg.grad(lambda x: x**3)))
    assert float(third(0.0)) == 6.0
    integers = np.array([0, 1, 2, 3])
    gradient = fg.grad(lambda x: fnp.sum(x**integers))
    np.testing.assert_array_equal(np.asarray(gradient(np.zeros(4))), [0, 1, 0, 0])
    curvature = fg.grad(lambda x: fnp.sum(gradient(x)))(np.zeros(4))
    np.testing.assert_array_equal(np.asarray(curvature), [0, 0, 2, 0])


def test_power_by_its_exponent():
    check(lambda y: 0.0**y, 2.0, 0.0, 0.0)
    check(lambda y: 0**y, 2.0, 0.0, 0.0)
    check(lambda y: fnp.power(fnp.zeros(()), y), 0.5, 0.0, 0.0)
    check(lambda y: fnp.power(fnp.zeros(()), y), 0.0, 0.0, 0.0)
    check(lambda y: 2**y, 3.0, 8 * np.log(2), 8 * np.log(2) ** 2)
    mixed = fg.grad(lambda x: fg.grad(fnp.power, argnums=1)(x, 0.0))
    assert float(mixed(2.0)) == 0.5
    mixed = fg.grad(lambda y: fg.grad(fnp.power)(2.0, y))
    assert float(mixed(0.0)) == 0.5
    assert fnp.power(fnp.asarray(2.0), fnp.asarray(3)).dtype == float
    value, tangent = jvp(lambda x: fnp.power(x, fnp.asarray(3)), (2.0,), (1.0,))
    assert (float(value), float(tangent)) == (8.0, 12.0)


def test_power_of_negative_numbers():
    check(lambda x: x**3, -2.0, 12.0, -12.0)
    check(lambda x: fnp.power(x, np.array(3)), -2.0, 12.0, -12.0)
    check(lambda x: x**-1.0, -2.0, -0.25, -0.25)
    assert np.isnan(float(fg.grad(lambda y: (-2.0) ** y)(2.0)))


def test_sinc_at_zero_in_every_order():
    function = fnp.sinc
    for expected in (1.0, 0.0, -(np.pi**2) / 3, 0.0, np.pi**4 / 5, 0.0, -(np.pi**6) / 7):
        assert float(function(0.0)) == pytest.approx(expected, rel=1e-14)
        function = fg.grad(function)


def test_sinc_derivatives_fit_where_series_and_recurrence_meet():
    for order in (1, 2, 3, 4):
        function = fnp.sinc
        for _ in range(order):
            function = fg.grad(function)
        edge = order / np.pi
        below, above = float(function(edge * (1 - 1e-13))), float(function(edge * (1 + 1e-13)))
        assert below == pytest.approx(above, rel=1e-11)


def test_i0_derivatives():
    # From the tables of I1, and I0'' = I0 - I1/x.
    check(fnp.i0, 0.0, 0.0, 0.5)
    check(fnp.i0, 1.0, 0.5651591039924850, 1.2660658777520084 - 0.5651591039924850)
    check(fnp.i0, -1.0, -0.5651591039924850)
    check(fnp.i0, 100.0, 1.0683693903381624e42)


def test_remainder():
    check(lambda x: x % 3.0, 7.0, 1.0, 0.0)
    check(lambda y: 7.0 % y, 3.0, -2.0, 0.0)
    check(lambda y: -7.0 % y, 3.0, 3.0, 0.0)
    check(lambda y: fnp.fmod(-7.0, y), 3.0, 2.0, 0.0)
    check(lambda x: fnp.divmod(x, 2.0)[1] + fnp.divmod(x, 2.0)[0], 5.0, 1.0, 0.0)


def test_steps_have_derivative_zero():
    steps = (fnp.floor, fnp.ceil, fnp.trunc, fnp.rint, fnp.round, fnp.fix, fnp.sign)
    for step in steps:
        check(lambda x, f=step: f(x) * x, 1.7, float(step(1.7)), 0.0)
    np.testing.assert_array_equal(fnp.fix([1.7, -1.7, -0.0]), [1.0, -1.0, -0.0])
    assert float(fg.grad(lambda x: round(x, 1) + x // 1)(1.77)) == 0.0


def test_complex_parts_follow_the_convention():
    z = 1.5 - 0.5j
    assert complex(fg.grad(fnp.real)(z)) == 1
    assert complex(fg.grad(fnp.imag)(z)) == -1j
    assert complex(fg.grad(lambda z: fnp.real(fnp.conj(z)))(z)) == 1
    assert complex(fg.grad(lambda z: fnp.imag(z.conj()))(z)) == 1j
    np.testing.assert_allclose(complex(fg.grad(fnp.angle)(z)), (0.5 - 1.5j) / 2.5)
    assert complex(fg.grad(lambda z: z.real * 2 + z.imag * 3)(z)) == 2 - 3j


def test_sign_of_complex_numbers():
    z = 3 + 4j
    gradient = complex(fg.grad(lambda z: fnp.real(fnp.sign(z)))(z))
    u = lambda z: (z / abs(z)).real  # noqa: E731
    h = 1e-6
    by_real = (u(z + h) - u(z - h)) / (2 * h)
    by_imag = (u(z + h * 1j) - u(z - h * 1j)) / (2 * h)
    np.testing.assert_allclose(gradient, by_real - 1j * by_imag, atol=1e-9)
    assert complex(fg.grad(lambda z: fnp.real(fnp.sign(z)))(0j)) == 0


def test_nan_to_num():
    x = np.array([1.0, NAN, INF, -INF])
    gradient = fg.grad(lambda x: fnp.sum(fnp.nan_to_num(x, posinf=5.0, neginf=2.0) * 3))(x)
    np.testing.assert_array_equal(np.asarray(gradient), [3, 0, 0, 0])
    z = np.array([complex(1, NAN), complex(INF, 2)])
    gradient = fg.grad(
        lambda z: fnp.sum(fnp.real(fnp.nan_to_num(z)) + 2 * fnp.imag(fnp.nan_to_num(z)))
    )(z)
    np.testing.assert_array_equal(np.asarray(gradient), [1, -2j])
    for given in (x, x.astype(np.float32), np.array([1, 2]), z, NAN, np.float64(INF)):
        for options in (
            {},
            {"nan": 2.0},
            {"nan": np.array(2.0), "posinf": 3.0},
            {"neginf": np.array(-1.0)},
        ):
            ours, theirs = fnp.nan_to_num(given, **options), np.nan_to_num(given, **options)
            np.testing.assert_array_equal(np.asarray(ours), theirs)
            assert ours.dtype == theirs.dtype


def test_select():
    x = np.linspace(-2, 2, 9)
    conditions = [x < -1, x < 0, x > 1]
    for choices, default in (
        ([x, x * x, 2 * x], 0),
        ([1, 2, 3], 0),
        ([1, 2.5, 3], 0),
        ([x.astype(np.float32), 1, 2], 3.0),
        ([x, 1j, 2], -1),
    ):
        ours = fnp.select(conditions, choices, default)
        theirs = np.select(conditions, choices, default)
        np.testing.assert_array_equal(np.asarray(ours), theirs)
        assert ours.dtype == theirs.dtype
    gradient = fg.grad(lambda x: fnp.sum(fnp.select([x < 0, x > 1], [x**2, 3 * x], 7.0)))(x)
    np.testing.assert_array_equal(np.asarray(gradient), np.select([x < 0, x > 1], [2 * x, 3], 0))
    with pytest.raises(ValueError, match="2 conditions and 1 choices"):
        fnp.select([x < 0, x > 1], [x])
    with pytest.raises(ValueError, match="no conditions"):
        fnp.select([], [])
    with pytest.raises(TypeError, match=r"condition 0 is of dtype float64"):
        fnp.select([x], [x])


def test_piecewise():
    x = np.array([-4.0, -1.0, 0.0, 1.0, 4.0])
    for conditions, functions in (
        ([x < 0, x >= 0], [lambda x: -x, np.sqrt]),
        ([x < 0, x > 0], [lambda x: -x, np.sqrt, 7]),
        ([x < 0, x > -2], [1, 2]),
        (x < 0, [1, np.sqrt]),
        ([x < 0], [1, np.sqrt]),
        ([x > 9], [np.log]),
        ([True, False, True, False, True], [lambda x: x + 1]),
        (np.stack([x < 0, x > 0]), [np.square, np.log, -1]),
    ):
        ours = fnp.piecewise(x, conditions, functions)
        np.testing.assert_array_equal(np.asarray(ours), np.piecewise(x, conditions, functions))
    integers = np.arange(4)
    ours = fnp.piecewise(integers, [integers > 1], [lambda x: x / 4 + 2, 9])
    np.testing.assert_array_equal(
        np.asarray(ours), np.piecewise(integers, [integers > 1], [lambda x: x / 4 + 2, 9])
    )
    assert float(fnp.piecewise(4.0, [True], [fnp.sqrt])) == 2.0
    assert fnp.piecewise(np.zeros(0), [np.zeros(0, bool)], [fnp.log]).shape == (0,)
    with pytest.raises(ValueError, match="1 functions for 2 conditions"):
        fnp.piecewise(x, [x < 0, x > 0], [1])


def test_piecewise_passes_gradients_and_arguments():
    x = np.array([-4.0, 0.0, 4.0])

    def function(x, scale):
        return fnp.piecewise(
            x, [x < 0, x > 0], [lambda x, s: s * x, lambda x, s: s * fnp.sqrt(x), 0.0], scale
        )

    def total(x, scale):
        return fnp.sum(function(x, scale))

    by_x, by_scale = fg.grad(total, argnums=(0, 1))(x, 3.0)
    np.testing.assert_array_equal(np.asarray(by_x), [3.0, 0.0, 0.75])
    assert float(by_scale) == -2.0
    rows = vmap(lambda x: fg.grad(total)(x, 3.0))(np.stack([x, -x]))
    np.testing.assert_array_equal(np.asarray(rows), [[3.0, 0.0, 0.75], [0.75, 0.0, 3.0]])
    check(lambda x: function(x, 3.0), 4.0, 0.75, -3 / 32)


# --- values and dtypes ---------------------------------------------------------------------------

DTYPES = (np.bool_, np.int8, np.uint8, np.int64, np.float32, np.float64, np.complex64, complex)
NUMBERS = (True, 2, 2.5, 1j, np.float32(2.5), np.int8(3), np.float64(0.5))


def same(function: Any, reference: Any, *args: Any) -> None:
    """Check the value bit for bit, the dtype and the shape; or that both refuse."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = reference(*args)
        except (TypeError, ValueError, OverflowError):
            with pytest.raises((TypeError, ValueError, OverflowError)):
                function(*args)
            return
        ours = function(*args)
    if isinstance(theirs, tuple):
        assert len(ours) == len(theirs)
    else:
        ours, theirs = (ours,), (theirs,)
    for mine, other in zip(ours, theirs):
        assert isinstance(mine, fg.Array)
        assert mine.dtype == np.asarray(other).dtype
        assert mine.shape == np.shape(other)
        np.testing.assert_array_equal(np.asarray(mine), other)


def samples(dtype: Any) -> Any:
    numbers = np.array([[0, 1, 2], [3, 5, 100]])
    if np.dtype(dtype).kind == "c":
        return (numbers / 4 - 0.5j).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return np.array([[0, -0.0, 0.25], [INF, NAN, -2.5]], dtype)
    return numbers.astype(dtype)


UNARY_NAMES = [row[0] for row in SMOOTH] + [row[0] for row in FLAT if len(row[2]) == 1]
UNARY_NAMES += ["real", "imag", "conj", "angle", "modf", "frexp", "real_if_close"]
BINARY_NAMES = [row[0] for row in BINARY] + [row[0] for row in FLAT if len(row[2]) == 2]
BINARY_NAMES += ["divmod", "ldexp"]


@pytest.mark.parametrize("name", UNARY_NAMES)
def test_unary_values_are_numpys(name):
    ours, theirs = getattr(fnp, name), getattr(np, name)
    for dtype in DTYPES:
        x = samples(dtype)
        for given in (x, x[0], x[1, 1], x[:0], x.T):
            same(ours, theirs, given)
        same(lambda x, f=ours: f(fnp.array(x)), theirs, x)
        same(lambda x, f=theirs: f(fnp.array(x)), theirs, x)
    for number in NUMBERS[name in ("real", "imag") :]:  # of Python's bools NumPy makes ints there
        same(ours, theirs, number)
    same(ours, theirs, [1.0, 0.5])


@pytest.mark.parametrize("name", BINARY_NAMES)
def test_binary_values_are_numpys(name):
    ours, theirs = getattr(fnp, name), getattr(np, name)
    for left in DTYPES:
        for right in DTYPES:
            x, y = samples(left), samples(right)
            same(ours, theirs, x, y)
            same(ours, theirs, x[1], y[:, 1:2])
            same(ours, theirs, x[1, 1], y[0, 2])
            same(lambda x, y, f=theirs: f(fnp.array(x), fnp.array(y)), theirs, x, y)
    for dtype in DTYPES:
        for number in NUMBERS:
            same(ours, theirs, samples(dtype), number)
            same(ours, theirs, number, samples(dtype))
            same(ours, theirs, samples(dtype)[1, 1], number)
            same(ours, theirs, number, samples(dtype)[1, 1])
    for x in NUMBERS:
        for y in NUMBERS:
            same(ours, theirs, x, y)
    same(ours, theirs, [1, 2], [[3], [4]])


OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
    "divmod": divmod,
    "&": lambda x, y: x & y,
    "|": lambda x, y: x | y,
    "^": lambda x, y: x ^ y,
    "<<": lambda x, y: x << y,
    ">>": lambda x, y: x >> y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_are_numpys(symbol):
    operator = OPERATORS[symbol]
    for dtype in DTYPES:
        x = samples(dtype)
        for number in NUMBERS:
            for value in (x, x[1, 1]):
                same(lambda v, n: operator(fnp.array(v), n), operator, value, number)
                same(
                    lambda v, n: operator(n, fnp.array(v)),
                    lambda v, n: operator(n, v),
                    value,
                    number,
                )
        same(lambda v: operator(fnp.array(v), v), lambda v: operator(v, v), x)
        same(lambda v: operator(v, fnp.array(v)), lambda v: operator(v, v), x)
        same(lambda v: operator(fnp.array(v), [1, 2, 3]), lambda v: operator(v, [1, 2, 3]), x)


def test_python_numbers_alone():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert float(fnp.divide(1, 0)) == INF
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(float(fnp.remainder(1.0, 0.0)))
    assert fnp.add(True, True).dtype == bool
    assert fnp.multiply(True, False).dtype == bool
    assert bool(fnp.invert(True)) is False
    assert fnp.add(1, 2.5).dtype == float
    assert fnp.equal(1, 1.0).dtype == bool
    with pytest.raises(TypeError):
        fnp.subtract(True, False)


def test_python_numbers_are_weak():
    for scalar in (np.float32(2), np.array([2], np.float32)):
        x = fnp.array(scalar)
        results = (x * 2, 2 * x, x + 0.5, 0.5 - x, 1 / x, x / 3, x**2, 2**x, x**0.5, x % 2, 7.5 % x)
        for y in (*results, fnp.maximum(x, 0.0), fnp.where(x > 1, x, 0.0), fnp.clip(x, 0, 1.5)):
            assert y.dtype == np.float32
        for y in (1j * x, x + 1j, fnp.where(x > 1, x, 1j)):
            assert y.dtype == np.complex64
        gradient = fg.grad(lambda x: fnp.sum(2**x * 0.5 + fnp.where(x > 1, x, 0.0) / 3 + 1 / x))(x)
        assert gradient.dtype == np.float32
    assert (fnp.array([2], np.uint8) + 3).dtype == np.uint8
    assert (fnp.array(2.0) * 1j).dtype == complex
    assert float(fg.grad(lambda x: abs(1j * x))(2.0)) == 1.0


def test_broadcasting_sums_over_the_repeats():
    x, y = np.ones((3, 1)), np.full(4, 2.0)
    for function in (fnp.multiply, fnp.divide, fnp.power, fnp.hypot, fnp.maximum, fnp.arctan2):
        by_x, by_y = fg.grad(lambda x, y, f=function: fnp.sum(f(x, y)), argnums=(0, 1))(x, y)
        assert by_x.shape == x.shape
        assert by_y.shape == y.shape
        _, tangent = jvp(function, (x, y), (x, y))
        assert tangent.shape == (3, 4)
        total = float((by_x * x).sum() + (by_y * y).sum())
        assert float(tangent.sum()) == pytest.approx(total, rel=1e-14)
    by_one = fg.grad(lambda s: fnp.sum(fnp.where(np.array([True, False]), s, s * 2)))(1.0)
    assert float(by_one) == 3.0


def test_where():
    condition = np.array([[True, False, True]])
    for x, y in (
        (1, 2),
        (1.0, 2),
        (True, False),
        (np.float32(1), 2.0),
        (np.ones(3, np.float32), 0),
        (np.ones((2, 1)), np.arange(3)),
        ([1, 2, 3], 4j),
    ):
        same(fnp.where, np.where, condition, x, y)
        same(fnp.where, np.where, True, x, y)
        same(fnp.where, np.where, [2, 0, 1], x, y)
        same(fnp.where, np.where, np.array([0.0, NAN, 1]), x, y)
    with pytest.raises(ValueError, match="both x and y"):
        fnp.where(condition, 1)
    with pytest.raises(ShapeError, match=r"where of bool\[1,3\]"):
        fnp.where(condition, np.ones(2), 0)


def test_clip():
    x = np.array([-2, 0, 1, 5])
    for dtype in (int, np.uint8, np.float32, float):
        for low, high in ((0, 2), (0.5, 2), (None, 2), (0, None), (np.array([0, 1, 2, 3]), 3)):
            same(fnp.clip, np.clip, x.astype(dtype), low, high)
    same(lambda x: fnp.clip(x, min=0, max=2), lambda x: np.clip(x, 0, 2), x)
    same(fnp.clip, np.clip, 5.0, 0, 2)
    same(fnp.clip, np.clip, [1, 5], 0, 2)
    assert fnp.clip(x).tolist() == x.tolist()
    with pytest.raises(ValueError, match="pass each bound once"):
        fnp.clip(x, 0, max=1)


def test_rounding():
    x = np.array([-2.5, 0.125, 1.235, 1234.5])
    for decimals in (0, 1, 2, -2):
        same(fnp.round, np.round, x, decimals)
        same(fnp.around, np.around, x, decimals)
        same(lambda x, d: fnp.array(x).round(d), np.round, x, decimals)
        same(lambda x, d: fnp.array(x).round(decimals=d), np.round, x, decimals)
        same(lambda x, d: round(fnp.array(x), d), np.round, x, decimals)
        same(fnp.round, np.round, 1234.567, decimals)


def test_closeness():
    x = np.array([1.0, NAN, INF, 1e-9])
    y = np.array([1.0 + 1e-6, NAN, INF, 0.0])
    for options in (
        {},
        {"rtol": 1e-9},
        {"atol": 0.0},
        {"equal_nan": True},
        {"rtol": np.full(4, 1e-9)},
    ):
        with np.errstate(invalid="ignore"):
            given = fnp.isclose(x, y, **options)
            assert given.tolist() == np.isclose(x, y, **options).tolist()
            assert bool(fnp.allclose(x, y, **options)) is np.allclose(x, y, **options)
    assert not fnp.array_equal([1, 2], [1, 2, 3])
    assert not fnp.array_equal([1, NAN], [1, NAN])
    assert fnp.array_equal([1, NAN], [1, NAN], equal_nan=True)
    assert fnp.array_equal(2, 2.0)
    assert fnp.array_equiv([[1, 1], [1, 1]], 1)
    assert not fnp.array_equiv([1, 2], [1, 2, 3])
    assert not fnp.array_equiv([[1, 1], [1, 2]], 1)
    equal = vmap(lambda x: fnp.array_equal(x, np.array([1, 2])))(np.array([[1, 2], [1, 3]]))
    assert equal.tolist() == [True, False]


def test_astype():
    x = fnp.array([1.5, 2.5])
    assert x.astype(float) is x
    assert x.astype(dtype="float32").dtype == np.float32
    assert fnp.astype(x, int).tolist() == [1, 2]
    assert fnp.astype([1, 2], bool).dtype == bool
    assert fnp.astype(3, float).dtype == float
    raw = np.ones(2)
    copied = fnp.astype(raw, float)
    raw[0] = 5.0
    assert copied.tolist() == [1.0, 1.0]
    gradient = fg.grad(lambda x: fnp.sum(x.astype(float) ** 2))(np.array([1, 2], np.float32))
    assert gradient.dtype == np.float32
    assert gradient.tolist() == [2.0, 4.0]
    assert float(fg.grad(lambda x: fnp.real(x.astype(complex) * (2 + 1j)))(1.0)) == 2.0
    assert float(fg.grad(lambda x: x * x.astype(int))(2.5)) == 2.0
    assert float(jvp(lambda x: x.astype(complex).real, (1.0,), (3.0,))[1]) == 3.0
    with pytest.raises(ArrayDTypeError, match="dtype object"):
        x.astype(object)
    with pytest.raises(TypeError, match="casting='safe'"):
        x.astype(int, casting="safe")


def test_real_numbers_are_their_real_parts():
    x = fnp.array([1.0, 2.0])
    assert fnp.real(x) is x
    assert fnp.conj(x) is x
    assert fnp.imag(x).tolist() == [0.0, 0.0]
    assert fnp.imag(fnp.array([1, 2])).dtype == int
    z = fnp.array([1 + 1e-14j, 2.0])
    assert fnp.real_if_close(z).dtype == float
    assert fnp.real_if_close(z, tol=2).dtype == complex
    assert fnp.real_if_close(z, tol=1e-10).dtype == float
    gradient = fg.grad(lambda z: fnp.sum(fnp.real_if_close(z) * 2))(np.array([1 + 0j]))
    assert gradient.tolist() == [2]


def test_aliases():
    pairs = {
        "abs": "absolute",
        "acos": "arccos",
        "acosh": "arccosh",
        "around": "round",
        "asin": "arcsin",
        "asinh": "arcsinh",
        "atan": "arctan",
        "atan2": "arctan2",
        "atanh": "arctanh",
        "bitwise_invert": "invert",
        "bitwise_left_shift": "left_shift",
        "bitwise_not": "invert",
        "bitwise_right_shift": "right_shift",
        "conj": "conjugate",
        "degrees": "rad2deg",
        "mod": "remainder",
        "pow": "power",
        "radians": "deg2rad",
        "true_divide": "divide",
    }
    for alias, name in pairs.items():
        assert getattr(fnp, alias) is getattr(fnp, name)


def test_results_never_share_memory_with_their_arguments():
    for function in (fnp.positive, fnp.real, fnp.conj, fnp.clip, fnp.nan_to_num, fnp.real_if_close):
        raw = np.ones(3)
        result = function(raw)
        raw[0] = 5.0
        assert result.tolist() == [1.0, 1.0, 1.0]
    z = np.array([1 + 2j])
    parts = fnp.real(z), fnp.imag(z)
    z[0] = 0
    assert [part.tolist() for part in parts] == [[1.0], [2.0]]


def test_operands_that_are_no_numbers():
    x = fnp.ones(3)
    with pytest.raises(OperandError, match="Multiply got str 'a'"):
        fnp.multiply(x, "a")
    with pytest.raises(OperandError):
        fnp.multiply("a", 2.0)
    with pytest.raises(OperandError):
        fnp.multiply(2.0, None)
    with pytest.raises(OperandError):
        fnp.sin("a")
    with pytest.raises(OperandError):
        fnp.where("a", 1, 2)
    with pytest.raises(TypeError):
        x + "a"
    with pytest.raises(TypeError):
        x > "a"  # noqa: B015
    assert (x == "a") is False
    assert (x != None) is True  # noqa: E711
    with pytest.raises(ShapeError, match=r"multiply of float64\[3\] and float64\[2\]"):
        x * fnp.ones(2)
    with pytest.raises(ShapeError, match=r"multiply of float64\[3\] and float64\[2\]"):
        fg.grad(lambda x: fnp.sum(x * fnp.ones(2)))(x)


def test_nothing_warns_behind_the_value():
    """The derivative gives no warnings of its own, whatever the arguments are."""
    special = np.array([0.0, 1.0, -1.0, INF, -INF, NAN, 1e200, 1e-200, 2.0])
    for name, *_ in SMOOTH:
        function = silently(getattr(fnp, name))
        for xs in (special, *special):
            _, pullback = fg.vjp(function, xs)
            pullback(np.ones_like(xs)[()])
    for name, *_ in BINARY:
        function = silently(getattr(fnp, name))
        xs, ys = np.meshgrid(special, special)
        _, pullback = fg.vjp(function, xs, ys)
        pullback(np.ones_like(xs))
