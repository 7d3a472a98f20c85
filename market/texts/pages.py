"""Pages of model texts, for everybody: the shelf, one text, what changed between two versions, and the form."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from contracts import blanks, spoken
from market.errors import Invalid, MarketError, NotFound
from market.i18n import LOCALES, language
from market.i18n import gettext as _
from market.texts import changes, form, naming, outline, printing, shelf
from market.texts.api import download
from market.texts.shelf import Title

pages = Blueprint("texts", __name__, url_prefix="/texts")

BOTH = "both"


@pages.get("")
def shelf_of_texts() -> ResponseReturnValue:
    """Show which model texts there are."""
    return render_template("pages/texts/shelf.html", titles=shelf.titles(), naming=naming)


@pages.get("/<string:name>/<string:version>")
def text(name: str, version: str) -> ResponseReturnValue:
    """Show a model text in one language or in both."""
    found = shelf.title(name, version)
    model = found.model
    return render_template(
        "pages/texts/text.html",
        found=found,
        model=model,
        sections=outline.sections(model),
        conditions={one.name: spoken.condition(model, one.when) for one in model.blanks.values()},
        defaults={one.name: outline.default(model, one) for one in model.blanks.values()},
        shown=_shown(),
        naming=naming,
        checking=shelf.CHECKING,
    )


@pages.get("/<string:name>/<string:old>...<string:new>")
def compare(name: str, old: str, new: str) -> ResponseReturnValue:
    """Show what changed between two versions of a text."""
    before, after = shelf.title(name, old), shelf.title(name, new)
    if old == new:
        raise NotFound("text.not_found", _("These are the same version; name two that differ."))
    return render_template(
        "pages/texts/changes.html",
        old=before,
        new=after,
        changes=changes.between(before.model.id, after.model.id, shelf.FOLDER),
        shown=_shown(),
        naming=naming,
    )


@pages.get("/<string:name>/<string:version>/source.zip")
def source(name: str, version: str) -> ResponseReturnValue:
    """Answer with the files that the text is made of."""
    found = shelf.title(name, version)
    answer = Response(shelf.archive(found.model.id, shelf.FOLDER), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{version}.zip"'
    answer.set_etag(found.model.digest)
    return answer.make_conditional(request)


@pages.get("/<string:name>/<string:version>/form")
def blank_form(name: str, version: str) -> ResponseReturnValue:
    """Show the blanks of a text, filled with what a provider begins with."""
    found = shelf.form_of(name, version)
    return _form(found, blanks.defaults(found.model))


@pages.post("/<string:name>/<string:version>/form")
def fill(name: str, version: str) -> ResponseReturnValue:
    """Show the form again as the answers ask for it, or answer with the PDF."""
    found = shelf.form_of(name, version)
    values = form.read(found.model, request.form)
    if form.MORE in request.form or form.REFRESH in request.form:
        return _form(found, values, more=request.form.get(form.MORE, ""))
    try:
        return download(found, printing.pdf(found.model, values))
    except Invalid as error:
        return _form(found, values, error), 422


def _form(found: Title, values: Mapping[str, Any], error: Invalid | None = None, more: str = "") -> str:
    faults = error.fields if error else {}
    return render_template(
        "pages/texts/form.html",
        found=found,
        groups=form.fields(found.model, values, faults, more),
        faults=faults,
        labels=form.labels(found.model),
        message=error.message if isinstance(error, MarketError) else None,
        both=request.args.get("show") == BOTH,
    )


def _shown() -> str:
    """Return which languages of a text are shown: the reader's own unless the address names another."""
    wanted = request.args.get("show", "")
    return wanted if wanted in {*LOCALES, BOTH} else language()
