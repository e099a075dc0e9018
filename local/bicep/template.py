"""What one Bicep file declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node

from local.bicep.syntax import below, children, descendants, parse, text
from local.bicep.values import Value, body_of, value_of

_DECLARATIONS = {
    "parameter_declaration",
    "variable_declaration",
    "resource_declaration",
    "module_declaration",
    "type_declaration",
    "import_functionality",
}
_OUTPUT = re.compile(r"(\w+)[!?]*\.outputs\.(\w+)$")
_NAME_FIRST = _DECLARATIONS | {"output_declaration", "metadata_declaration", "object_property", "lambda_expression"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A parameter or an output: its type as written, its description, its value or default if it has one."""

    name: str
    type: str
    description: str
    value: Value
    has_value: bool
    decorators: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource. `type` is without its version and, when nested, without its parent's type."""

    symbol: str
    type: str
    api_version: str
    existing: bool
    nested: bool
    loop_over: str
    body: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module that a template calls; `file` as written, relative to the template."""

    symbol: str
    file: str
    body: Mapping[str, Value]

    @property
    def given(self) -> Mapping[str, Value]:
        """The parameters it is given."""
        params = self.body.get("params", {})
        return params if isinstance(params, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function that is called, with its arguments."""

    function: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One file. `declared` are all names that it gives; `used` those that its expressions refer to."""

    path: Path
    parameters: Mapping[str, Named]
    variables: Mapping[str, Value]
    resources: tuple[Resource, ...]
    modules: tuple[Module, ...]
    outputs: Mapping[str, Named]
    calls: tuple[Call, ...]
    declared: frozenset[str]
    used: frozenset[str]
    outputs_used: frozenset[tuple[str, str]]


def read_template(path: Path) -> Template:
    """Read one file. Raises BicepSyntaxError."""
    root = parse(path)
    return Template(
        path=path,
        parameters={item.name: item for item in _named(root, "parameter_declaration")},
        variables={_name(node): value_of(node.named_children[-1]) for node in below(root, "variable_declaration")},
        resources=tuple(_resource(node) for node in below(root, "resource_declaration")),
        modules=tuple(_module(node) for node in below(root, "module_declaration")),
        outputs={item.name: item for item in _named(root, "output_declaration")},
        calls=tuple(_call(node) for node in below(root, "call_expression") if not _is_decorator(node)),
        declared=frozenset(_declared(root)),
        used=frozenset(_used(root)),
        outputs_used=frozenset(_outputs_used(root)),
    )


def _named(root: Node, kind: str) -> Iterator[Named]:
    """Decorators stand before what they decorate, as a sibling of it."""
    for node in children(root, kind):
        before = node.prev_named_sibling
        decorators = _decorators(before) if before is not None and before.type == "decorators" else {}
        name_and_type = 2
        has_value = len(node.named_children) > name_and_type
        yield Named(
            name=_name(node),
            type=text(node.named_children[1]),
            description=str(decorators.get("description", "")),
            value=value_of(node.named_children[-1]) if has_value else None,
            has_value=has_value,
            decorators=frozenset(decorators),
        )


def _decorators(node: Node) -> dict[str, Value]:
    calls = [_call(found) for child in children(node, "decorator") for found in children(child, "call_expression")]
    return {call.function: call.arguments[0] if call.arguments else None for call in calls}


def _resource(node: Node) -> Resource:
    kind, _, version = text(children(node, "string")[0]).strip("'").partition("@")
    loops = children(node, "for_statement")
    return Resource(
        symbol=_name(node),
        type=kind,
        api_version=version,
        existing=any(child.type == "existing" for child in node.children),
        nested=node.parent is not None and node.parent.type == "object_property",
        loop_over=text(loops[0].named_children[1]) if loops else "",
        body=body_of(node),
    )


def _module(node: Node) -> Module:
    return Module(symbol=_name(node), file=text(children(node, "string")[0]).strip("'"), body=body_of(node))


def _call(node: Node) -> Call:
    function = node.child_by_field_name("function")
    arguments = children(node, "arguments")[0]
    return Call(
        function=text(function) if function is not None else "",
        arguments=tuple(value_of(child) for child in arguments.named_children),
    )


def _is_decorator(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "decorator"


def _name(node: Node) -> str:
    return text(children(node, "identifier")[0])


def _declared(root: Node) -> Iterator[str]:
    for node in descendants(root):
        if node.type in _DECLARATIONS:
            yield from (text(child) for child in children(node, "identifier"))
        elif node.type in {"loop_variable", "loop_enumerator"}:
            yield text(node)
        elif node.type == "for_statement" and (variable := node.child_by_field_name("initializer")) is not None:
            yield text(variable)
        elif node.type == "lambda_expression":
            yield text(node.named_children[0])


def _used(root: Node) -> Iterator[str]:
    """Identifiers that refer to something: neither a name being given, nor a key, nor a function."""
    return (text(node) for node in below(root, "identifier") if node.parent is not None and _refers(node, node.parent))


def _refers(node: Node, parent: Node) -> bool:
    if parent.type in _NAME_FIRST and parent.named_children[0] == node:
        return False
    return node not in (parent.child_by_field_name("initializer"), parent.child_by_field_name("function"))


def _outputs_used(root: Node) -> Iterator[tuple[str, str]]:
    """(module, output) of each `module.outputs.output`. By its end: the grammar lets a ternary swallow what follows."""
    for node in below(root, "member_expression"):
        if found := _OUTPUT.search(text(node)):
            yield found[1], found[2]
