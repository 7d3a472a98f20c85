"""The end of a trade for people: the form that ends or suspends an agreement, and the one that states the deletion."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from contracts.terms import AnyTerms
from market import forms
from market.db import read, transaction
from market.errors import Invalid
from market.i18n import _
from market.participants.web import current_actor
from market.trades import ending, exits, grounds, schemas, service, showing
from market.trades.exits import Statement
from market.trades.grounds import Cause, Ground
from market.trades.showing import Shown

pages = Blueprint("ending", __name__)


@pages.get("/trades/<number>/termination")
def choose_end(number: str) -> ResponseReturnValue:
    """Show on what grounds one may end the agreement, and what follows."""
    return _ending(number)


@pages.post("/trades/<number>/termination")
def end(number: str) -> ResponseReturnValue:
    """Give notice, or end the agreement at once."""
    actor = current_actor()
    try:
        given = forms.load(schemas.TerminationIn())
    except ValidationError as error:
        return _ending(number, error)
    with transaction() as session:
        ending.end(session, actor, number, Ground(given["ground"]), given["reason"])
    return _done(number, _("It is recorded, and the other side can see it."))


@pages.post("/trades/<number>/retraction")
def retract(number: str) -> ResponseReturnValue:
    """Take one's notice back."""
    actor = current_actor()
    with transaction() as session:
        ending.retract(session, actor, number)
    return _done(number, _("Your notice is taken back; the agreement goes on."))


@pages.get("/trades/<number>/suspension")
def choose_suspension(number: str) -> ResponseReturnValue:
    """Show for what causes the provider may suspend the use."""
    return _suspending(number)


@pages.post("/trades/<number>/suspension")
def suspend(number: str) -> ResponseReturnValue:
    """Suspend the buyer's use."""
    actor = current_actor()
    try:
        given = forms.load(schemas.SuspensionIn())
    except ValidationError as error:
        return _suspending(number, error)
    with transaction() as session:
        ending.suspend(session, actor, number, Cause(given["cause"]), given["reason"])
    return _done(number, _("The agreement is suspended; no data leave until you let it go on."))


@pages.post("/trades/<number>/restoration")
def restore(number: str) -> ResponseReturnValue:
    """Let a suspended agreement go on."""
    actor = current_actor()
    with transaction() as session:
        ending.restore(session, actor, number)
    return _done(number, _("The agreement goes on."))


@pages.get("/trades/<number>/deletion")
def choose_deletion(number: str) -> ResponseReturnValue:
    """Show the form by which a deletion is stated."""
    return _deleting(number)


@pages.post("/trades/<number>/deletion")
def delete(number: str) -> ResponseReturnValue:
    """State that the data are deleted."""
    actor = current_actor()
    try:
        given = forms.load(schemas.DeletionIn())
        with transaction() as session:
            exits.perform(session, actor, number, Statement(**given))
    except (ValidationError, Invalid) as error:
        return _deleting(number, error)
    return _done(number, _("The deletion is on record."))


def _ending(number: str, faults: Exception | None = None) -> ResponseReturnValue:
    with read() as session:
        found, terms = _found(session, number)
        days = grounds.ends(terms, service.relation_of(current_actor(), found.rows.trade))
        choices = [(ground.value, _ground(ground, days[ground])) for ground in days]
        return _page("pages/trades/end.html", found, faults, grounds=choices, duty=grounds.deletion(terms))


def _suspending(number: str, faults: Exception | None = None) -> ResponseReturnValue:
    with read() as session:
        found, _terms = _found(session, number)
        return _page(
            "pages/trades/rest.html",
            found,
            faults,
            causes=[(cause.value, grounds.CAUSES[cause]) for cause in Cause],
        )


def _deleting(number: str, faults: Exception | None = None) -> ResponseReturnValue:
    with read() as session:
        found, _terms = _found(session, number)
        return _page("pages/trades/deletion.html", found, faults, duty=found.rows.duty)


def _found(session: Session, number: str) -> tuple[Shown, AnyTerms]:
    found = showing.shown(session, current_actor(), number)
    return found, service.terms_of(session, found.rows)


def _page(template: str, found: Shown, faults: Exception | None, **facts: object) -> ResponseReturnValue:
    page = render_template(
        template,
        trade=found.rows.trade,
        possible={act.value for act in found.possible},
        faults=forms.faults(faults) if faults else {},
        values=forms.sent(),
        **facts,
    )
    return page, 422 if faults else 200


def _ground(ground: Ground, days: int) -> str:
    when = _("ends after %(days)s days", days=days) if days else _("ends at once")
    return f"{grounds.LABELS[ground]} ({when})"


def _done(number: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "done")
    return redirect(url_for("trades.one", number=number), 303)
