"""Reading form-encoded parameters strictly: what is not in an endpoint's table is refused, at any depth."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from market.sandbox.refusals import Refusal, wrong

Check: TypeAlias = Callable[[Any, str], Any]
"""Takes the raw value (text or a nested dict) and its name; returns the value, or raises."""

_NAME = re.compile(r"[^\[\]]+(\[[^\[\]]*\])*")


@dataclass(frozen=True)
class Required:
    """A parameter that must be there."""

    check: Check


Table: TypeAlias = Mapping[str, Check | Required]


def parse(raw: str) -> dict[str, Any]:
    """Build the nested tree of a form body or query: ``a[b]=1`` is ``{"a": {"b": "1"}}``.

    Raises:
        Refusal: 400, the text is not form-encoded UTF-8 or one name is both a value and a group.
    """
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except ValueError as error:
        raise wrong("Invalid request: the parameters cannot be read.") from error
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, name, value)
    return tree


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise _unknown(name)
    first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
    node, path = tree, [first, *rest]
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise wrong(f"Invalid parameter: {name}", param=name)
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise wrong(f"Invalid parameter: {name}", param=name)
    node[last] = value


def check(table: Table, tree: Mapping[str, Any], inside: str = "") -> dict[str, Any]:
    """Return the parameters with their types.

    Raises:
        Refusal: 400, naming the parameter that is unknown, missing or malformed.
    """
    for name in tree:
        if name not in table:
            raise _unknown(_within(inside, name))
    values: dict[str, Any] = {}
    for name, rule in table.items():
        path = _within(inside, name)
        if name in tree:
            values[name] = (rule.check if isinstance(rule, Required) else rule)(tree[name], path)
        elif isinstance(rule, Required):
            raise wrong(f"Missing required param: {path}.", code="parameter_missing", param=path)
    return values


def text(longest: int = 5000) -> Check:
    """A text that is not empty."""

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise wrong(f"Invalid string: {name}", param=name)
        if not value:
            message = f"You passed an empty string for '{name}'."
            raise wrong(message, code="parameter_invalid_empty", param=name)
        if len(value) > longest:
            raise wrong(f"Invalid string: {name} must be at most {longest} characters", param=name)
        return value

    return read


def integer(least: int = 0, most: int = 2**53 - 1) -> Check:
    """A whole number within bounds."""

    def read(value: Any, name: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,16}", value):
            raise wrong(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        number = int(value)
        if number < least:
            message = f"This value must be greater than or equal to {least}."
            raise wrong(message, code="parameter_invalid_integer", param=name)
        if number > most:
            raise wrong(
                f"This value must be less than or equal to {most}.", code="amount_too_large", param=name
            )
        return number

    return read


def boolean(value: Any, name: str) -> bool:
    """``true`` or ``false``."""
    if value not in ("true", "false"):
        raise wrong(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def choice(*words: str) -> Check:
    """One of these words."""

    def read(value: Any, name: str) -> str:
        if value not in words:
            raise wrong(f"Invalid {name}: must be one of {', '.join(words)}", param=name)
        return str(value)

    return read


def currency(value: Any, name: str) -> str:
    """A currency this stand-in knows; Stripe lower-cases it."""
    word = str(value).lower()
    if word not in DECIMALS:
        raise wrong(f"Invalid currency: {value}. This stand-in knows {', '.join(DECIMALS)}", param=name)
    return word


DECIMALS = {"cny": 2, "usd": 2, "eur": 2, "hkd": 2, "jpy": 0}
"""Digits after the point, by currency (ISO 4217; Stripe, "Zero-decimal currencies")."""


def address(value: Any, name: str) -> str:
    """An http or https URL."""
    word = str(text()(value, name))
    if not re.fullmatch(r"https?://[^\s/]+\S*", word):
        raise wrong("Not a valid URL", code="url_invalid", param=name)
    return word


def metadata(value: Any, name: str) -> dict[str, str]:
    """Up to 50 names of 40 characters with texts of 500."""
    if not isinstance(value, dict) or len(value) > 50:
        raise wrong(f"Invalid {name}: up to 50 names", param=name)
    for key, word in value.items():
        if not isinstance(word, str) or len(key) > 40 or len(word) > 500:
            raise wrong(f"Invalid {name}: {key}", param=f"{name}[{key}]")
    return dict(value)


def group(table: Table) -> Check:
    """Nested parameters with a table of their own."""

    def read(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(f"Invalid object: {name}", param=name)
        return check(table, value, name)

    return read


def array(item: Check, most: int = 100) -> Check:
    """An array, indexed from zero or with empty brackets."""

    def read(value: Any, name: str) -> list[Any]:
        if (
            not isinstance(value, dict)
            or sorted(value) != sorted(map(str, range(len(value))))
            or len(value) > most
        ):
            raise wrong(f"Invalid array: {name}", param=name)
        return [item(value[str(index)], f"{name}[{index}]") for index in range(len(value))]

    return read


def _within(outer: str, name: str) -> str:
    return f"{outer}[{name}]" if outer else name


def _unknown(name: str) -> Refusal:
    return wrong(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
