"""Running transforms, and arrays as they see them.

A transform runs the user's function on tracers. Each tracer belongs to one `Trace` and carries the
value one layer down: a raw value at the bottom, or a tracer of a transform further out. Nesting is
decided by these data alone: among the arguments of an operation, the trace with the largest id is
the innermost one. Ids are never used twice, so a tracer that outlives its trace cannot be taken
for somebody else's.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from fungrad.array import Array
from fungrad.errors import TracerConversionError
from fungrad.raw import show

if TYPE_CHECKING:  # at run time it costs milliseconds
    import numpy.typing as npt

_ids = itertools.count()


class Trace:
    """One running transform.

    Attributes
    ----------
    id : int
        Larger than that of every trace that was started before.
    name : str
        The transform and its function, for messages: ``"grad of loss"``.
    closed : bool
        Whether the transform has returned; its tracers are dead then.
    """

    __slots__ = ("closed", "id", "name")

    def __init__(self, name: str) -> None:
        self.id = next(_ids)
        self.name = name
        self.closed = False

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply `function` to arguments of which some belong to this trace, none to a younger."""
        raise NotImplementedError


class Tracer(Array):
    """An array as one running transform sees it.

    Attributes
    ----------
    owner : Trace
        The transform. (NumPy has the name ``trace`` for the sum of the diagonal.)
    value : Array or raw value
        The same array one layer down.
    """

    __slots__ = ("owner",)

    derivative: ClassVar[bool] = True
    """Whether its transform follows derivatives, which a conversion would cut."""

    # Only plain arrays need their attributes guarded; a tracer is made for every operation, and
    # Python stores attributes quickly only where both of these are its own.
    __setattr__ = object.__setattr__  # type: ignore[assignment]
    __delattr__ = object.__delattr__

    owner: Any

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        layer: Any = self  # the layer that would lose most: a derivative
        while isinstance(layer, Tracer) and not layer.derivative:
            layer = layer.value
        raise TracerConversionError(layer if isinstance(layer, Tracer) else self, "np.asarray(x)")

    def lower(self) -> Any:
        """Return the value one layer down, as far as the transform still works on it."""
        return self.value

    def concrete(self) -> Any:
        """Return the numbers, as a raw value of the shape of x, to decide something by."""
        value = self.lower()
        return value.concrete() if isinstance(value, Tracer) else value

    def number(self, conversion: str) -> Any:
        """Return the numbers like `concrete`, for a conversion that would cut a derivative.

        Raises
        ------
        TracerConversionError
            If there is a derivative to cut.
        """
        if self.dtype.kind in "fc":
            layer = self
            while isinstance(layer, Tracer):
                if layer.derivative:
                    raise TracerConversionError(layer, conversion)
                layer = layer.value
        return self.concrete()

    def __bool__(self) -> bool:
        return bool(self.concrete())

    def __int__(self) -> int:
        return int(self.concrete())

    def __index__(self) -> int:
        return super().__index__() if self.dtype.kind not in "biu" else int(self.concrete())

    def __float__(self) -> float:
        return float(self.number("float(x)"))

    def __complex__(self) -> complex:
        return complex(self.number("complex(x)"))

    def item(self, *args: Any) -> Any:
        """Return one element as a Python number, unless that would cut a derivative."""
        return np.asarray(self.number("x.item()")).item(*args)

    def tolist(self) -> Any:
        """Return the elements as nested lists, unless that would cut a derivative."""
        return np.asarray(self.number("x.tolist()")).tolist()

    def __reduce__(self) -> NoReturn:
        raise TracerConversionError(self, "pickle.dumps(x)")

    def __repr__(self) -> str:
        return show(peek(self), suffix=f" [{self.owner.name.split(' of ')[0]}]")

    def __str__(self) -> str:
        return str(peek(self))

    def __format__(self, spec: str) -> str:
        return format(Array(peek(self)), spec)


def peek(x: Any) -> npt.NDArray[Any]:
    """Return the numbers at the bottom of any array, for display and decisions."""
    while isinstance(x, Array):
        x = x.lower() if isinstance(x, Tracer) else x.value
    return np.asarray(x)


def innermost(values: Any) -> Trace | None:
    """Return the youngest trace among the owners of `values`, None if there is none."""
    found = None
    for value in values:
        if isinstance(value, Tracer) and (found is None or value.owner.id > found.id):
            found = value.owner
    return found
