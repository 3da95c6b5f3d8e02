"""Trees: containers taken apart into leaves, put together again, mapped, and addressed by path.

A tree is a dict, list, tuple, namedtuple, None or an object of a registered class, whose children
are trees again. Anything else is a leaf. `flatten` separates a tree into its leaves and a
`TreeDef`, its structure; everything else here is made of the two.

Each class of containers has one `NodeType`, which knows how to take its objects apart. Dicts keep
their insertion order, and two dicts with the same keys match in any order.
"""

from fungrad.tree.flattening import flatten as flatten
from fungrad.tree.flattening import flatten_with_path as flatten_with_path
from fungrad.tree.flattening import leaves as leaves
from fungrad.tree.flattening import leaves_with_path as leaves_with_path
from fungrad.tree.flattening import structure as structure
from fungrad.tree.flattening import unflatten as unflatten
from fungrad.tree.mapping import all as all  # noqa: A004
from fungrad.tree.mapping import map as map  # noqa: A004
from fungrad.tree.mapping import map_with_path as map_with_path
from fungrad.tree.mapping import reduce as reduce
from fungrad.tree.mapping import reduce_associative as reduce_associative
from fungrad.tree.mapping import transpose as transpose
from fungrad.tree.nodes import NodeType as NodeType
from fungrad.tree.nodes import node_type_of as node_type_of
from fungrad.tree.nodes import register as register
from fungrad.tree.paths import DictKey as DictKey
from fungrad.tree.paths import FlattenedIndexKey as FlattenedIndexKey
from fungrad.tree.paths import GetAttrKey as GetAttrKey
from fungrad.tree.paths import KeyEntry as KeyEntry
from fungrad.tree.paths import KeyPath as KeyPath
from fungrad.tree.paths import SequenceKey as SequenceKey
from fungrad.tree.paths import format_path as format_path
from fungrad.tree.paths import keystr as keystr
from fungrad.tree.prefixes import broadcast as broadcast
from fungrad.tree.prefixes import broadcast_prefix as broadcast_prefix
from fungrad.tree.registration import static as static
from fungrad.tree.treedef import LEAF as LEAF
from fungrad.tree.treedef import TreeDef as TreeDef

__all__ = [
    "LEAF",
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "NodeType",
    "SequenceKey",
    "TreeDef",
    "all",
    "broadcast",
    "broadcast_prefix",
    "flatten",
    "flatten_with_path",
    "format_path",
    "keystr",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "node_type_of",
    "reduce",
    "reduce_associative",
    "register",
    "static",
    "structure",
    "transpose",
    "unflatten",
]
