"""NumPy's own functions, for arguments that no transform traces.

Where a public function is a composition, its untraced values come from here: they are NumPy's bit
for bit, and as quick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fungrad.array import wrap
from fungrad.numpy.common import raw


def call_numpy(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of NumPy's that returns a new array, or a sequence of new arrays."""
    result = function(
        *[raw(arg) for arg in args], **{name: raw(arg) for name, arg in kwargs.items()}
    )
    if isinstance(result, (tuple, list)):
        return tuple([wrap(each) for each in result])
    return wrap(result)
