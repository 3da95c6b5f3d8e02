"""Elementwise functions."""

from __future__ import annotations

from typing import Any

from fungrad.rules import elementwise as rules


def add(x: Any, y: Any, /) -> Any:
    return rules.Add.apply(x, y)


def subtract(x: Any, y: Any, /) -> Any:
    return rules.Subtract.apply(x, y)


def multiply(x: Any, y: Any, /) -> Any:
    return rules.Multiply.apply(x, y)


def divide(x: Any, y: Any, /) -> Any:
    return rules.Divide.apply(x, y)


def negative(x: Any, /) -> Any:
    return rules.Negative.apply(x)


def exp(x: Any, /) -> Any:
    return rules.Exp.apply(x)


def log(x: Any, /) -> Any:
    return rules.Log.apply(x)


def sin(x: Any, /) -> Any:
    return rules.Sin.apply(x)


def cos(x: Any, /) -> Any:
    return rules.Cos.apply(x)


def tanh(x: Any, /) -> Any:
    return rules.Tanh.apply(x)


def equal(x: Any, y: Any, /) -> Any:
    return rules.Equal.apply(x, y)


__all__ = ["add", "cos", "divide", "equal", "exp", "log", "multiply", "negative", "sin", "subtract", "tanh"]
