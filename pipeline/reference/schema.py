"""What a JSON schema, as pydantic makes it of a model, says in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "multiple of {}",
    "pattern": "matches {}",
}
_FORMATS = {"path": "path", "password": "secret string"}


def resolve(schema: Schema, models: dict[str, Schema]) -> Schema:
    """The schema itself, where this one only names it."""
    name = schema.get("$ref")
    return models[name.rpartition("/")[2]] if name else schema


def models_within(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Models that have keys below this one, and how the way to them is written."""
    if "$ref" in schema:
        yield "", schema
    for option in schema.get("anyOf", ()):
        yield from models_within(option)
    for marker, key in (("[]", "items"), (".*", "additionalProperties")):
        if isinstance(schema.get(key), dict):
            yield from ((f"{marker}{more}", found) for more, found in models_within(schema[key]))


def type_of(schema: Schema, models: dict[str, Schema]) -> str:
    """What a value is, in words and with choices as code: Markdown."""
    if "$ref" in schema:
        return "mapping"
    if "anyOf" in schema:
        return " or ".join(type_of(option, models) for option in schema["anyOf"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return _list_of(schema, models)
    if schema["type"] == "object":
        return f"mapping of {type_of(schema['propertyNames'], models)}"
    return _FORMATS.get(schema.get("format", ""), str(schema["type"]))


def bounds_of(schema: Schema) -> str:
    """What a value must keep to, in words; nothing where it may be any of its type."""
    said = [text.format(_number(schema[key])) for key, text in _BOUNDS.items() if key in schema]
    said += [bounds_of(option) for option in schema.get("anyOf", ()) if _is_plain(option)]
    items = schema.get("prefixItems", [schema.get("items", {})])[0]
    if "minItems" in schema and "prefixItems" not in schema:
        said.append(_at_least(schema["minItems"], "items"))
    if each := bounds_of(items) if items else "":
        said.append(f"each {each}")
    if "minProperties" in schema:
        said.append(_at_least(schema["minProperties"], "keys"))
    if "minLength" in schema:
        said.append(_at_least(schema["minLength"], "characters"))
    return ", ".join(filter(None, said))


def _list_of(schema: Schema, models: dict[str, Schema]) -> str:
    if "prefixItems" in schema:
        return f"list of {len(schema['prefixItems'])} {type_of(schema['prefixItems'][0], models)}s"
    items = schema["items"]
    return f"list of {type_of(items, models)}{'' if 'anyOf' in items else 's'}"


def _at_least(count: int, what: str) -> str:
    return "not empty" if count == 1 else f"at least {count} {what}"


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _is_plain(schema: Schema) -> bool:
    return schema.get("type") != "null" and "$ref" not in schema
