"""Arithmetic with trees of arrays, and values found in trees by name."""

from __future__ import annotations

from fungrad.optim.arithmetic import add as add
from fungrad.optim.arithmetic import add_scale as add_scale
from fungrad.optim.arithmetic import cast as cast
from fungrad.optim.arithmetic import cast_like as cast_like
from fungrad.optim.arithmetic import conj as conj
from fungrad.optim.arithmetic import div as div
from fungrad.optim.arithmetic import max as max  # noqa: A004
from fungrad.optim.arithmetic import min as min  # noqa: A004
from fungrad.optim.arithmetic import mul as mul
from fungrad.optim.arithmetic import norm as norm
from fungrad.optim.arithmetic import real as real
from fungrad.optim.arithmetic import scale as scale
from fungrad.optim.arithmetic import size as size
from fungrad.optim.arithmetic import sub as sub
from fungrad.optim.arithmetic import sum as sum  # noqa: A004
from fungrad.optim.arithmetic import vdot as vdot
from fungrad.optim.arithmetic import where as where
from fungrad.optim.averages import bias_correction as bias_correction
from fungrad.optim.averages import update_infinity_moment as update_infinity_moment
from fungrad.optim.averages import update_moment as update_moment
from fungrad.optim.averages import update_moment_per_elem_norm as update_moment_per_elem_norm
from fungrad.optim.filling import full_like as full_like
from fungrad.optim.filling import ones_like as ones_like
from fungrad.optim.filling import zeros_like as zeros_like
from fungrad.optim.naming import get as get
from fungrad.optim.naming import get_all_with_path as get_all_with_path
from fungrad.optim.naming import set as set  # noqa: A004

__all__ = [
    "add",
    "add_scale",
    "bias_correction",
    "cast",
    "cast_like",
    "conj",
    "div",
    "full_like",
    "get",
    "get_all_with_path",
    "max",
    "min",
    "mul",
    "norm",
    "ones_like",
    "real",
    "scale",
    "set",
    "size",
    "sub",
    "sum",
    "update_infinity_moment",
    "update_moment",
    "update_moment_per_elem_norm",
    "vdot",
    "where",
    "zeros_like",
]
