"""From the text of a Bicep file to its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser


class BicepSyntaxError(ValueError):
    """A file that cannot be parsed; the message names file and line."""


def parse(path: Path) -> Node:
    """The root of the tree. Raises BicepSyntaxError naming the first line that is not Bicep."""
    root = _parser().parse(path.read_bytes()).root_node
    for node in descendants(root):
        if node.is_error or node.is_missing:
            raise BicepSyntaxError(f"{path.name}, line {node.start_point[0] + 1}: not Bicep near {text(node)[:60]!r}")
    return root


def text(node: Node) -> str:
    """The node as it is written."""
    return (node.text or b"").decode()


def descendants(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the file."""
    yield node
    for child in node.children:
        yield from descendants(child)


def below(node: Node, kind: str) -> Iterator[Node]:
    """Those of one kind among the descendants."""
    return (found for found in descendants(node) if found.type == kind)


def children(node: Node, *kinds: str) -> list[Node]:
    """The direct children of the given kinds."""
    return [child for child in node.named_children if child.type in kinds]


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))
