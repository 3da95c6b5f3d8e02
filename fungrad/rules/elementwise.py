"""Elementwise operations, each with one partial derivative for each argument."""

from __future__ import annotations

import operator

import numpy as np

from fungrad.rules.families import Constant, Elementwise

# On raw NumPy scalars Python's operators are several times quicker than the ufuncs.


class Add(Elementwise):
    kernel = operator.add
    partials = (1, 1)


class Subtract(Elementwise):
    kernel = operator.sub
    partials = (1, -1)


class Multiply(Elementwise):
    kernel = operator.mul
    partials = (lambda _z, _x, y: y, lambda _z, x, _y: x)


class Divide(Elementwise):
    kernel = operator.truediv
    partials = (lambda _z, _x, y: 1 / y, lambda z, _x, y: -z / y)


class Negative(Elementwise):
    kernel = operator.neg
    partials = (-1,)


class Exp(Elementwise):
    kernel = np.exp
    partials = (lambda z, _x: z,)


class Log(Elementwise):
    kernel = np.log
    partials = (lambda _z, x: 1 / x,)


class Sin(Elementwise):
    kernel = np.sin
    partials = (lambda _z, x: np.cos(x),)


class Cos(Elementwise):
    kernel = np.cos
    partials = (lambda _z, x: -np.sin(x),)


class Tanh(Elementwise):
    kernel = np.tanh
    partials = (lambda z, _x: 1 - z * z,)


class Equal(Constant):
    kernel = operator.eq
