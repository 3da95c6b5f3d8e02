"""Rows of `fungrad.rules.constants`."""

from __future__ import annotations

from fungrad import stop_gradient
from fungrad.rules import constants as rules
from tests.cases import Case, normal

CASES = [
    Case(
        "stop_gradient",
        (rules.StopGradient,),
        stop_gradient,
        (normal(2, 3),),
        lambda x: x,
        derivative=False,
    ),
]
