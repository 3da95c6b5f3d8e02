"""A table of the parameters of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fungrad.nn.checkpoints import named_leaves

__all__ = ["Summary", "summary"]


@dataclass(frozen=True)
class Row:
    """One parameter."""

    path: str
    shape: tuple[int, ...]
    dtype: Any
    count: int
    bytes: int


@dataclass(frozen=True)
class Summary:
    """The parameters of a model: `rows`, and the totals `count` and `bytes`; `str` is a table.

    Examples
    --------
    >>> from fungrad import nn
    >>> nn.summary({"weight": fnp.ones((2, 3))}).rows[0].shape
    (2, 3)
    """

    rows: tuple[Row, ...]

    @property
    def count(self) -> int:
        """The number of numbers."""
        return sum(row.count for row in self.rows)

    @property
    def bytes(self) -> int:
        """The memory that they take."""
        return sum(row.bytes for row in self.rows)

    def __str__(self) -> str:
        lines = [("path", "shape", "dtype", "count", "bytes")]
        lines += [
            (row.path, _shape(row.shape), str(row.dtype), f"{row.count:,}", f"{row.bytes:,}")
            for row in self.rows
        ]
        lines.append(("total", "", "", f"{self.count:,}", f"{self.bytes:,}"))
        widths = [max(map(len, column)) for column in zip(*lines)]
        texts = [
            "  ".join(
                [
                    *[cell.ljust(width) for cell, width in zip(line[:3], widths[:3])],
                    *[cell.rjust(width) for cell, width in zip(line[3:], widths[3:])],
                ]
            )
            for line in lines
        ]
        rule = "-" * len(texts[0])
        return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])

    __repr__ = __str__


def summary(params: Any) -> Summary:
    """Return a table of the parameters of a model, or of any tree of arrays.

    Parameters
    ----------
    params
        The tree.

    Returns
    -------
    Summary
        Print it; `rows`, `count` and `bytes` have the numbers.

    Examples
    --------
    >>> from fungrad import nn, random
    >>> model = nn.Sequential(nn.Linear(64, 32), np.tanh, nn.Linear(32, 10))
    >>> print(nn.summary(model.init(random.key(0))))
    path      shape     dtype    count  bytes
    -----------------------------------------
    0.weight  (32, 64)  float32  2,048  8,192
    0.bias    (32,)     float32     32    128
    2.weight  (10, 32)  float32    320  1,280
    2.bias    (10,)     float32     10     40
    -----------------------------------------
    total                        2,410  9,640
    """
    rows = []
    for name, leaf in named_leaves(params):
        array = leaf if hasattr(leaf, "dtype") and hasattr(leaf, "shape") else np.asarray(leaf)
        count = int(np.prod(array.shape, dtype=int))
        rows.append(Row(name, array.shape, array.dtype, count, count * array.dtype.itemsize))
    return Summary(tuple(rows))


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
