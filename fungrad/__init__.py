"""JAX's function transformations over plain NumPy."""

from fungrad import errors as errors
from fungrad import flatten_util as flatten_util
from fungrad import numpy as numpy
from fungrad import tree as tree
from fungrad import tree_util as tree_util
from fungrad.array import Array as Array
from fungrad.function import Context as Context
from fungrad.function import Function as Function
from fungrad.transforms.reverse import grad as grad
from fungrad.transforms.reverse import value_and_grad as value_and_grad
from fungrad.transforms.reverse import vjp as vjp
from fungrad.transforms.stop import stop_gradient as stop_gradient
from fungrad.version import __version__ as __version__

__all__ = [
    "Array",
    "Context",
    "Function",
    "__version__",
    "errors",
    "flatten_util",
    "grad",
    "numpy",
    "stop_gradient",
    "tree",
    "tree_util",
    "value_and_grad",
    "vjp",
]
