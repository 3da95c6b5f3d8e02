"""Keys: values that random numbers are functions of."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np

from fungrad.array import Array
from fungrad.errors import KeyShapeError, KeyTypeError, RandomArgumentError, describe
from fungrad.numpy.common import lift
from fungrad.random import reuse
from fungrad.random.operations import GENERATORS, Clone, Sample, Seed
from fungrad.trace import Tracer, peek
from fungrad.tree_util import GetAttrKey, register_pytree_with_keys

DEFAULT = "philox"


class Key:
    """A key, or an array of keys; made by `key`, `split` and `fold_in`.

    It is a tree whose leaf is an array of words, so it passes through transforms, loops and
    containers, and `vmap` maps over an array of keys. It is no array of numbers.

    Attributes
    ----------
    words : Array
        Unsigned integers; the last axis has those of one key.
    impl : str
        The name of the generator.

    Examples
    --------
    >>> from fungrad import random
    >>> keys = random.split(random.key(0), 3)
    >>> keys.shape, len(keys)
    ((3,), 3)
    >>> fg.vmap(random.bits)(keys).shape
    (3,)
    """

    __slots__ = ("__weakref__", "impl", "words")

    words: Any
    impl: str

    def __init__(self, words: Any, impl: str = DEFAULT) -> None:
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "impl", impl)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a key does not change: {name} cannot be set")

    __delattr__ = __setattr__  # type: ignore[assignment]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of keys, () for one key."""
        return tuple(self.words.shape[:-1])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of keys."""
        return int(np.prod(self.shape, dtype=int))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of one key; random.split(key) makes several")
        return self.shape[0]

    def __iter__(self) -> Iterator[Key]:
        if not self.shape:
            raise TypeError("one key cannot be iterated over: write key1, key2 = random.split(key)")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Key:
        if not self.shape:
            raise TypeError("one key cannot be indexed; random.split(key) makes several")
        index = index if isinstance(index, tuple) else (index,)
        if not any(each is Ellipsis for each in index):
            index = (*index, Ellipsis)
        return Key(self.words[(*index, slice(None))], self.impl)

    def reshape(self, *shape: Any) -> Key:
        """Return the keys in another shape."""
        lengths = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return Key(self.words.reshape((*lengths, self.words.shape[-1])), self.impl)

    def __repr__(self) -> str:
        if not hasattr(self.words, "shape"):  # a tree of something else
            return f"Key({self.words!r}, {self.impl!r})"
        if self.shape or isinstance(self.words, Tracer):
            return f"Key(shape={self.shape}, impl={self.impl!r})"
        return f"Key({peek(self.words)}, impl={self.impl!r})"

    __array_ufunc__ = None  # so that NumPy's arrays do not add keys

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise KeyTypeError(
            "an array of a key",
            "a key is not an array of numbers",
            "fungrad.random.key_data(key) returns its words",
        )

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __reduce__(self) -> Any:
        words = np.array(self.words)
        return _unpickle, (words, self.impl, reuse.used_at(self.words))


def _unpickle(words: Any, impl: str, use: reuse.Use | None) -> Key:
    key = Key(Array(words), impl)
    if use is not None:
        reuse.mark_used(key.words, use)
    return key


def _unflatten(impl: str, children: Any) -> Key:
    (words,) = children
    return Key(words, impl)


register_pytree_with_keys(
    Key,
    lambda key: (((GetAttrKey("words"), key.words),), key.impl),
    _unflatten,
    lambda key: ((key.words,), key.impl),
)

# --- inside --------------------------------------------------------------------------------------


class Source(NamedTuple):
    """The words of a key that a function has spent, to draw from."""

    words: Any
    impl: str

    def draw(self, method: str, shape: tuple[int, ...], dtype: Any, *parameters: Any) -> Any:
        """Return what a method of the generator makes of the words."""
        return Sample.apply(
            self.words,
            *parameters,
            impl=self.impl,
            method=method,
            shape=shape,
            dtype=np.dtype(dtype),
            lead=0,
        )

    def split(self, *shape: int) -> Any:
        """Return the words of independent keys."""
        generator = GENERATORS[self.impl]
        return self.draw("split", (*shape, generator.words), generator.dtype)

    def pair(self) -> tuple[Source, Source]:
        """Return two independent sources."""
        words = self.split(2)
        return Source(words[0], self.impl), Source(words[1], self.impl)


def source(key: Any, where: str) -> Source:
    """Spend a key: return what a function may draw from.

    Raises
    ------
    KeyTypeError, KeyShapeError
        If it is no key, or not one.
    KeyReuseError
        If it was used before.
    """
    words = _one(key, where).words
    reuse.spend(words, where, key.impl)
    return Source(words, key.impl)


def _one(given: Any, where: str) -> Key:
    key = _check(given, where)
    if key.shape:
        raise KeyShapeError(where, key.shape)
    return key


def _check(key: Any, where: str) -> Key:
    """Return a key or an array of keys, if its words can be that."""
    if type(key) is not Key or not isinstance(key.words, Array):
        raise KeyTypeError.no_key(where, key)
    generator = GENERATORS[key.impl]
    words = key.words
    if words.shape[-1:] != (generator.words,) or words.dtype != generator.dtype:
        raise KeyTypeError(
            where,
            f"the words of the key are {describe(words)}, and those of {key.impl} have "
            f"{generator.words} along the last axis, of {generator.dtype}",
            "map over the axes of the keys by axes that are counted from the front",
        )
    return key


def _generator_name(impl: str | None) -> str:
    if impl is None:
        return DEFAULT
    if impl not in GENERATORS:
        raise RandomArgumentError(
            "key", f"impl is one of {', '.join(map(repr, GENERATORS))}, got {impl!r}"
        )
    return impl


# --- public --------------------------------------------------------------------------------------


def key(seed: Any, *, impl: str | None = None) -> Key:
    """Return the key of a seed.

    Parameters
    ----------
    seed : int
        An integer, which may be traced. Python integers may have 128 bits (64 with
        ``impl="threefry2x32"``).
    impl : {"philox", "threefry2x32"}, optional
        The generator: NumPy's `numpy.random.Philox`, or the one of JAX, whose numbers are JAX's.

    Returns
    -------
    Key

    Raises
    ------
    KeyTypeError
        If the seed is no integer.
    RandomArgumentError
        If the integer is too large.

    Examples
    --------
    >>> from fungrad import random
    >>> random.key(42)
    Key([42  0], impl='philox')
    """
    impl = _generator_name(impl)
    if isinstance(seed, int):
        return Key(Array(_words_of_int(seed, impl)), impl)
    seed = lift(seed, "key")
    if seed.dtype.kind not in "iub" or seed.shape:
        raise KeyTypeError(
            "key",
            f"the seed is {describe(seed)}",
            "a seed is one integer; map over several by vmap",
        )
    return Key(Seed.apply(seed, impl=impl), impl)


def _words_of_int(seed: int, impl: str) -> Any:
    bits = 128 if impl == "philox" else 64
    if not -(2**63) <= seed < 2**bits:
        raise RandomArgumentError("key", f"the seed {seed} does not fit into {bits} bits")
    seed %= 2**128
    low, high = np.uint64(seed % 2**64), np.uint64(seed >> 64)
    return GENERATORS[impl].seed(low, high)


def PRNGKey(seed: Any, *, impl: str | None = None) -> Key:
    """Return the key of a seed: JAX's older name of `key`.

    Parameters
    ----------
    seed : int
        An integer.
    impl : str, optional
        The generator.

    Examples
    --------
    >>> from fungrad import random
    >>> random.PRNGKey(42)
    Key([42  0], impl='philox')
    """
    return key(seed, impl=impl)


def split(key: Key, num: int | tuple[int, ...] = 2) -> Key:
    """Return an array of new keys, independent of each other; the key itself is used up.

    Parameters
    ----------
    key : Key
        One key.
    num : int or tuple of int
        How many, or the shape of the array.

    Returns
    -------
    Key
        Of shape ``(num,)`` or `num`.

    Raises
    ------
    KeyReuseError
        If the key was used before.

    Examples
    --------
    >>> from fungrad import random
    >>> key, subkey = random.split(random.key(0))
    >>> random.split(subkey, 10).shape
    (10,)
    """
    shape = (
        tuple(map(operator.index, num))
        if isinstance(num, (tuple, list))
        else (operator.index(num),)
    )
    if any(length < 0 for length in shape):
        raise RandomArgumentError("split", f"num is {num}; it is 0 or more")
    drawn = source(key, "split")
    return Key(drawn.split(*shape), drawn.impl)


def fold_in(key: Key, data: Any) -> Key:
    """Return a new key that depends on a key and an integer, the number of a step for instance.

    The key is not used up: it may be folded with other integers.

    Parameters
    ----------
    key : Key
        One key.
    data : int
        An integer, which may be traced.

    Returns
    -------
    Key

    Examples
    --------
    >>> from fungrad import random
    >>> key = random.key(0)
    >>> for step in range(3):
    ...     noise = random.normal(random.fold_in(key, step), (10,))
    """
    _one(key, "fold_in")
    generator = GENERATORS[key.impl]
    if isinstance(data, int):
        bits = 8 * generator.dtype.itemsize
        if not -(2 ** (bits - 1)) <= data < 2**bits:
            raise RandomArgumentError("fold_in", f"{data} does not fit into {bits} bits")
        data = np.uint64(data % 2**64)
    data = lift(data, "fold_in")
    if data.dtype.kind not in "iub" or data.shape:
        raise KeyTypeError("fold_in", f"data is {describe(data)}", "give one integer")
    folded = Source(key.words, key.impl).draw("fold_in", (generator.words,), generator.dtype, data)
    return Key(folded, key.impl)


def clone(key: Key) -> Key:
    """Return a key that gives the same numbers and counts as another one.

    Parameters
    ----------
    key : Key
        A key or an array of keys, used or not.

    Returns
    -------
    Key

    Examples
    --------
    >>> from fungrad import random
    >>> key = random.key(0)
    >>> bool(random.normal(key) == random.normal(random.clone(key)))
    True
    """
    _check(key, "clone")
    return Key(Clone.apply(key.words), key.impl)


def key_data(keys: Key) -> Any:
    """Return the words of keys as an array.

    Parameters
    ----------
    keys : Key
        A key or an array of keys.

    Returns
    -------
    Array of unsigned integers
        The last axis has the words of one key.

    Examples
    --------
    >>> from fungrad import random
    >>> random.key_data(random.key(7, impl="threefry2x32"))
    Array([0, 7], dtype=uint32)
    """
    _check(keys, "key_data")
    return keys.words


def wrap_key_data(key_bits_array: Any, *, impl: str | None = None) -> Key:
    """Return the keys of words that `key_data` returned.

    Parameters
    ----------
    key_bits_array : array_like of unsigned integers
        The last axis has the words of one key.
    impl : str, optional
        The generator.

    Returns
    -------
    Key

    Examples
    --------
    >>> from fungrad import random
    >>> random.wrap_key_data(np.array([0, 7], np.uint32), impl="threefry2x32")
    Key([0 7], impl='threefry2x32')
    """
    impl = _generator_name(impl)
    words = lift(key_bits_array, "wrap_key_data")
    if not isinstance(words, Array):
        words = Array(words)
    wrapped = Key(words, impl)
    _check(wrapped, "wrap_key_data")
    return wrapped


def key_impl(keys: Key) -> str:
    """Return the name of the generator of keys.

    Parameters
    ----------
    keys : Key
        A key or an array of keys.

    Examples
    --------
    >>> from fungrad import random
    >>> random.key_impl(random.key(0))
    'philox'
    """
    _check(keys, "key_impl")
    return keys.impl
