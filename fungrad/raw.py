"""Raw values: NumPy's arrays and scalars, as they are at the bottom, when no transform is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fungrad.errors import ArrayDTypeError

if TYPE_CHECKING:  # at run time it costs milliseconds
    import numpy.typing as npt

# glibc returns the memory of large arrays to the system as soon as they are freed, and new ones are
# then filled in page by page, at several times the cost of the arithmetic; until it has once seen
# so large a block freed. This one is never touched, so it costs neither time nor memory.
np.empty(2**25 - 2**16, np.uint8)

NUMERIC_KINDS = frozenset("biufc")
SCALARS: frozenset[type] = frozenset(np.dtype(code).type for code in "?bhilqBHILQefdgFDG")
RAW: frozenset[type] = SCALARS | {np.ndarray, bool, int, float, complex}
"""The types that a value has at the bottom, when no transform is left."""


def freeze(value: Any) -> Any:
    """Make a raw value safe to hold for ever: read-only, numbers only, its memory not shared.

    A fresh ndarray is made read-only where it lies. A view of memory that somebody could still
    write to is copied.
    """
    if type(value) is not np.ndarray:
        if type(value) in SCALARS:
            return value
        value = np.array(value)
    elif value.base is not None:
        base = value.base
        if value.flags.writeable or not isinstance(base, np.ndarray) or base.flags.writeable:
            value = value.copy("K")
    if value.dtype.kind not in NUMERIC_KINDS:
        raise ArrayDTypeError(value.dtype)
    if not value.ndim:
        return value[()]
    value.flags.writeable = False
    return value


def show(value: npt.NDArray[Any], suffix: str = "") -> str:
    """Return ``Array([1., 2.], dtype=float64)``, lines aligned as NumPy aligns them."""
    head = "Array("
    body = np.array2string(value, separator=", ", prefix=head)
    if value.size == 0 and value.ndim > 1:
        body += f", shape={value.shape}"
    return f"{head}{body}, dtype={value.dtype}){suffix}"
