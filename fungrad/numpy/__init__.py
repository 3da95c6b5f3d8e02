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
from fungrad.numpy import (
    application,
    calculus,
    comparison,
    conversion,
    convolution,
    creation,
    cumulative,
    display,
    dtypes,
    einstein,
    elementwise,
    exponential,
    histograms,
    indexing,
    integers,
    interchange,
    joining,
    linalg,
    matrices,
    nanfunctions,
    padding,
    phases,
    positions,
    products,
    quantiles,
    ranges,
    reductions,
    resizing,
    rounding,
    selection,
    sets,
    shapes,
    sorting,
    statistics,
    taking,
    trigonometric,
    updates,
)
from fungrad.numpy.application import *  # noqa: F403
from fungrad.numpy.calculus import *  # noqa: F403
from fungrad.numpy.comparison import *  # noqa: F403
from fungrad.numpy.conversion import *  # noqa: F403
from fungrad.numpy.convolution import *  # noqa: F403
from fungrad.numpy.creation import *  # noqa: F403
from fungrad.numpy.cumulative import *  # noqa: F403
from fungrad.numpy.dispatch import call_function, call_ufunc
from fungrad.numpy.display import *  # noqa: F403
from fungrad.numpy.dtypes import *  # noqa: F403
from fungrad.numpy.einstein import *  # noqa: F403
from fungrad.numpy.elementwise import *  # noqa: F403
from fungrad.numpy.exponential import *  # noqa: F403
from fungrad.numpy.histograms import *  # noqa: F403
from fungrad.numpy.integers import *  # noqa: F403
from fungrad.numpy.interchange import *  # noqa: F403
from fungrad.numpy.joining import *  # noqa: F403
from fungrad.numpy.matrices import *  # noqa: F403
from fungrad.numpy.nanfunctions import *  # noqa: F403
from fungrad.numpy.padding import *  # noqa: F403
from fungrad.numpy.phases import *  # noqa: F403
from fungrad.numpy.positions import *  # noqa: F403
from fungrad.numpy.products import *  # noqa: F403
from fungrad.numpy.quantiles import *  # noqa: F403
from fungrad.numpy.ranges import *  # noqa: F403
from fungrad.numpy.reductions import *  # noqa: F403
from fungrad.numpy.resizing import *  # noqa: F403
from fungrad.numpy.rounding import *  # noqa: F403
from fungrad.numpy.selection import *  # noqa: F403
from fungrad.numpy.sets import *  # noqa: F403
from fungrad.numpy.shapes import *  # noqa: F403
from fungrad.numpy.sorting import *  # noqa: F403
from fungrad.numpy.statistics import *  # noqa: F403
from fungrad.numpy.taking import *  # noqa: F403
from fungrad.numpy.trigonometric import *  # noqa: F403
from fungrad.rules import elementwise as _rules

__all__ = [
    *application.__all__,
    *calculus.__all__,
    *comparison.__all__,
    *conversion.__all__,
    *convolution.__all__,
    *creation.__all__,
    *cumulative.__all__,
    *display.__all__,
    *dtypes.__all__,
    *einstein.__all__,
    *elementwise.__all__,
    *exponential.__all__,
    *histograms.__all__,
    *integers.__all__,
    "linalg",
    *interchange.__all__,
    *joining.__all__,
    *matrices.__all__,
    *nanfunctions.__all__,
    *padding.__all__,
    *phases.__all__,
    *positions.__all__,
    *products.__all__,
    *quantiles.__all__,
    *ranges.__all__,
    *reductions.__all__,
    *resizing.__all__,
    *rounding.__all__,
    *selection.__all__,
    *sets.__all__,
    *shapes.__all__,
    *sorting.__all__,
    *statistics.__all__,
    *taking.__all__,
    *trigonometric.__all__,
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
            _operations.operators[name] = function


_register(sys.modules[__name__], _np)
_register(linalg, _np.linalg)
_operations.byteswap = dtypes.byteswap
_operations.view = dtypes.view
_operations.getitem = indexing.getitem
_operations.index_get = updates.index_get
_operations.index_update = updates.index_update
# The commonest operators need no public function, which is for first operands of other kinds.
for _rule in (_rules.Add, _rules.Subtract, _rules.Multiply, _rules.Divide):
    _operations.operators[_rule.__name__.lower()] = _rule.apply
_operations.namespace = sys.modules[__name__]
_operations.call_ufunc = call_ufunc
_operations.call_function = call_function
