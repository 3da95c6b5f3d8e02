"""Parameters from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fungrad import numpy as fnp
from fungrad import random, tree
from fungrad.array import Array
from fungrad.errors import StateDictError, describe
from fungrad.nn.layer import Layer, title
from fungrad.transforms.shapes import eval_shape

__all__ = ["load_state_dict"]

MOST = 5  # names that a message lists


def load_state_dict(layer: Layer, state_dict: Any) -> tuple[Any, Any]:
    """Return the parameters and the state that a layer takes, from arrays by name.

    Parameters
    ----------
    layer
        The layer: one layer, or a whole model.
    state_dict
        The arrays by their names in PyTorch, such as ``"0.weight"``: what a module's
        ``state_dict()`` returns, or what `fungrad.load` reads from a file of it. Nested dicts will
        do, too.

    Returns
    -------
    params, state : tuple of dict
        As ``layer.init(key)`` and ``layer.init_state()`` make them. The dtypes are those that came
        in.

    Raises
    ------
    StateDictError
        If a name is missing or not known, or an array has another shape.

    Examples
    --------
    >>> from fungrad import nn
    >>> layer = nn.Sequential(nn.Linear(2, 1), np.tanh)
    >>> saved = {"0.weight": np.ones((1, 2)), "0.bias": np.zeros(1)}
    >>> params, state = nn.load_state_dict(layer, saved)
    >>> layer(params, [1.0, -1.0])
    Array([0.], dtype=float64)
    """
    wanted = (eval_shape(layer.init, random.key(0)), layer.init_state())
    given = dict(named_leaves(state_dict))
    names = [[name for name, _ in named_leaves(each)] for each in wanted]
    expected = dict([*named_leaves(wanted[0]), *named_leaves(wanted[1])])
    faults = [
        ("there is no", [name for name in expected if name not in given]),
        ("it does not know", [name for name in given if name not in expected]),
    ]
    texts = [f"{fault} {_listed(found)}" for fault, found in faults if found]
    for name, leaf in expected.items():
        if name in given and np.shape(given[name]) != leaf.shape:
            texts.append(f"{name!r} is {describe(given[name])}, expected the shape {leaf.shape}")
            break
    if texts:
        raise StateDictError(title(layer), "; ".join(texts))
    params, state = (
        tree.unflatten(tree.structure(each), [_array(given[name]) for name in own])
        for each, own in zip(wanted, names)
    )
    return params, state


def named_leaves(of: Any) -> list[tuple[str, Any]]:
    """Return the leaves of a tree with the keys of their paths, joined by dots."""
    return [
        (tree.keystr(path, simple=True, separator="."), leaf)
        for path, leaf in tree.leaves_with_path(of)
    ]


def _array(leaf: Any) -> Any:
    return leaf if isinstance(leaf, Array) else fnp.array(np.asarray(leaf))


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    text = ", ".join(map(repr, names[:MOST]))
    return text if len(names) <= MOST else f"{text} and {len(names) - MOST} more"
