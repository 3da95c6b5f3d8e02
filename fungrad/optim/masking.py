"""Transformations of some of the parameters, and different ones for different parameters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from fungrad import tree
from fungrad.errors import OptimizerArgumentError, ParameterLabelError
from fungrad.optim.base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Transformation,
    Updates,
    set_to_zero,
    with_extra_args_support,
)

__all__ = [
    "MaskedNode",
    "MaskedState",
    "MultiTransformState",
    "PartitionState",
    "freeze",
    "masked",
    "multi_transform",
    "partition",
    "selective_transform",
]


class MaskedState(NamedTuple):
    """The state of `masked`: that of the inner transformation."""

    inner_state: Any


class MaskedNode(NamedTuple):
    """What stands where a mask hides a parameter: a tree without leaves.

    Examples
    --------
    >>> from fungrad import optim
    >>> inner = optim.masked(optim.trace(0.9), {"w": True, "b": False})
    >>> inner.init({"w": 1.0, "b": 2.0}).inner_state.trace
    {'w': Array(0., dtype=float64), 'b': MaskedNode()}
    """


class PartitionState(NamedTuple):
    """The state of `partition`: those of its transformations, by label."""

    inner_states: Mapping[Hashable, OptState]


MultiTransformState = PartitionState


def _is_function(mask: Any) -> bool:
    # A tree of callable leaves is what modules that are trees look like.
    leaves = tree.leaves(mask)
    return bool(leaves) and all(callable(leaf) for leaf in leaves)


def _hide(mask: Any, given: Any, name: str) -> Any:
    """Replace what a mask hides, which may be whole subtrees."""
    flags, structure = tree.flatten(mask)
    subtrees = structure.flatten_up_to(given, caller="masked", name=name)
    return structure.unflatten(
        [subtree if flag else MaskedNode() for flag, subtree in zip(flags, subtrees)]
    )


class Masked(Transformation):
    """A transformation of what a mask shows."""

    def __init__(self, inner: GradientTransformation, mask: Any, extra: bool) -> None:
        self.inner = with_extra_args_support(inner)
        self.mask = mask
        self.mask_extra = extra

    def flags(self, given: Any) -> Any:
        """Return the mask as a tree."""
        return self.mask(given) if _is_function(self.mask) else self.mask

    def init(self, params: Params) -> OptState:
        """Return the state for the parameters that the mask shows."""
        return MaskedState(self.inner.init(_hide(self.flags(params), params, "params")))

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Transform the updates that the mask shows; the others pass."""
        mask = self.flags(updates)
        if self.mask_extra:
            shape = tree.structure(updates)
            extra = {
                key: _hide(mask, value, key) if tree.structure(value) == shape else value
                for key, value in extra.items()
            }
        shown = _hide(mask, updates, "updates")
        params = None if params is None else _hide(mask, params, "params")
        new, inner_state = self.inner.update(shown, state.inner_state, params, **extra)
        flags, structure = tree.flatten(mask)
        merged = [
            changed if flag else old
            for flag, changed, old in zip(
                flags, structure.flatten_up_to(new), structure.flatten_up_to(updates)
            )
        ]
        return structure.unflatten(merged), MaskedState(inner_state)


def masked(
    inner: GradientTransformation, mask: Any, *, mask_compatible_extra_args: bool = False
) -> GradientTransformationExtraArgs:
    """Return a transformation of some of the parameters; the other updates pass unchanged.

    Parameters
    ----------
    inner : GradientTransformation
        What to do with the chosen ones.
    mask : tree or callable
        A tree of bools like the parameters, or the upper part of such a tree, where a bool is for
        all below it. Or a function that makes it of the parameters (and in an update of the
        updates).
    mask_compatible_extra_args : bool
        Whether further arguments of update that are trees like the updates are masked too.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> scale_w = optim.masked(optim.scale(10.0), {"w": True, "b": False})
    >>> scale_w.update({"w": 1.0, "b": 1.0}, scale_w.init({"w": 0.0, "b": 0.0}))[0]
    {'w': Array(10., dtype=float64), 'b': 1.0}
    """
    return Masked(inner, mask, mask_compatible_extra_args).pair


class _Is:
    """Tells a label from the others."""

    def __init__(self, label: Hashable) -> None:
        self.label = label

    def __call__(self, other: Any) -> bool:
        return bool(other == self.label)


class _Partition(Transformation):
    def __init__(
        self, transforms: Mapping[Any, GradientTransformation], labels: Any, extra: bool
    ) -> None:
        self.transforms = dict(transforms)
        self.labels = labels
        self.mask_extra = extra

    def _masked(self, given: Any, name: str) -> dict[Any, Masked]:
        labels = self.labels(given) if callable(self.labels) else self.labels
        for path, label in tree.leaves_with_path(labels):
            if label not in self.transforms:
                known = [repr(each) for each in self.transforms]
                where = tree.format_path(name, path)
                raise ParameterLabelError("multi_transform", where, label, known)
        return {
            label: Masked(inner, tree.map(_Is(label), labels), self.mask_extra)
            for label, inner in self.transforms.items()
        }

    def init(self, params: Params) -> OptState:
        parts = self._masked(params, "params")
        return PartitionState({label: part.init(params) for label, part in parts.items()})

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        states = {}
        for label, part in self._masked(updates, "updates").items():
            updates, states[label] = part.update(
                updates, state.inner_states[label], params, **extra
            )
        return updates, PartitionState(states)


def partition(
    transforms: Mapping[Any, GradientTransformation],
    param_labels: Any,
    *,
    mask_compatible_extra_args: bool = False,
) -> GradientTransformationExtraArgs:
    """Return a transformation that treats parameters by their labels; `multi_transform` is a name.

    Parameters
    ----------
    transforms : dict
        A transformation for each label.
    param_labels : tree or callable
        A tree of labels like the parameters, or the upper part of such a tree, where a label is
        for all below it. Or a function that makes it of the parameters (and in an update of the
        updates).
    mask_compatible_extra_args : bool
        See `masked`.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    ParameterLabelError
        By the result, if there is no transformation for a label.

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.multi_transform(
    ...     {"fast": optim.sgd(1.0), "slow": optim.sgd(0.1)}, {"w": "fast", "b": "slow"}
    ... )
    >>> state = optimizer.init({"w": 0.0, "b": 0.0})
    >>> optimizer.update({"w": 1.0, "b": 1.0}, state)[0]
    {'w': Array(-1., dtype=float64), 'b': Array(-0.1, dtype=float64)}
    """
    return _Partition(transforms, param_labels, mask_compatible_extra_args).pair


multi_transform = partition


def freeze(mask: Any) -> GradientTransformationExtraArgs:
    """Return the transformation that leaves some of the parameters as they are.

    Parameters
    ----------
    mask : tree or callable
        Where it is True, updates become zero; see `masked`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> frozen = optim.freeze({"w": True, "b": False})
    >>> frozen.update({"w": 1.0, "b": 1.0}, frozen.init({"w": 0.0, "b": 0.0}))[0]
    {'w': Array(0., dtype=float64), 'b': 1.0}
    """
    return masked(set_to_zero(), mask)


def selective_transform(
    optimizer: GradientTransformation, *, freeze_mask: Any
) -> GradientTransformationExtraArgs:
    """Return an optimiser that leaves some of the parameters as they are.

    Parameters
    ----------
    optimizer : GradientTransformation
        What moves the others.
    freeze_mask : tree
        A tree of bools like the parameters: True for those that stay.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.selective_transform(optim.sgd(0.1), freeze_mask={"w": True, "b": False})
    >>> state = optimizer.init({"w": 0.0, "b": 0.0})
    >>> optimizer.update({"w": 1.0, "b": 1.0}, state)[0]
    {'w': Array(0., dtype=float64), 'b': Array(-0.1, dtype=float64)}
    """
    if callable(freeze_mask):
        raise OptimizerArgumentError(
            "selective_transform", "freeze_mask is a tree of bools; call the function on the params"
        )
    labels = tree.map(lambda frozen: "freeze" if frozen else "train", freeze_mask)
    return partition({"train": optimizer, "freeze": set_to_zero()}, labels)
