"""JSON routes of model texts, under ``/api/v1/texts``; they need no token."""

from typing import Any

from flask import Response

from contracts import spoken
from contracts.library import Bilingual, Blank, Clause, Model, Part
from market.openapi.blueprint import Blueprint
from market.texts import form, printing, schemas, shelf
from market.texts.shelf import Title

blueprint = Blueprint(
    "texts_api", __name__, url_prefix="/api/v1/texts", description="Model texts of contracts"
)


@blueprint.get("")
@blueprint.response(200, schemas.TextsOut)
@blueprint.doc(security=[])
def list_texts() -> dict[str, Any]:
    """List the model texts that contracts are made from, in every released version."""
    return {"items": [_item(one) for one in shelf.titles()]}


@blueprint.get("/<string:name>/<string:version>")
@blueprint.response(200, schemas.TextOut)
@blueprint.doc(security=[])
def show_text(name: str, version: str) -> dict[str, Any]:
    """Return a model text: clauses with their conditions, schedules, and typed blanks, in both languages."""
    found = shelf.title(name, version)
    model = found.model
    return {
        **_item(found),
        "clauses": [_clause(model, one, number) for number, one in enumerate(model.clauses, 1)],
        "schedules": [_clause(model, one, number) for number, one in enumerate(model.schedules, 1)],
        "blanks": [_blank(model, one) for one in model.blanks.values()],
    }


@blueprint.post("/<string:name>/<string:version>/form")
@blueprint.arguments(schemas.FormIn)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@blueprint.doc(security=[])
def print_form(data: dict[str, Any], name: str, version: str) -> Response:
    """Set the blank form of a model text in type, filled as far as the values go; it is nobody's contract."""
    found = shelf.form_of(name, version)
    return download(found, printing.pdf(found.model, data["values"], prefix=""))


def download(found: Title, pdf: bytes) -> Response:
    """Answer with a form as a file."""
    answer = Response(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.name}-{found.version}-form.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _item(found: Title) -> dict[str, Any]:
    model = found.model
    return {
        "id": model.id,
        "name": found.name,
        "version": found.version,
        "title": form.pair(model.title),
        "newest": found.newest,
        "price": model.price,
        "subject": "file" if model.file else "described",
        "digest": model.digest,
        "form": not model.first,
    }


def _clause(model: Model, clause: Clause, number: int) -> dict[str, Any]:
    return {
        "id": clause.id,
        "number": number,
        "title": form.pair(clause.title),
        "source": clause.source,
        "parts": [_part(model, part) for part in clause.parts],
    }


def _part(model: Model, part: Part) -> dict[str, Any]:
    return {
        "when": part.when,
        "condition": _either(spoken.condition(model, part.when)),
        "text": _either(part.text),
        "facts": list(part.facts),
        "table": part.table,
    }


def _blank(model: Model, blank: Blank) -> dict[str, Any]:
    same = (
        "name",
        "type",
        "source",
        "must",
        "optional",
        "given",
        "when",
        "default",
        "low",
        "high",
        "limit",
        "least",
    )
    words = model.words[blank.options] if blank.options else {}
    return {
        **{name: getattr(blank, name) for name in same},
        "label": form.pair(blank.label),
        "help": _either(blank.help),
        "condition": _either(spoken.condition(model, blank.when)),
        "options": [{"word": word, **form.pair(both)} for word, both in words.items()],
    }


def _either(both: Bilingual | None) -> dict[str, str] | None:
    return None if both is None else form.pair(both)
