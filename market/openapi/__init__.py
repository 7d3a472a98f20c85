"""The description of the JSON routes (OpenAPI 3.1): made from their schemas, completed by a table.

``operations`` says what no schema can: names, scopes, refusals, headers; ``document`` puts both together;
``examples`` shows a body for each. The bytes at ``/api/openapi.json`` are the same in every process.
"""

import json
from functools import cached_property
from typing import Any, Final

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, Response, request
from flask_babel import force_locale
from flask_smorest import Api
from marshmallow import INCLUDE, Schema, fields

from market.openapi import document

CONFIGURATION: Final[dict[str, Any]] = {
    "API_TITLE": "Qilu data exchange",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api",
    "OPENAPI_JSON_PATH": "openapi.json",
}


class ProblemSchema(Schema):
    """A problem document (RFC 9457); a code may add members of its own."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True, metadata={"description": "Where the code is explained"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do, in the reader's language"})
    code = fields.String(required=True, metadata={"description": "Stable word for programs"})
    request_id = fields.String(required=True)
    rule = fields.String(metadata={"description": "The rule of the rule book that forbids it"})
    scope = fields.String(metadata={"description": "The scope that the token lacks"})
    roles = fields.List(fields.String(), metadata={"description": "Roles of which one is needed"})
    state = fields.String(metadata={"description": "The state in which the object is"})
    contract = fields.String(metadata={"description": "Where the contract is that is not in force yet"})
    retry_after = fields.Integer(metadata={"description": "Seconds to wait"})
    fault = fields.String(metadata={"description": "What is wrong, in the words of the part that found it"})
    fields_ = fields.Dict(data_key="fields", metadata={"description": "Faults by field"})


class OpenApi(Api):  # type: ignore[misc]  # flask-smorest is untyped
    """Documents the routes; errors are answered by :mod:`market.problems`."""

    ERROR_SCHEMA = ProblemSchema

    @cached_property
    def document(self) -> dict[str, Any]:
        """The finished description; ask for it when every blueprint is registered."""
        with force_locale("en"):
            return document.complete(self.spec.to_dict())

    @cached_property
    def _bytes(self) -> bytes:
        return json.dumps(self.document, indent=1, ensure_ascii=False).encode()

    def _openapi_json(self) -> Response:
        """Serve the description; a reader that has it gets 304."""
        answer = Response(self._bytes, content_type="application/json")
        answer.add_etag()
        answer.cache_control.no_cache = True
        answer.make_conditional(request)
        return answer

    def _register_error_handlers(self) -> None:
        """Leave errors to the one table."""


def describe(app: Flask, base_url: str) -> OpenApi:
    """Give an application its description at ``/api/openapi.json``; blueprints are registered with the result.

    Args:
        app: the application.
        base_url: where people reach it.
    """
    app.config.update(CONFIGURATION)
    plugin = MarshmallowPlugin(schema_name_resolver=schema_name)
    options = {
        "marshmallow_plugin": plugin,
        "info": {"description": "Every act of the exchange. Send `Authorization: Bearer qilu_…`."},
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
    }
    api = OpenApi(app, spec_kwargs=options)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    return api


def schema_name(schema: type[Schema] | Schema | str) -> str:
    """Return a schema's name in the description: its room and its class, so that rooms never collide."""
    kind = resolve_schema_cls(schema)
    kind = kind[0] if isinstance(kind, list) else kind
    room = kind.__module__.removeprefix("market.").split(".")[0]
    return f"{room.capitalize()}{kind.__name__.removesuffix('Schema')}"
