"""JAX's function transformations over plain NumPy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fungrad import errors as errors
from fungrad import flatten_util as flatten_util
from fungrad import lax as lax
from fungrad import numpy as numpy
from fungrad import tree as tree
from fungrad import tree_util as tree_util
from fungrad.array import Array as Array
from fungrad.function import Context as Context
from fungrad.function import Function as Function
from fungrad.transforms import policies as checkpoint_policies
from fungrad.transforms.checkpoint import checkpoint as checkpoint
from fungrad.transforms.checkpoint import remat as remat
from fungrad.transforms.closure import closure_convert as closure_convert
from fungrad.transforms.custom_jvp import custom_jvp as custom_jvp
from fungrad.transforms.custom_vjp import custom_gradient as custom_gradient
from fungrad.transforms.custom_vjp import custom_vjp as custom_vjp
from fungrad.transforms.derived import deriv as deriv
from fungrad.transforms.derived import hessian as hessian
from fungrad.transforms.derived import hvp as hvp
from fungrad.transforms.drawing import make_graph as make_graph
from fungrad.transforms.forward import jvp as jvp
from fungrad.transforms.jacobians import jacfwd as jacfwd
from fungrad.transforms.jacobians import jacobian as jacobian
from fungrad.transforms.jacobians import jacrev as jacrev
from fungrad.transforms.jacobians import value_and_jac as value_and_jac
from fungrad.transforms.linear import linear_transpose as linear_transpose
from fungrad.transforms.linearize import linearize as linearize
from fungrad.transforms.policies import checkpoint_name as checkpoint_name
from fungrad.transforms.primitive import primitive as primitive
from fungrad.transforms.reverse import grad as grad
from fungrad.transforms.reverse import value_and_grad as value_and_grad
from fungrad.transforms.reverse import vjp as vjp
from fungrad.transforms.shapes import ShapeDtypeStruct as ShapeDtypeStruct
from fungrad.transforms.shapes import eval_shape as eval_shape
from fungrad.transforms.stop import stop_gradient as stop_gradient
from fungrad.transforms.vmap import vmap as vmap
from fungrad.version import __version__ as __version__

if TYPE_CHECKING:
    from fungrad import debug as debug
    from fungrad import io as io
    from fungrad import nn as nn
    from fungrad import optim as optim
    from fungrad import random as random
    from fungrad import scipy as scipy
    from fungrad import testing as testing
    from fungrad.debug import debug_nans as debug_nans
    from fungrad.io import load as load
    from fungrad.io import save as save

__all__ = [
    "Array",
    "Context",
    "Function",
    "ShapeDtypeStruct",
    "__version__",
    "checkpoint",
    "checkpoint_name",
    "checkpoint_policies",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "debug",
    "debug_nans",
    "deriv",
    "errors",
    "eval_shape",
    "flatten_util",
    "grad",
    "hessian",
    "hvp",
    "io",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "lax",
    "linear_transpose",
    "linearize",
    "load",
    "make_graph",
    "nn",
    "numpy",
    "optim",
    "primitive",
    "random",
    "remat",
    "save",
    "scipy",
    "stop_gradient",
    "testing",
    "tree",
    "tree_util",
    "value_and_grad",
    "value_and_jac",
    "vjp",
    "vmap",
]

_LAZY = {
    "debug": "debug",
    "debug_nans": "debug",
    "io": "io",
    "load": "io",
    "nn": "nn",
    "optim": "optim",
    "random": "random",
    "save": "io",
    "scipy": "scipy",
    "testing": "testing",
}
"""Names that are imported when they are first used, from these modules: most programs need few."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_LAZY[name]}")
    value = module if name == _LAZY[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
