"""The exceptions of fungrad: one class for each kind of mistake.

Every class also derives from the built-in exception that a caller would catch (``TypeError``,
``IndexError``, ...), and every message says what happened, where, with which values, and what to
write instead.
"""

from __future__ import annotations

from fungrad.errors.arrays import (
    ArrayDTypeError as ArrayDTypeError,
)
from fungrad.errors.arrays import (
    ArrayImmutableError as ArrayImmutableError,
)
from fungrad.errors.arrays import (
    BatchedShapeError as BatchedShapeError,
)
from fungrad.errors.arrays import (
    IndexOutOfBoundsError as IndexOutOfBoundsError,
)
from fungrad.errors.arrays import (
    IndexTypeError as IndexTypeError,
)
from fungrad.errors.arrays import (
    MatrixShapeError as MatrixShapeError,
)
from fungrad.errors.arrays import (
    OperandError as OperandError,
)
from fungrad.errors.arrays import (
    ShapeError as ShapeError,
)
from fungrad.errors.arrays import (
    UpdateDTypeError as UpdateDTypeError,
)
from fungrad.errors.base import (
    FungradError as FungradError,
)
from fungrad.errors.base import (
    describe as describe,
)
from fungrad.errors.base import (
    describe_all as describe_all,
)
from fungrad.errors.functions import (
    GradientCountError as GradientCountError,
)
from fungrad.errors.functions import (
    GradientShapeError as GradientShapeError,
)
from fungrad.errors.functions import (
    NoBackwardError as NoBackwardError,
)
from fungrad.errors.functions import (
    NoDerivativeError as NoDerivativeError,
)
from fungrad.errors.functions import (
    StaticParameterError as StaticParameterError,
)
from fungrad.errors.traces import (
    CapturedTracerError as CapturedTracerError,
)
from fungrad.errors.traces import (
    EscapedTracerError as EscapedTracerError,
)
from fungrad.errors.traces import (
    TracerConversionError as TracerConversionError,
)
from fungrad.errors.traces import (
    UnsupportedFunctionError as UnsupportedFunctionError,
)
from fungrad.errors.transforms import (
    ArgumentIndexError as ArgumentIndexError,
)
from fungrad.errors.transforms import (
    AuxError as AuxError,
)
from fungrad.errors.transforms import (
    BatchSizeError as BatchSizeError,
)
from fungrad.errors.transforms import (
    ComplexOutputError as ComplexOutputError,
)
from fungrad.errors.transforms import (
    CotangentError as CotangentError,
)
from fungrad.errors.transforms import (
    InexactError as InexactError,
)
from fungrad.errors.transforms import (
    IntegerOutputError as IntegerOutputError,
)
from fungrad.errors.transforms import (
    NonFloatInputError as NonFloatInputError,
)
from fungrad.errors.transforms import (
    NonScalarOutputError as NonScalarOutputError,
)
from fungrad.errors.transforms import (
    OutputTypeError as OutputTypeError,
)
from fungrad.errors.transforms import (
    TangentError as TangentError,
)
from fungrad.errors.trees import (
    EmptyTreeError as EmptyTreeError,
)
from fungrad.errors.trees import (
    StaticDataError as StaticDataError,
)
from fungrad.errors.trees import (
    TreeMismatchError as TreeMismatchError,
)
from fungrad.errors.trees import (
    TreeRegistrationError as TreeRegistrationError,
)
from fungrad.errors.trees import (
    TreeStructureError as TreeStructureError,
)
