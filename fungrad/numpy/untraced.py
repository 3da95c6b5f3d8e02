"""NumPy's own functions, for arguments that no transform traces.

Where a public function is a composition, its untraced values come from here: they are NumPy's bit
for bit, and as quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad.array import unwrap, wrap


def call_numpy(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of NumPy's and return its array, or tuple of arrays, as fungrad's."""
    given = [unwrap(arg) for arg in args]
    options = {name: unwrap(arg) for name, arg in kwargs.items()}
    result = function(*given, **options)
    changeable = [x for x in (*given, *options.values()) if type(x) is np.ndarray]
    if isinstance(result, (tuple, list)):
        return tuple([_own(each, changeable) for each in result])
    return _own(result, changeable)


def _own(result: Any, changeable: Sequence[Any]) -> Any:
    """Wrap a result; copy it first if it shares the memory of an argument, which may change."""
    if type(result) is np.ndarray:
        for arg in changeable:
            if arg.flags.writeable and np.may_share_memory(result, arg):
                return wrap(result.copy())
    return wrap(result)
