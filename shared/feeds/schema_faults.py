"""What the schema finds wrong with a feeds file, as sentences for the person who wrote it, without a pattern."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

Keys = tuple[str | int, ...]

_KINDS = {"string": "a text", "integer": "a whole number", "object": "a list of keys and values", "array": "a list"}
#: Keys of a feed that only one shape has, and why.
_ONLY_OF = {
    "entity": "belongs to shape file; a package's manifest names its entities",
    "format": "belongs to shape file; a package's manifest names the format of each data file",
    "columns": "belongs to shape file; a package's manifest maps the columns of each data file",
    "entities": "belongs to shape package; a file has one `entity`",
    "template": "belongs to shape file; files of shape package are sent as they are",
    "bundle": "belongs to shape file; files of shape package are sent as they are",
}
#: The same where the feed has a bundle.
_NOT_OF_A_BUNDLE = "is not for bundles: each member names its own entity, whose format and columns the template has"


def schema_fault(error: ValidationError) -> tuple[Keys, str]:
    """(keys that lead to the place, one sentence)."""
    keys = tuple(key for key in error.absolute_path if isinstance(key, str | int))
    where = ".".join(map(str, keys)) or "the file"
    schema = error.schema if isinstance(error.schema, dict) else {}
    if "propertyNames" in error.absolute_schema_path:
        rule = "use a-z, 0-9 and -, beginning with a letter, 24 at most"
        return (*keys, str(error.instance)), f"{error.instance!r} is no feed name; {rule}"
    if error.validator == "additionalProperties":
        return _unknown_key(error, keys, where, schema)
    if error.validator == "not":
        key = next(name for name in _ONLY_OF if name in _keys_of(error.instance) and name in str(error.validator_value))
        of_a_bundle = key in {"entity", "format", "columns"} and "bundle" in _keys_of(error.instance)
        return (*keys, key), f"{where}.{key} {_NOT_OF_A_BUNDLE if of_a_bundle else _ONLY_OF[key]}"
    return keys, f"{where}: {_sentence(error, schema)}"


def _unknown_key(error: ValidationError, keys: Keys, where: str, schema: Mapping[str, Any]) -> tuple[Keys, str]:
    known = list(schema.get("properties", {}))
    unknown = sorted({str(key) for key in _keys_of(error.instance)} - set(known))
    meant = _meant(unknown[0], known)
    sentence = f"{where} has no setting {', '.join(unknown)}{meant}; it knows {', '.join(known)}"
    return (*keys, unknown[0]), sentence


def _sentence(error: ValidationError, schema: Mapping[str, Any]) -> str:
    title, seen, told = schema.get("title", ""), error.instance, error.validator_value
    match error.validator:
        case "pattern":
            return f"{seen!r} is not {title}"
        case "type":
            return _of_type(error, title or _KINDS.get(str(told), str(told)))
        case "required":
            missing = [str(key) for key in _listed(told) if key not in _keys_of(seen)]
            return f"{', '.join(missing)} is missing. {_description_of(missing[0], schema)}".rstrip()
        case "enum":
            listed = [str(value) for value in _listed(told)]
            return f"{seen!r} is not one of {', '.join(listed)}{_meant(str(seen), listed)}"
        case "anyOf":
            return "needs feeds or exports"
    hint = schema.get("description", "")
    return f"{error.message}. {hint}" if hint else error.message


def _of_type(error: ValidationError, wanted: str) -> str:
    if error.instance is None and not error.absolute_path:
        return "it is empty; begin with version, environment and feeds, as docs/feeds.md shows"
    return f"{_shown(error.instance)} is not {wanted}"


def _shown(value: object) -> str:
    """The value as it was written, or what it is when it is long."""
    return "nothing" if value is None else repr(value)[:60]


def _description_of(key: str, schema: Mapping[str, Any]) -> str:
    return str(schema.get("properties", {}).get(key, {}).get("description", ""))


def _meant(written: str, known: Iterable[str]) -> str:
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(written.casefold(), folded, n=1, cutoff=0.7)
    return f" (did you mean {folded[near[0]]}?)" if near else ""


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _keys_of(value: object) -> list[object]:
    """The keys of a mapping, none of anything else."""
    return list(value) if isinstance(value, dict) else []
