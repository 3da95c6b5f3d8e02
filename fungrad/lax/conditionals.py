"""Branches and loops on values: `cond`, `switch`, `while_loop`.

Outside of `vmap` they are Python's ``if`` and ``while``. Under `vmap` each branch runs on the
examples that take it, and a loop goes on with those that are not yet done.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array
from fungrad.errors import BranchError, PredicateError, describe
from fungrad.numpy.common import as_array, lift
from fungrad.trace import Tracer
from fungrad.transforms.call import name_of
from fungrad.transforms.parts import PartTrace, merge, partition


def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = None,
) -> Any:
    """Return ``true_fun(*operands)`` or ``false_fun(*operands)``, as `pred` says.

    Python's ``if`` does the same, also under `vmap`. There `cond` is quicker: it runs each branch
    for its own examples, and the rest of the function once for all of them. (Inside of another
    `cond` or `while_loop` it does what ``if`` does.)

    Parameters
    ----------
    pred : array_like
        One boolean or number.
    true_fun, false_fun : callable
        Pure functions of the operands; they may use other values of the enclosing function.
    *operands : tree of arrays
        What the functions are called with.
    operand : tree of arrays, optional
        A single operand by keyword.

    Returns
    -------
    tree of arrays
        The result of one of the functions. Under `vmap` both must return the same structure and
        shapes.

    Raises
    ------
    PredicateError
        If `pred` is not one boolean or number.
    BranchError
        If a branch is no function.

    Examples
    --------
    >>> def safe_log(x):
    ...     return fg.lax.cond(x > 0, fnp.log, lambda x: -fnp.inf, x)
    >>> safe_log(1.0)
    Array(0., dtype=float64)
    >>> fg.vmap(safe_log)(fnp.array([1.0, -1.0]))
    Array([  0., -inf], dtype=float64)
    """
    _check_branches("cond", (true_fun, false_fun))
    if operand is not None:
        operands = (*operands, operand)
    _check_predicate("cond", pred)
    return _branch(pred != 0, lambda answer: true_fun if answer else false_fun, operands, "cond")


def switch(
    index: Any, branches: Sequence[Callable[..., Any]], *operands: Any, operand: Any = None
) -> Any:
    """Return ``branches[index](*operands)``; an index out of range is taken to the nearest.

    Parameters
    ----------
    index : array_like
        One integer.
    branches : sequence of callable
        Pure functions of the operands.
    *operands : tree of arrays
        What the function is called with.
    operand : tree of arrays, optional
        A single operand by keyword.

    Returns
    -------
    tree of arrays
        The result of the function. Under `vmap` each function runs on its own examples, and all
        must return the same structure and shapes.

    Raises
    ------
    PredicateError
        If `index` is not one integer.
    BranchError
        If there is no branch, or one is no function.

    Examples
    --------
    >>> fg.lax.switch(1, [fnp.sin, fnp.cos, fnp.tanh], 0.0)
    Array(1., dtype=float64)
    >>> shift = lambda i, x: fg.lax.switch(i, [lambda x: x + 10, lambda x: x + 20], x)
    >>> fg.vmap(shift)(fnp.array([0, 1, 7]), fnp.array([1.0, 2.0, 3.0]))
    Array([11., 22., 23.], dtype=float64)
    """
    branches = tuple(branches)
    _check_branches("switch", branches)
    if operand is not None:
        operands = (*operands, operand)
    _check_predicate("switch", index, integer=True)
    last = len(branches) - 1
    return _branch(
        np.clip(index, 0, last), lambda answer: branches[operator.index(answer)], operands, "switch"
    )


def _branch(
    value: Any, choose: Callable[[Any], Callable[..., Any]], operands: Any, name: str
) -> Any:
    axis, answers = partition(value)
    if axis is None:
        return choose(answers[0][0])(*operands)
    results = []
    for answer, rows in answers:
        branch = choose(answer)
        with PartTrace(f"{name} of {name_of(branch)}", axis, rows) as part:
            results.append(part.leave(branch(*part.enter(operands))))
    return merge(axis, [rows for _, rows in answers], results, name)


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Return the first of ``init_val, body_fun(init_val), ...`` for which `cond_fun` is false.

    Python's ``while`` does the same. Under `vmap` this loop is quicker: examples that are done
    leave it, and no step is computed twice. (Inside of `cond` or another `while_loop` it does what
    ``while`` does.) Reverse mode works; it keeps what each step needs, so
    the memory grows with the number of steps.

    Parameters
    ----------
    cond_fun : callable
        From a value of the loop to one boolean or number.
    body_fun : callable
        From a value of the loop to the next, of the same structure.
    init_val : tree of arrays
        The first value.

    Returns
    -------
    tree of arrays
        The last value.

    Raises
    ------
    PredicateError
        If `cond_fun` does not return one boolean or number.
    BranchError
        If `cond_fun` or `body_fun` is no function.

    Examples
    --------
    >>> def square_root(a):  # by Newton's method
    ...     return fg.lax.while_loop(
    ...         lambda x: abs(x * x - a) > 1e-9, lambda x: (x + a / x) / 2, a
    ...     )
    >>> square_root(2.0).round(6)
    Array(1.414214, dtype=float64)
    >>> fg.vmap(square_root)(fnp.array([4.0, 9.0, 1e4])).round(6)
    Array([  2.,   3., 100.], dtype=float64)
    >>> fg.grad(square_root)(4.0).round(6)
    Array(0.25, dtype=float64)
    """
    _check_branches("while_loop", (cond_fun, body_fun))
    return _loop(cond_fun, body_fun, init_val)


def _loop(cond_fun: Any, body_fun: Any, state: Any) -> Any:
    while True:
        axis, answers = partition(_going(cond_fun, state))
        if axis is not None:
            return _loop_in_parts(cond_fun, body_fun, state, axis, answers)
        if not answers[0][0]:
            return tree.map(_as_array, state)
        state = body_fun(state)


def _loop_in_parts(
    cond_fun: Any, body_fun: Any, state: Any, axis: Any, answers: list[tuple[Any, Any]]
) -> Any:
    """Go on with a loop in which some examples of a batch are done, and others are not."""
    finished: list[tuple[Any, Any]] = []
    running = None
    while True:
        for answer, rows in answers:
            if answer:
                running = rows
            else:
                with PartTrace("while_loop", axis, rows) as trace:
                    finished.append((rows, trace.leave(state)))
        assert running is not None
        with PartTrace("while_loop", axis, running) as trace:
            state = trace.enter(state)
            found = None
            going: Any = True
            while found is None and going:
                state = body_fun(state)
                # It may be made of values from outside alone, of all examples.
                found, answers = partition(trace.enter(_going(cond_fun, state)), axis)
                going = answers[0][0]
            state = trace.leave(state)
        if found is None:  # the rest is done, all at once
            finished.append((running, state))
            break
    return merge(
        axis, [rows for rows, _ in finished], [value for _, value in finished], "while_loop"
    )


def _going(cond_fun: Any, state: Any) -> Any:
    answer = cond_fun(state)
    _check_predicate("cond_fun of while_loop", answer)
    return answer != 0


def _as_array(x: Any) -> Any:
    return as_array(lift(x, "while_loop"))


def _check_branches(name: str, branches: Sequence[Any]) -> None:
    if not branches:
        raise BranchError(name, "there is no branch to choose from; give at least one function")
    for branch in branches:
        if not callable(branch):
            raise BranchError(
                name, f"{describe(branch)} is no function; wrap a value: lambda *operands: value"
            )


def _check_predicate(name: str, value: Any, integer: bool = False) -> None:
    shape = np.shape(value) if not isinstance(value, Tracer) else value.shape
    kind = value.dtype.kind if isinstance(value, Array) else np.asarray(value).dtype.kind
    if shape != () or kind not in ("biu" if integer else "biuf"):
        raise PredicateError(name, value, integer)


__all__ = ["cond", "switch", "while_loop"]
