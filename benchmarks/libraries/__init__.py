"""One file per library, each with an object ``LIBRARY``; imported only in a process of its own."""

from __future__ import annotations

from importlib import import_module, util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.libraries.base import Library

OURS = "fungrad"
COMPILED = "jax_jit"

IN_NUMPY = (OURS, "autograd")
"""The libraries whose arrays NumPy allocates."""

TITLES = {
    OURS: "fungrad",
    "autograd": "autograd",
    "pytorch": "PyTorch",
    "jax": "JAX",
    COMPILED: "JAX jit",
}

IMPORTS = {
    OURS: "fungrad",
    "autograd": "autograd.numpy",
    "pytorch": "torch",
    "jax": "jax.numpy",
    COMPILED: "jax.numpy",
}


def load(name: str) -> Library:
    """Import the library called `name` into this process."""
    library: Library = import_module(f"{__name__}.{name}").LIBRARY
    return library


def importable(name: str) -> bool:
    """Whether the library called `name` is installed; it is not imported."""
    specification = util.find_spec(IMPORTS[name].partition(".")[0])
    return specification is not None and specification.origin is not None
