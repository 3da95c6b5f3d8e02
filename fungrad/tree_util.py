"""The functions of trees by their longer names, and the registration of classes as containers.

`tree_map` here is `map` in `fungrad.tree`, and so on. The ``register_*`` functions make objects of
the user's classes containers, so that every transform looks inside them.
"""

from fungrad.tree import DictKey as DictKey
from fungrad.tree import FlattenedIndexKey as FlattenedIndexKey
from fungrad.tree import GetAttrKey as GetAttrKey
from fungrad.tree import KeyEntry as KeyEntry
from fungrad.tree import KeyPath as KeyPath
from fungrad.tree import SequenceKey as SequenceKey
from fungrad.tree import TreeDef as PyTreeDef
from fungrad.tree import all as tree_all
from fungrad.tree import broadcast as tree_broadcast
from fungrad.tree import broadcast_prefix as broadcast_prefix
from fungrad.tree import flatten as tree_flatten
from fungrad.tree import flatten_with_path as tree_flatten_with_path
from fungrad.tree import format_path as format_path
from fungrad.tree import keystr as keystr
from fungrad.tree import leaves as tree_leaves
from fungrad.tree import leaves_with_path as tree_leaves_with_path
from fungrad.tree import map as tree_map
from fungrad.tree import map_with_path as tree_map_with_path
from fungrad.tree import reduce as tree_reduce
from fungrad.tree import reduce_associative as tree_reduce_associative
from fungrad.tree import structure as tree_structure
from fungrad.tree import transpose as tree_transpose
from fungrad.tree import unflatten as tree_unflatten
from fungrad.tree.levels import all_leaves as all_leaves
from fungrad.tree.levels import build_tree as build_tree
from fungrad.tree.levels import flatten_one_level as flatten_one_level
from fungrad.tree.levels import flatten_one_level_with_keys as flatten_one_level_with_keys
from fungrad.tree.levels import is_tree_node as is_tree_node
from fungrad.tree.levels import treedef_children as treedef_children
from fungrad.tree.levels import treedef_is_leaf as treedef_is_leaf
from fungrad.tree.levels import treedef_tuple as treedef_tuple
from fungrad.tree.partial import Partial as Partial
from fungrad.tree.registration import register_dataclass as register_dataclass
from fungrad.tree.registration import register_pytree_node as register_pytree_node
from fungrad.tree.registration import register_pytree_node_class as register_pytree_node_class
from fungrad.tree.registration import register_pytree_with_keys as register_pytree_with_keys
from fungrad.tree.registration import (
    register_pytree_with_keys_class as register_pytree_with_keys_class,
)
from fungrad.tree.registration import register_static as register_static

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "broadcast_prefix",
    "build_tree",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "format_path",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]
