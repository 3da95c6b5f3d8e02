"""Graphs of functions to look at, as text and as pictures."""

from __future__ import annotations

import itertools
import keyword
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import RAW, Array
from fungrad.errors import describe
from fungrad.function import Function
from fungrad.rules.families import Rule, _public_name
from fungrad.rules.indexing import BasicIndex
from fungrad.trace import peek
from fungrad.transforms.call import (
    Transformed,
    argument_names,
    name_of,
    own,
    raw_leaf,
)
from fungrad.transforms.checkpoint import Plain
from fungrad.transforms.graph import (
    GraphTrace,
    Operation,
    Recording,
    is_array,
    is_own,
    record_program,
    static_places,
)
from fungrad.transforms.picture import Box, draw
from fungrad.transforms.tape import Record

LINE = 80  # characters; longer lists of arguments get a line for each
LONGEST = 60  # characters of a parameter or value; longer ones are cut


class _SectionTrace(GraphTrace):
    """A recording that also notes on whose way back each operation ran."""

    __slots__ = ("sections",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sections: list[str] = []

    def process(self, function: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        z = super().process(function, args, params)
        self.sections.append(_section())
        return z


def _section() -> str:
    """Return what is going on: nothing in particular, or the way back of the innermost tape.

    The stack of calls knows. To note it anywhere would cost every gradient some time.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_code is not _observe.__code__:
        if frame.f_code is Record.pull.__code__:
            return f"backward of {frame.f_locals['self'].tape.name}"
        if frame.f_code is Plain.resume.__code__:
            return f"{frame.f_locals['self'].name}, computed again"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def _observe(function: Callable[..., Any], values: Sequence[Any], title: str) -> Recording:
    """Record a function: its frame is where `_section` stops to look."""
    return record_program(function, values, _SectionTrace(title))


class Graph:
    """What a function does to its arguments: `print` it, or display it in a notebook.

    `make_graph` makes it.

    Attributes
    ----------
    title : str
        The name of the function.
    """

    def __init__(
        self, title: str, arguments: Sequence[str], values: Sequence[Any], recording: Recording
    ) -> None:
        self.title = title
        self._recording = recording
        self._program = recording.program
        self._values = [*values, *recording.captured]
        assert isinstance(recording.trace, _SectionTrace)
        self._sections = recording.trace.sections
        self._names = self._name(arguments)

    # --- text ---

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def text(self, values: bool = False) -> str:
        """Return the graph as text, one line for each operation.

        Parameters
        ----------
        values : bool
            Whether to show the value of each result.
        """
        numbers = self._numbers() if values else None
        rows: list[tuple[str, int | None]] = []
        count = len(self._program.inputs) - len(self._recording.captured)
        for slot in self._program.inputs[count:]:
            rows.append((f"{self._typed(slot)}  (captured)", slot))
        for slot in self._program.constants:
            if slot in self._names:
                text = _everywhere(self._program.constants[slot])
                rows.append((f"{self._typed(slot)} = constant {text}".rstrip(), slot))
        section = ""
        for operation, its_section in zip(self._program.operations, self._sections, strict=True):
            if its_section != section:
                section = its_section
                rows.append((f"# {section or 'forward'}", None))
            rows.append((self._line(operation), operation.results[0]))
        arguments = list(self._arguments(numbers))
        head = f"graph of {self.title}({', '.join(arguments)}):"
        if len(head) > LINE:
            head = "\n    ".join([f"graph of {self.title}(", *[f"{each}," for each in arguments]])
            head += "\n  ):"
        lines = [head]
        for line, shown in rows:
            if numbers is not None and shown is not None:
                line = f"{line}  # {_short(numbers[shown])}"
            lines.append(f"  {line}")
        lines.append(f"  return {self._returned()}")
        return "\n".join(lines)

    def show(self, values: bool = False) -> None:
        """Print the graph, with the value of each result if asked."""
        print(self.text(values))

    def _arguments(self, numbers: list[Any] | None) -> Iterator[str]:
        count = len(self._program.inputs) - len(self._recording.captured)
        for slot in self._program.inputs[:count]:
            value = "" if numbers is None else f" = {_short(numbers[slot])}"
            yield f"{self._typed(slot)}{value}"

    def _name(self, arguments: Sequence[str]) -> dict[int, str]:
        """Return names for the slots: those of the arguments, and letters."""
        program = self._program
        names = dict(zip(program.inputs, arguments, strict=False))
        taken = {name.partition("[")[0] for name in arguments}
        letters = (name for name in _letters() if name not in taken)
        for slot in program.inputs[len(arguments) :]:
            names[slot] = next(letters)
        for slot, value in program.constants.items():
            if np.ndim(value):
                names[slot] = next(letters)
        for operation in program.operations:
            for slot in operation.results:
                names[slot] = next(letters)
        return names

    def _typed(self, slot: int) -> str:
        return f"{self._names[slot]}: {_type(self._program.types[slot])}"

    def _operand(self, slot: int) -> str:
        name = self._names.get(slot)
        return self._constant(slot) if name is None else name

    def _constant(self, slot: int) -> str:
        return _short(self._program.constants[slot])

    def _line(self, operation: Operation) -> str:
        results = ", ".join(map(self._typed, operation.results))
        words = [operation_name(operation.function), *map(self._operand, operation.operands)]
        params = parameters(operation.params)
        return f"{results} = {' '.join(words)}" + (f"  ({params})" if params else "")

    def _returned(self) -> str:
        recording = self._recording
        leaves = [
            _Bare(self._names[leaf.slot]) if is_own(leaf, recording.trace) else _Bare(_short(leaf))
            for leaf in recording.leaves
        ]
        return repr(tree.unflatten(recording.structure, leaves))

    def _numbers(self) -> list[Any]:
        """Return the values of all slots; they are computed again."""
        program = self._program.returning(range(len(self._program.types)))
        return program.run(self._values)

    # --- picture ---

    def to_svg(self, values: bool = False) -> str:
        """Return the graph as a picture, the text of an SVG file.

        Parameters
        ----------
        values : bool
            Whether to show the value of each result.
        """
        numbers = self._numbers() if values else None
        boxes: list[Box] = []
        place: dict[int, int] = {}

        def add(kind: str, label: str, detail: str, slots: Sequence[int], given: Any) -> None:
            sources = list(dict.fromkeys(place[slot] for slot in given if slot in place))
            if numbers is not None and slots and kind != "constant":
                detail = f"{detail} = {_short(numbers[slots[0]])}"
            for slot in slots:
                place[slot] = len(boxes)
            boxes.append(Box(kind, label, detail, sources))

        program = self._program
        used = {slot for each in program.operations for slot in each.operands}
        used.update(program.outputs)
        for slot in program.inputs:
            add("input", self._names[slot], _type(program.types[slot]), [slot], ())
        for slot in program.constants:
            if slot in self._names and slot in used:
                label = _everywhere(program.constants[slot])
                add("constant", label or "constant", _type(program.types[slot]), [slot], ())
        for operation, section in zip(program.operations, self._sections, strict=True):
            inline = [
                self._constant(slot) for slot in operation.operands if slot not in self._names
            ]
            label = " ".join([operation_name(operation.function), *inline])
            detail = ", ".join(_type(program.types[slot]) for slot in operation.results)
            params = parameters(operation.params)
            kind = "backward" if section.startswith("backward") else "forward"
            if params:
                detail = f"{params} · {detail}"
            add(kind, label, detail, operation.results, operation.operands)
        recording = self._recording
        placed = tree.unflatten(recording.structure, range(len(recording.leaves)))
        paths = [path for path, _ in tree.leaves_with_path(placed)]
        for path, leaf in zip(paths, recording.leaves, strict=True):
            label = tree.format_path("output", path)
            if is_own(leaf, recording.trace):
                add("output", label, _type(program.types[leaf.slot]), (), [leaf.slot])
            else:
                add("output", label, _short(leaf), (), ())
        return draw(f"graph of {self.title}", boxes)

    def _repr_svg_(self) -> str:
        return self.to_svg()


class _Bare(str):
    """A text that shows itself without quotes, in the containers of a result."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def operation_name(function: type[Function]) -> str:
    """Return the name of an operation: NumPy's for a rule, that of the class for a user's own."""
    return _public_name(function) if issubclass(function, Rule) else function.__name__


def parameters(params: dict[str, Any]) -> str:
    """Return static parameters as text; those which are off are left out."""
    return ", ".join(
        f"{name}={_parameter(value)}"
        for name, value in params.items()
        if value is not None and value is not False
    )


def _parameter(value: Any) -> str:
    if isinstance(value, BasicIndex):
        items = value.items if type(value.items) is tuple else (value.items,)
        text = f"[{', '.join(map(_index, items))}]"
    elif isinstance(value, np.ndarray):
        text = describe(value)
    elif isinstance(value, (np.dtype, type)):
        text = np.dtype(value).name if isinstance(value, np.dtype) else value.__name__
    elif callable(value):
        text = name_of(value)
    else:
        text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _index(item: Any) -> str:
    if item is Ellipsis:
        return "..."
    if not isinstance(item, slice):
        return str(item)
    ends = ["" if each is None else str(each) for each in (item.start, item.stop)]
    return ":".join(ends if item.step is None else [*ends, str(item.step)])


def _type(type_: tuple[tuple[int, ...], Any]) -> str:
    shape, dtype = type_
    return f"{dtype}[{','.join(map(str, shape))}]"


def _short(value: Any) -> str:
    """Return numbers in one short line."""
    if not np.ndim(value) and isinstance(value, (Array, np.generic)):
        value = peek(value).item()
    if isinstance(value, float):
        return f"{value:.5g}" if value % 1 else repr(value)
    if isinstance(value, Array) or type(value) in RAW:
        text = np.array2string(
            peek(value), max_line_width=1000, precision=4, threshold=6, edgeitems=2, separator=", "
        )
        text = " ".join(text.split())
    else:
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _everywhere(value: Any) -> str:
    """Return the number of which an array consists, if there is only one."""
    numbers = np.asarray(value).reshape(-1)
    uniform = numbers.size > 0 and bool(np.all(numbers == numbers[0]))
    return _short(numbers[0]) if uniform else ""


def _letters() -> Iterator[str]:
    """Yield a, b, ..., z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = "".join(letters)
            if not keyword.iskeyword(name):
                yield name


# --- the transform -------------------------------------------------------------------------------


class _MakeGraph(Transformed):
    verb = "make_graph"

    def __init__(self, function: Callable[..., Any], static_argnums: int | Sequence[int]) -> None:
        super().__init__(function)
        self.static_argnums = static_argnums

    def __call__(self, *args: Any, **kwargs: Any) -> Graph:
        static = static_places(self.static_argnums, len(args))
        leaves, structure = tree.flatten((args, kwargs))
        paths: list[Any] = [path for path, _ in tree.leaves_with_path((args, kwargs))]
        places: list[int] = []
        names: list[str] = []
        for place, (leaf, (first, second, *rest)) in enumerate(zip(leaves, paths, strict=True)):
            positional = first.idx == 0
            if positional and second.idx in static:
                continue
            if is_array(leaf) or isinstance(leaf, (float, complex, np.number)):
                root = self._argument(second.idx) if positional else str(second.key)
                places.append(place)
                names.append(tree.format_path(root, tuple(rest)))
        values = [own(raw_leaf(leaves[place])) for place in places]

        def run(*tracers: Any) -> Any:
            for place, tracer in zip(places, tracers, strict=True):
                leaves[place] = tracer
            new_args, new_kwargs = tree.unflatten(structure, leaves)
            return self.function(*new_args, **new_kwargs)

        recording = _observe(run, values, self.title)
        return Graph(_title_of(self.function), names, values, recording)

    def _argument(self, number: int) -> str:
        names = argument_names(self.function)
        return names[number] if number < len(names) else f"arg{number}"


def _title_of(function: Any) -> str:
    """Return ``grad of vmap of f``: all transforms that stand over a function."""
    if isinstance(function, Transformed):
        return f"{function.verb} of {_title_of(function.function)}"
    return name_of(function)


def make_graph(
    fun: Callable[..., Any], static_argnums: int | Sequence[int] = ()
) -> Callable[..., Graph]:
    """Return a function that shows what `fun` does, operation by operation.

    It runs `fun` on its arguments and records every operation on an array that depends on them.
    Of a transformed function it shows what the transform makes of it: of ``fg.grad(loss)`` the way
    forward and the way back.

    Parameters
    ----------
    fun : callable
        A function of trees of arrays.
    static_argnums : int or sequence of int
        Positional arguments that are passed on as they are. So are integers, strings and whatever
        else is neither an array nor a floating-point number.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns a `Graph`: print it; print ``graph.text(values=True)``
        for the value of each result; ``graph.to_svg()`` is a picture, which a notebook displays by
        itself.

    Examples
    --------
    >>> def loss(w, x):
    ...     return fnp.sum(fnp.tanh(w * x))
    >>> fg.make_graph(fg.grad(loss))(np.ones(3), np.ones(3))
    graph of grad of loss(w: float64[3], x: float64[3]):
      a: float64[3] = constant 1.0
      b: float64[3] = multiply w x
      c: float64[3] = tanh b
      d: float64[] = sum c  (axis=(0,))
      # backward of grad of loss
      e: float64[3] = multiply c c
      f: float64[3] = subtract 1 e
      g: float64[3] = multiply a f
      h: float64[3] = multiply g x
      return h
    """
    return _MakeGraph(fun, static_argnums)


__all__ = ["Graph", "make_graph"]
