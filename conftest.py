"""What every test and every docstring example may rely on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import fungrad as fg
import fungrad.numpy as fnp

# The same examples in every run, and no failure because a machine was busy.
settings.register_profile("fungrad", derandomize=True, deadline=None)
settings.load_profile("fungrad")

collect_ignore_glob = ["tests/data/make_*.py"]  # they need the libraries whose results they record

PRINT_OPTIONS: dict[str, Any] = {
    "edgeitems": 3,
    "floatmode": "maxprec",
    "formatter": None,
    "legacy": False,
    "linewidth": 75,
    "precision": 8,
    "suppress": False,
    "threshold": 1000,
}


@pytest.fixture(autouse=True)
def fixed_state() -> Iterator[None]:
    """Start each test from the same seeds and with NumPy's own way to print."""
    random.seed(0)
    np.random.seed(0)
    with np.printoptions(**PRINT_OPTIONS):
        yield


@pytest.fixture(autouse=True)
def doctest_names(doctest_namespace: dict[str, Any]) -> None:
    """Let docstring examples use the three usual names without importing them."""
    doctest_namespace.update(np=np, fg=fg, fnp=fnp)
