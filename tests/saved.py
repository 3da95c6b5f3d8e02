"""What the tests of fungrad.io share: classes to be saved, and files made by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import fungrad as fg
from fungrad.tree_util import register_dataclass, register_pytree_node


class Pair(NamedTuple):
    first: Any
    second: Any


@register_dataclass
@dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any = None
    activation: Any = fg.tree.static(default="relu")  # noqa: RUF009


class Interval:
    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high


def make_interval(unit: Any, children: Any) -> Interval:
    if unit == "?":
        raise KeyError(unit)
    return Interval(*children)


register_pytree_node(Interval, lambda i: ((i.low, i.high), "m"), make_interval)


TYPES = [Pair, Layer, Interval]


def assert_same(given: Any, expected: Any) -> None:
    """Compare trees: structures with the order of keys, types of numbers, elements and dtypes."""
    assert repr(fg.tree.structure(given)) == repr(fg.tree.structure(expected))
    for one, other in zip(fg.tree.leaves(given), fg.tree.leaves(expected), strict=True):
        if isinstance(other, (np.ndarray, np.generic, fg.Array)):
            assert type(one) is fg.Array
            assert one.dtype == np.dtype(other.dtype).newbyteorder("=")
            assert one.dtype.isnative
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other), strict=False)
            assert one.shape == other.shape
        else:
            assert type(one) is type(other)
            assert repr(one) == repr(other)


def raw(header: Any, data: bytes = b"") -> bytes:
    """The bytes of a file with any header at all."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}
