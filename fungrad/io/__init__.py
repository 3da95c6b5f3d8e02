"""Trees in files: safetensors, with the structure of the tree beside its arrays.

A file is data and nothing else. No pickle is read, no class is looked up that the caller did not
name, and whatever is wrong with a file is a `SavedFileError`.
"""

from fungrad.io.loading import load as load
from fungrad.io.loading import metadata as metadata
from fungrad.io.names import flatten_names as flatten_names
from fungrad.io.names import nest_names as nest_names
from fungrad.io.saving import save as save

__all__ = [
    "flatten_names",
    "load",
    "metadata",
    "nest_names",
    "save",
]
