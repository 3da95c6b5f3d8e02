"""JAX's function transformations over plain NumPy."""

from fungrad import numpy as numpy
from fungrad import tree as tree
from fungrad.array import Array as Array
from fungrad.function import Context as Context
from fungrad.function import Function as Function
from fungrad.transforms.reverse import grad as grad
from fungrad.transforms.reverse import value_and_grad as value_and_grad
from fungrad.transforms.reverse import vjp as vjp
from fungrad.transforms.stop import stop_gradient as stop_gradient

__all__ = [
    "Array",
    "Context",
    "Function",
    "grad",
    "numpy",
    "stop_gradient",
    "tree",
    "value_and_grad",
    "vjp",
]
