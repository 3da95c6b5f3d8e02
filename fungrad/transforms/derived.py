"""Derivatives that are made of the basic transforms: Hessians, and derivatives of elements."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.errors import IntegerOutputError, NonFloatInputError, NotElementwiseError, describe
from fungrad.trace import Tracer, peek
from fungrad.transforms.boundary import boundary
from fungrad.transforms.call import (
    Selection,
    Transformed,
    lower_arguments,
    name_of,
    path_of,
    public,
    replace,
)
from fungrad.transforms.forward import push_along
from fungrad.transforms.jacobians import Jacobian
from fungrad.transforms.reverse import grad
from fungrad.transforms.stop import stop_gradient

# --- second order --------------------------------------------------------------------------------


class _Hessian(Jacobian):
    verb = "hessian"


def hessian(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the Hessian of `fun`: forward mode over reverse mode.

    Parameters
    ----------
    fun : callable
        A pure function, usually of one real number as its result.
    argnums, has_aux, holomorphic, argnames
        See `jacrev`.
    chunk_size : int, optional
        Compute so many columns at a time, which bounds the memory; all, when left out.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns a tree like the output, of trees like the argument,
        of trees like the argument, of arrays of the shape ``output.shape + input.shape +
        input.shape``: ``hessian(f)(params)["w"]["b"]`` has the second derivatives with respect to
        an element of w and one of b. With `argnums` a sequence, a tuple stands in place of the
        argument, twice. With `has_aux` a pair of this and the auxiliary values.

    Raises
    ------
    ComplexInputError, ComplexOutputError, IntegerOutputError, NonFloatInputError
        By the result, as for `jacrev` and `jacfwd`.

    Examples
    --------
    >>> fg.hessian(lambda x: x[0] ** 2 * x[1])(fnp.array([1.0, 2.0]))
    Array([[4., 2.],
           [2., 0.]], dtype=float64)
    >>> fg.hessian(lambda p: p["a"] * p["b"] ** 2)({"a": 3.0, "b": 4.0})["a"]["b"]
    Array(8., dtype=float64)
    """
    gradients = _Hessian(fun, argnums, has_aux, holomorphic, False, argnames, None, mode="reverse")
    return _Hessian(
        gradients, argnums, has_aux, holomorphic, False, argnames, chunk_size, mode="forward"
    )


@boundary
def hvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> Any:
    """Return the product of the Hessian of `fun` with a vector, without making the Hessian.

    It is the derivative of the gradient along the vector, forward mode over reverse mode, and
    costs a few times what the gradient does. The Hessian is that with respect to all arguments
    together.

    Parameters
    ----------
    fun : callable
        A pure function that returns one real number.
    primals : tuple or list of trees of arrays
        Where to evaluate it, one item for each argument. Close over what is constant.
    tangents : tuple or list of trees of arrays
        The vector: of the structure and shapes of `primals`.
    has_aux : bool
        Whether `fun` returns a pair ``(value, auxiliary values)``.

    Returns
    -------
    product : tree of arrays
        Of the structure and shapes of the one argument; a tuple with an item for each argument, if
        there are several.
    aux : tree
        Only with `has_aux`.

    Raises
    ------
    TangentError
        If the tangents do not have the structure and shapes of the primals.
    NonScalarOutputError, ComplexOutputError, NonFloatInputError
        As for `grad`.

    Examples
    --------
    >>> def energy(x):
    ...     return fnp.sum(x**3)
    >>> fg.hvp(energy, (fnp.array([1.0, 2.0]),), (fnp.array([1.0, 10.0]),))
    Array([  6., 120.], dtype=float64)
    >>> fg.hvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (Array(0., dtype=float64), Array(1., dtype=float64))
    """
    several = isinstance(primals, (tuple, list)) and len(primals) > 1
    argnums = tuple(range(len(primals))) if several else 0
    gradient = grad(fun, argnums, has_aux=has_aux, allow_int=True)
    _, *product = push_along(gradient, primals, tangents, has_aux, f"hvp of {name_of(fun)}")
    return tuple(product) if has_aux else product[0]


# --- derivatives of elements ---------------------------------------------------------------------


class _Deriv(Transformed):
    verb = "deriv"

    def __init__(
        self, function: Callable[..., Any], order: int, argnums: Any, check: bool, argnames: Any
    ) -> None:
        super().__init__(function)
        try:
            self.order = operator.index(order)
        except TypeError:
            raise TypeError(f"deriv: order is an int, got {order!r}") from None
        if self.order < 0:
            raise ValueError(f"deriv: order is not negative, got {order}")
        self.selection = Selection(argnums, argnames, self.verb)
        self.check = check

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        selected, places = self.selection.locate(self.function, args, kwargs, self.title)
        results = [
            self._differentiate(args, kwargs, place, argument)
            for place, argument in zip(places, selected, strict=True)
        ]
        return results[0] if self.selection.single else tuple(results)

    def _differentiate(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], place: int | str, argument: Any
    ) -> Any:
        function, title = self.function, self.title
        values, structures = lower_arguments(function, [argument], [place], title, False)
        if structures[0] is not tree.LEAF:
            path = path_of(function, place, 0.0, 0)
            raise NonFloatInputError(
                title, path, argument, "it must be one array; use jacobian for trees"
            )
        (value,) = values
        x = public(value)
        ones = np.ones(x.shape, x.dtype)[()]

        def levels(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Callable[[Any], Any]]:
            """Return the function of this argument, and its derivatives up to the wanted one."""

            def alone(x: Any) -> Any:
                new_args, new_kwargs = replace(args, kwargs, [place], [x])
                return function(*new_args, **new_kwargs)

            chain: list[Callable[[Any], Any]] = [alone]
            for _ in range(self.order):
                chain.append(self._slope(chain[-1], ones))
            return chain

        if self.check:
            with np.errstate(all="ignore"):  # NumPy's warnings come with the result itself
                stopped = tree.map(_constant, (args, kwargs))
                self._check(levels(*stopped), _constant(x), ones)
        return levels(args, kwargs)[-1](x)

    def _slope(self, function: Callable[[Any], Any], direction: Any) -> Callable[[Any], Any]:
        def slope(x: Any) -> Any:
            return self._push(function, x, direction)[1]

        return slope

    def _push(self, function: Callable[[Any], Any], x: Any, direction: Any) -> tuple[Any, Any]:
        """Return the value of a function and its derivative along a direction."""
        output, tangent = push_along(function, (x,), (direction,), False, self.title)
        for leaf in tree.leaves(output):
            if leaf.dtype.kind not in "fc":
                raise IntegerOutputError(self.verb, name_of(self.function), describe(leaf))
        return output, tangent

    def _check(self, levels: Sequence[Callable[[Any], Any]], x: Any, ones: Any) -> None:
        """Raise if an element of a result depends on several elements of x.

        If it depends on one, the derivative along a direction is the product of the direction and
        the derivative along ones; so too for complex directions, if the function is holomorphic.
        """
        if x.size == 1 and x.dtype.kind != "c":
            return
        weights = _weights(x.shape, x.dtype)
        expected = None
        for function in reversed(levels[:-1]):
            if expected is None:
                _, expected = self._push(function, x, ones)
            output, tangent = self._push(function, x, weights)
            for slope, given in zip(tree.leaves(expected), tree.leaves(tangent), strict=True):
                if not _agree(given, slope, weights):
                    raise NotElementwiseError(self.title, describe(x), describe(slope))
            expected = output


def _constant(leaf: Any) -> Any:
    return stop_gradient(leaf) if isinstance(leaf, Tracer) else leaf


def _weights(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return pseudo-random numbers between 1 and 2, always the same ones."""
    random = np.random.default_rng(0)
    weights = random.uniform(1.0, 2.0, shape)
    if dtype.kind == "c":
        weights = weights + 1j * random.uniform(1.0, 2.0, shape)
    return weights.astype(dtype)


def _agree(given: Any, slope: Any, weights: Any) -> bool:
    """Return whether `given` is the product of the others, but for rounding."""
    if weights.size == 1:
        weights = weights.reshape(())
    try:
        if np.broadcast_shapes(slope.shape, weights.shape) != slope.shape:
            return False
    except ValueError:
        return False
    expected = slope * weights
    accuracy = np.finfo(slope.dtype).eps
    size = np.abs(expected)
    largest = np.max(np.where(np.isfinite(size), size, 0), initial=0.0)
    tolerance = np.sqrt(accuracy) * size + 1000 * accuracy * largest
    return not np.any(peek(np.abs(given - expected) > tolerance))


def deriv(
    fun: Callable[..., Any],
    order: int = 1,
    argnums: int | Sequence[int] | None = None,
    check: bool = True,
    *,
    argnames: str | Sequence[str] | None = None,
) -> Callable[..., Any]:
    """Return a function that computes the derivative of an elementwise function, of any order.

    Each element of the result must depend on one element of the argument only, as with a function
    of a number that is applied to an array; broadcasting against other arguments is fine.

    Parameters
    ----------
    fun : callable
        A pure function; returns an array or a tree of arrays.
    order : int
        How many times to differentiate.
    argnums : int or sequence of int, optional
        Which positional argument, an array of any shape, to differentiate with respect to;
        negative ones count from the end. The first, when neither `argnums` nor `argnames` is given.
        A sequence gives a tuple of derivatives.
    check : bool
        Whether to make sure that `fun` is elementwise where it is evaluated, by differentiating
        along a second direction.
    argnames : str or sequence of str, optional
        The argument by name.

    Returns
    -------
    callable
        Takes the arguments of `fun`; returns arrays of the shapes and dtypes of its result. Of a
        complex argument it is the complex derivative; the function must be holomorphic.

    Raises
    ------
    NotElementwiseError
        By the result, if an element of the output depends on several elements of the argument, or
        if `fun` is no holomorphic function of a complex argument.
    IntegerOutputError, NonFloatInputError, ArgumentIndexError
        By the result, as for `grad`.

    Examples
    --------
    >>> x = fnp.array([0.0, 1.0, 2.0])
    >>> fg.deriv(lambda x: x**4)(x)
    Array([ 0.,  4., 32.], dtype=float64)
    >>> fg.deriv(lambda x: x**4, order=3)(x)
    Array([ 0., 24., 48.], dtype=float64)
    >>> fg.deriv(fnp.exp, 2)(0.0)
    Array(1., dtype=float64)
    """
    return _Deriv(fun, order, argnums, check, argnames)
