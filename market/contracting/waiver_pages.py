"""Pages of the startup waivers: for operators and auditors, what is waived for whom, and the same as a table."""

from collections.abc import Iterable

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from contracts.money import Money
from market import sheets
from market.contracting import waiver_reading
from market.db import read
from market.i18n import gettext as _
from market.i18n import in_language
from market.participants import service as participants
from market.participants.web import current_actor
from market.words import state_label

pages = Blueprint("waivers", __name__)


@pages.get("/waivers")
def waivers() -> ResponseReturnValue:
    """List the startup waivers, the newest first, with what they add up to."""
    actor = current_actor()
    with read() as session:
        found = waiver_reading.listed(session, actor, request.args.get("cursor"))
        names = participants.names(
            session, {side for row in found.items for side in (row.provider_id, row.buyer_id)}
        )
        return render_template(
            "pages/contracting/waivers.html",
            waivers=found.items,
            next=found.next,
            names=names,
            states=waiver_reading.states(session, found.items),
            sums=waiver_reading.sums(session, actor),
        )


@pages.get("/waivers.csv")
def sheet() -> Response:
    """Return every startup waiver as a table."""
    actor = current_actor()
    with read() as session:
        found = waiver_reading.every(session, actor)
        names = participants.names(
            session, {side for row, _state in found for side in (row.provider_id, row.buyer_id)}
        )
        lines = [
            [
                row.number, state_label(state, "negotiation"), in_language(names[row.provider_id]),
                in_language(names[row.buyer_id]), Money(row.listed, row.currency).figures(),
                Money(row.waived, row.currency).figures(), row.currency, row.rule, row.rules, row.established_on,
                row.asked_on, row.last_day, row.authority, row.authority_basis, row.step_id,
            ]
            for row, state in found
        ]  # fmt: skip
    return sheets.attachment(sheets.text([list(_heads()), *lines]), "waivers.csv")


def _heads() -> Iterable[str]:
    return (
        _("Contract"), _("State"), _("Provider"), _("Buyer"), _("Listed price"), _("Waived"), _("Currency"),
        _("Rule"), _("Rule book"), _("Buyer established on"), _("Asked for on"), _("Last day of free use"),
        _("Public data of"), _("Basis"), _("Ledger entry"),
    )  # fmt: skip
