"""The documentation's pages, for everybody."""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from market import permissions, problems
from market.actor import Actor, Scope
from market.errors import MarketError
from market.guide import kinds, machines, reference, steps
from market.i18n import language, lazy
from market.participants import attempts

pages = Blueprint("guide", __name__, url_prefix="/docs")

CONTENTS: Final = (
    (
        "/docs/trade",
        lazy("A whole trade over the API"),
        lazy("Step by step with curl and with Python, and what comes back. A test runs this very text."),
    ),
    (
        "/docs/api",
        lazy("API reference"),
        lazy("Every address: what it takes, what it answers, and the scope it needs."),
    ),
    (
        "/docs/problems",
        lazy("Problem codes"),
        lazy("What an error says, and the stable word that programs may rely on."),
    ),
    (
        "/docs/states",
        lazy("States"),
        lazy("How registrations, contracts, money and deliveries move, drawn from the tables that decide."),
    ),
    (
        "/texts",
        lazy("Model texts of contracts"),
        lazy("What contracts are made from: every clause and blank, what changed, and a form for anybody."),
    ),
    ("/docs/kinds", lazy("Ledger entries"), lazy("What each kind of entry in the public log means.")),
    (
        "/docs/verify",
        lazy("Check the evidence"),
        lazy("How a stranger checks a trade offline, command by command."),
    ),
    (
        "/docs/operations",
        lazy("Keep the log safe"),
        lazy("For operators: backup, restoring, the drill, and what to do when the exchange is read-only."),
    ),
    (
        "/docs/witnesses",
        lazy("Witnesses and mirrors"),
        lazy("For operators: how two exchanges make each other credible, and hold each other's entries."),
    ),
)
"""Address, title and a line about each page."""

TYPES: Final = {
    "string": lazy("text"),
    "integer": lazy("integer"),
    "number": lazy("number"),
    "boolean": lazy("true or false"),
    "object": lazy("object"),
    "array": lazy("list"),
    "any": lazy("any value"),
}
"""JSON's types in words."""

WHO: Final = {
    "everybody": lazy("everybody"),
    "provider": lazy("provider"),
    "buyer": lazy("buyer"),
    "reviewer": lazy("reviewer"),
    "operator": lazy("operator"),
}
"""Who takes a step."""

OBJECTS: Final = {
    "exchange": lazy("Exchange"),
    "organisation": lazy("Organisation"),
    "accreditation": lazy("Accreditations"),
    "member": lazy("Members"),
    "key": lazy("Keys"),
    "certificate": lazy("Signing certificates"),
    "account": lazy("Payment accounts"),
    "asset": lazy("Assets"),
    "revision": lazy("Files of assets"),
    "update": lazy("Newer files of assets"),
    "inspection": lazy("Inspections by third parties"),
    "listing": lazy("Listings"),
    "approval": lazy("Rules of approval"),
    "offer": lazy("Standing offers"),
    "contract": lazy("Contracts"),
    "payment": lazy("Payments"),
    "settlement": lazy("Settlement"),
    "transfer": lazy("Transfers to the provider"),
    "refund": lazy("Refunds"),
    "delivery": lazy("Delivery"),
    "acceptance": lazy("Acceptance"),
    "dispute": lazy("Disputes"),
    "trade": lazy("Trades"),
    "agreement": lazy("Agreements"),
    "notice": lazy("Notices to end an agreement"),
    "duty": lazy("Duties after the end"),
    "profile": lazy("Tax data of organisations"),
    "invoice": lazy("Invoices"),
    "redress": lazy("Repayments after a release"),
    "chargeback": lazy("Chargebacks by card networks"),
    "reversal": lazy("Money taken back from the provider"),
    "finding": lazy("Findings"),
    "amendment": lazy("Amendments"),
    "drill": lazy("Drills"),
    "payee": lazy("Bank accounts"),
    "statement": lazy("Bank statements"),
    "line": lazy("Lines of bank statements"),
    "reconciliation": lazy("Reports on books and platform"),
    "factor": lazy("Second factors"),
    "opening": lazy("Openings of commitments"),
}
"""What kinds are about."""


@pages.get("")
def entrance() -> ResponseReturnValue:
    """Show what is documented, and where."""
    return render_template("pages/guide/entrance.html", contents=CONTENTS, limits=attempts)


@pages.get("/trade")
def trade() -> ResponseReturnValue:
    """Show a whole trade over the API, step by step."""
    return render_template(
        "pages/guide/trade.html", contents=CONTENTS, who=WHO, steps=steps.session("trade"), links=_links()
    )


@pages.get("/trade.sh")
def trade_shell() -> ResponseReturnValue:
    """Send the session of the trade as one shell script."""
    return _file(steps.script("trade", "curl"), "trade.sh")


@pages.get("/trade.py")
def trade_python() -> ResponseReturnValue:
    """Send the session of the trade as one Python program."""
    return _file(steps.script("trade", "python"), "trade.py")


@pages.get("/api")
def api() -> ResponseReturnValue:
    """Show the API reference, out of the OpenAPI document."""
    known = reference.current()
    return render_template(
        "pages/guide/api.html",
        contents=CONTENTS,
        groups=known.groups,
        shapes=known.shapes,
        said=said,
        types=TYPES,
    )


@pages.get("/problems")
def problem_codes() -> ResponseReturnValue:
    """Show the stable codes of problems."""
    return render_template(
        "pages/guide/problems.html", contents=CONTENTS, problems=problems.catalogue(), example=example()
    )


@pages.get("/states")
def states() -> ResponseReturnValue:
    """Show the state machines, drawn from their tables."""
    return render_template("pages/guide/states.html", contents=CONTENTS, machines=machines.machines())


@pages.get("/kinds")
def entry_kinds() -> ResponseReturnValue:
    """Show the kinds of ledger entries and what they mean."""
    return render_template(
        "pages/guide/kinds.html", contents=CONTENTS, objects=OBJECTS, groups=kinds.by_object()
    )


@pages.get("/verify")
def verify() -> ResponseReturnValue:
    """Show how a stranger checks an evidence bundle."""
    return render_template(
        "pages/guide/verify.html", contents=CONTENTS, who=WHO, steps=steps.session("verify"), links={}
    )


@pages.get("/operations")
def operations() -> ResponseReturnValue:
    """Show an operator how to back up, restore and practise, and what a read-only exchange wants."""
    return render_template(
        "pages/guide/operations.html", contents=CONTENTS, who=WHO, steps=steps.session("operations"), links={}
    )


@pages.get("/witnesses")
def witnesses() -> ResponseReturnValue:
    """Show an operator how two exchanges witness and mirror each other."""
    return render_template(
        "pages/guide/witnesses.html", contents=CONTENTS, who=WHO, steps=steps.session("witnesses"), links={}
    )


def example() -> str:
    """Return what a program is told whose token lacks a scope, as the exchange really says it.

    Raises:
        AssertionError: a token without scopes may do everything, a mistake in our code.
    """
    try:
        permissions.require_scope(Actor(None, None, scopes=frozenset()), Scope.CONTRACTS)
    except MarketError as error:
        told = problems.document(problems.status_of(error), error.code, error.message, error.extra)
        return json.dumps(told, ensure_ascii=False, indent=2)
    raise AssertionError("unreachable: a token without scopes may do nothing")


def said(sentence: str) -> str:
    """Return a sentence of the OpenAPI document in the reader's language."""
    return _chinese().get(sentence, sentence) if language() == "zh" else sentence


@cache
def _chinese() -> Mapping[str, str]:
    """Return the Chinese of the OpenAPI document's sentences, which are docstrings and so in English."""
    found: Mapping[str, str] = tomllib.loads((Path(__file__).parent / "chinese.toml").read_text("utf-8"))
    return found


def _links() -> Mapping[str, str]:
    """Return operation -> its anchor in the reference."""
    return {
        f"{one.method} {one.path}": one.anchor
        for group in reference.current().groups
        for one in group.operations
    }


def _file(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.app_template_filter("marked")
def marked(text: str) -> Markup:
    """Return text with what stands between backticks as code; everything is escaped."""
    parts = [escape(part) for part in str(text).split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
