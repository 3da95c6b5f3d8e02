"""Transformations one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fungrad.errors import OptimizerArgumentError, OptimizerStateError
from fungrad.optim.base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
    with_extra_args_support,
)
from fungrad.optim.elementwise import Elementwise, run


class Chain(Transformation):
    """Transformations one after the other; neighbours that are elementwise run together.

    Chains in the chain are looked into, so that their elementwise parts run together too.
    """

    def __init__(self, transforms: Sequence[GradientTransformation]) -> None:
        self.transforms = [with_extra_args_support(each) for each in transforms]
        self.groups: list[list[Any]] = []
        for member in self._members():
            stage = getattr(member.update, "__self__", None)
            if isinstance(stage, Elementwise):
                joins = self.groups and isinstance(self.groups[-1][-1], Elementwise)
                if joins and not stage.survey:
                    self.groups[-1].append(stage)
                else:
                    self.groups.append([stage])
            else:
                self.groups.append([member])

    def _members(self) -> Iterator[GradientTransformationExtraArgs]:
        for each in self.transforms:
            inner = getattr(each.update, "__self__", None)
            if isinstance(inner, Chain):
                yield from inner._members()
            else:
                yield each

    def init(self, params: Params) -> OptState:
        """Return the states of all members, a tuple."""
        return tuple([each.init(params) for each in self.transforms])

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Apply the members in order."""
        states = self._flatten(state)
        new: list[OptState] = []
        for group in self.groups:
            if isinstance(group[0], Elementwise):
                own = [next(states) for _ in group]
                updates, changed = run(group, updates, own, params)
                new += changed
            else:
                updates, one = group[0].update(updates, next(states), params, **extra)
                new.append(one)
        return updates, self._unflatten(iter(new))

    def _flatten(self, state: OptState) -> Iterator[OptState]:
        if not isinstance(state, (tuple, list)) or len(state) != len(self.transforms):
            sequence = isinstance(state, (tuple, list))
            given = f"has {len(state)}" if sequence else f"is a {type(state).__name__}"
            raise OptimizerStateError(
                "chain", f"it has {len(self.transforms)} transformations, and the state {given}"
            )
        for each, own in zip(self.transforms, state):
            inner = getattr(each.update, "__self__", None)
            if isinstance(inner, Chain):
                yield from inner._flatten(own)
            else:
                yield own

    def _unflatten(self, states: Iterator[OptState]) -> OptState:
        result = []
        for each in self.transforms:
            inner = getattr(each.update, "__self__", None)
            result.append(inner._unflatten(states) if isinstance(inner, Chain) else next(states))
        return tuple(result)


class _NamedChain(Transformation):
    def __init__(self, names: Sequence[str], transforms: Sequence[GradientTransformation]) -> None:
        self.names = list(names)
        self.chain = Chain(transforms)

    def init(self, params: Params) -> OptState:
        return dict(zip(self.names, self.chain.init(params)))

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        if not isinstance(state, dict) or set(state) != set(self.names):
            raise OptimizerStateError(
                "named_chain",
                f"its transformations are {', '.join(self.names)}, and the state is no dict of "
                "their states",
            )
        states = tuple([state[name] for name in self.names])
        updates, new = self.chain.update(updates, states, params, **extra)
        return updates, dict(zip(self.names, new))


def chain(*args: GradientTransformation) -> GradientTransformationExtraArgs:
    """Return several transformations as one: the updates pass through them in order.

    Parameters
    ----------
    *args : GradientTransformation
        The transformations; chains may be among them.

    Returns
    -------
    GradientTransformationExtraArgs
        Its state is a tuple of their states. Transformations of single elements that stand side by
        side are evaluated in one pass over memory.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.chain(optim.clip(1.0), optim.sgd(0.1))
    >>> params = {"w": fnp.array([1.0, 2.0])}
    >>> state = optimizer.init(params)
    >>> updates, state = optimizer.update({"w": fnp.array([5.0, 0.5])}, state, params)
    >>> updates
    {'w': Array([-0.1 , -0.05], dtype=float64)}
    """
    return Chain(args).pair


def named_chain(*args: tuple[str, GradientTransformation]) -> GradientTransformationExtraArgs:
    """Return several transformations as one, as `chain` does, with a state by name.

    Parameters
    ----------
    *args : tuple of str and GradientTransformation
        The names and the transformations.

    Returns
    -------
    GradientTransformationExtraArgs
        Its state is a dict of their states.

    Raises
    ------
    OptimizerArgumentError
        If a name is given twice.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.named_chain(("clip", optim.clip(1.0)), ("scale", optim.scale(-0.1)))
    >>> optimizer.init({"w": 1.0})
    {'clip': EmptyState(), 'scale': EmptyState()}
    """
    names = [name for name, _ in args]
    if len(set(names)) != len(names):
        raise OptimizerArgumentError("named_chain", f"a name is given twice among {names}")
    return _NamedChain(names, [transform for _, transform in args]).pair
