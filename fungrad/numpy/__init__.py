"""NumPy's functions, on immutable arrays and through every transform.

The names and signatures are NumPy's. Arguments may be fungrad arrays, NumPy arrays, numbers and
nested lists; results are fungrad arrays.

Examples
--------
>>> import fungrad.numpy as fnp
>>> fnp.sum(fnp.array([1.0, 2.0]) * 3)
Array(9., dtype=float64)
"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as _np

from fungrad.array import operations as _operations
from fungrad.numpy import creation, elementwise, products, reductions, shape
from fungrad.numpy.creation import *  # noqa: F403
from fungrad.numpy.dispatch import call_function, call_ufunc
from fungrad.numpy.elementwise import *  # noqa: F403
from fungrad.numpy.products import *  # noqa: F403
from fungrad.numpy.reductions import *  # noqa: F403
from fungrad.numpy.shape import *  # noqa: F403

__all__ = [
    *creation.__all__,
    *elementwise.__all__,
    *products.__all__,
    *reductions.__all__,
    *shape.__all__,
]


def _register(module: ModuleType, original: ModuleType) -> None:
    """Let operators, methods and NumPy's protocols find the functions of a module."""
    for name in module.__all__:
        function = getattr(module, name)
        numpy_function = getattr(original, name, None)
        if isinstance(numpy_function, _np.ufunc):
            _operations.ufuncs[numpy_function] = function
        elif callable(numpy_function) and not isinstance(numpy_function, type):
            _operations.functions[numpy_function] = function
        if original is _np:
            setattr(_operations, name, function)


_register(sys.modules[__name__], _np)
_operations.namespace = sys.modules[__name__]
_operations.call_ufunc = call_ufunc
_operations.call_function = call_function
