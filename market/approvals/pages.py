"""The page of an organisation's rule of approval."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.approvals import ruling, schemas
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.db import read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.i18n import lazy
from market.participants import web

pages = Blueprint("approvals", __name__)

ASKS = {
    Asks.NEVER: lazy("never: whoever signs contracts signs alone"),
    Asks.FROM: lazy("from a price on; a contract in another currency always needs an approval"),
    Asks.ALWAYS: lazy("always, free contracts too"),
}
"""When an approval is asked for, in the reader's words."""


@pages.get("/approval-rule")
@web.require_actor
def rule() -> ResponseReturnValue:
    """Show when a second person must approve, and to an administrator the form by which that is set."""
    return _page()


@pages.post("/approval-rule")
@web.require_actor
def set_rule() -> ResponseReturnValue:
    """Set the rule."""
    actor = web.current_actor()
    try:
        wanted: Any = forms.load(schemas.RuleForm())
        with transaction() as session:
            ruling.put(session, actor, wanted)
    except ValidationError as error:
        return _page(forms.sent(), forms.faults(error)), 422
    except Conflict as error:
        return _page(forms.sent(), {"_schema": [error.message]}), 409
    flash(_("The rule is set. It counts for every signature from now on."), "done")
    return redirect(url_for("approvals.rule"), 303)


def _page(values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None) -> str:
    actor = web.current_actor()
    with read() as session:
        found, row = ruling.own(session, actor)
        people = ruling.approvers(session, web.own_organisation_id(web.current_person()))
    return render_template(
        "pages/approvals/rule.html",
        rule=found,
        row=row,
        people=people,
        asks=ASKS,
        options=[(asks.value, words) for asks, words in ASKS.items()],
        may_rule=permissions.allowed(actor, "approval.rule"),
        values=values or _values(found),
        faults=faults or {},
    )


def _values(found: Rule) -> dict[str, Any]:
    """Return what the form says as the rule stands."""
    least = found.threshold
    return {
        "asks": found.asks.value,
        "amount": "" if least is None else least.figures(),
        "currency": "CNY" if least is None else least.currency,
    }
