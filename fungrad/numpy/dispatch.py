"""NumPy's protocols: plain ``np.`` functions on fungrad arrays call fungrad's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fungrad import tree
from fungrad.array import Array, operations, wrap
from fungrad.errors import ArrayImmutableError, UnsupportedFunctionError
from fungrad.trace import Tracer, innermost

REDUCTIONS: dict[Any, str] = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.logical_and: "all",
    np.logical_or: "any",
}
ACCUMULATIONS: dict[Any, str] = {np.add: "cumsum", np.multiply: "cumprod"}
UPDATES: dict[Any, str] = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.divide: "divide",
    np.power: "power",
    np.minimum: "min",
    np.maximum: "max",
}
MUTATING: dict[Any, str] = {
    np.copyto: "x = fnp.where(where, source, x)",
    np.put: "x = x.at[indices].set(values)",
    np.place: "x = fnp.where(mask, values, x)",
    np.putmask: "x = fnp.where(mask, values, x)",
    np.put_along_axis: "x = fnp.put_along_axis(x, indices, values, axis), which returns a new one",
    np.fill_diagonal: "x = x.at[fnp.arange(n), fnp.arange(n)].set(value)",
}


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Any) -> Any:
    """Do what ``ufunc(*inputs)``, ``ufunc.reduce(...)`` and so on ask for."""
    name = ufunc.__name__
    if getattr(np, name, None) is ufunc:
        name = f"np.{name}"
    if method == "at":
        update = UPDATES.get(ufunc, "set")
        raise ArrayImmutableError(f"{name}.at(x, i, v)", f"x = x.at[i].{update}(v)")
    out = kwargs.get("out", ())
    if out and innermost(inputs) is None and all(type(x) is np.ndarray for x in out):
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)  # the user's own: w -= step
    _check_out(name, kwargs)
    if method == "__call__":
        return _call(name, ufunc, inputs, kwargs)
    if method == "reduce" and ufunc in REDUCTIONS:
        kwargs.setdefault("axis", 0)
        return getattr(operations, REDUCTIONS[ufunc])(*inputs, **kwargs)
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        kwargs.setdefault("axis", 0)
        return getattr(operations, ACCUMULATIONS[ufunc])(*inputs, **kwargs)
    if method == "outer":
        x, y = inputs
        x = operations.reshape(x, (*np.shape(x), *(1,) * np.ndim(y)))
        return _call(name, ufunc, (x, y), kwargs)
    return _fall_back(f"{name}.{method}", getattr(ufunc, method), inputs, kwargs)


def _call(name: str, ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    function = operations.ufuncs.get(ufunc)
    if function is None:
        return _fall_back(name, ufunc, inputs, kwargs)
    if not kwargs:
        return function(*inputs)
    dtype = kwargs.pop("dtype", None)
    for key in ("order", "subok", "casting"):  # about memory and subclasses: no effect here
        kwargs.pop(key, None)
    if kwargs:
        raise UnsupportedFunctionError(
            name, f"on a fungrad array does not take {', '.join(kwargs)}; use fnp.where afterwards"
        )
    if dtype is not None:
        inputs = tuple([operations.astype(x, dtype) for x in inputs])
    return function(*inputs)


def call_function(func: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Do what ``np.func(*args, **kwargs)`` asks for."""
    name = f"{func.__module__.replace('numpy', 'np')}.{func.__name__}"
    if func in MUTATING and isinstance(args[0], Array):
        raise ArrayImmutableError(f"{name}(x, ...)", MUTATING[func])
    _check_out(name, kwargs)
    function = operations.functions.get(func)
    if function is None:
        return _fall_back(name, func, args, kwargs)
    return function(*args, **kwargs)


def _check_out(name: str, kwargs: dict[str, Any]) -> None:
    out = kwargs.pop("out", None)
    targets = out if isinstance(out, tuple) else (out,)
    if any(target is not None for target in targets):
        raise ArrayImmutableError(f"{name}(..., out=...)", f"x = {name}(...)")


def _fall_back(name: str, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call NumPy itself, on plain values; on traced ones that would lose the derivative."""
    traced = [x for x in tree.leaves((args, dict(kwargs))) if isinstance(x, Tracer)]
    trace = innermost(traced)
    if trace is not None:
        raise UnsupportedFunctionError(
            name,
            f"has no rule in fungrad, so it cannot be traced by {trace.name}; write it with "
            "functions of fungrad.numpy, or as a fungrad.Function with its own backward",
        )
    given_args, given_kwargs = tree.map(_plain, (args, dict(kwargs)))
    return tree.map(_wrapped, function(*given_args, **given_kwargs))


def _plain(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, Array) else x


def _wrapped(x: Any) -> Any:
    return wrap(x) if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufc" else x
