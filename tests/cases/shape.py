"""Rows of `fungrad.rules.shape`."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import shape as rules
from tests.cases import Case, complex_normal, normal

X = normal(2, 3)
BOX = normal(2, 3, 4)

CASES = [
    Case(
        "reshape",
        (rules.Reshape,),
        lambda x: fnp.reshape(x, (3, -1)),
        (X,),
        lambda x: np.reshape(x, (3, -1)),
    ),
    Case(
        "reshape to a scalar",
        (rules.Reshape,),
        lambda x: fnp.reshape(x, ()),
        (normal(1),),
        lambda x: np.reshape(x, ()),
    ),
    Case(
        "reshape in Fortran's order",
        (rules.Reshape, rules.Transpose),
        lambda x: fnp.reshape(x, (4, 6), order="F"),
        (BOX,),
        lambda x: np.reshape(x, (4, 6), order="F"),
    ),
    Case(
        "reshape of an empty array",
        (rules.Reshape,),
        lambda x: fnp.reshape(x, (3, 0)),
        (np.zeros((0, 2)),),
        lambda x: np.reshape(x, (3, 0)),
    ),
    Case(
        "ravel of a complex array",
        (rules.Reshape,),
        fnp.ravel,
        (complex_normal(2, 2),),
        np.ravel,
    ),
    Case(
        "expand_dims",
        (rules.Reshape,),
        lambda x: fnp.expand_dims(x, (0, -1)),
        (X,),
        lambda x: np.expand_dims(x, (0, -1)),
    ),
    Case("squeeze", (rules.Reshape,), fnp.squeeze, (normal(1, 3, 1),), np.squeeze),
    Case(
        "broadcast_to",
        (rules.BroadcastTo,),
        lambda x: fnp.broadcast_to(x, (4, 2, 3)),
        (normal(2, 1),),
        lambda x: np.broadcast_to(x, (4, 2, 3)),
    ),
    Case(
        "broadcast_to of a number",
        (rules.BroadcastTo,),
        lambda x: fnp.broadcast_to(x, (2,)),
        (np.float64(0.5),),
        lambda x: np.broadcast_to(x, (2,)),
    ),
    Case(
        "transpose",
        (rules.Transpose,),
        lambda x: fnp.transpose(x, (1, -1, 0)),
        (BOX,),
        lambda x: np.transpose(x, (1, -1, 0)),
    ),
    Case(
        "moveaxis",
        (rules.Transpose,),
        lambda x: fnp.moveaxis(x, (0, 1), (-1, 0)),
        (BOX,),
        lambda x: np.moveaxis(x, (0, 1), (-1, 0)),
    ),
    Case("flip", (rules.Flip,), fnp.flip, (X,), np.flip),
    Case(
        "flip an axis", (rules.Flip,), lambda x: fnp.flip(x, -1), (BOX,), lambda x: np.flip(x, -1)
    ),
    Case(
        "rot90",
        (rules.Flip,),
        lambda x: fnp.rot90(x, 3, (1, 2)),
        (BOX,),
        lambda x: np.rot90(x, 3, (1, 2)),
    ),
    Case(
        "roll",
        (rules.Roll,),
        lambda x: fnp.roll(x, (1, -5), (0, -1)),
        (BOX,),
        lambda x: np.roll(x, (1, -5), (0, -1)),
    ),
    Case(
        "roll the flattened array",
        (rules.Roll,),
        lambda x: fnp.roll(x, 2),
        (X,),
        lambda x: np.roll(x, 2),
    ),
    Case(
        "diagonal",
        (rules.Diagonal,),
        lambda x: fnp.diagonal(x, 1, 2, 0),
        (BOX,),
        lambda x: np.diagonal(x, 1, 2, 0),
    ),
    Case(
        "diag of a vector",
        (rules.PlaceDiagonal,),
        lambda x: fnp.diag(x, -2),
        (normal(3),),
        lambda x: np.diag(x, -2),
    ),
    Case(
        "diag of a wide matrix",
        (rules.Diagonal,),
        lambda x: fnp.diag(x, 1),
        (X,),
        lambda x: np.diag(x, 1),
    ),
    Case(
        "diagonal that is not there",
        (rules.Diagonal,),
        lambda x: fnp.diagonal(x, 7),
        (X,),
        lambda x: np.diagonal(x, 7),
    ),
    Case("tril", (rules.Triangle,), lambda x: fnp.tril(x, 1), (BOX,), lambda x: np.tril(x, 1)),
    Case("triu of a vector", (rules.Triangle,), fnp.triu, (normal(3),), np.triu),
    Case(
        "concatenate",
        (rules.Concatenate,),
        lambda x, y, z: fnp.concatenate([x, y, z], axis=-1),
        (X, normal(2, 1), normal(2, 2)),
        lambda x, y, z: np.concatenate([x, y, z], axis=-1),
    ),
    Case(
        "concatenate flattened, with integers between",
        (rules.Concatenate,),
        lambda x, n, y: fnp.concatenate([x, n, y], axis=None),
        (X, np.array([1, 2]), normal(2)),
        lambda x, n, y: np.concatenate([x, n, y], axis=None),
        float32=False,  # NumPy promotes float32 and int64 to float64
    ),
    Case(
        "concatenate real and complex",
        (rules.Concatenate,),
        lambda x, y: fnp.concatenate([x, y]),
        (normal(2), complex_normal(2)),
        lambda x, y: np.concatenate([x, y]),
    ),
    Case(
        "block",
        (rules.Concatenate,),
        lambda x, y: fnp.block([[x, y], [y, x]]),
        (normal(2, 2), normal(2, 1)),
        lambda x, y: np.block([[x, y], [y, x]]),
    ),
    Case(
        "stack",
        (rules.Stack,),
        lambda x, y: fnp.stack([x, y], axis=-2),
        (X, normal(2, 3, seed=1)),
        lambda x, y: np.stack([x, y], axis=-2),
    ),
    Case(
        "stack numbers",
        (rules.Stack,),
        lambda x, y: fnp.array([x, 1.0, y], dtype=fnp.result_type(x)),
        (np.float64(0.5), np.float64(2.0)),
        lambda x, y: np.array([x, 1.0, y]),
    ),
    Case(
        "split",
        (rules.Split,),
        lambda x: tuple(fnp.split(x, [1, 3], axis=2)),
        (BOX,),
        lambda x: tuple(np.split(x, [1, 3], axis=2)),
    ),
    Case(
        "array_split",
        (rules.Split,),
        lambda x: tuple(fnp.array_split(x, 3)),
        (normal(7),),
        lambda x: tuple(np.array_split(x, 3)),
    ),
    Case(
        "unstack",
        (rules.Unstack,),
        lambda x: fnp.unstack(x, axis=1),
        (X,),
        lambda x: tuple(np.moveaxis(x, 1, 0)),
    ),
    Case("unstack a vector", (rules.Unstack,), fnp.unstack, (normal(3),), tuple),
    Case("unstack one", (rules.Unstack,), fnp.unstack, (normal(1, 2),), tuple),
]
