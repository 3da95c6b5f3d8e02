"""Tools to find mistakes: where a NaN comes from, and what fungrad's own frames were."""

from fungrad.debug.nans import debug_nans as debug_nans
from fungrad.debug.tracebacks import full_tracebacks as full_tracebacks

__all__ = ["debug_nans", "full_tracebacks"]
