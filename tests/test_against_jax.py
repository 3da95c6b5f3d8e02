"""Every function of `fungrad.numpy` against JAX: values and both modes, in double precision.

The table of rule cases is run a second time, with `jax.numpy` in the place of `fungrad.numpy`; a
few rows are added here for functions that the table does not name. JAX is needed for nothing else:
where it is not installed, this file is skipped.
"""

from __future__ import annotations

import dis
import functools
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fungrad.numpy as fnp
from fungrad import Array, stop_gradient, vjp
from fungrad.errors import NoDerivativeError
from fungrad.numpy.reductions import log_softmax, logsumexp, softmax, vector_norm
from fungrad.rules.chain import Product, Quotient, Scale
from fungrad.transforms.forward import jvp
from tests.cases import (
    Case,
    activations,
    attention,
    complex_normal,
    losses,
    nn,
    normal,
    positive,
    recurrent,
    special,
)
from tests.test_rules import CASES, is_inexact, outputs_of, random_like

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
pytest.importorskip("jax.scipy.special")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)  # most of the time is compilation

TOLERANCE = 1e-10  # relative to the largest element
NOISE = 1e-14  # where the exact result is zero


class Refused(Exception):
    """JAX has no such function, or does not take these arguments."""


class Underivable(Exception):
    """JAX computes the value, and has no derivative."""


class Different(Exception):
    """The values agree, but not a derivative, or whether they are real or complex."""


def numbers(x: Any) -> bool:
    return isinstance(x, int | float) or (isinstance(x, list) and all(map(numbers, x)))


def with_arrays(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return a JAX function that takes lists of numbers, which JAX refuses."""

    def call(*args: Any, **params: Any) -> Any:
        arrays = [np.array(x) if isinstance(x, list) and numbers(x) else x for x in args]
        named = {k: np.array(x) if isinstance(x, list) else x for k, x in params.items()}
        return function(*arrays, **named, **options)

    return call


def eig(x: Any) -> Any:
    """Return JAX's `eig` with derivatives of the vectors, which are off unless one asks."""
    options = {"compute_left_eigenvectors": False, "enable_eigvec_derivs": True}
    return tuple(jax.lax.linalg.eig(x, **options))


def along(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a JAX function whose axis may be given by position."""
    return lambda x, axis=None, **options: function(x, axis=axis, **options)


ADAPTED: dict[str, Callable[..., Any]] = {
    "choose": with_arrays(jnp.choose),
    "cov": with_arrays(jnp.cov),
    "delete": with_arrays(jnp.delete),
    "eig": eig,
    "fill_diagonal": functools.partial(jnp.fill_diagonal, inplace=False),
    "fix": jnp.trunc,
    "insert": with_arrays(jnp.insert),
    "put_along_axis": with_arrays(jnp.put_along_axis, inplace=False),
    "repeat": with_arrays(jnp.repeat),
    **{  # without a size JAX has no derivative here; in the rows three numbers are distinct
        name: functools.partial(getattr(jnp, name), size=3)
        for name in ("unique", "unique_all", "unique_counts", "unique_inverse", "unique_values")
    },
}

OUTSIDE: dict[Any, Callable[..., Any]] = {  # what rows use and `fungrad.numpy` does not export
    log_softmax: jax.nn.log_softmax,
    logsumexp: jax.scipy.special.logsumexp,
    softmax: jax.nn.softmax,
    stop_gradient: jax.lax.stop_gradient,
    vector_norm: along(jnp.linalg.vector_norm),
    Product.apply: jnp.multiply,
    Quotient.apply: jnp.divide,
    Scale.apply: jnp.multiply,
}


def public() -> Iterator[tuple[str, Any]]:
    """Yield the public names and what they are, those of `linalg` with a dot."""
    yield from ((name, getattr(fnp, name)) for name in fnp.__all__)
    yield from ((f"linalg.{name}", getattr(fnp.linalg, name)) for name in fnp.linalg.__all__)


NAME = {id(value): name for name, value in reversed(list(public()))}


class JaxNumpy:
    """`jax.numpy` or its `linalg`, under the names of `fungrad.numpy`."""

    def __init__(self, module: Any = jnp) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        if name == "linalg":
            return JaxNumpy(self.module.linalg)
        return ADAPTED.get(name) or getattr(self.module, name)


class Recorder:
    """`fungrad.numpy`, noting which of its functions are used."""

    def __init__(self, seen: set[int], module: Any = fnp) -> None:
        self.seen = seen
        self.module = module

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        self.seen.add(id(value))
        return Recorder(self.seen, value) if isinstance(value, types.ModuleType) else value


def globals_of(code: types.CodeType) -> set[str]:
    """Return the names of the globals that a function and the functions inside it read."""
    inner = [globals_of(constant) for constant in code.co_consts if type(constant) is type(code)]
    own = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    return own.union(*inner)


def translated(value: Any, namespace: Any, outside: Any) -> Any:
    """Return a row's function, or a value that it refers to, with another `fungrad.numpy`."""
    again = functools.partial(translated, namespace=namespace, outside=outside)
    home = str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))
    if value is fnp:
        return namespace
    if callable(value) and id(value) in NAME:
        return functools.reduce(getattr, NAME[id(value)].split("."), namespace)
    if isinstance(value, types.FunctionType) and home.startswith("tests."):
        names = globals_of(value.__code__) & value.__globals__.keys()
        twin = types.FunctionType(
            value.__code__,
            {**value.__globals__, **{name: again(value.__globals__[name]) for name in names}},
            value.__name__,
            value.__defaults__ and tuple(map(again, value.__defaults__)),
            value.__closure__
            and tuple(types.CellType(again(cell.cell_contents)) for cell in value.__closure__),
        )
        twin.__kwdefaults__ = {k: again(v) for k, v in (value.__kwdefaults__ or {}).items()}
        return twin
    if home.startswith("fungrad") or type(value).__module__.startswith("fungrad"):
        return outside(value)
    return value


def in_jax(function: Any) -> Any:
    def outside(value: Any) -> Any:
        if isinstance(value, types.ModuleType) or value not in OUTSIDE:
            raise AttributeError(f"JAX has nothing like {value}")
        return OUTSIDE[value]

    return translated(function, JaxNumpy(), outside)


def functions_of(case: Case) -> set[int]:
    """Return the identities of the public functions that a row calls."""
    seen: set[int] = set()
    translated(case.function, Recorder(seen), lambda value: value)(*case.args)
    return seen


def extra(name: str, function: Callable[..., Any], *args: Any) -> Case:
    return Case(name, (), function, args, None)


V, W = normal(4), normal(4, seed=1)
X, Y = normal(3, 4), normal(3, 4, seed=1)
BOX = normal(2, 3, 4)
SQUARE = normal(3, 3) + 2.0 * np.eye(3)
REPEATED = np.array([0.5, 2.0, 0.5, -1.0])
HOLES = np.array([1.5, np.nan, -0.5, 2.0])
TURNS = np.array([0.3, 6.5, 1.1, 9.0])

EXTRA = [
    extra("append", lambda x, y: fnp.append(x, y, axis=0), X, Y),
    extra("append, flattened", lambda x, y: fnp.append(x, y), X, V),
    extra("apply_over_axes", lambda x: fnp.apply_over_axes(fnp.sum, x, (0, 2)), BOX),
    extra("around", lambda x: fnp.around(x, 1), X),
    extra("atleast_1d", fnp.atleast_1d, normal()),
    extra("atleast_2d", fnp.atleast_2d, V),
    extra("atleast_3d", fnp.atleast_3d, X),
    extra("broadcast_arrays", lambda x, y: tuple(fnp.broadcast_arrays(x, y)), X, V),
    extra("c_", lambda x, y: fnp.c_[x, y], V, W),
    extra("column_stack", lambda x, y: fnp.column_stack((x, y)), V, normal(4, 2)),
    extra("compress", lambda x: fnp.compress(np.array([True, False, True]), x, axis=0), X),
    extra("concat", lambda x, y: fnp.concat((x, y), axis=1), X, Y),
    extra("copy", fnp.copy, X),
    extra("cumulative_sum", lambda x: fnp.cumulative_sum(x, axis=1, include_initial=True), X),
    extra("diagflat", lambda x: fnp.diagflat(x, 1), normal(2, 2)),
    extra("dsplit", lambda x: tuple(fnp.dsplit(x, 2)), BOX),
    extra("dstack", lambda x, y: fnp.dstack((x, y)), X, Y),
    extra("eig, values", lambda x: fnp.linalg.eig(x)[0], complex_normal(3, 3)),
    extra("eig, made complex", lambda x: tuple(y + 0j for y in fnp.linalg.eig(x)), SQUARE),
    extra("eigvals, made complex", lambda x: fnp.linalg.eigvals(x) + 0j, SQUARE),
    extra("extract", lambda x: fnp.extract(np.array([True, False, True, True]), x), V),
    extra("fix", fnp.fix, X),
    extra("fliplr", fnp.fliplr, X),
    extra("flipud", fnp.flipud, X),
    extra(
        "fromfunction", lambda x: fnp.fromfunction(lambda i, j: x * i + x**j, (2, 3)), positive()
    ),
    extra("full_like", lambda x: fnp.full_like(np.zeros((2, 3)), x), normal()),
    extra("histogram_bin_edges", lambda x: fnp.histogram_bin_edges(x, 3), V),
    extra("hsplit", lambda x: tuple(fnp.hsplit(x, 2)), X),
    extra("hstack", lambda x, y: fnp.hstack((x, y)), X, Y),
    extra("linalg.cross", fnp.linalg.cross, normal(2, 3), normal(2, 3, seed=1)),
    extra("linalg.diagonal", lambda x: fnp.linalg.diagonal(x, offset=1), BOX),
    extra("linalg.matmul", fnp.linalg.matmul, X, normal(4, 2)),
    extra("linalg.matrix_transpose", fnp.linalg.matrix_transpose, BOX),
    extra("linalg.outer", fnp.linalg.outer, V, normal(3)),
    extra("linalg.tensordot", lambda x, y: fnp.linalg.tensordot(x, y, axes=1), BOX, V),
    extra("linalg.trace", lambda x: fnp.linalg.trace(x, offset=-1), BOX),
    extra("linalg.vecdot", fnp.linalg.vecdot, complex_normal(2, 3), complex_normal(3, seed=4)),
    extra("matrix_transpose", fnp.matrix_transpose, BOX),
    extra("nancumprod", lambda x: fnp.nancumprod(x), HOLES),
    extra("nancumsum", lambda x: fnp.nancumsum(x), HOLES),
    extra("pad: ramp to a number", lambda x: fnp.pad(x, 2, "linear_ramp", end_values=0.5), X),
    extra("partition, one place", lambda x: fnp.partition(x, 2, axis=1)[:, 2], X),
    extra("permute_dims", lambda x: fnp.permute_dims(x, (2, 0, 1)), BOX),
    extra("r_", lambda x, y: fnp.r_[x, 0.5, y], V, W),
    extra("rollaxis", lambda x: fnp.rollaxis(x, 2), BOX),
    extra("sort complex numbers", fnp.sort, complex_normal(5)),
    extra("sort_complex function", fnp.sort_complex, complex_normal(5)),
    extra("swapaxes", lambda x: fnp.swapaxes(x, 0, 2), BOX),
    extra("triu", lambda x: fnp.triu(x, -1), BOX),
    extra("unique", fnp.unique, REPEATED),
    extra("unique_all", fnp.unique_all, REPEATED),
    extra("unique_counts", fnp.unique_counts, REPEATED),
    extra("unique_inverse", fnp.unique_inverse, REPEATED),
    extra("unique_values", fnp.unique_values, REPEATED),
    extra("unwrap", fnp.unwrap, TURNS),
    extra("vectorize, made inside", lambda x, y: fnp.vectorize(lambda a, b: a * b + a)(x, y), X, V),
    extra("vsplit", lambda x: tuple(fnp.vsplit(x, 3)), X),
    extra("vstack", lambda x, y: fnp.vstack((x, y)), X, Y),
]

BEYOND_NUMPY = {
    case.name
    for module in (activations, attention, losses, nn, recurrent, special)
    for case in module.CASES
}
"""Rows of functions that are not of NumPy's; they have recorded numbers of their own."""

ROWS = [*[case for case in CASES if case.name not in BEYOND_NUMPY], *EXTRA]


def excepted(kind: type[Exception], reason: str, *names: str) -> dict[str, Any]:
    """Return marks for these rows; a row that no longer fails in this way fails the test."""
    return dict.fromkeys(names, pytest.mark.xfail(raises=kind, reason=reason, strict=True))


EXCEPT: dict[str, Any] = {
    **excepted(
        Refused,
        "the row applies a rule, or an object, that is fungrad's own",
        "cofactors",
        "cofactors of a singular matrix",
        "inverse of lower triangles",
        "last wins",
        "vectorize",
    ),
    **excepted(Refused, "JAX has no edge_order", "gradient_edges", "gradient_places_edges"),
    **excepted(Refused, "JAX takes no arrays as end_values", "pad: ramps to values"),
    **excepted(Refused, "JAX takes one place and one axis", "partition", "partition_flat"),
    **excepted(Refused, "JAX takes no kind of sort", "sort_complex"),
    **excepted(Refused, "JAX takes matrices only", "triu of a vector"),
    **excepted(
        Refused,
        "JAX does not have this method",
        "quantile_averaged_inverted_cdf",
        "quantile_closest_observation",
        "quantile_interpolated_inverted_cdf",
        "quantile_hazen",
        "quantile_weibull",
        "quantile_median_unbiased",
        "quantile_normal_unbiased",
    ),
    **excepted(
        Underivable,
        "JAX multiplies at an index array without a derivative",
        "multiply, some twice",
        "divide, some twice",
        "power at places",
    ),
    **excepted(
        Underivable,
        "JAX has no derivative of full matrices",
        "svd, tall, full",
        "svd, wide, full",
        "svd, complex",
    ),
    **excepted(Underivable, "JAX has no derivative of steps", "nextafter", "spacing"),
    **excepted(
        Different,
        "JAX's eigenvalues are complex also where all are real",
        "eig, real values",
        "eigvals",
    ),
    **excepted(Different, "JAX counts in floats", "histogram"),
    **excepted(Different, "JAX takes start and step as constants", "arange"),
    **excepted(Different, "JAX's sign is wrong where the real part is negative", "arccosh complex"),
    **excepted(Different, "JAX's derivative of the phase is zero", "sign complex"),
}

# Their results are booleans, integers or text, or do not depend on the elements of an argument
# (or not in JAX: arange, nextafter, spacing).
WITHOUT_DERIVATIVE = """
    all allclose any array_equal array_equiv equal greater greater_equal isclose iscomplex isfinite
    isinf isnan isneginf isposinf isreal less less_equal logical_and logical_not logical_or
    logical_xor not_equal signbit

    bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor gcd invert lcm left_shift right_shift

    argmax argmin argpartition argsort argwhere count_nonzero digitize flatnonzero lexsort
    linalg.matrix_rank nanargmax nanargmin nonzero searchsorted

    diag_indices diag_indices_from indices ix_ mask_indices ravel_multi_index tril_indices
    tril_indices_from triu_indices triu_indices_from unravel_index

    empty empty_like eye from_dlpack frombuffer fromiter fromstring identity ones ones_like tri
    zeros zeros_like

    array_repr array_str broadcast_shapes can_cast einsum_path get_printoptions iscomplexobj
    isdtype isrealobj isscalar issubdtype ndim printoptions promote_types set_printoptions shape
    size

    arange nextafter spacing
"""


def parts(function: Callable[..., Any], args: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return a row as a function of its inexact arguments, and these.

    The function returns a tuple of its inexact results and a tuple of the others.
    """
    own = [is_inexact(x) for x in args]

    def divided(*xs: Any) -> Any:
        given = iter(xs)
        result = function(*[next(given) if each else x for x, each in zip(args, own, strict=True)])
        outputs = tuple(result) if isinstance(result, list) else outputs_of(result)
        inexact = tuple(y for y in outputs if is_differentiable(y))
        return inexact, tuple(y for y in outputs if not is_differentiable(y))

    return divided, tuple(x for x, each in zip(args, own, strict=True) if each)


def is_differentiable(y: Any) -> bool:
    return bool(y.dtype.kind in "fc")


def modes(vjp: Any, jvp: Any, function: Any, xs: Any, cotangents: Any, tangents: Any) -> Any:
    """Return the values, the gradients and the tangents, from one library's vjp and jvp."""
    outputs, pullback, rest = vjp(function, *xs, has_aux=True)
    _, pushed = jvp(lambda *xs: function(*xs)[0], xs, tangents)
    return (*outputs, *rest), pullback(cotangents), pushed


def ask_jax(case: Case, *given: Any) -> Any:
    """Return the values, gradients and tangents of JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function, xs = parts(in_jax(case.function), tuple(map(jnp.asarray, case.args)))
            if not given:
                outputs, rest = function(*xs)
                return (*outputs, *rest), (), ()
        except Exception as error:
            raise Refused(f"{case.name}: {error}") from error
        call = functools.partial(modes, jax.vjp, jax.jvp, function)
        arrays = jax.tree.map(jnp.asarray, (xs, *given))
        try:
            return jax.jit(call)(*arrays)  # one compilation instead of one for each operation
        except Exception:
            pass  # some functions need to see values
        try:
            return call(*arrays)
        except Exception:
            values, _, _ = ask_jax(case)
            return values, None, None


def agree(ours: Any, theirs: Any) -> None:
    """Compare shapes and numbers, then whether they are of the same kind."""
    for x, y in zip(ours, theirs, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert x.shape == y.shape
        size = np.max(np.abs(y), where=np.isfinite(y), initial=0.0) if is_differentiable(y) else 0.0
        np.testing.assert_allclose(x, y, rtol=0, atol=TOLERANCE * size + NOISE)
        if x.dtype.kind != y.dtype.kind:
            raise Different(f"{x.dtype} is not {y.dtype}")


def marked(case: Case) -> Any:
    return pytest.param(case, id=case.name, marks=EXCEPT.get(case.name, ()))


@pytest.mark.parametrize("case", [marked(case) for case in ROWS])
def test_row(case: Case) -> None:
    function, xs = parts(case.function, tuple(map(np.asarray, case.args)))
    outputs, rest = function(*xs)
    given: tuple[Any, ...] = ()
    gradients: Any = ()
    tangents: Any = ()
    if xs and outputs:
        cotangents = tuple(random_like(y, 1) for y in outputs)
        given = (cotangents, tuple(random_like(x, 2) for x in xs))
        try:
            _, gradients, tangents = modes(vjp, jvp, function, xs, *given)
        except NoDerivativeError:
            given = ()
    values, their_gradients, their_tangents = ask_jax(case, *given)
    assert not any(isinstance(y, Array) for y in values), "this was not JAX"
    agree((*outputs, *rest), values)
    if their_gradients is None:
        raise Underivable(case.name)
    try:
        agree(gradients, their_gradients)
        agree(tangents, their_tangents)
    except AssertionError as error:
        raise Different(str(error)) from error


def test_names() -> None:
    names = [case.name for case in ROWS]
    assert len(set(names)) == len(names)
    assert EXCEPT.keys() <= set(names)


def is_shared(name: str, value: Any) -> bool:
    """Return whether this is a function that JAX has too."""
    *path, last = name.split(".")
    module = functools.reduce(getattr, path, JaxNumpy())
    return callable(value) and not isinstance(value, type) and hasattr(module, last)


@functools.cache
def covered() -> frozenset[int]:
    """Return the identities of the functions in the rows whose derivatives are compared."""
    seen: set[int] = set()
    for case in ROWS:
        function, xs = parts(case.function, tuple(map(np.asarray, case.args)))
        if case.name not in EXCEPT and xs and function(*xs)[0]:
            seen |= functions_of(case)
    return frozenset(seen)


@pytest.mark.parametrize("name", [name for name, value in public() if is_shared(name, value)])
def test_function_is_covered(name: str) -> None:
    function = functools.reduce(getattr, name.split("."), fnp)
    listed = name in WITHOUT_DERIVATIVE.split()
    assert listed != (id(function) in covered()), "add a row to EXTRA, or correct the list"
