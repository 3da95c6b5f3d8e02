"""Shapes and dtypes of results, without computing them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from fungrad import tree
from fungrad.transforms.batch import Batched, BatchTrace, lift
from fungrad.transforms.call import name_of
from fungrad.transforms.tape import strip_output

if TYPE_CHECKING:  # at run time it costs milliseconds
    import numpy.typing as npt


class ShapeDtypeStruct:
    """The shape and the dtype of an array, without its elements.

    Parameters
    ----------
    shape : int or iterable of int
    dtype : dtype

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Examples
    --------
    >>> image = fg.ShapeDtypeStruct((28, 28), np.float32)
    >>> image
    ShapeDtypeStruct(shape=(28, 28), dtype=float32)
    >>> image.ndim, image.size, len(image)
    (2, 784, 28)
    """

    __slots__ = ("dtype", "shape")

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __init__(self, shape: int | Iterable[int], dtype: npt.DTypeLike) -> None:
        lengths = shape if isinstance(shape, Iterable) else (shape,)
        object.__setattr__(self, "shape", tuple([operator.index(each) for each in lengths]))
        object.__setattr__(self, "dtype", np.dtype(dtype))
        if any(length < 0 for length in self.shape):
            raise ValueError(f"ShapeDtypeStruct: the shape {self.shape} has a negative length")

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

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a ShapeDtypeStruct does not change: make a new one to set {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a ShapeDtypeStruct does not change: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ShapeDtypeStruct):
            return NotImplemented
        return self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __reduce__(self) -> Any:
        return ShapeDtypeStruct, (self.shape, self.dtype)

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype})"


def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return the shapes and dtypes of what a function returns, without computing it.

    The function runs on a batch of no examples: every operation checks and makes shapes as ever,
    but there are no numbers to work on.

    Parameters
    ----------
    fun : callable
        A pure function.
    *args, **kwargs : tree
        Its arguments. Arrays, NumPy's scalars, and anything else with a shape and a dtype, such as
        a `ShapeDtypeStruct`, stand for arrays of which only these are known. Other leaves, Python
        numbers and strings for instance, are passed as they are.

    Returns
    -------
    tree of ShapeDtypeStruct
        Of the structure of the result.

    Raises
    ------
    NoValueError
        If the function asks for the value of an array: ``if x > 0``, ``int(x)``.
    OutputTypeError
        If it returns something that is no array or number.

    Examples
    --------
    >>> x = fg.ShapeDtypeStruct((1000, 784), np.float32)
    >>> weight = fg.ShapeDtypeStruct((784, 10), np.float32)
    >>> fg.eval_shape(lambda x, w: {"logits": x @ w}, x, weight)
    {'logits': ShapeDtypeStruct(shape=(1000, 10), dtype=float32)}
    """
    with BatchTrace(f"eval_shape of {name_of(fun)}", 0) as trace:
        given_args, given_kwargs = tree.map(lambda leaf: _empty(leaf, trace), (args, kwargs))
        output = fun(*given_args, **given_kwargs)
    return tree.map(lambda leaf: _struct(leaf, trace), output)


def _empty(leaf: Any, trace: BatchTrace) -> Any:
    """Return a batch of no arrays of the shape and dtype of a leaf; any other leaf as it is."""
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
        return leaf
    return lift(trace, np.empty((0, *leaf.shape), leaf.dtype))


def _struct(leaf: Any, trace: BatchTrace) -> ShapeDtypeStruct:
    if not (type(leaf) is Batched and leaf.owner is trace):
        leaf = strip_output(leaf, trace)
    return ShapeDtypeStruct(leaf.shape, leaf.dtype)
