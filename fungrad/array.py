"""The immutable array.

An `Array` holds one read-only NumPy value. Its operators and methods call the functions of
`fungrad.numpy`, which stand above this file and are found in the table `operations`.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

import numpy as np

from fungrad.at import At
from fungrad.errors import (
    ArrayImmutableError,
    OperandError,
    describe,
)
from fungrad.methods import make_binary, make_method, make_operator, make_refused
from fungrad.operations import operations
from fungrad.raw import NUMERIC_KINDS, RAW, SCALARS, freeze, show

if TYPE_CHECKING:  # at run time it costs milliseconds
    import numpy.typing as npt

ArrayLike: TypeAlias = "Array | npt.ArrayLike"
"""What the functions of `fungrad.numpy` take: arrays, NumPy arrays, numbers, nested lists."""


class Array:
    """An immutable n-dimensional array of numbers.

    Arrays come out of every function of `fungrad.numpy`; `fungrad.numpy.array` makes one from a
    list, a number or a NumPy array. They have NumPy's operators, indexing, methods and attributes,
    but for those that would change them: ``x.at[i].set(v)`` is the pure form of ``x[i] = v``.

    Parameters
    ----------
    object : array_like
        Numbers, nested sequences, or an array; always copied.
    dtype : dtype, optional
        The dtype of the result; that of `object` when left out.

    Raises
    ------
    ArrayDTypeError
        If the values are not numbers or booleans.

    Examples
    --------
    >>> x = fg.Array([1.0, 2.0])
    >>> x * 2
    Array([2., 4.], dtype=float64)
    >>> x.at[0].set(5.0)
    Array([5., 2.], dtype=float64)
    """

    __slots__ = ("__weakref__", "value")

    value: Any

    def __init__(self, object: ArrayLike, dtype: npt.DTypeLike | None = None) -> None:
        if hasattr(self, "value"):
            raise ArrayImmutableError("x.__init__(...)", "a new array, fnp.array(...)")
        _set_value(self, freeze(np.array(object, dtype=dtype)))

    # --- what it is ---

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self.value.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes to step along each axis in memory."""
        return np.asarray(self.value).strides

    @property
    def flags(self) -> Any:
        """NumPy's flags of the memory layout; ``writeable`` is False and stays so."""
        return self.__array__().flags

    @property
    def data(self) -> memoryview:
        """A read-only view of the memory."""
        return self.__array__().data

    @property
    def base(self) -> None:
        """None: an array never shares memory that can change."""
        return None

    @property
    def device(self) -> str:
        """The device that holds the elements: ``"cpu"``."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """Return the array itself; ``"cpu"`` is the only device."""
        if device != "cpu" or stream is not None:
            raise ValueError(f'the only device is "cpu" and it has no streams, got {device!r}')
        return self

    # --- conversion ---

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        value = np.asarray(self.value)
        if copy or (dtype is not None and value.dtype != np.dtype(dtype)):
            if copy is False:
                raise ValueError(f"{value.dtype} to {np.dtype(dtype)} needs a copy; got copy=False")
            return np.array(value, dtype=dtype)
        # A plain view would lead to the array that owns the memory, whose flags can be changed.
        return np.asarray(value.data.toreadonly())

    def __buffer__(self, flags: int) -> memoryview:
        return self.data

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        # Before version 1.0 the protocol cannot say "read-only": only a copy is safe then.
        readonly = max_version is not None and max_version[0] >= 1 and not copy
        try:
            if readonly:
                return self.__array__().__dlpack__(
                    stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
                )
        except (TypeError, BufferError):  # NumPy 2.0 knows neither the keyword nor read-only
            pass
        if copy is False:
            raise BufferError("an immutable array is exported without a copy by DLPack >= 1 only")
        return np.array(self.__array__()).__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.__array__().__dlpack_device__()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return operations.namespace

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __complex__(self) -> complex:
        return complex(self.value)

    def __index__(self) -> int:
        try:
            return operator.index(self.value)
        except TypeError:
            raise TypeError(f"{describe(self)} is no integer; write int(x)") from None

    def __bool__(self) -> bool:
        return bool(self.value)

    def item(self, *args: SupportsIndex) -> Any:
        """Return one element as a Python number."""
        return self.__array__().item(*args)

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.__array__().tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the bytes of the elements."""
        return self.__array__().tobytes(order)

    def tofile(self, fid: Any, sep: str = "", format: str = "%s") -> None:
        """Write the elements to a file, as `numpy.ndarray.tofile` does."""
        self.__array__().tofile(fid, sep, format)

    def dumps(self) -> bytes:
        """Return the pickle of the NumPy array."""
        return self.__array__().dumps()

    def dump(self, file: Any) -> None:
        """Write the pickle of the NumPy array to a file."""
        self.__array__().dump(file)

    def __reduce__(self) -> tuple[Any, ...]:
        return Array, (np.asarray(self.value),)

    def __copy__(self) -> Array:
        return self

    def __deepcopy__(self, memo: Any) -> Array:
        return self

    # --- display ---

    def __repr__(self) -> str:
        return show(np.asarray(self.value))

    def __str__(self) -> str:
        return str(np.asarray(self.value))

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self.ndim:
            raise TypeError(
                f"format {spec!r} needs one number and the array has shape {self.shape}; "
                "format its elements, x[i], or use numpy.array2string"
            )
        return format(np.asarray(self.value)[()], spec)

    # --- immutable ---

    def __setattr__(self, name: str, value: Any) -> None:
        raise ArrayImmutableError(f"x.{name} = ...", _INSTEAD.get(name, "a new array"))

    def __delattr__(self, name: str) -> None:
        raise ArrayImmutableError(f"del x.{name}", "a new array")

    def __setitem__(self, index: Any, value: Any) -> None:
        raise ArrayImmutableError("x[i] = v", "x = x.at[i].set(v)")

    def __delitem__(self, index: Any) -> None:
        raise ArrayImmutableError("del x[i]", "fnp.delete(x, i)")

    fill = make_refused("fill", "fnp.full_like(x, v)")
    itemset = make_refused("itemset", "x.at[i].set(v)")
    partition = make_refused("partition", "fnp.partition(x, kth)")
    put = make_refused("put", "x.at[i].set(v)")
    resize = make_refused("resize", "fnp.resize(x, shape)")
    setfield = make_refused("setfield", "x.astype(dtype)")
    setflags = make_refused("setflags", "np.array(x), a copy that can be changed")
    sort = make_refused("sort", "fnp.sort(x), or fnp.argsort(x)")

    @property
    def at(self) -> At:
        """Pure updates: ``x.at[i].set(v)``, ``add``, ``multiply``, ``min``, ...

        Examples
        --------
        >>> fnp.zeros(3).at[1].add(2.0)
        Array([0., 2., 0.], dtype=float64)
        """
        return At(self)

    # --- container ---

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes; its shape is ()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("an array without axes cannot be iterated over; its shape is ()")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Any:
        return operations.getitem(self, index)

    def __contains__(self, item: Any) -> bool:
        return bool(operations.any(operations.equal(self, item)))

    # --- operators ---

    __hash__ = None  # type: ignore[assignment]

    __add__, __radd__ = make_binary("add")
    __sub__, __rsub__ = make_binary("subtract")
    __mul__, __rmul__ = make_binary("multiply")
    __truediv__, __rtruediv__ = make_binary("divide")
    __floordiv__, __rfloordiv__ = make_binary("floor_divide")
    __mod__, __rmod__ = make_binary("remainder")
    __divmod__, __rdivmod__ = make_binary("divmod")
    __matmul__, __rmatmul__ = make_binary("matmul")
    __and__, __rand__ = make_binary("bitwise_and")
    __or__, __ror__ = make_binary("bitwise_or")
    __xor__, __rxor__ = make_binary("bitwise_xor")
    __lshift__, __rlshift__ = make_binary("left_shift")
    __rshift__, __rrshift__ = make_binary("right_shift")
    __rpow__ = make_operator("power", swap=True)
    __lt__ = make_operator("less")
    __le__ = make_operator("less_equal")
    __gt__ = make_operator("greater")
    __ge__ = make_operator("greater_equal")
    __eq__ = make_operator("equal")
    __ne__ = make_operator("not_equal")

    def __pow__(self, other: Any, modulo: None = None) -> Any:
        if modulo is not None:
            raise TypeError("pow() of an array takes no modulus; write (x ** y) % m")
        try:
            return operations.power(self, other)
        except OperandError:
            return NotImplemented

    def __neg__(self) -> Any:
        return operations.negative(self)

    def __pos__(self) -> Any:
        return operations.positive(self)

    def __abs__(self) -> Any:
        return operations.abs(self)

    def __invert__(self) -> Any:
        return operations.invert(self)

    def __round__(self, ndigits: int | None = None) -> Any:
        if ndigits is None and not self.shape and self.dtype.kind in "fiub":
            return int(operations.round(self))  # as for Python's floats
        return operations.round(self, 0 if ndigits is None else ndigits)

    # --- NumPy's protocols ---

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return operations.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return operations.call_function(func, args, kwargs)

    # --- methods ---

    @property
    def T(self) -> Any:
        """The array with its axes reversed."""
        return operations.transpose(self)

    @property
    def mT(self) -> Any:
        """The array with its last two axes swapped."""
        return operations.matrix_transpose(self)

    @property
    def real(self) -> Any:
        """The real part."""
        return operations.real(self)

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return operations.imag(self)

    @property
    def flat(self) -> Any:
        """The elements in one axis, to iterate over and to index."""
        return operations.ravel(self)

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        """See `fungrad.numpy.reshape`; the lengths may also be given one by one."""
        return operations.reshape(self, _spread(shape), order=order, copy=copy)

    def transpose(self, *axes: Any) -> Any:
        """See `fungrad.numpy.transpose`; the axes may also be given one by one."""
        return operations.transpose(self, _spread(axes) if axes else None)

    def view(self, dtype: npt.DTypeLike | None = None) -> Any:
        """Return the array itself, or its bytes read as another dtype."""
        return self if dtype is None else operations.view(self, dtype)

    def choose(self, choices: Any, mode: Any = "raise") -> Any:
        """See `fungrad.numpy.choose`: the array holds the indices."""
        return operations.choose(self, choices, mode=mode)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """See `fungrad.numpy.compress`."""
        return operations.compress(condition, self, axis=axis)

    all = make_method("all")
    any = make_method("any")
    argmax = make_method("argmax")
    argmin = make_method("argmin")
    argpartition = make_method("argpartition")
    argsort = make_method("argsort")
    astype = make_method("astype")
    byteswap = make_method("byteswap")
    clip = make_method("clip")
    conj = make_method("conj")
    conjugate = make_method("conjugate")
    copy = make_method("copy")
    cumprod = make_method("cumprod")
    cumsum = make_method("cumsum")
    diagonal = make_method("diagonal")
    dot = make_method("dot")
    flatten = make_method("ravel")
    max = make_method("max")
    mean = make_method("mean")
    min = make_method("min")
    nonzero = make_method("nonzero")
    prod = make_method("prod")
    ptp = make_method("ptp")
    ravel = make_method("ravel")
    repeat = make_method("repeat")
    round = make_method("round")
    searchsorted = make_method("searchsorted")
    squeeze = make_method("squeeze")
    std = make_method("std")
    sum = make_method("sum")
    swapaxes = make_method("swapaxes")
    take = make_method("take")
    trace = make_method("trace")
    var = make_method("var")


_set_value: Any = Array.__dict__["value"].__set__

_INSTEAD = {
    "shape": "x = x.reshape(shape)",
    "dtype": "x = x.astype(dtype)",
    "real": "x = real + 1j * x.imag",
    "imag": "x = x.real + 1j * imag",
    "T": "x = value.T",
    "flat": "x = fnp.full_like(x, v)",
}


def _spread(lengths: tuple[Any, ...]) -> Any:
    """Read ``f(2, 3)`` and ``f((2, 3))`` alike."""
    return lengths[0] if len(lengths) == 1 else lengths


def wrap(value: Any) -> Any:
    """Return a value one layer down as users see it: raw values become an `Array`."""
    if isinstance(value, Array):
        return value
    array = object.__new__(Array)
    _set_value(array, freeze(value))
    return array


def unwrap(x: Any) -> Any:
    """Return the raw value of an `Array`; everything else, tracers included, as it is."""
    return x.value if type(x) is Array else x


__all__ = [
    "NUMERIC_KINDS",
    "RAW",
    "SCALARS",
    "Array",
    "ArrayLike",
    "freeze",
    "operations",
    "unwrap",
    "wrap",
]
