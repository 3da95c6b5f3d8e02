"""Rows of `fungrad.rules.shape`."""

from __future__ import annotations

import numpy as np

import fungrad.numpy as fnp
from fungrad.rules import shape as rules
from tests.cases import Case, normal

CASES = [
    Case(
        "reshape",
        (rules.Reshape,),
        lambda x: fnp.reshape(x, (3, 2)),
        (normal(2, 3),),
        lambda x: np.reshape(x, (3, 2)),
    ),
]
