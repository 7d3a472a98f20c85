"""The page on which a provider declares what a file should hold: a table of columns, the key, and rules of rows."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from market import forms, permissions
from market.db import read, transaction
from market.errors import Invalid
from market.i18n import _
from market.inspection.declared import lists
from market.inspection.declared.model import RULE_CODES, SIZE
from market.inspection.declared.wording import explain
from market.inspection.grading import INDICATORS
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import LABELS
from market.participants.web import current_actor, require_actor
from market.registry import declaration_form, declaring, reading
from market.registry.models import Origin

pages = Blueprint("declarations", __name__)

_FURTHER = ("minimum", "maximum", "pattern", "list", "allowed", "longest", "unit")
"""Fields of a column that are folded away while nothing stands in them."""


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
    try:
        file = request.files.get("file")
        if file is not None and file.filename:
            taken, origin = declaring.taken(file.stream.read(SIZE + 1))
            declared, notes = taken.declared, taken.notes
        else:
            declared, origin, notes = declaring.built(declaration_form.typed(request.form)), Origin.OWN, ()
        with transaction() as session:
            declaring.declare(session, actor, asset_id, declared, origin)
    except Invalid as error:
        return _page(asset_id, error), 422
    flash(_("The declaration is recorded; the file is measured against it."), "done")
    for note in notes:
        flash(_("%(place)s: %(sentence)s", place=note.path, sentence=explain(note)), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def _page(asset_id: uuid.UUID, refused: Invalid | None) -> str:
    actor = current_actor()
    with read() as session:
        asset = reading.asset_of(session, actor, asset_id)
        permissions.require(actor, "asset.declare", reading.relation(actor, asset))
        declared, row = declaring.current(session, actor, asset_id)
    sent = refused is not None and "columns" in request.form
    values = forms.sent() if sent else forms.Sent(declaration_form.shown(declared))
    faults = _by_field(refused) if refused else {}
    return render_template(
        "pages/registry/declaration.html",
        asset=asset,
        drafted=row is None,
        values=values,
        faults=faults,
        labels={name: _label(name, values) for name in faults},
        types=list(TYPE_LABELS.items()),
        classes=[("", _("none")), *((kind.value, label) for kind, label in LABELS.items())],
        lists=[("", _("the values below, or any where there are none")), *lists.LABELS.items()],
        codes=[(code, INDICATORS[code]) for code in RULE_CODES],
        times=[("", _("none")), *((name, name) for name in declaration_form.names(values))],
        further=_FURTHER,
    )


def _by_field(refused: Invalid) -> dict[str, list[str]]:
    """Return the faults by the fields of the form, where a rule may stand below empty places."""
    places = declaration_form.filled_rules(request.form)
    found: dict[str, list[str]] = {}
    for path, sentences in refused.fields.items():
        part, _dot, rest = path.partition(".")
        line, _dot, name = rest.partition(".")
        if part == "rules" and line.isdecimal() and int(line) < len(places):
            found[f"rules.{places[int(line)]}.{name}"] = sentences
        else:
            found[path or "_schema"] = sentences
    return found


def _label(name: str, values: Mapping[str, str]) -> str:
    """Return what a wrong field is about: the name of its column, or the number of its rule."""
    part, _dot, rest = name.partition(".")
    place = rest.partition(".")[0]
    if part == "rules" and place.isdecimal():
        return _("Rule %(number)s", number=int(place) + 1)
    return values[f"columns.{place}.name"] if part == "columns" else ""
