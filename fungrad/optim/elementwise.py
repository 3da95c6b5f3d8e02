"""Transformations that treat every element alike, evaluated together in one pass over memory.

Most of an optimiser is a function of single elements: of the update, of what the state remembers
for this element, and of a few numbers that are the same for all. Such a transformation is written
as a `kernel`, in NumPy's functions and operators. Under a transform it is applied to one leaf after
another. Otherwise the leaves are at hand as plain NumPy arrays, and their shapes do not matter:
small leaves are joined, so that a hundred cost hardly more than one, and large ones are cut into
blocks that stay in the processor's cache while all kernels of a chain run over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.array import RAW, Array, unwrap, wrap
from fungrad.errors import (
    MissingParametersError,
    OptimizerStateError,
    UpdateShapeError,
    describe,
)
from fungrad.optim.base import (
    EmptyState,
    OptState,
    Params,
    Transformation,
    Updates,
    safe_increment,
    zero_count,
)
from fungrad.trace import Tracer

BLOCK = 1 << 17  # bytes; so many that a call costs little, so few that they stay in the cache
SMALL = 1 << 14  # bytes; below, calls cost more than joining the leaves and taking them apart


class Elementwise(Transformation):
    """A transformation by a function of elements.

    Parameters
    ----------
    name : str
        What messages call it.
    kernel : callable
        ``kernel(update, *slots, **numbers)`` returns the new update, or with slots a tuple of it
        and their new values. What it is given it leaves alone. With `needs_params` the parameter
        comes after the update.
    state : type
        The NamedTuple of the state. Its fields are trees like the parameters, one slot each, but
        for the counter.
    numbers : callable, optional
        ``numbers(**settings)`` returns the kernel's numbers, a dict; without it they are the
        settings. With a counter in the state it gets the `count` of the updates before this one,
        and with `survey` it also gets the `updates`.
    fill : mapping
        First values of slots that are not zero.
    dtypes : mapping
        Dtypes of slots that are not the parameters'. A slot keeps its dtype.
    counter : str
        The field of the state that counts the updates, if it has one of this name.
    advance : callable
        Makes the next count of a count.
    needs_params, survey : bool
        See above.
    **settings
        Numbers, arrays without axes, or whatever `numbers` makes numbers of.
    """

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        state: type[Any] = EmptyState,
        numbers: Callable[..., dict[str, Any]] | None = None,
        *,
        fill: Mapping[str, Any] | None = None,
        dtypes: Mapping[str, Any] | None = None,
        counter: str = "count",
        advance: Callable[[Any], Any] = safe_increment,
        needs_params: bool = False,
        survey: bool = False,
        **settings: Any,
    ) -> None:
        self.name = name
        self.kernel = kernel
        self.state = state
        self.numbers = numbers
        self.fill = fill or {}
        self.dtypes = dtypes or {}
        self.counter = counter if counter in state._fields else None
        self.advance = advance
        self.needs_params = needs_params
        self.survey = survey
        self.settings = settings
        self.slots = [field for field in state._fields if field != counter]

    def init(self, params: Params) -> OptState:
        """Return a state of zeros, or of what `fill` says."""
        fields = {
            slot: tree.map(_Like(self.fill.get(slot, 0), self.dtypes.get(slot)), params)
            for slot in self.slots
        }
        if self.counter:
            fields[self.counter] = zero_count()
        return self.state(**fields)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        """Apply the kernel to all leaves."""
        updates, states = run([self], updates, [state], params)
        return updates, states[0]

    def measure(self, updates: Updates, state: OptState) -> dict[str, Any]:
        """Return the numbers of this step."""
        if self.numbers is None:
            numbers = self.settings
        else:
            given = self.settings
            if self.counter:
                given = {**given, "count": plain(getattr(state, self.counter))}
            if self.survey:
                given = {**given, "updates": updates}
            numbers = self.numbers(**given)
        return {name: plain(number) for name, number in numbers.items()}


class _Like:
    """Makes an array like another one, of one number."""

    def __init__(self, number: Any, dtype: Any) -> None:
        self.number = number
        self.dtype = dtype

    def __call__(self, param: Any) -> Any:
        param = fnp.asarray(param)
        inexact = param.dtype.kind in "fc"  # an average of gradients of integers is no integer
        dtype = self.dtype or (param.dtype if inexact else float)
        return fnp.full_like(param, self.number, dtype=dtype)


def plain(number: Any) -> Any:
    """Return a number as Python's, which leaves the dtypes of arrays as they are, if possible.

    Tracers, and arrays with axes, are returned as arrays; what is no number as it is.
    """
    if isinstance(number, Tracer):
        return number
    value = unwrap(number)
    if isinstance(value, (np.ndarray, np.generic)):
        return fnp.asarray(value) if value.ndim else value.item()
    return value


def run(
    stages: Sequence[Elementwise], updates: Updates, states: Sequence[OptState], params: Params
) -> tuple[Updates, list[OptState]]:
    """Apply several elementwise transformations, one after the other, to every leaf.

    Only the first may have a survey.
    """
    for stage, state in zip(stages, states):
        if not isinstance(state, stage.state):
            reason = f"the state is a {type(state).__name__} and no {stage.state.__name__}"
            raise OptimizerStateError(stage.name, reason)
    numbers = [stage.measure(updates, state) for stage, state in zip(stages, states)]
    leaves, structure = tree.flatten(updates)
    names = ["updates"]
    columns = [[lower(leaf) for leaf in leaves]]

    def add(stage: Elementwise, name: str, other: Any) -> None:
        names.append(name)
        aligned = structure.flatten_up_to(other, caller=stage.name, name=name)
        columns.append([lower(leaf) for leaf in aligned])

    reader = next((stage for stage in stages if stage.needs_params), None)
    if reader is not None:
        if params is None:
            raise MissingParametersError(reader.name)
        add(reader, "params", params)
    for stage, state in zip(stages, states):
        for field, slot in zip(stage.state._fields, state):
            if field != stage.counter:
                add(stage, f"state.{field}", slot)
    _check_shapes(stages, structure, names, columns)

    step = Step(stages, numbers)
    results = [structure.unflatten(column) for column in map_elements(step, columns)]
    slots = iter(results[1:])
    new_states = [
        stage.state(
            *[
                stage.advance(old) if field == stage.counter else next(slots)
                for field, old in zip(stage.state._fields, state)
            ]
        )
        for stage, state in zip(stages, states)
    ]
    return results[0], new_states


def lower(leaf: Any) -> Any:
    """Return a leaf as an ndarray, a NumPy scalar or a tracer."""
    kind = type(leaf)
    if kind is Array:
        return leaf.value
    if kind is np.ndarray:
        value = leaf.view()
        value.flags.writeable = False  # so that `wrap` sees that somebody else could change it
        return value
    if isinstance(leaf, Tracer):
        return leaf
    return np.asarray(leaf)[()] if kind in RAW else unwrap(fnp.asarray(leaf))


def _check_shapes(
    stages: Sequence[Elementwise], structure: tree.TreeDef, names: list[str], columns: Any
) -> None:
    updates = columns[0]
    for name, column in zip(names[1:], columns[1:]):
        for index, (update, value) in enumerate(zip(updates, column)):
            if update.shape != value.shape:
                path = structure.paths()[index]
                raise UpdateShapeError(
                    stages[0].name,
                    tree.format_path("updates", path),
                    describe(update),
                    tree.format_path(name, path),
                    describe(value),
                )


class Step:
    """The kernels of several stages as one function of the values of a leaf, or of a part of one.

    The values are the update, the parameter if any stage reads it, and all slots; the results are
    the new update and all new slots.
    """

    def __init__(self, stages: Sequence[Elementwise], numbers: Sequence[dict[str, Any]]) -> None:
        self.plan = [
            (stage.kernel, stage.needs_params, len(stage.slots), given)
            for stage, given in zip(stages, numbers)
        ]
        self.first = 1 + any(stage.needs_params for stage in stages)
        self.traced = any(
            isinstance(number, Array) for given in numbers for number in given.values()
        )

    def _apply(self, plan: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        update = values[0]
        position = self.first
        slots: list[Any] = []
        for kernel, needs_params, count, numbers in plan:
            given = values[position : position + count]
            position += count
            if needs_params:
                given = (values[1], *given)
            if count:
                update, *new = kernel(update, *given, **numbers)
                slots += new
            else:
                update = kernel(update, *given, **numbers)
        return [update, *slots]

    def on_values(self, values: Sequence[Any]) -> list[Any]:
        """Apply the kernels to NumPy arrays; slots keep their dtypes."""
        results = self._apply(self.plan, values)
        for position, old in enumerate(values[self.first :], 1):
            if results[position].dtype != old.dtype:
                results[position] = results[position].astype(old.dtype)
        return results

    def on_arrays(self, values: Sequence[Any]) -> list[Any]:
        """Apply the kernels to arrays that may be traced; slots keep their dtypes."""
        arrays = [wrap(value) for value in values]
        dtype = np.empty(0, arrays[0].dtype).real.dtype
        plan = [(*rest, _cast(numbers, dtype)) for *rest, numbers in self.plan]
        update, *slots = self._apply(plan, arrays)
        old = arrays[self.first :]
        return [
            fnp.asarray(update),
            *[fnp.asarray(slot).astype(each.dtype) for slot, each in zip(slots, old)],
        ]


def _cast(numbers: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """Give numbers that are arrays the dtype of a leaf."""
    return {
        name: number.astype(dtype)
        if isinstance(number, Array) and number.dtype.kind in "fiu"
        else number
        for name, number in numbers.items()
    }


def map_elements(step: Step, columns: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Apply a step to every row of `columns`, values one layer down; return columns of arrays."""
    rows = list(zip(*columns))
    results: list[Any] = [None] * len(rows)
    small: dict[Any, list[int]] = {}
    untraced = not step.traced and {type(v) for column in columns for v in column} <= RAW
    for index, row in enumerate(rows):
        if not untraced and (step.traced or any(isinstance(value, Tracer) for value in row)):
            results[index] = step.on_arrays(row)
        elif row[0].nbytes <= SMALL:
            small.setdefault(tuple([value.dtype for value in row]), []).append(index)
        elif row[0].nbytes <= BLOCK:
            results[index] = [wrap(output) for output in step.on_values(row)]
        else:
            results[index] = _in_blocks(step, row)
    for indices in small.values():
        for portion in _portions(rows, indices):
            _joined(step, rows, portion, results)
    width = len(columns) - step.first + 1
    return [[row[position] for row in results] for position in range(width)]


def _portions(rows: list[Any], indices: list[int]) -> list[list[int]]:
    """Cut a list of rows into portions of at most a block."""
    portions: list[list[int]] = []
    room = 0
    for index in indices:
        size = rows[index][0].nbytes
        if size > room or not portions:
            portions.append([])
            room = BLOCK
        portions[-1].append(index)
        room -= size
    return portions


def _joined(step: Step, rows: list[Any], indices: list[int], results: list[Any]) -> None:
    """Apply a step to the elements of several rows at once."""
    chosen = [rows[index] for index in indices]
    outputs = step.on_values([np.concatenate(column, axis=None) for column in zip(*chosen)])
    for output in outputs:
        output.flags.writeable = False
    start = 0
    for index, row in zip(indices, chosen):
        shape, stop = row[0].shape, start + row[0].size
        results[index] = [_part(output[start:stop].reshape(shape)) for output in outputs]
        start = stop


def _part(view: Any) -> Any:
    """Return ``wrap(view)`` of a read-only view, without another look at what is known."""
    if not view.ndim:
        return wrap(view[()])
    array = object.__new__(Array)
    _set_value(array, view)
    return array


_set_value: Any = Array.__dict__["value"].__set__


def _in_blocks(step: Step, row: Sequence[Any]) -> list[Any]:
    """Apply a step to a large row, block by block."""
    shape = row[0].shape
    flat = [value.reshape(-1) for value in row]
    size = flat[0].size
    step_size = BLOCK // flat[0].itemsize
    outputs: list[Any] = []
    for start in range(0, size, step_size):
        piece = slice(start, start + step_size)
        parts = step.on_values([value[piece] for value in flat])
        if not outputs:
            outputs = [np.empty(shape, part.dtype) for part in parts]
            targets = [output.reshape(-1) for output in outputs]
        for target, part in zip(targets, parts):
            target[piece] = part
    return [wrap(output) for output in outputs]
