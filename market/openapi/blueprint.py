"""Routes for programs: what comes in is read strictly, before a schema sees it."""

import json
from typing import Any, NoReturn

import flask_smorest
from flask import Request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType


class Parser(FlaskParser):
    """Refuses other media types (415) and whatever is not JSON (400) instead of taking it for nothing."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the JSON body."""
        if not req.is_json:
            raise UnsupportedMediaType
        try:
            return super().load_json(req, schema) if _is_unambiguous(req.get_data()) else _refuse()
        except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
            _refuse()

    def load_form(self, req: Request, schema: Schema) -> Any:
        """Return the fields of a form."""
        if req.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        return super().load_form(req, schema)

    def load_files(self, req: Request, schema: Schema) -> Any:
        """Return the files of a form."""
        if req.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        return super().load_files(req, schema)

    def _handle_invalid_json_error(self, error: Any, req: Request, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 - webargs' signature
        _refuse()


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """Routes for programs."""

    ARGUMENTS_PARSER = Parser()


def _is_unambiguous(body: bytes) -> bool:
    """Tell whether no object of a body says a name twice: readers differ in which one they take (RFC 8259 §4)."""
    repeated = False

    def noted(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({name for name, _value in pairs}) < len(pairs)

    if body.strip():
        json.loads(body, object_pairs_hook=noted)
    return not repeated


def _refuse() -> NoReturn:
    raise BadRequest
