"""The first page and the rule book."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from market import rules
from market.actor import Role
from market.db import read
from market.errors import NotFound
from market.home import desk
from market.i18n import _, lazy
from market.participants import web
from market.payments import payouts

pages = Blueprint("home", __name__)

UNITS = {
    "days": lazy("days"),
    "basis points of the price": lazy("basis points of the price"),
    "years from the day of establishment": lazy("years from the day of establishment"),
    "minutes": lazy("minutes"),
    "per cent of the data": lazy("per cent of the data"),
    "rows": lazy("rows"),
    "downloads": lazy("downloads"),
    "bytes": lazy("bytes"),
    "basis points of the amount without tax": lazy("basis points of the amount without tax"),
}
"""What the values of the rule book count, in the reader's words."""


@pages.get("/")
def first() -> ResponseReturnValue:
    """Show what waits for the person who is signed in, or what the exchange is to everybody else."""
    actor = web.optional_actor()
    if actor.user_id is None:
        with read() as session:
            return render_template("pages/home/public.html", listings=desk.newest(session))
    with read() as session:
        return render_template(
            "pages/home/desk.html",
            me=web.current_person(),
            waiting=desk.waiting(session, actor),
            elsewhere=desk.elsewhere(session, actor),
            recent=desk.recent(session, actor),
            payouts=payouts.waits(session, actor),
            alarms=desk.alarms(session, actor),
            starts=desk.starts(actor),
            listings=desk.newest(session) if actor.has(Role.BUYER) else [],
        )


@pages.get("/rules")
def rule_book() -> ResponseReturnValue:
    """Show the rule book in force, or an older version, which running trades may keep."""
    every = rules.books()
    asked = request.args.get("version", str(rules.CURRENT))
    shown = next((one for one in every if str(one.version) == asked), None)
    if shown is None:
        raise NotFound("rules.not_found", _("There is no such version of the rule book."))
    return render_template("pages/home/rules.html", book=shown, books=every, units=UNITS)
