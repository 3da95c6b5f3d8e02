"""Rows of `fungrad.rules.indexing`."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import indexing as rules
from tests.cases import Case, complex_normal, normal, positive

BOX = normal(3, 4, 5)
SQUARE = normal(4, 4)
ONCE = np.array([2, 0])
TWICE = np.array([1, 3, 1, 1])
PLANE = np.array([[0, 2], [-1, 0]])
MASK = np.array([True, False, True, True])


def updated(x, index, values):
    x = np.array(x)
    x[index] = values
    return x


def at(ufunc, x, index, values):
    x = np.array(x)
    ufunc.at(x, index, np.broadcast_to(values, x[index].shape))
    return x


CASES = [
    Case("slices", (rules.Slice,), lambda x: x[1:, ..., ::-2], (BOX,), lambda x: x[1:, ..., ::-2]),
    Case("an integer", (rules.Slice,), lambda x: x[-1], (normal(3),), lambda x: x[-1]),
    Case(
        "new axes",
        (rules.Slice,),
        lambda x: x[None, :, 2, None],
        (BOX,),
        lambda x: x[None, :, 2, None],
    ),
    Case("an empty slice", (rules.Slice,), lambda x: x[5:], (normal(3),), lambda x: x[5:]),
    Case(
        "new axes for a number",
        (rules.Slice,),
        lambda x: x[..., None],
        (np.float64(2.0),),
        lambda x: x[..., None],
    ),
    Case("the whole", (rules.Slice,), lambda x: x[()], (complex_normal(2),), lambda x: x[()]),
    Case(
        "pad with zeros",
        (rules.Place,),
        lambda x: fnp.pad(x, ((1, 0), (0, 2))),
        (SQUARE,),
        lambda x: np.pad(x, ((1, 0), (0, 2))),
    ),
    Case(
        "rows",
        (rules.Gather,),
        lambda x, i: fnp.asarray(x)[i],
        (BOX, np.array([2, 0, 2])),
        lambda x, i: x[i],
    ),
    Case(
        "columns",
        (rules.Gather,),
        lambda x, i: fnp.asarray(x)[:, i],
        (BOX, TWICE),
        lambda x, i: x[:, i],
    ),
    Case(
        "a plane of elements",
        (rules.Gather,),
        lambda x, i: fnp.asarray(x)[i],
        (normal(3), PLANE),
        lambda x, i: x[i],
    ),
    Case(
        "two index arrays",
        (rules.Gather,),
        lambda x, i, j: fnp.asarray(x)[:, i, j],
        (BOX, TWICE, np.array([[0], [4], [0]])),
        lambda x, i, j: x[:, i, j],
    ),
    Case(
        "index arrays apart",
        (rules.Gather, rules.Slice),
        lambda x, i, j: fnp.asarray(x)[i, 1:, j],
        (BOX, PLANE, ONCE),
        lambda x, i, j: x[i, 1:, j],
    ),
    Case("a mask", (rules.Gather,), lambda x: x[:, MASK], (BOX,), lambda x: x[:, MASK]),
    Case(
        "a traced integer",
        (rules.Gather,),
        lambda x, i: fnp.take(x, i, 1),
        (BOX, np.int64(2)),
        lambda x, i: np.take(x, i, 1),
    ),
    Case(
        "rows of a complex array",
        (rules.Gather,),
        lambda x: x[TWICE],
        (complex_normal(4),),
        lambda x: x[TWICE],
    ),
    Case(
        "many rows",
        (rules.Gather,),
        lambda x: x[np.arange(600) % 300],
        (normal(300, 4),),
        lambda x: x[np.arange(600) % 300],
    ),
    Case(
        "many rows, each once",
        (rules.Gather,),
        lambda x: x[np.arange(300)[::-1]],
        (normal(300, 4),),
        lambda x: x[::-1],
    ),
    Case(
        "take_along_axis",
        (rules.Gather,),
        lambda x, i: fnp.take_along_axis(x, i, 1),
        (SQUARE, np.array([[0, 0], [3, 1], [1, 2], [2, 2]])),
        lambda x, i: np.take_along_axis(x, i, 1),
    ),
    Case(
        "set a slice",
        (rules.SetSlice,),
        lambda x, v: fnp.asarray(x).at[1:, ::2].set(v),
        (BOX, normal(1, 5)),
        lambda x, v: updated(x, np.s_[1:, ::2], v),
    ),
    Case(
        "set a number",
        (rules.SetSlice,),
        lambda x, v: fnp.asarray(x).at[2].set(v),
        (normal(3), np.float64(0.5)),
        lambda x, v: updated(x, 2, v),
    ),
    Case(
        "multiply a slice",
        (rules.SetSlice, rules.Slice),
        lambda x, v: fnp.asarray(x).at[..., -1].multiply(v),
        (SQUARE, normal(4)),
        lambda x, v: updated(x, np.s_[..., -1], x[..., -1] * v),
    ),
    Case(
        "set rows",
        (rules.SetAt,),
        lambda x, v, i: fnp.asarray(x).at[i].set(v),
        (SQUARE, normal(2, 4), ONCE),
        lambda x, v, i: updated(x, i, v),
    ),
    Case(
        "set columns, some twice",
        (rules.SetAt,),
        lambda x, v, i: fnp.asarray(x).at[:, i].set(v),
        (BOX, normal(3, 4, 1), TWICE),
        lambda x, v, i: updated(x, np.s_[:, i], v),
    ),
    Case(
        "last wins",
        (rules.LastWins,),
        lambda i, j: rules.LastWins.apply(i, j, dims=(4, 5)),
        (TWICE, np.array([[0], [2]])),
        lambda i, j: np.array([[False, True, False, True], [False, True, False, True]]),
        derivative=False,
    ),
    Case(
        "put_along_axis",
        (rules.SetAt,),
        lambda x, v: fnp.put_along_axis(x, [[1], [0], [3], [2]], v, 1),
        (SQUARE, normal(4, 1)),
        lambda x, v: updated(x, (np.arange(4), [1, 0, 3, 2]), v[:, 0]),
    ),
    Case(
        "add to rows, some twice",
        (rules.AddAt,),
        lambda x, v, i: fnp.asarray(x).at[i].add(v),
        (SQUARE, normal(4, 4, seed=1), TWICE),
        lambda x, v, i: at(np.add, x, i, v),
    ),
    Case(
        "add to index arrays apart",
        (rules.AddAt,),
        lambda x, v, i, j: fnp.asarray(x).at[i, :, j].add(v),
        (BOX, normal(4), PLANE, ONCE),
        lambda x, v, i, j: at(np.add, x, np.s_[i, :, j], v),
    ),
    Case(
        "subtract a number",
        (rules.AddAt,),
        lambda x, v, i: fnp.asarray(x).at[1:, i].subtract(v),
        (SQUARE, np.float64(0.5), TWICE),
        lambda x, v, i: at(np.subtract, x, np.s_[1:, i], v),
    ),
    Case(
        "multiply, some twice",
        (rules.Gather, rules.SetAt),
        lambda x, v, i: fnp.asarray(x).at[:, i].multiply(v),
        (positive(3, 4), positive(4), TWICE),
        lambda x, v, i: at(np.multiply, x, np.s_[:, i], v),
    ),
    Case(
        "divide, some twice",
        (rules.SetAt,),
        lambda x, v: fnp.asarray(x).at[TWICE].divide(v),
        (positive(4, 2), positive(4, 1)),
        lambda x, v: at(np.divide, x, TWICE, v),
    ),
    Case(
        "power at places",
        (rules.SetAt,),
        lambda x, v: fnp.asarray(x).at[ONCE].power(v),
        (positive(4), positive(2)),
        lambda x, v: at(np.power, x, ONCE, v),
    ),
    Case(
        "maximum at rows",
        (rules.MaximumAt,),
        lambda x, v, i: fnp.asarray(x).at[i].max(v),
        (SQUARE, normal(4, 4, seed=1), TWICE),
        lambda x, v, i: at(np.maximum, x, i, v),
    ),
    Case(
        "minimum at columns",
        (rules.MinimumAt,),
        lambda x, v, i: fnp.asarray(x).at[:, i].min(v),
        (SQUARE, normal(4), TWICE),
        lambda x, v, i: at(np.minimum, x, np.s_[:, i], v),
    ),
]
