"""The table through which arrays reach the functions that stand above them.

Operators and methods of arrays call the functions of `fungrad.numpy`, and those make arrays: the
one circle of the library. It is cut here: `fungrad.numpy` fills this table when it is imported.
Nothing else in fungrad is bound late.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

operations: Any = SimpleNamespace(operators={}, functions={}, ufuncs={})
"""Public functions by name; those for NumPy's functions and ufuncs by these. `operators` has by
name what an operator calls whose first operand is an array."""
