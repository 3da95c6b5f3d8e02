"""The protocol of optimisers: pairs of functions, and the simplest of them.

``init(params)`` makes a state, ``update(updates, state, params)`` turns gradients into updates and
the state into the next one. Both are pure. States are trees, so they pass through every transform
and can be saved.

Inside, a transformation is an object of a small class with these two as methods: it pickles, and
`chain` can look into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.array import Array, wrap
from fungrad.errors import MissingParametersError, OptimizerArgumentError

Params: TypeAlias = Any
"""A tree of arrays."""

Updates: TypeAlias = Any
"""A tree like the parameters: gradients, or what is to be added to the parameters."""

OptState: TypeAlias = Any
"""The state of an optimiser, a tree."""

Schedule: TypeAlias = Callable[[Any], Any]
"""A function of the number of steps taken so far."""

ScalarOrSchedule: TypeAlias = Any
"""A number, an array without axes, or a schedule."""

TransformInitFn: TypeAlias = Callable[[Params], OptState]
TransformUpdateFn: TypeAlias = Callable[..., tuple[Updates, OptState]]
TransformUpdateExtraArgsFn: TypeAlias = TransformUpdateFn


class GradientTransformation(NamedTuple):
    """An optimiser, or a part of one: a pair of pure functions.

    Attributes
    ----------
    init : callable
        ``init(params)`` returns the first state.
    update : callable
        ``update(updates, state, params=None)`` returns the new updates and the next state.

    Examples
    --------
    >>> from fungrad import optim
    >>> def halve(updates, state, params=None):
    ...     return fg.tree.map(lambda u: u / 2, updates), state
    >>> half = optim.GradientTransformation(lambda params: (), halve)
    >>> optimizer = optim.chain(half, optim.sgd(1.0))
    >>> optimizer.update({"w": 3.0}, optimizer.init({"w": 1.0}))[0]
    {'w': Array(-1.5, dtype=float64)}
    """

    init: TransformInitFn
    update: TransformUpdateFn


class GradientTransformationExtraArgs(GradientTransformation):
    """A transformation whose update takes further keyword arguments, such as the value of the loss.

    Examples
    --------
    >>> from fungrad import optim
    >>> isinstance(optim.adam(1e-3), optim.GradientTransformationExtraArgs)
    True
    """

    __slots__ = ()


class EmptyState(NamedTuple):
    """The state of a transformation that has none.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.identity().init({"w": 1.0})
    EmptyState()
    """


class Transformation:
    """A transformation as an object; `pair` is what users get."""

    def init(self, params: Params) -> OptState:
        """Return the first state."""
        return EmptyState()

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Return the new updates and the next state."""
        raise NotImplementedError

    @property
    def pair(self) -> GradientTransformationExtraArgs:
        """The two methods."""
        return GradientTransformationExtraArgs(self.init, self.update)


class _Identity(Transformation):
    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        return updates, state


class Stateless(Transformation):
    """A transformation by ``function(updates, params, **settings)``, a function of whole trees."""

    def __init__(
        self, name: str, function: Callable[..., Any], needs_params: bool = False, **settings: Any
    ) -> None:
        self.name = name
        self.function = function
        self.needs_params = needs_params
        self.settings = settings

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Apply the function."""
        if self.needs_params and params is None:
            raise MissingParametersError(self.name)
        return self.function(updates, params, **self.settings), state


class Leafwise(Stateless):
    """A transformation by ``function(update, **settings)``, or with the parameter after the update.

    The leaves are arrays.
    """

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Apply the function to each leaf."""
        if not self.needs_params:
            return tree.map(self._one, updates), state
        if params is None:
            raise MissingParametersError(self.name)
        return tree.map(self._one, updates, params), state

    def _one(self, *values: Any) -> Any:
        return self.function(*map(fnp.asarray, values), **self.settings)


class _WithoutExtra(Transformation):
    """A user's transformation whose update takes no further arguments."""

    def __init__(self, inner: GradientTransformation) -> None:
        self.inner = inner

    def init(self, params: Params) -> OptState:
        return self.inner.init(params)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        return self.inner.update(updates, state, params)


def _call_on_leaves(updates: Updates, params: Params, f: Callable[..., Any]) -> Updates:
    if params is None:
        return tree.map(lambda update: f(update, None), updates)
    return tree.map(f, updates, params)


def _zeros_like(update: Any) -> Any:
    return fnp.zeros_like(update)


def identity() -> GradientTransformationExtraArgs:
    """Return the transformation that changes nothing.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.identity().update({"w": 2.0}, optim.EmptyState())
    ({'w': 2.0}, EmptyState())
    """
    return _Identity().pair


def set_to_zero() -> GradientTransformationExtraArgs:
    """Return the transformation whose updates are zeros: parameters that stay as they are.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.set_to_zero().update({"w": 2.0}, optim.EmptyState())[0]
    {'w': Array(0., dtype=float64)}
    """
    return Leafwise("set_to_zero", _zeros_like).pair


def stateless(f: Callable[[Updates, Params], Updates]) -> GradientTransformationExtraArgs:
    """Return a transformation without a state, by a function of the updates and the parameters.

    Parameters
    ----------
    f : callable
        ``f(updates, params)`` returns the new updates, a tree. The parameters are None where
        update was called without them.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> scaled = optim.stateless(lambda updates, params: {"w": updates["w"] * params["w"]})
    >>> scaled.update({"w": 2.0}, optim.EmptyState(), {"w": 5.0})[0]
    {'w': 10.0}
    """
    return Stateless("stateless", f).pair


def stateless_with_tree_map(f: Callable[[Any, Any], Any]) -> GradientTransformationExtraArgs:
    """Return a transformation without a state, by a function of one update and one parameter.

    Parameters
    ----------
    f : callable
        ``f(update, param)`` returns the new update, for each leaf. The parameter is None where
        update was called without parameters.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> scaled = optim.stateless_with_tree_map(lambda update, param: update * param)
    >>> scaled.update({"w": 2.0}, optim.EmptyState(), {"w": 5.0})[0]
    {'w': 10.0}
    """
    return Stateless("stateless_with_tree_map", _call_on_leaves, f=f).pair


def with_extra_args_support(tx: GradientTransformation) -> GradientTransformationExtraArgs:
    """Return a transformation whose update also takes, and ignores, further keyword arguments.

    Parameters
    ----------
    tx : GradientTransformation
        A transformation; one that takes further arguments already is returned as it is.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If it is no transformation.

    Examples
    --------
    >>> from fungrad import optim
    >>> plain = optim.GradientTransformation(lambda p: (), lambda u, s, p=None: (u, s))
    >>> optim.with_extra_args_support(plain).update({"w": 2.0}, (), value=0.5)
    ({'w': 2.0}, ())
    """
    if isinstance(tx, GradientTransformationExtraArgs):
        return tx
    if not callable(getattr(tx, "init", None)) or not callable(getattr(tx, "update", None)):
        called = callable(tx) and getattr(tx, "__name__", None)
        raise OptimizerArgumentError(
            "a transformation was expected",
            f"{tx!r} is no pair of functions init and update"
            + (f"; call it first: {called}(...)" if called else ""),
        )
    return _WithoutExtra(tx).pair


# --- counts --------------------------------------------------------------------------------------


def zero_count() -> Array:
    """Return a count of no steps: an array, so that it can be traced and saved like the rest."""
    return wrap(np.int32(0))  # type: ignore[no-any-return]


def safe_increment(count: Any) -> Any:
    """Return a count plus one, or the count where its dtype has no larger one.

    Parameters
    ----------
    count : Array, int or float
        How often something has happened.

    Returns
    -------
    Array, int or float
        As given.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.safe_increment(fnp.int32(5))
    Array(6, dtype=int32)
    >>> optim.safe_increment(fnp.int8(127))
    Array(127, dtype=int8)
    """
    if isinstance(count, int):
        return count + 1
    count = fnp.asarray(count)
    info = np.iinfo if count.dtype.kind in "iu" else np.finfo
    largest = info(count.dtype).max
    return fnp.where(count < largest, fnp.minimum(count, largest - 1) + 1, count)
