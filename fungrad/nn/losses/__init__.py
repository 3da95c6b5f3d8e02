"""Loss functions.

Those of PyTorch's names take ``reduction="mean"``, ``"sum"`` or ``"none"``; those that have only
optax's names return the losses one by one.
"""

from __future__ import annotations

from fungrad.nn.losses import (
    binary,
    classification,
    divergences,
    ranking,
    regression,
    sequences,
)
from fungrad.nn.losses.binary import *  # noqa: F403
from fungrad.nn.losses.classification import *  # noqa: F403
from fungrad.nn.losses.divergences import *  # noqa: F403
from fungrad.nn.losses.ranking import *  # noqa: F403
from fungrad.nn.losses.regression import *  # noqa: F403
from fungrad.nn.losses.sequences import *  # noqa: F403

__all__ = [
    *binary.__all__,
    *classification.__all__,
    *divergences.__all__,
    *ranking.__all__,
    *regression.__all__,
    *sequences.__all__,
]
