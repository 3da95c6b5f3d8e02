"""Mistakes with optimisers."""

from __future__ import annotations

from fungrad.errors.base import FungradError


class OptimizerArgumentError(FungradError, ValueError):
    """An optimiser was made with a setting that it cannot have."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


class ScheduleError(FungradError, ValueError):
    """A schedule was made with numbers that do not make one."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


class MissingParametersError(FungradError, ValueError):
    """An update needs the parameters and was called without them."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} needs the parameters, which update was not given; write "
            "updates, state = optimizer.update(gradients, state, params)"
        )


class UpdateArgumentError(FungradError, TypeError):
    """An update needs more than it was given: the value of the loss, or the loss itself."""

    def __init__(self, name: str, reason: str, call: str) -> None:
        super().__init__(
            f"{name}: {reason}; write optimizer.update(gradients, state, params{call})"
        )


class OptimizerStateError(FungradError, ValueError):
    """A state does not belong to this optimiser, or to other parameters."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name}: {reason}; make the state with init(params), of the same optimizer and for "
            "the same parameters"
        )


class UpdateShapeError(FungradError, ValueError):
    """What an update takes or gives has not the shape of the parameter that it is for."""

    def __init__(self, name: str, where: str, given: str, other: str, other_given: str) -> None:
        super().__init__(
            f"{name}: {where} is {given} and {other} is {other_given}; an update has the shape "
            "of its parameter, so use the gradients of these parameters, and a state from "
            "init(params)"
        )


class ParameterLabelError(FungradError, ValueError):
    """A parameter is labelled for a transformation that is not there."""

    def __init__(self, name: str, where: str, label: object, known: list[str]) -> None:
        super().__init__(
            f"{name}: {where} has the label {label!r}, and there are transformations for "
            f"{', '.join(known) or 'no label'}; add one for it, set_to_zero() to leave such "
            "parameters alone"
        )
