"""The full text of each error, from a real mistake."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import os
import pickle
import re
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, optim, random
from fungrad.testing import check_function, check_grads
from fungrad.tree_util import register_dataclass

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
MISTAKES: list[Any] = []


def mistake(kind: type[Exception], *message: str) -> Callable[[Any], Any]:
    """Make a function a test: it must raise exactly `kind` with exactly this message."""

    def add(function: Any) -> Any:
        MISTAKES.append(pytest.param(function, kind, "".join(message), id=function.__name__))
        return function

    return add


def three() -> Any:
    return fnp.array([1.0, 2.0, 3.0])


def squares(x: Any) -> Any:
    return x * x


# --- arrays --------------------------------------------------------------------------------------


@mistake(
    errors.ArrayImmutableError,
    "fungrad arrays are immutable: instead of x[i] = v write x = x.at[i].set(v)",
)
def assigning_an_element() -> None:
    x = three()
    x[0] = 5.0


@mistake(
    errors.ArrayImmutableError,
    "fungrad arrays are immutable: instead of x.shape = ... write x = x.reshape(shape)",
)
def assigning_the_shape() -> None:
    x = three()
    x.shape = (3, 1)


@mistake(
    errors.ArrayImmutableError,
    "fungrad arrays are immutable: instead of x.sort(...) write fnp.sort(x), or fnp.argsort(x)",
)
def sorting_in_place() -> None:
    three().sort()


@mistake(
    errors.ArrayImmutableError,
    "fungrad arrays are immutable: instead of np.add.at(x, i, v) write x = x.at[i].add(v)",
)
def adding_in_place() -> None:
    np.add.at(three(), 0, 1.0)


@mistake(
    errors.ArrayDTypeError,
    "an array holds numbers or booleans, not elements of dtype object; keep such values in a list, "
    "a tree or a NumPy array",
)
def an_array_of_objects() -> None:
    fnp.array([1.0, None])


@mistake(
    errors.OperandError,
    "sum got dict {'w': 1.0} where it needs an array, a number or a nested list of numbers; call "
    "it on the leaves of a tree (fungrad.tree.map), and pass the static parameters of a Function "
    "by keyword",
)
def a_dict_as_an_array() -> None:
    fnp.sum({"w": 1.0})


@mistake(
    errors.ShapeError,
    "add of float64[3] and float64[2]: operands could not be broadcast together with shapes (3,) "
    "(2,)",
)
def adding_other_shapes() -> None:
    three() + fnp.array([1.0, 2.0])


@mistake(
    errors.MatrixShapeError,
    "inv of float64[2,3]: the matrix is not square: 2 by 3",
)
def the_inverse_of_a_matrix_that_is_not_square() -> None:
    fnp.linalg.inv(np.ones((2, 3)))


@mistake(
    errors.MatrixShapeError,
    "det of float64[3]: a matrix has at least two axes",
)
def the_determinant_of_a_vector() -> None:
    fnp.linalg.det(three())


@mistake(
    errors.IndexOutOfBoundsError,
    "index 3 is out of bounds for axis 0 with size 3; the array is float64[3]",
)
def an_index_beyond_the_end() -> None:
    three()[3]


@mistake(
    errors.IndexOutOfBoundsError,
    "index -4 is out of bounds for axis 0 with size 3; the array is float64[3]",
)
def an_update_before_the_start() -> None:
    three().at[np.array([0, -4])].add(1.0)


@mistake(
    errors.IndexOutOfBoundsError,
    "2 indices for 1 axes are too many; the array is float64[3]",
)
def too_many_indices() -> None:
    three()[0, 0]


@mistake(
    errors.IndexTypeError,
    "an index is an integer, a slice, None, ..., or an array of integers or booleans, not "
    "float64[2]; convert it with .astype(int)",
)
def an_index_of_floats() -> None:
    three()[np.array([0.0, 2.0])]


@mistake(
    errors.UpdateDTypeError,
    "x.at[...].set would store float 0.5 in an array of int64, which cannot hold it; convert the "
    "array first: x.astype(float64).at[...].set(...)",
)
def a_fraction_among_integers() -> None:
    fnp.array(np.array([1, 2], dtype=np.int64)).at[0].set(0.5)


# --- traces --------------------------------------------------------------------------------------


@mistake(
    errors.EscapedTracerError,
    "this float64[3] belongs to grad of loss, which has already returned; it was kept in a "
    "variable, an attribute or a list outside of the function. Return it from the function instead "
    "(has_aux=True takes values beside the result)",
)
def keeping_a_traced_value() -> None:
    kept = []

    def loss(x: Any) -> Any:
        kept.append(x)
        return fnp.sum(x)

    fg.grad(loss)(three())
    kept[0] + 1.0


class Scaled(fg.Function):
    scale: Any = None

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return Scaled.scale * x

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output


@mistake(
    errors.CapturedTracerError,
    "Scaled used a value traced by grad of loss that is not among its arguments, so its gradient "
    "would be lost; make it one more argument of Scaled, by position",
)
def using_a_traced_value_that_is_no_argument() -> None:
    def loss(scale: Any) -> Any:
        Scaled.scale = scale
        return Scaled.apply(2.0 * scale)

    try:
        fg.grad(loss)(3.0)
    finally:
        Scaled.scale = None


@mistake(
    errors.TracerConversionError,
    "float(x) of a float64[] traced by grad of loss would cut the gradient. Use functions of NumPy "
    "or fungrad.numpy on it: np.sin(x), not math.sin(x) or scipy; y = y.at[i].set(x), not "
    "y[i] = x. Or say that the gradient stops here: float(fungrad.stop_gradient(x))",
)
def a_function_of_the_math_module() -> None:
    def loss(x: Any) -> Any:
        return math.sin(x)

    fg.grad(loss)(1.0)


@mistake(
    errors.TracerConversionError,
    "complex(x) of a complex128[] traced by grad of loss would cut the gradient. Use functions of "
    "NumPy or fungrad.numpy on it: np.sin(x), not math.sin(x) or scipy; y = y.at[i].set(x), not "
    "y[i] = x. Or say that the gradient stops here: complex(fungrad.stop_gradient(x))",
)
def a_complex_number_of_a_traced_value() -> None:
    def loss(x: Any) -> Any:
        return abs(complex(x))

    fg.grad(loss)(1.0 + 2.0j)


@mistake(
    errors.UnsupportedFunctionError,
    "cbrt (vectorized) has no rule in fungrad, so it cannot be traced by grad of loss; write it "
    "with functions of fungrad.numpy, or as a fungrad.Function with its own backward",
)
def an_unknown_ufunc() -> None:
    def loss(x: Any) -> Any:
        return np.frompyfunc(math.cbrt, 1, 1)(x)

    fg.grad(loss)(8.0)


# --- functions -----------------------------------------------------------------------------------


class Half(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x / 2


@mistake(
    errors.NoBackwardError,
    "Half has no backward, so it cannot be differentiated; add\n"
    "    @staticmethod\n"
    "    def backward(ctx, *grad_outputs): ...\n"
    "that returns one gradient (or None) for each positional argument of forward",
)
def a_function_without_backward() -> None:
    fg.grad(Half.apply)(1.0)


@mistake(
    errors.NoDerivativeError,
    'qr(x, mode="complete") of a matrix with more rows than columns has no derivative: the '
    'additional columns of q are not unique; use mode="reduced"',
)
def the_gradient_of_columns_that_are_not_unique() -> None:
    def loss(a: Any) -> Any:
        return fnp.sum(fnp.linalg.qr(a, mode="complete")[1])

    fg.grad(loss)(np.eye(3, 2))


class Product(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        return x * y

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output


@mistake(
    errors.GradientCountError,
    "Product.backward returned 1 gradient for 2 inputs; return one for each positional argument of "
    "forward, None where there is no gradient",
)
def one_gradient_for_two_inputs() -> None:
    fg.grad(Product.apply)(2.0, 3.0)


class Total(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return np.sum(x)

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output * np.ones(2)


@mistake(
    errors.GradientShapeError,
    "Total.backward returned a gradient float64[2] for input 0, which is float64[3]; a gradient "
    "has the shape of its input",
)
def a_gradient_of_another_shape() -> None:
    fg.grad(Total.apply)(three())


class Shift(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, **params: Any) -> Any:
        return x + params["amount"]


@mistake(
    errors.StaticParameterError,
    "Shift.apply got the array float64[3] by keyword, amount=...; keywords are static parameters "
    "without a gradient: pass arrays by position",
)
def an_array_by_keyword() -> None:
    Shift.apply(1.0, amount=three())


@fg.custom_vjp
def half(x: Any) -> Any:
    return x / 2


@mistake(
    errors.NoRuleError,
    "half is a custom_vjp without a rule of differentiation; add half.defvjp(fwd, bwd)",
)
def a_custom_vjp_without_a_rule() -> None:
    half(1.0)


@fg.custom_jvp
def rounded(x: Any, how: str) -> Any:
    return fnp.floor(x) if how == "down" else fnp.ceil(x)


@rounded.defjvp
def rounded_jvp(primals: Any, tangents: Any) -> Any:
    return rounded(*primals), tangents[0]


@mistake(
    errors.RuleArgumentError,
    "custom_jvp of rounded: how is str 'down', which is no number or array of numbers; say that "
    "the argument is static: nondiff_argnums=(1,)",
)
def a_string_among_the_arrays() -> None:
    rounded(1.5, "down")


def linear(given: Any) -> Any:
    function = fg.custom_vjp(lambda params, x: fnp.sum(params["w"] * x))
    function.defvjp(lambda params, x: (fnp.sum(params["w"] * x), None), lambda res, g: given)
    return fg.grad(function)({"w": three()}, 2.0)


@mistake(
    errors.RuleResultError,
    "the bwd rule of <lambda> returned float 1.0; return a tuple with one cotangent for each "
    "differentiated argument: return (g_params, g_x)",
)
def a_cotangent_that_is_no_tuple() -> None:
    linear(1.0)


@mistake(
    errors.RuleShapeError,
    'the bwd rule of <lambda> returned the cotangent float64[2] for params["w"], which is '
    "float64[3]; a cotangent has the shape of its value, and None stands for zeros",
)
def a_cotangent_of_a_rule_of_another_shape() -> None:
    linear(({"w": np.ones(2)}, None))


@fg.primitive
def sine(x: Any) -> Any:
    return math.sin(x)


@sine.defvjp
def sine_vjp(g: Any, z: Any, x: Any) -> Any:
    return g * math.cos(x)


@mistake(
    errors.ForeignCodeError,
    "the vjp rule of sine called foreign code on a traced value, as a derivative of the derivative "
    "of sine or its batch needs it; wrap that code with fungrad.primitive, too, or write the rule "
    "with functions of NumPy. The call: float(x) of a float64[] traced by grad of sine would cut "
    "the gradient",
)
def foreign_code_in_a_rule() -> None:
    fg.grad(fg.grad(sine))(1.0)


# --- transforms ----------------------------------------------------------------------------------


@mistake(
    errors.NonScalarOutputError,
    "grad needs a function that returns one number, but squares returned float64[3]; reduce it, "
    "with .sum() or .mean() for instance, or use vjp; if it returns a pair (number, other "
    "results), pass has_aux=True",
)
def the_gradient_of_several_results() -> None:
    fg.grad(squares)(three())


@mistake(
    errors.ComplexOutputError,
    "grad needs a real result, but squares returned complex128[]; pass holomorphic=True if the "
    "function is holomorphic, or take its real part or absolute value",
)
def the_gradient_of_a_complex_result() -> None:
    fg.grad(squares)(1.0 + 2.0j)


@mistake(
    errors.ComplexOutputError,
    "grad with holomorphic=True needs a complex result, but magnitude returned float64[]; leave "
    "holomorphic out",
)
def the_holomorphic_gradient_of_a_real_result() -> None:
    def magnitude(z: Any) -> Any:
        return np.abs(z)

    fg.grad(magnitude, holomorphic=True)(1.0 + 2.0j)


@mistake(
    errors.IntegerOutputError,
    "grad needs a floating-point result, but is_two returned bool[], which has no derivative; was "
    "a comparison, a count or an index returned by mistake?",
)
def the_gradient_of_a_comparison() -> None:
    def is_two(x: Any) -> Any:
        return x == 2.0

    fg.grad(is_two)(1.0)


@mistake(
    errors.OutputTypeError,
    "vjp of named: the function returned str 'square', which is no number or array of numbers; "
    "return such values beside the result, with has_aux=True",
)
def a_string_among_the_results() -> None:
    def named(x: Any) -> Any:
        return {"value": x * x, "name": "square"}

    fg.vjp(named, 3.0)


@mistake(
    errors.AuxError,
    "grad of squares with has_aux=True needs a function that returns a pair (result, other "
    "results), but it returned float64[]",
)
def no_pair() -> None:
    fg.grad(squares, has_aux=True)(3.0)


@mistake(
    errors.CotangentError,
    "pullback of vjp of squares: the cotangent has float64[] where output 0 is float64[3]: the "
    "shapes differ; pass a tree like the output, for instance fungrad.tree.map(fnp.ones_like, "
    "output)",
)
def a_cotangent_of_another_shape() -> None:
    fg.vjp(squares, three())[1](1.0)


@mistake(
    errors.TangentError,
    "jvp of squares: tangents[0] is float 1.0 where primals[0] is float64[3]: the shapes differ; "
    "pass tangents of the structure and shapes of the primals, for instance "
    "fungrad.tree.map(fnp.ones_like, primals)",
)
def a_tangent_of_another_shape() -> None:
    fg.jvp(squares, (three(),), (1.0,))


@mistake(
    errors.TangentError,
    'hvp of loss: tangents[1]["w"][0] is float64[2] where primals[1]["w"][0] is float64[3]: the '
    "shapes differ; pass tangents of the structure and shapes of the primals, for instance "
    "fungrad.tree.map(fnp.ones_like, primals)",
)
def a_tangent_of_another_shape_in_a_tree() -> None:
    def loss(scale: Any, params: Any) -> Any:
        return scale * fnp.sum(params["w"][0] ** 2)

    fg.hvp(loss, (1.0, {"w": [three()]}), (1.0, {"w": [np.ones(2)]}))


@mistake(
    errors.TangentError,
    "jvp of squares: tangents is float 1.0; primals and tangents are tuples, with one item for "
    "each argument; pass tangents of the structure and shapes of the primals, for instance "
    "fungrad.tree.map(fnp.ones_like, primals)",
)
def a_tangent_without_its_tuple() -> None:
    fg.jvp(squares, (2.0,), 1.0)  # type: ignore[arg-type]


@mistake(
    errors.ComplexInputError,
    "jacfwd of squares: x is complex128[2], and along a complex number there are two directions; "
    "pass holomorphic=True if the function is holomorphic, use jacrev if its result is real, or "
    "jvp for one direction",
)
def a_complex_argument_in_forward_mode() -> None:
    fg.jacfwd(squares)(np.array([1j, 2.0]))


@mistake(
    errors.NotElementwiseError,
    "deriv of cumsum: in the result, float64[3], an element depends on several elements of the "
    "argument, float64[3], so it has no one derivative; use jacobian for all of them, grad for a "
    "result that is one number, or vmap over a function of one number",
)
def the_derivative_of_a_function_that_mixes_elements() -> None:
    fg.deriv(fnp.cumsum)(three())


@mistake(
    errors.NotElementwiseError,
    "deriv of absolute: in the result, float64[2], an element depends on several elements of the "
    "argument, complex128[2], or it is not holomorphic, so it has no one derivative; use jacobian "
    "for all of them, grad for a result that is one number, or vmap over a function of one number",
)
def the_derivative_of_a_function_that_is_not_holomorphic() -> None:
    fg.deriv(fnp.absolute)(np.array([1j, 2.0]))


@mistake(
    errors.NotLinearError,
    "linear_transpose of affine: the function is not linear: f(x - 2 y) is not f(x) - 2 f(y) at "
    "random x and y, in its result float64[3]; leave out added constants (f(0) must be 0), or use "
    "vjp, which transposes the derivative at a point",
)
def the_transpose_of_an_affine_function() -> None:
    def affine(x: Any) -> Any:
        return 2 * x + 1

    fg.linear_transpose(affine, three())


@mistake(
    errors.BatchSizeError,
    "vmap of multiply: the mapped axes must have one size\n"
    "  x1: float64[3] has 3 along axis 0\n"
    "  x2: float64[2] has 2 along axis 0",
)
def batches_of_different_sizes() -> None:
    fg.vmap(fnp.multiply)(three(), np.ones(2))


@mistake(
    errors.BatchSizeError,
    "vmap of squares: no argument is mapped, so the number of examples is not known; give an "
    "argument an axis by in_axes, or pass axis_size",
)
def nothing_mapped() -> None:
    fg.vmap(squares, in_axes=None)(three())


@mistake(
    errors.BatchAxisError,
    'vmap of loss: params["w"] is float64[3], which has no axis 1; choose in_axes for it, None to '
    "share it among all examples",
)
def an_axis_that_is_not_there() -> None:
    def loss(params: Any) -> Any:
        return fnp.sum(params["w"])

    fg.vmap(loss, in_axes=1)({"w": three()})


@mistake(
    errors.BatchedOutputError,
    "vmap of squares: output 0 has out_axes=None, but differs between the examples; give it an "
    "axis, or reduce it with fungrad.lax.psum or pmean",
)
def a_result_that_is_not_shared() -> None:
    fg.vmap(squares, out_axes=None)(three())


@mistake(
    errors.BatchedShapeError,
    "vmap of positive: the results of the examples have different shapes: (1,) for example 0, "
    "(2,) for example 1; one array cannot hold them. Return results of one shape: "
    "fnp.where(mask, x, 0) in place of x[mask], or reduce it inside of the function",
)
def results_of_different_shapes() -> None:
    def positive(x: Any) -> Any:
        return x[x > 1.5]

    fg.vmap(positive)(np.array([[1.0, 2.0], [3.0, 4.0]]))


@mistake(
    errors.NoValueError,
    "a decision needs the value of a bool[] in vmap of positive, which has no examples and so "
    "only shapes; decide by shapes, or choose with fnp.where",
)
def a_decision_without_examples() -> None:
    def positive(x: Any) -> Any:
        return x if x > 0 else -x

    fg.vmap(positive)(np.zeros(0))


@mistake(
    errors.PredicateError,
    "cond decides by one boolean or number, not by bool[3]; reduce it, with .any() or .all() for "
    "instance, choose elements with fnp.where, or run it for each with vmap",
)
def a_branch_by_many() -> None:
    fg.lax.cond(three() > 0, fnp.sin, fnp.cos, three())


@mistake(
    errors.BranchError,
    "switch: float 2.0 is no function; wrap a value: lambda *operands: value",
)
def a_branch_that_is_no_function() -> None:
    fg.lax.switch(0, [fnp.sin, 2.0], 1.0)  # type: ignore[list-item]


@mistake(
    errors.AxisNameError,
    "there is no axis 'rows' here: the vmaps that are running have 'batch'; name the axis where "
    "it is made: vmap(f, axis_name='rows')",
)
def an_axis_without_that_name() -> None:
    fg.vmap(lambda x: fg.lax.psum(x, "rows"), axis_name="batch")(three())


@mistake(
    errors.CollectiveError,
    "vmap of share: a sum or an exchange along 'batch' needs all 3 examples, but only 2 are here, "
    "because a branch was taken on a value that differs between them. Do it before the branch, or "
    "choose with fnp.where",
)
def a_sum_in_a_branch() -> None:
    def share(x: Any) -> Any:
        return x / fg.lax.psum(x, "batch") if x > 1.5 else x

    fg.vmap(share, axis_name="batch")(three())


@mistake(
    errors.NonFloatInputError,
    'grad of loss: params["w"] is int64[2]; only floating-point numbers have derivatives: convert '
    "it with .astype(float), or pass allow_int=True to get zeros for it",
)
def integers_among_the_parameters() -> None:
    def loss(params: Any) -> Any:
        return fnp.sum(params["w"])

    fg.grad(loss)({"w": np.array([1, 2], dtype=np.int64)})


@mistake(
    errors.ArgumentIndexError,
    "grad of product: argnums names argument 2, but the call has 2 positional arguments; pass it "
    "by position, or use argnames",
)
def an_argument_that_is_not_there() -> None:
    def product(x: Any, y: Any) -> Any:
        return x * y

    fg.grad(product, argnums=2)(2.0, 3.0)


@mistake(
    errors.RecordedDecisionError,
    "closure_convert of magnitude: the function decided something by a value that was True when it "
    "was recorded and is False now, and a recorded program cannot decide anew; choose with "
    "fnp.where instead of if, or record it again at these arguments",
)
def another_branch_than_was_recorded() -> None:
    def magnitude(x: Any) -> Any:
        return x if x > 0 else -x

    converted, _ = fg.closure_convert(magnitude, 1.0)
    converted(-1.0)


@mistake(
    errors.ConvertedArgumentError,
    'closure_convert of loss: params["w"] is float64[2] and was float64[3] in the example; call '
    "closure_convert with examples of the structure, shapes and dtypes of the arguments",
)
def an_argument_unlike_its_example() -> None:
    def loss(params: Any) -> Any:
        return fnp.sum(params["w"])

    converted, _ = fg.closure_convert(loss, {"w": three()})
    converted({"w": fnp.ones(2)})


# --- loops and solvers ---------------------------------------------------------------------------


@mistake(
    errors.CarryError,
    'scan of append: step 0 got carry["seen"] as float64[1] and returned it as float64[2]; every '
    "step must return the shape that it gets. Begin with the full shape, or write a Python loop "
    "where an array is to grow",
)
def a_carry_that_grows() -> None:
    def append(carry: Any, x: Any) -> Any:
        return {"seen": fnp.append(carry["seen"], x)}, None

    fg.lax.scan(append, {"seen": fnp.zeros(1)}, three())


@mistake(
    errors.CarryError,
    "scan of total: step 0 got carry as float32[] and returned it as float64[]; convert what is "
    "returned with .astype('float32'), or begin with the wider dtype",
)
def a_carry_that_widens() -> None:
    def total(carry: Any, x: Any) -> Any:
        return carry + x, None

    fg.lax.scan(total, np.float32(0.0), three())


@mistake(
    errors.CarryError,
    "fori_loop of drop, after step 0: the trees do not match at value\n"
    "  expected: tuple of length 2\n"
    "  given:    tuple of length 1\n"
    "Give both the same containers, with the same keys and lengths.",
)
def a_carry_of_another_structure() -> None:
    def drop(i: Any, value: Any) -> Any:
        return value[:1]

    fg.lax.fori_loop(0, 3, drop, (1.0, 2.0))


@mistake(
    errors.CarryError,
    "fori_loop of forget: step 0 got value as float64[3] and returned NoneType None; return an "
    "array of the same shape; is a return missing?",
)
def a_carry_that_is_not_returned() -> None:
    def forget(i: Any, value: Any) -> None:
        value + i

    fg.lax.fori_loop(0, 3, forget, three())


@mistake(
    errors.StepOutputError,
    "scan of total: the function must return a pair (carry, y), but step 0 returned float64[]; "
    "where there is nothing to collect, return (carry, None)",
)
def a_step_that_returns_no_pair() -> None:
    def total(carry: Any, x: Any) -> Any:
        return carry + x

    fg.lax.scan(total, 0.0, three())


@mistake(
    errors.StepOutputError,
    "scan of repeat: y is float64[1] in the first step and float64[2] in step 1, and only equal "
    "shapes can be stacked; pad them, or collect them in a list in a Python loop",
)
def results_of_several_shapes() -> None:
    def repeat(carry: Any, x: Any) -> Any:
        return carry, np.ones(int(x))

    fg.lax.scan(repeat, 0.0, three())


@mistake(
    errors.StepOutputError,
    "associative_scan of total: the result is float64[] where the elements are float64[1]; the "
    "function combines arrays of elements, as many as it gets, and keeps their shape",
)
def elements_that_are_lost() -> None:
    def total(x: Any, y: Any) -> Any:
        return (x + y).sum()

    fg.lax.associative_scan(total, three())


@mistake(
    errors.LoopLengthError,
    "map of sum: each step takes one slice of every leaf along axis 0, but the lengths differ: "
    'xs["a"] has 3, xs["b"] has 2, xs["rate"] has no axis; close over what is the same in all '
    "steps",
)
def leaves_of_several_lengths() -> None:
    fg.lax.map(sum, {"a": three(), "b": three()[:2], "rate": 0.5})


@mistake(
    errors.LoopLengthError,
    "scan of divmod: length is 4, but xs has length 3",
)
def another_length_than_that_of_the_arrays() -> None:
    fg.lax.scan(divmod, 0.0, three(), 4)


@mistake(
    errors.LoopLengthError,
    "scan of divmod: xs has no arrays, so the number of steps is not known; pass length",
)
def no_length() -> None:
    fg.lax.scan(divmod, 0.0)


@mistake(
    errors.SolverError,
    "custom_linear_solve of squares: the solution is float64[2] where the unknown is float64[3]; "
    "there must be as many equations as unknowns, in the same structure and shapes",
)
def a_solution_of_another_shape() -> None:
    fg.lax.custom_linear_solve(squares, three(), lambda matvec, b: b[:2])


@mistake(
    errors.TransposeSolveError,
    "custom_linear_solve of double: reverse mode solves a system with the transposed matrix; pass "
    "transpose_solve=, or symmetric=True if the matrix is symmetric",
)
def the_gradient_of_a_system_without_a_transposed_solver() -> None:
    def double(x: Any) -> Any:
        return 2.0 * x

    fg.grad(lambda b: fg.lax.custom_linear_solve(double, b, lambda matvec, b: b / 2.0))(8.0)


# --- trees ---------------------------------------------------------------------------------------


@mistake(
    errors.TreeMismatchError,
    "tree.map: the trees do not match at rest[0]\n"
    '  expected: dict with the keys "w", "b"\n'
    '  given:    dict with the keys "w" (missing "b")\n'
    "Give both the same containers, with the same keys and lengths.",
)
def trees_with_different_keys() -> None:
    fg.tree.map(np.add, {"w": 1.0, "b": 2.0}, {"w": 1.0})


@mistake(
    errors.TreeStructureError,
    "tree.unflatten takes the structure first and the leaves second, but the structure is list "
    "[1.0]; write tree.unflatten(structure, leaves)",
)
def the_leaves_first() -> None:
    leaves, structure = fg.tree.flatten({"w": 1.0})
    fg.tree.unflatten(leaves, structure)  # type: ignore[arg-type]


@mistake(
    errors.EmptyTreeError,
    "tree.reduce: the tree has no leaves, so there is no first result; pass it as initializer=",
)
def reducing_an_empty_tree() -> None:
    fg.tree.reduce(np.add, {"layers": []})


class Layer:
    """Not a dataclass."""


@mistake(
    errors.TreeRegistrationError,
    f"register_dataclass: type {Layer!r} is no dataclass; decorate it with @dataclasses.dataclass "
    "first (written below), or pass data_fields= and meta_fields=",
)
def registering_a_class_that_is_no_dataclass() -> None:
    register_dataclass(Layer)


@register_dataclass
@dataclass
class Scaling:
    weight: float
    scale: Any = fg.tree.static(default=None)  # noqa: RUF009


@mistake(
    errors.StaticDataError,
    "tree: the static data of Scaling cannot be compared: (array([1., 1.]),)\n"
    "Static data are compared and hashed as a whole. Make arrays children of the node (data "
    "fields), and use a tuple in place of a list or dict.",
)
def an_array_as_static_data() -> None:
    one, other = Scaling(1.0, np.ones(2)), Scaling(2.0, np.ones(2))
    fg.tree.map(lambda a, b: a + b, one, other)


# --- random numbers ------------------------------------------------------------------------------


@mistake(
    errors.KeyReuseError,
    "Key([0 0], impl='philox') is used twice:\n"
    "  first by normal at train.py:2\n"
    "  again by uniform at train.py:3\n"
    "What is drawn from one key is not independent. Give each use a key of its own: key, subkey = "
    "fungrad.random.split(key), or fungrad.random.fold_in(key, step) in a loop. If both shall draw "
    "the same numbers, write fungrad.random.clone(key); fungrad.random.allow_reuse() switches the "
    "check off",
)
def a_key_that_is_used_twice() -> None:
    program = "key = random.key(0)\nx = random.normal(key)\ny = random.uniform(key)"
    exec(compile(program, "train.py", "exec"), {"random": random})


@mistake(
    errors.KeyTypeError,
    "normal: the first argument is int 0, not a key; make one by fungrad.random.key(seed), or of "
    "its words by fungrad.random.wrap_key_data(words)",
)
def a_seed_in_the_place_of_a_key() -> None:
    random.normal(0)


@mistake(
    errors.KeyTypeError,
    "an array of a key: a key is not an array of numbers; fungrad.random.key_data(key) returns its "
    "words",
)
def a_key_as_an_array() -> None:
    np.asarray(random.key(0))


@mistake(
    errors.KeyTypeError,
    "normal: the words of the key are uint64[3], and those of philox have 2 along the last axis, "
    "of uint64; map over the axes of the keys by axes that are counted from the front",
)
def a_map_over_the_words_of_keys() -> None:
    fg.vmap(random.normal, in_axes=-1)(random.split(random.key(0), 3))


@mistake(
    errors.KeyShapeError,
    "normal takes one key and got an array of keys of shape (3,); take one of them, keys[i], or "
    "draw from each: fungrad.vmap(fungrad.random.normal)(keys)",
)
def several_keys_in_the_place_of_one() -> None:
    random.normal(random.split(random.key(0), 3))


@mistake(
    errors.RandomArgumentError,
    "gamma: shape is (2,), the shape of the whole result, and parameters of shape (3,) do not "
    "broadcast to it",
)
def a_shape_that_does_not_hold_the_parameters() -> None:
    random.gamma(random.key(0), np.ones(3), (2,))


@mistake(errors.RandomArgumentError, "poisson: lam < 0 or lam is NaN")
def a_negative_rate() -> None:
    random.poisson(random.key(0), -1.0)


# --- layers --------------------------------------------------------------------------------------


def classifier() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Dropout(0.5), nn.Linear(32, 10))


@mistake(
    errors.LayerArgumentError,
    "Conv2d: groups is 2, which does not divide in_channels, 3",
)
def groups_that_do_not_divide_the_channels() -> None:
    nn.Conv2d(3, 4, 3, groups=2)


@mistake(
    errors.LayerArgumentError,
    "Sequential: '1' is <class 'fungrad.nn.containers.Flatten'>; it takes layers and functions of ",
    "one array, such as nn.Linear(4, 2) and nn.relu",
)
def a_class_in_place_of_a_layer() -> None:
    nn.Sequential(nn.Linear(4, 2), nn.Flatten)


@mistake(
    errors.LayerShapeError,
    "layer 1, Linear(in_features=64, out_features=32, bias=True): the input is float64[5,81]; ",
    "expected the shape (..., 64)",
)
def images_that_are_too_large() -> None:
    model = classifier()
    model(model.init(random.key(0)), np.ones((5, 9, 9)))


@mistake(
    errors.LayerShapeError,
    "Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1)): the input is float64[5,8,8]; expected the ",
    "shape (N, 1, H, W), or (1, H, W) for one example",
)
def images_without_channels() -> None:
    layer = nn.Conv2d(1, 4, 3)
    layer(layer.init(random.key(0), np.float64), np.ones((5, 8, 8)))


@mistake(
    errors.LayerParameterError,
    "layer 1, Linear(in_features=64, out_features=32, bias=True): the parameters have no ",
    "'weight', they are an empty dict; make them with layer.init(key), and pass those of a child ",
    "as params[name of the child]",
)
def a_model_without_parameters() -> None:
    classifier()({}, np.ones((5, 8, 8)))


@mistake(
    errors.LayerParameterError,
    "Linear(in_features=2, out_features=3, bias=True): the parameter 'weight' is float64[2,3]; ",
    "expected the shape (3, 2), as layer.init(key) makes it",
)
def a_weight_in_the_other_order() -> None:
    nn.Linear(2, 3)({"weight": np.ones((2, 3)), "bias": np.ones(3)}, np.ones(2))


@mistake(
    errors.MissingStateError,
    "layer 0, BatchNorm1d(num_features=3, eps=1e-05, momentum=0.1, affine=True, ",
    "track_running_stats=True): there is no 'running_mean' in the state; make a state with ",
    "state = layer.init_state(), and write y, state = layer(params, x, state=state)",
)
def batch_norm_without_its_state() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3))
    model(model.init(random.key(0)), np.ones((5, 3)))


@mistake(
    errors.MissingKeyError,
    "layer 2, Dropout(p=0.5): training=True draws random numbers and needs a key: write ",
    "layer(params, x, key=key, training=True), with a new key for each call",
)
def dropout_without_a_key() -> None:
    model = classifier()
    model(model.init(random.key(0)), np.ones((5, 8, 8)), training=True)


@mistake(
    errors.StateDictError,
    "load_state_dict of Linear(in_features=2, out_features=3, bias=True): there is no 'bias'; it ",
    "does not know 'scale'; 'weight' is float64[2,3], expected the shape (3, 2); make the layer ",
    "as the one whose arrays these are",
)
def weights_of_another_layer() -> None:
    nn.load_state_dict(nn.Linear(2, 3), {"weight": np.ones((2, 3)), "scale": np.ones(3)})


@dataclass(frozen=True)
class Encoder(nn.Layer):
    body: Any

    def __call__(self, params: Any, x: Any) -> Any:
        return self.body(params["body"], x)


@mistake(
    errors.IgnoredArgumentError,
    "layer 0, Encoder: its __call__ takes no training=, which its child body, Sequential needs; ",
    "write def __call__(self, params, x, *, state=None, key=None, training=False) and hand them on",
)
def a_layer_that_keeps_training_to_itself() -> None:
    model = nn.Sequential(Encoder(classifier()))
    model(model.init(random.key(0)), np.ones((5, 8, 8)), training=True, key=random.key(1))


@mistake(
    errors.CarriedStateError,
    "GRU(input_size=3, hidden_size=4, num_layers=1, bias=True, batch_first=False, dropout=0.0, ",
    "bidirectional=False): h0 is float64[2,4]; expected the shape (1, 2, 4), (layers * ",
    "directions, batch, size)",
)
def a_state_without_an_axis_for_the_layers() -> None:
    layer = nn.GRU(3, 4)
    layer(layer.init(random.key(0)), np.ones((5, 2, 3)), np.zeros((2, 4)))


@mistake(
    errors.CarriedStateError,
    "LSTMCell(input_size=3, hidden_size=4, bias=True): the initial state is a pair (h0, c0), as ",
    "the layer returns it",
)
def half_of_a_state() -> None:
    cell = nn.LSTMCell(3, 4)
    cell(cell.init(random.key(0)), np.ones((2, 3)), np.zeros((2, 4)))


@mistake(
    errors.CarriedStateError,
    "MultiHeadAttention(embed_dim=4, num_heads=2, dropout=0.0, bias=True, kdim=None, vdim=None, ",
    "batch_first=False): the cache has room for 3 positions, 0 are taken, and 5 more were given; ",
    "make a larger one, with layer.init_cache(batch, 5)",
)
def a_cache_that_is_too_short() -> None:
    layer = nn.MultiHeadAttention(4, 2)
    layer(layer.init(random.key(0)), np.ones((5, 4)), cache=layer.init_cache(None, 3))


@mistake(
    errors.CarriedStateError,
    "MultiHeadAttention(embed_dim=4, num_heads=2, dropout=0.0, bias=True, kdim=None, vdim=None, ",
    "batch_first=False): the cache is for a batch of 2, the input has a batch of 1; make one with ",
    "layer.init_cache(1, 8)",
)
def a_cache_of_another_batch() -> None:
    layer = nn.MultiHeadAttention(4, 2)
    layer(layer.init(random.key(0)), np.ones((5, 1, 4)), cache=layer.init_cache(2, 8))


@mistake(
    errors.LayerMaskError,
    "MultiHeadAttention(embed_dim=4, num_heads=2, dropout=0.0, bias=True, kdim=None, vdim=None, ",
    "batch_first=False): attn_mask is bool[3,3]; it must broadcast against the scores, ",
    "(1, 2, 5, 5): (batch, heads, queries, keys)",
)
def a_mask_of_another_length() -> None:
    layer = nn.MultiHeadAttention(4, 2)
    layer(layer.init(random.key(0)), np.ones((5, 4)), attn_mask=np.ones((3, 3), bool))


# --- losses --------------------------------------------------------------------------------------


@mistake(
    errors.LossShapeError,
    "mse_loss: predictions and targets must have one shape, got float64[3,1] and float64[3]; ",
    "broadcasting would compare each number with numbers that it has nothing to do with: reshape ",
    "one of them",
)
def a_column_of_predictions() -> None:
    nn.mse_loss(three().reshape(3, 1), three())


@mistake(
    errors.LossShapeError,
    "cross_entropy: for scores float64[3,2] with the classes on axis 1 the targets are integers ",
    "of shape [3], or weights of shape [3,2], got int64[2]",
)
def too_few_labels() -> None:
    nn.cross_entropy(np.ones((3, 2)), np.array([0, 1]))


@mistake(
    errors.LossShapeError,
    "nll_loss: weight needs one number for each of 2 classes, got float64[3]",
)
def weights_of_more_classes() -> None:
    nn.nll_loss(np.ones((3, 2)), np.array([0, 1, 1]), weight=three())


@mistake(
    errors.LossArgumentError,
    "l1_loss: reduction must be 'mean', 'sum' or 'none', got 'average'",
)
def a_reduction_that_does_not_exist() -> None:
    nn.l1_loss(three(), 0.0, reduction="average")


@mistake(
    errors.ClassIndexError,
    "cross_entropy: class 2 is out of range for 2 classes, 0 to 1; what is to be left out is ",
    "marked by ignore_index=-100",
)
def a_class_too_many() -> None:
    nn.cross_entropy(np.ones((3, 2)), np.array([0, 1, 2]))


# --- optimisers ----------------------------------------------------------------------------------

WEIGHTS = {"w": 1.0, "b": 2.0}


@mistake(
    errors.OptimizerArgumentError,
    "scale_by_learning_rate: the learning rate is a number or a schedule, not str '0.1'",
)
def a_learning_rate_that_is_no_number() -> None:
    optim.adam("0.1")


@mistake(
    errors.OptimizerArgumentError,
    "a transformation was expected: 0.1 is no pair of functions init and update",
)
def a_number_in_a_chain() -> None:
    optim.chain(optim.clip(1.0), 0.1)  # type: ignore[arg-type]


@mistake(
    errors.OptimizerArgumentError,
    "levenberg_marquardt: the residuals at the first parameters are not finite",
)
def a_fit_that_starts_nowhere() -> None:
    optim.levenberg_marquardt(lambda w: w * np.nan, three())


@mistake(
    errors.ScheduleError,
    "linear_schedule: transition_steps is -5; it is the length of the way, so >= 0",
)
def a_schedule_of_negative_length() -> None:
    optim.linear_schedule(1.0, 0.0, -5)


@mistake(
    errors.ScheduleError,
    "cosine_decay_schedule: decay_steps is -50; it must be positive (with a warm-up, decay_steps "
    "counts both, and must be larger than warmup_steps)",
)
def a_warm_up_longer_than_the_schedule() -> None:
    optim.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=100, decay_steps=50)


@mistake(
    errors.MissingParametersError,
    "add_decayed_weights needs the parameters, which update was not given; write updates, state = "
    "optimizer.update(gradients, state, params)",
)
def weight_decay_without_parameters() -> None:
    optimizer = optim.adamw(0.1)
    optimizer.update(WEIGHTS, optimizer.init(WEIGHTS))


@mistake(
    errors.UpdateArgumentError,
    "scale_by_zoom_linesearch: it tries the loss along the update, and was not given value, grad, "
    "value_fn; write optimizer.update(gradients, state, params, value=value, grad=gradients, "
    "value_fn=loss)",
)
def a_line_search_without_the_loss() -> None:
    optimizer = optim.lbfgs()
    optimizer.update(WEIGHTS, optimizer.init(WEIGHTS), WEIGHTS)


@mistake(
    errors.OptimizerStateError,
    "scale_by_adam: the state is a TraceState and no ScaleByAdamState; make the state with "
    "init(params), of the same optimizer and for the same parameters",
)
def the_state_of_another_optimizer() -> None:
    optim.adam(0.1).update(WEIGHTS, optim.sgd(0.1, momentum=0.9).init(WEIGHTS))


@mistake(
    errors.OptimizerStateError,
    "chain: it has 2 transformations, and the state is a dict; make the state with init(params), "
    "of the same optimizer and for the same parameters",
)
def parameters_in_place_of_the_state() -> None:
    optim.adam(0.1).update(WEIGHTS, WEIGHTS)


@mistake(
    errors.UpdateShapeError,
    'apply_updates: updates["w"] is float64[3] and params["w"] is float64[3,1]; an update has the '
    "shape of its parameter, so use the gradients of these parameters, and a state from "
    "init(params)",
)
def an_update_of_another_shape() -> None:
    optim.apply_updates({"w": np.ones((3, 1))}, {"w": three()})


@mistake(
    errors.ParameterLabelError,
    "multi_transform: params[\"b\"] has the label 'slow', and there are transformations for "
    "'fast'; add one for it, set_to_zero() to leave such parameters alone",
)
def a_label_without_a_transformation() -> None:
    optim.multi_transform({"fast": optim.sgd(1.0)}, {"w": "fast", "b": "slow"}).init(WEIGHTS)


# --- files ---------------------------------------------------------------------------------------


def in_a_new_directory(function: Callable[[], None]) -> Callable[[], None]:
    @functools.wraps(function)
    def wrapped() -> None:
        with TemporaryDirectory() as directory, contextlib.chdir(directory):
            function()

    return wrapped


@mistake(
    errors.SavedFileError,
    '"net.safetensors" cannot be read as a safetensors file: its header would take '
    "8101816764854333286 bytes, and there are 2; it is cut off, or of another format, as those of "
    "torch.save and np.savez are",
)
@in_a_new_directory
def a_file_of_another_format() -> None:
    Path("net.safetensors").write_bytes(b"for loops.")
    fg.load("net.safetensors")


class Moments(NamedTuple):
    first: Any
    second: Any


@mistake(
    errors.SavedTypeError,
    f'"state.safetensors" holds objects of {__name__}.Moments, and a file does not decide what is '
    "imported; write load(path, types=[Moments]), or load(path, like=tree) with a tree of the same "
    "structure, or load(path, flat=True) for the arrays by their names",
)
@in_a_new_directory
def a_class_that_was_not_named() -> None:
    fg.save("state.safetensors", Moments(three(), three()))
    fg.load("state.safetensors")


@mistake(
    errors.SavedTypeError,
    '"state.safetensors" holds an object of Moments, which had the fields first, second, and has '
    "mean, square now; write load(path, types=[...]) with the class as it was, or load(path, "
    "like=tree) with a tree of the same structure, or load(path, flat=True) for the arrays by "
    "their names",
)
@in_a_new_directory
def a_class_that_has_changed() -> None:
    fg.save("state.safetensors", Moments(three(), three()))
    fg.load("state.safetensors", types=[namedtuple("Moments", ["mean", "square"])])


@mistake(
    errors.SavedTreeMismatchError,
    'load: "net.safetensors" does not hold a tree like `like`\n'
    "  not in the file: bias (float64[1])\n"
    "  not in `like`: step (int)\n"
    "  different: weight (float64[3] in the file, float64[4] in `like`)\n"
    "Change `like`, or load the file without it, change the tree, and save that.",
)
@in_a_new_directory
def another_tree_than_was_saved() -> None:
    fg.save("net.safetensors", {"weight": three(), "step": 5})
    fg.load("net.safetensors", like={"weight": np.empty(4), "bias": np.empty(1)})


@mistake(
    errors.UnsavableError,
    "save: tree[\"activation\"] is ufunc <ufunc 'tanh'>; leaves may be arrays, numbers and text; "
    "take it out of the tree, or register its class as a container (fungrad.tree_util)",
)
@in_a_new_directory
def a_function_in_a_file() -> None:
    fg.save("net.safetensors", {"weight": three(), "activation": np.tanh})


@mistake(
    errors.UnsavableError,
    "save: metadata['epoch'] is int 3; metadata are text: write str(...)",
)
@in_a_new_directory
def metadata_that_are_no_text() -> None:
    fg.save("net.safetensors", {"weight": three()}, metadata={"epoch": 3})  # type: ignore[dict-item]


@mistake(
    errors.NameConflictError,
    'nest_names: "head" would be a leaf, and a container because of "head.bias"; rename one of '
    "them, or keep the flat dict",
)
def a_leaf_that_is_a_container() -> None:
    fg.io.nest_names({"head": three(), "head.bias": 1.0})


@mistake(
    errors.NameConflictError,
    'flatten_names: tree["a"]["b"] and tree["a.b"] would both be named "a.b"; rename a key, so '
    "that names joined by dots stay apart",
)
def two_leaves_of_one_name() -> None:
    fg.io.flatten_names({"a": {"b": 1.0}, "a.b": 2.0})


# --- testing and debugging -----------------------------------------------------------------------


class TwiceTheGradient(fg.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 3.0 * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 6.0 * g


@mistake(
    errors.GradientMismatchError,
    'check_grads: vjp of loss is wrong with respect to args[0]["w"][2]\n'
    "    by vjp: 6\n"
    "    numerically: 3\n"
    "    difference: 3, where 6.0e-06 is tolerated\n"
    '    3 of 3 elements of args[0]["w"] are affected\n'
    "all that is wrong is so by the same factor, 2",
)
def a_wrong_gradient() -> None:
    def loss(params: Any) -> Any:
        return fnp.sum(TwiceTheGradient.apply(params["w"]))

    check_grads(loss, ({"w": three()},), modes="rev")


@mistake(
    errors.FunctionCheckError,
    "TwiceTheGradient failed 1 of 8 checks\n"
    "reverse mode: check_grads: vjp of TwiceTheGradient is wrong with respect to args[0]\n"
    "        by vjp: 6\n"
    "        numerically: 3\n"
    "        difference: 3, where 6.0e-06 is tolerated\n"
    "passed: forward, backward, linearity, vmap, vmap and grad, needs_input_grad, float32",
)
def a_function_with_a_wrong_gradient() -> None:
    check_function(TwiceTheGradient, 1.0)


@mistake(
    errors.DerivativeCheckError,
    "check_grads: result[1] is nan at these arguments; take some where the function is finite "
    "(fungrad.debug_nans finds where a NaN is made)",
)
def a_check_where_the_function_is_nan() -> None:
    with np.errstate(invalid="ignore"):
        check_grads(fnp.sqrt, (fnp.array([1.0, -1.0]),))


def sum_of_logarithms(x: Any) -> Any:
    return fnp.sum(fnp.log(x - 2))


HERE = __file__.removeprefix(os.getcwd() + os.sep)


@mistake(
    errors.NanError,
    "value_and_grad of sum_of_logarithms: result[0] is nan\n"
    f"it was made by `log`, at {HERE}:{sum_of_logarithms.__code__.co_firstlineno + 1}, in "
    "sum_of_logarithms:\n"
    "    return fnp.sum(fnp.log(x - 2))\n"
    "log(-1.0) is nan, at index [0] of a float64[3]\n"
    "`log` takes positive numbers: limit its argument, with fnp.clip or fnp.where",
)
def a_nan() -> None:
    with np.errstate(all="ignore"), fg.debug_nans():
        fg.value_and_grad(sum_of_logarithms)(three())


# --- the tests -----------------------------------------------------------------------------------

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type)
    and issubclass(value, errors.FungradError)
    and value is not errors.FungradError
]
classes = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
INTERNAL = {errors.InexactError}
"""Classes that are caught and raised again as another one."""


@pytest.mark.parametrize(("function", "kind", "message"), MISTAKES)
def test_message(function: Callable[[], None], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        function()
    assert type(caught.value) is kind
    assert str(caught.value) == message


def test_why_a_value_has_no_derivative_is_said_with_its_path() -> None:
    with pytest.raises(errors.NonFloatInputError) as caught:
        integers_among_the_parameters()
    reason = caught.value.__context__
    assert type(reason) is errors.InexactError
    assert str(caught.value) == f'grad of loss: params["w"] is int64[2]; {reason}'


def test_a_traced_value_in_a_numpy_array_is_the_cause_of_numpys_error() -> None:
    def loss(x: Any) -> Any:
        y = np.zeros(2)
        y[0] = x
        return np.sum(y)

    with pytest.raises(ValueError, match="setting an array element") as caught:
        fg.grad(loss)(1.0)
    assert isinstance(caught.value.__cause__, errors.TracerConversionError)


@classes
def test_every_class_has_a_mistake(kind: type[Exception]) -> None:
    assert kind in INTERNAL or any(param.values[1] is kind for param in MISTAKES)


@classes
def test_every_class_has_a_section(kind: type[Exception]) -> None:
    sections = re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sections.count(kind.__name__) == 1


def test_every_section_has_a_class() -> None:
    sections = re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted(kind.__name__ for kind in CLASSES)


@classes
def test_every_class_is_also_a_builtin_exception(kind: type[Exception]) -> None:
    first, *_ = [base for base in inspect.getmro(kind) if base.__module__ == "builtins"]
    assert first not in (Exception, BaseException, object)
    assert inspect.getdoc(kind)
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"^### {kind.__name__}\n\nAn? `{first.__name__}`", text, re.MULTILINE)


@pytest.mark.parametrize(("function", "kind", "message"), MISTAKES)
def test_the_exception_pickles(
    function: Callable[[], None], kind: type[Exception], message: str
) -> None:
    """Errors cross process boundaries: in a pool of workers, in a test run on several cores."""
    with pytest.raises(kind) as caught:
        function()
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is kind
    assert str(again) == message
