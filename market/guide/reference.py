"""The API reference, read out of the OpenAPI document when somebody asks for it.

The document is the one at ``/api/openapi.json``; nothing is said here that it does not say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app

Json = Mapping[str, Any]
METHODS: Final = ("get", "post", "put", "patch", "delete")
PROBLEM: Final = "application/problem+json"
LIMITS: Final = (
    "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern", "format", "default", "const",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What a value is.

    Attributes:
        word: JSON type, or ``shape`` for one that is described by itself.
        shape: name of that shape; empty for a plain type.
        each: the kind of an array's items.
        choices: the only values it may have.
        limits: (name, value) of each bound, by JSON Schema's names.
        nullable: whether it may be null.
    """

    word: str
    shape: str = ""
    each: "Kind | None" = None
    choices: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    nullable: bool = False


@dataclass(frozen=True)
class Field:
    """One field of a body, an answer or an address; ``place`` is path, query or header for a parameter."""

    name: str
    kind: Kind
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True)
class Body:
    """What is sent: its media type and its fields."""

    media: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Reply:
    """One answer: status, what it means, and its shape or media type."""

    status: str
    description: str
    media: str
    kind: Kind | None


@dataclass(frozen=True)
class Operation:
    """One method of one address; ``scopes`` is None where no token is needed."""

    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...] | None
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    replies: tuple[Reply, ...]

    @property
    def answers(self) -> tuple[Reply, ...]:
        """What comes back when it is done."""
        return tuple(reply for reply in self.replies if reply.media != PROBLEM)

    @property
    def refusals(self) -> tuple[Reply, ...]:
        """What comes back when it is refused: the same shape for every status."""
        return tuple(reply for reply in self.replies if reply.media == PROBLEM)

    @property
    def anchor(self) -> str:
        """Where it stands on the page: ``post-trades-number-acceptance``."""
        return "-".join(re.findall(r"[a-z_]+", f"{self.method} {self.path.removeprefix('/api/v1')}".lower()))


@dataclass(frozen=True)
class Shape:
    """A named object of fields."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Group:
    """Operations under one tag."""

    tag: str
    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Reference:
    """Everything the page shows."""

    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]


def current() -> Reference:
    """Return the reference of the running application; its routes do not change, so it is read once."""
    known: dict[str, Reference] = current_app.extensions.setdefault("guide", {})
    if "reference" not in known:
        spec = document()
        known["reference"] = Reference(groups(spec), shapes(spec))
    return known["reference"]


def document() -> Json:
    """Return the OpenAPI document of the running application."""
    described = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    found: Json = described.document
    return found


def groups(spec: Json) -> tuple[Group, ...]:
    """Return every operation under its tag, in the document's order."""
    found: dict[str, list[Operation]] = {}
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                tag = item[method].get("tags", [""])[0]
                found.setdefault(tag, []).append(_operation(spec, path, method, item))
    titles = {tag["name"]: tag.get("description", tag["name"]) for tag in spec.get("tags", [])}
    return tuple(Group(tag, titles.get(tag, tag), tuple(found[tag])) for tag in found)


def shapes(spec: Json) -> tuple[Shape, ...]:
    """Return every shape that some answer, or a field of another shape, is said to have, by name."""
    answered = [reply.kind for group in groups(spec) for one in group.operations for reply in one.replies]
    sent = [
        field.kind
        for group in groups(spec)
        for one in group.operations
        for body in one.bodies
        for field in body.fields
    ]
    found: dict[str, Shape] = {}
    wanted = [name for kind in (*answered, *sent) if kind is not None for name in _named(kind)]
    while wanted:
        name = wanted.pop()
        if name not in found:
            stated = spec["components"]["schemas"][name]
            found[name] = Shape(name, stated.get("description", ""), tuple(_fields(spec, stated)))
            wanted += [one for field in found[name].fields for one in _named(field.kind)]
    return tuple(found[name] for name in sorted(found))


def sentences(spec: Json) -> set[str]:
    """Return every sentence of the document that a reader sees, so that each can have its Chinese."""
    described = [
        *(field.description for shape in shapes(spec) for field in shape.fields),
        *(shape.description for shape in shapes(spec)),
    ]
    for group in groups(spec):
        described.append(group.title)
        for one in group.operations:
            described += [one.summary, one.description]
            described += [field.description for field in one.parameters]
            described += [field.description for body in one.bodies for field in body.fields]
            described += [reply.description for reply in one.answers]
    return {sentence for sentence in described if sentence}


def _operation(spec: Json, path: str, method: str, item: Json) -> Operation:
    stated = item[method]
    given = [_resolve(spec, one) for one in [*item.get("parameters", []), *stated.get("parameters", [])]]
    forms = tuple(_parameter(one) for one in given if one["in"] in {"formData", "form"})
    bodies = [
        Body(media, forms + tuple(_fields(spec, _resolve(spec, content["schema"]))))
        for media, content in _resolve(spec, stated.get("requestBody", {})).get("content", {}).items()
    ]
    return Operation(
        method=method.upper(),
        path=path,
        summary=stated.get("summary", ""),
        description=stated.get("description", ""),
        scopes=_scopes(stated.get("security", spec.get("security", []))),
        parameters=tuple(_parameter(one) for one in given if one["in"] in {"path", "query", "header"}),
        bodies=tuple(body for body in bodies if body.fields),
        replies=tuple(_replies(spec, stated["responses"])),
    )


def _scopes(security: list[Json]) -> tuple[str, ...] | None:
    if not security or {} in security:
        return None
    return tuple(dict.fromkeys(scope for one in security for scopes in one.values() for scope in scopes))


def _parameter(stated: Json) -> Field:
    return Field(
        name=stated["name"],
        kind=_kind(stated.get("schema", {})),
        required=stated.get("required", False),
        description=stated.get("description", ""),
        place=stated["in"],
    )


def _replies(spec: Json, responses: Json) -> Iterator[Reply]:
    for status, stated in sorted(responses.items(), key=lambda pair: str(pair[0])):
        reply = _resolve(spec, stated)
        content = reply.get("content", {})
        media = next(iter(content), "")
        schema = content[media].get("schema", {}) if media else {}
        shown = _kind(schema) if media.endswith("json") and schema else None
        yield Reply(str(status), reply.get("description", ""), media, shown)


def _fields(spec: Json, schema: Json) -> Iterator[Field]:
    required = set(schema.get("required", []))
    for part in schema.get("allOf", []):
        yield from _fields(spec, _resolve(spec, part))
    for name, stated in schema.get("properties", {}).items():
        yield Field(name, _kind(stated), name in required, stated.get("description", ""))


def _kind(schema: Json) -> Kind:
    options = [one for one in schema.get("anyOf", schema.get("oneOf", [])) if one.get("type") != "null"]
    if len(options) == 1:
        inner = _kind(options[0])
        nullable = len(options) < len(schema.get("anyOf", schema.get("oneOf", [])))
        return Kind(inner.word, inner.shape, inner.each, inner.choices, inner.limits, nullable)
    reference = schema.get("$ref") or next(
        (one["$ref"] for one in schema.get("allOf", []) if "$ref" in one), ""
    )
    if reference:
        return Kind("shape", shape=reference.rsplit("/", 1)[1])
    types = schema.get("type", "any")
    types = [types] if isinstance(types, str) else list(types)
    word = next((one for one in types if one != "null"), "any")
    return Kind(
        word=word,
        each=_kind(schema["items"]) if word == "array" and "items" in schema else None,
        choices=tuple(str(choice) for choice in schema.get("enum", []) if choice is not None),
        limits=tuple((name, _written(schema[name])) for name in LIMITS if schema.get(name) is not None),
        nullable="null" in types,
    )


def _named(kind: Kind) -> Iterator[str]:
    """Yield the name of the shape that a kind has or lists."""
    if kind.shape:
        yield kind.shape
    if kind.each:
        yield from _named(kind.each)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolve(spec: Json, stated: Json) -> Json:
    """Follow a reference to where it leads."""
    while "$ref" in stated:
        found: Any = spec
        for name in stated["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        stated = found
    return stated
