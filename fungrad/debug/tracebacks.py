"""Which frames a traceback shows."""

from __future__ import annotations

import os

from fungrad.transforms.boundary import SWITCH


def full_tracebacks(on: bool = True) -> None:
    """Show fungrad's own frames in tracebacks, too.

    An exception in a function under a transform shows the user's frames only. To see what lies
    between, switch that off: by this function, or by the environment variable
    ``FUNGRAD_FULL_TRACEBACKS=1``, which it sets for this process and those that it starts.

    Parameters
    ----------
    on : bool
        Whether to show all frames.

    Examples
    --------
    >>> fg.debug.full_tracebacks()
    >>> fg.debug.full_tracebacks(False)
    """
    os.environ[SWITCH] = "1" if on else "0"
