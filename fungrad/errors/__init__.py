"""The exceptions of fungrad: one class for each kind of mistake.

Every class also derives from the built-in exception that a caller would catch (``TypeError``,
``IndexError``, ...), and every message says what happened, where, with which values, and what to
write instead.
"""

from __future__ import annotations

from fungrad.errors.arrays import (
    ArrayDTypeError,
    ArrayImmutableError,
    IndexOutOfBoundsError,
    IndexTypeError,
    MatrixShapeError,
    OperandError,
    ShapeError,
    UpdateDTypeError,
)
from fungrad.errors.base import FungradError, describe, describe_all
from fungrad.errors.branches import AxisNameError, BranchError, CollectiveError, PredicateError
from fungrad.errors.custom import (
    ForeignCodeError,
    NoRuleError,
    RuleArgumentError,
    RuleResultError,
    RuleShapeError,
)
from fungrad.errors.debugging import (
    DerivativeCheckError,
    FunctionCheckError,
    GradientMismatchError,
    NanError,
)
from fungrad.errors.functions import (
    GradientCountError,
    GradientShapeError,
    NoBackwardError,
    NoDerivativeError,
    StaticParameterError,
)
from fungrad.errors.graphs import ConvertedArgumentError, RecordedDecisionError
from fungrad.errors.loops import (
    CarryError,
    LoopLengthError,
    SolverError,
    StepOutputError,
    TransposeSolveError,
)
from fungrad.errors.optim import (
    MissingParametersError,
    OptimizerArgumentError,
    OptimizerStateError,
    ParameterLabelError,
    ScheduleError,
    UpdateArgumentError,
    UpdateShapeError,
)
from fungrad.errors.traces import (
    BatchedShapeError,
    CapturedTracerError,
    EscapedTracerError,
    NoValueError,
    TracerConversionError,
    UnsupportedFunctionError,
)
from fungrad.errors.transforms import (
    ArgumentIndexError,
    AuxError,
    BatchAxisError,
    BatchedOutputError,
    BatchSizeError,
    ComplexInputError,
    ComplexOutputError,
    CotangentError,
    InexactError,
    IntegerOutputError,
    NonFloatInputError,
    NonScalarOutputError,
    NotElementwiseError,
    NotLinearError,
    OutputTypeError,
    TangentError,
)
from fungrad.errors.trees import (
    EmptyTreeError,
    StaticDataError,
    TreeMismatchError,
    TreeRegistrationError,
    TreeStructureError,
)

__all__ = [
    "ArgumentIndexError",
    "ArrayDTypeError",
    "ArrayImmutableError",
    "AuxError",
    "AxisNameError",
    "BatchAxisError",
    "BatchSizeError",
    "BatchedOutputError",
    "BatchedShapeError",
    "BranchError",
    "CapturedTracerError",
    "CollectiveError",
    "CarryError",
    "ComplexInputError",
    "ComplexOutputError",
    "ConvertedArgumentError",
    "CotangentError",
    "DerivativeCheckError",
    "EmptyTreeError",
    "EscapedTracerError",
    "ForeignCodeError",
    "FunctionCheckError",
    "FungradError",
    "GradientCountError",
    "GradientMismatchError",
    "GradientShapeError",
    "IndexOutOfBoundsError",
    "IndexTypeError",
    "InexactError",
    "IntegerOutputError",
    "LoopLengthError",
    "MatrixShapeError",
    "MissingParametersError",
    "NanError",
    "NoBackwardError",
    "NoDerivativeError",
    "NoRuleError",
    "NoValueError",
    "NonFloatInputError",
    "NonScalarOutputError",
    "NotElementwiseError",
    "NotLinearError",
    "OperandError",
    "OptimizerArgumentError",
    "OptimizerStateError",
    "OutputTypeError",
    "ParameterLabelError",
    "PredicateError",
    "RecordedDecisionError",
    "RuleArgumentError",
    "RuleResultError",
    "RuleShapeError",
    "ScheduleError",
    "ShapeError",
    "SolverError",
    "StaticDataError",
    "StaticParameterError",
    "StepOutputError",
    "TangentError",
    "TracerConversionError",
    "TransposeSolveError",
    "TreeMismatchError",
    "TreeRegistrationError",
    "TreeStructureError",
    "UnsupportedFunctionError",
    "UpdateArgumentError",
    "UpdateDTypeError",
    "UpdateShapeError",
    "describe",
    "describe_all",
]
