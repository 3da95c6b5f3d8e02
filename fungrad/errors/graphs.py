"""Mistakes with recorded programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fungrad.errors.base import FungradError


class RecordedDecisionError(FungradError, RuntimeError):
    """A recorded program was run with values for which the Python code might do something else."""

    def __init__(self, name: str, recorded: Any, now: Any) -> None:
        super().__init__(
            f"{name}: the function decided something by a value that was {_show(recorded)} when it "
            f"was recorded and is {_show(now)} now, and a recorded program cannot decide anew; "
            "choose with fnp.where instead of if, or record it again at these arguments"
        )


class ConvertedArgumentError(FungradError, TypeError):
    """A function made by `closure_convert` was called with arguments unlike its examples."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(
            f"{title}: {text}; call closure_convert with examples of the structure, shapes and "
            "dtypes of the arguments"
        )


def _show(value: Any) -> str:
    return np.array2string(np.asarray(value), threshold=6, edgeitems=2, separator=", ")
