"""The page on which a provider declares what a file should hold: a table of columns, the key, and rules of rows."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from market import forms, permissions
from market.db import read, transaction
from market.errors import Invalid
from market.i18n import _
from market.inspection.declared import lists
from market.inspection.declared.model import SIZE, Declared
from market.inspection.declared.wording import explain
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS
from market.participants.web import current_actor, require_actor
from market.registry import declaring, reading
from market.registry.models import Origin

pages = Blueprint("declarations", __name__)

Form = dict[str, Any]
_TEXTS = ("minimum", "maximum", "pattern")
_LIST = "list:"


@pages.get("/assets/<uuid:asset_id>/declaration")
@require_actor
def declaration(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is declared of a file, or what could be, to be changed."""
    return _page(asset_id, None)


@pages.post("/assets/<uuid:asset_id>/declaration")
@require_actor
def declare(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Declare what was typed, or what stands in a file of somebody else's form."""
    actor = current_actor()
    with read() as session:
        before, _row = declaring.current(session, actor, asset_id)
    try:
        file = request.files.get("file")
        if file is not None and file.filename:
            taken, origin = declaring.taken(file.stream.read(SIZE + 1))
            declared, notes = taken.declared, taken.notes
        else:
            declared, origin, notes = declaring.built(typed(request.form, before)), Origin.OWN, ()
        with transaction() as session:
            declaring.declare(session, actor, asset_id, declared, origin)
    except Invalid as error:
        return _page(asset_id, error), 422
    flash(_("The declaration is recorded; the file is measured against it."), "done")
    for note in notes:
        flash(_("%(place)s: %(sentence)s", place=note.path, sentence=explain(note)), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def typed(sent: Mapping[str, str], before: Declared) -> Form:
    """Return what a form says, as a declaration is built of.

    Args:
        sent: the form.
        before: the declaration that filled it; what the form does not ask is kept from there.
    """
    kept = {column.name: column for column in before.columns}
    columns = []
    for place in range(int(sent.get("columns", "0")[:4]) if sent.get("columns", "0").isdecimal() else 0):
        at = f"columns.{place}."
        name = sent.get(f"{at}name", "")
        old = kept.get(name)
        columns.append(
            {
                "name": name,
                "type": sent.get(f"{at}type", ""),
                "description": sent.get(f"{at}description", "").strip(),
                "required": f"{at}required" in sent,
                "unique": f"{at}unique" in sent,
                **{word: sent.get(f"{at}{word}", "").strip() or None for word in _TEXTS},
                "allowed": _allowed(sent.get(f"{at}allowed", "")),
                "personal": sent.get(f"{at}personal") or None,
                "longest": old.longest if old else None,
                "quasi": old.quasi if old else False,
                "unit": old.unit if old else "",
            }
        )
    lines = [line.strip() for line in sent.get("rules", "").splitlines()]
    rules = [line.partition(" ") for line in lines if line]
    period = replace(before).period
    return {
        "columns": columns,
        "key": [name.strip() for name in sent.get("key", "").replace("，", ",").split(",") if name.strip()],
        "rules": [{"code": code, "expression": expression.strip()} for code, _blank, expression in rules],
        "period": period.__dict__ if period else None,
        "description": before.description,
    }


def form_of(declared: Declared) -> dict[str, str]:
    """Return the fields that show a declaration; :func:`typed` reads them."""
    shown = {
        "columns": str(len(declared.columns)),
        "key": ", ".join(declared.key),
        "rules": "\n".join(f"{rule.code} {rule.expression}" for rule in declared.rules),
    }
    for place, column in enumerate(declared.columns):
        at = f"columns.{place}."
        for word in ("name", "type", "description", "personal", *_TEXTS):
            shown[at + word] = getattr(column, word) or ""
        shown |= {at + word: "yes" for word in ("required", "unique") if getattr(column, word)}
        allowed = column.allowed or ()
        shown[at + "allowed"] = _LIST + allowed if isinstance(allowed, str) else ", ".join(allowed)
    return shown


def _allowed(text: str) -> list[str] | str | None:
    text = text.strip()
    if text.startswith(_LIST):
        return text.removeprefix(_LIST).strip()
    return [value.strip() for value in text.replace("，", ",").split(",") if value.strip()] or None


def _page(asset_id: uuid.UUID, refused: Invalid | None) -> str:
    actor = current_actor()
    with read() as session:
        asset = reading.asset_of(session, actor, asset_id)
        permissions.require(actor, "asset.declare", reading.relation(actor, asset))
        declared, row = declaring.current(session, actor, asset_id)
    sent = refused is not None and "columns" in request.form
    return render_template(
        "pages/registry/declaration.html",
        asset=asset,
        drafted=row is None,
        values=forms.sent() if sent else forms.Sent(form_of(declared)),
        faults=_by_field(refused) if refused else {},
        types=list(TYPE_LABELS.items()),
        classes=[("", _("none")), *((kind.value, label) for kind, label in LABELS.items())],
        names=sorted(lists.NAMES),
    )


def _by_field(refused: Invalid) -> dict[str, list[str]]:
    """Return the faults by the fields of the form; the rules are one field, and each fault there names its line."""
    found: dict[str, list[str]] = {}
    for path, sentences in refused.fields.items():
        part, _dot, rest = path.partition(".")
        line = rest.partition(".")[0]
        if part == "rules" and line.isdecimal():
            numbered = [
                _("Rule %(line)s: %(sentence)s", line=int(line) + 1, sentence=one) for one in sentences
            ]
            found.setdefault("rules", []).extend(numbered)
        else:
            found.setdefault(path or "_schema", []).extend(sentences)
    return found
