"""From an expression in the tree to a Python value, as far as it is literal."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeAlias

from tree_sitter import Node

from local.bicep.syntax import text


class Expression(str):
    """Something that only a deployment can work out: the text as it is written."""

    __slots__ = ()


Value: TypeAlias = "str | int | bool | Expression | list[Value] | dict[str, Value] | None"

_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def value_of(node: Node) -> Value:
    """Objects, arrays, texts, numbers, true, false and null as they are; anything else as an Expression."""
    match node.type:
        case "object":
            return {_key(item): value_of(item.named_children[-1]) for item in _properties(node)}
        case "array":
            return [value_of(item) for item in node.named_children if item.type != "comment"]
        case "string" if all(part.type in {"string_content", "escape_sequence"} for part in node.named_children):
            return _unescaped(text(node)[1:-1])
        case "number":
            return int(text(node))
        case "boolean" | "null":
            return _WORDS[text(node)]
    return Expression(text(node))


def body_of(node: Node) -> dict[str, Value]:
    """The object that a declaration describes, inside its loop and its condition; empty if there is none."""
    for child in reversed(node.named_children):
        match child.type:
            case "object":
                found = value_of(child)
                return found if isinstance(found, dict) else {}
            case "for_statement" | "if_statement":
                return body_of(child)
    return {}


def _properties(node: Node) -> list[Node]:
    """Without nested resources, which stand among the properties."""
    return [
        child
        for child in node.named_children
        if child.type == "object_property" and len(child.named_children) > 1  # a nested resource has one
    ]


def _key(item: Node) -> str:
    return text(item.named_children[0]).strip("'")


def _unescaped(written: str) -> str:
    return str(ast.literal_eval(f"'{written}'")) if "\\" in written else written
