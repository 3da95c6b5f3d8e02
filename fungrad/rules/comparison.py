"""Elementwise operations without a derivative: comparisons, logic, bits, rounding."""

from __future__ import annotations

import operator

import numpy as np

from fungrad.rules.families import Constant


class Equal(Constant):
    kernel = operator.eq


class NotEqual(Constant):
    kernel = operator.ne


class Less(Constant):
    kernel = operator.lt


class LessEqual(Constant):
    kernel = operator.le


class Greater(Constant):
    kernel = operator.gt


class GreaterEqual(Constant):
    kernel = operator.ge


class IsClose(Constant):
    kernel = np.isclose


# --- logic ---------------------------------------------------------------------------------------


class LogicalAnd(Constant):
    kernel = np.logical_and


class LogicalOr(Constant):
    kernel = np.logical_or


class LogicalXor(Constant):
    kernel = np.logical_xor


class LogicalNot(Constant):
    kernel = np.logical_not


# --- predicates ----------------------------------------------------------------------------------


class IsFinite(Constant):
    kernel = np.isfinite


class IsInf(Constant):
    kernel = np.isinf


class IsNan(Constant):
    kernel = np.isnan


class IsPosinf(Constant):
    kernel = np.isposinf


class IsNeginf(Constant):
    kernel = np.isneginf


class IsReal(Constant):
    kernel = np.isreal


class IsComplex(Constant):
    kernel = np.iscomplex


class Signbit(Constant):
    kernel = np.signbit


# --- integers ------------------------------------------------------------------------------------


class BitwiseAnd(Constant):
    kernel = operator.and_


class BitwiseOr(Constant):
    kernel = operator.or_


class BitwiseXor(Constant):
    kernel = operator.xor


class Invert(Constant):
    kernel = operator.invert


class LeftShift(Constant):
    kernel = operator.lshift


class RightShift(Constant):
    kernel = operator.rshift


class BitwiseCount(Constant):
    kernel = np.bitwise_count


class Gcd(Constant):
    kernel = np.gcd


class Lcm(Constant):
    kernel = np.lcm


# --- rounding ------------------------------------------------------------------------------------


class Floor(Constant):
    kernel = np.floor


class Ceil(Constant):
    kernel = np.ceil


class Trunc(Constant):
    kernel = np.trunc


class Rint(Constant):
    kernel = np.rint


class Round(Constant):
    kernel = np.round


class Nextafter(Constant):
    kernel = np.nextafter


class Spacing(Constant):
    kernel = np.spacing
