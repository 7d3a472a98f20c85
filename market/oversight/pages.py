"""The auditors' desk, and the ledger as the public sees it."""

import re
import uuid
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ledger import reader
from market import config, forms
from market.codes import CODES
from market.db import read, transaction
from market.errors import Invalid
from market.oversight import answers, checkpoints, checks, explorer, heads, proofs, schemas, service
from market.oversight.explorer import Search
from market.participants import service as participants
from market.participants.web import current_actor, optional_actor
from market.steps import Kind

pages = Blueprint("oversight", __name__)

_HANDLE: Final = re.compile(r"[a-z2-7]{26}")


@pages.get("/audit")
def desk() -> ResponseReturnValue:
    """Search the steps of everything, newest first; auditors only."""
    actor = current_actor()
    wanted, faults = _wanted()
    with read() as session:
        found = explorer.search(session, actor, wanted, request.args.get("cursor"))
        places = explorer.indexes(session, found.items)
        names = participants.names(
            session, {step.organisation_id for step in found.items if step.organisation_id}
        )
    page = render_template(
        "pages/oversight/desk.html",
        rows=[
            (step, places.get(step.id), names.get(step.organisation_id or step.id)) for step in found.items
        ],
        next=found.next,
        values=request.args,
        faults=faults,
        kinds=[item.value for item in Kind],
        export=lambda form: f"/audit/export/{form}?{urlencode(_asked())}",
    )
    return page, 422 if faults else 200


@pages.get("/audit/export/<any(csv, json):form>")
def export_steps(form: str) -> Response:
    """Send what a search finds as a file, row by row, at most `explorer.MOST` rows."""
    actor = current_actor()
    wanted, faults = _wanted()
    if faults:
        raise Invalid("input.invalid", str(CODES["input.invalid"][1]), fields=faults)
    return answers.table(explorer.rows(actor, wanted), form)


@pages.get("/audit/fsck")
def checks_list() -> ResponseReturnValue:
    """Show when fsck ran, and what it found."""
    actor = current_actor()
    with read() as session:
        found = checks.runs(session, actor, request.args.get("cursor"))
        waits = checks.waits(session)
    return render_template("pages/oversight/fsck.html", runs=found.items, next=found.next, waits=waits)


@pages.post("/audit/fsck")
def check() -> ResponseReturnValue:
    """Ask for a run of fsck."""
    actor = current_actor()
    with transaction() as session:
        checks.ask(session, actor)
    return redirect(url_for("oversight.checks_list"), 303)


@pages.get("/audit/<reference>")
def history(reference: str) -> ResponseReturnValue:
    """Show every entry of a trade (by number, to its parties too) or of any object (by handle)."""
    actor = current_actor()
    with read() as session:
        if _HANDLE.fullmatch(reference):
            found = service.of_object(session, actor, reference)
        else:
            found = service.of_trade(session, actor, reference)
    return render_template("pages/oversight/history.html", history=found)


@pages.get("/audit/<number>/bundle.zip")
def export(number: str) -> Response:
    """Send the evidence bundle of a trade."""
    return answers.bundle_of(current_actor(), number)


@pages.get("/entries/<uuid:entry_id>")
def entry(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show one entry with its proof to everybody, and what the reader may open of it."""
    with read() as session:
        found = proofs.proven(session, optional_actor(), entry_id)
    return render_template("pages/oversight/entry.html", found=found, seen=found.seen, entry=found.seen.entry)


@pages.get("/entries/<uuid:entry_id>/entry.<any(json, 'tlog-proof'):form>")
def entry_file(entry_id: uuid.UUID, form: str) -> Response:
    """Send the leaf or the proof of an entry, named so that the verifier finds one beside the other."""
    if form == "json":
        return answers.leaf(entry_id)
    return answers.receipt(entry_id)


@pages.get("/ledger/trust-policy.txt")
def trust_policy() -> Response:
    """Send the policy that names the log's keys and the witnesses asked for, for a verifier."""
    with read() as session:
        policy = heads.policy_text(session)
    return answers.attachment(policy.encode(), "trust-policy.txt", "text/plain; charset=utf-8")


@pages.get("/ledger")
def ledger() -> ResponseReturnValue:
    """Show the public what it can check: checkpoint, origin, keys and witnesses."""
    with read() as session:
        head = heads.witnessed(session)
        return render_template(
            "pages/oversight/ledger.html",
            head=head,
            note=reader.cosigned(session, head.size) if head else "",
            size=reader.size(session),
            origin=config.current().origin,
            keys=heads.policy(session).logs,
            policy=heads.policy_text(session),
        )


@pages.get("/ledger/checkpoints")
def heads_list() -> ResponseReturnValue:
    """Show the checkpoints over time, and who cosigned each."""
    with read() as session:
        found, further = checkpoints.listed(session, request.args.get("cursor"))
    return render_template("pages/oversight/checkpoints.html", heads=found, next=further)


@pages.get("/ledger/checkpoints/<int:size>")
def head(size: int) -> ResponseReturnValue:
    """Show one checkpoint: its note, its witnesses, and the proof that it grew out of an earlier one."""
    old = request.args.get("old", type=int)
    with read() as session:
        found = checkpoints.one(session, size)
        before, newest = checkpoints.neighbours(session, size)
        old = before if old is None else old
        grown = None if old is None or old >= size else checkpoints.consistency(session, old, size)
    return render_template(
        "pages/oversight/checkpoint.html", head=found, before=before, newest=newest, old=old, grown=grown
    )


@pages.get("/ledger/checkpoints/<int:size>/timestamp-<int:place>.tsr")
def token(size: int, place: int) -> Response:
    """Send an authority's time stamp over a checkpoint (RFC 3161)."""
    return answers.token(size, place)


@pages.get("/ledger/checkpoint")
def checkpoint() -> Response:
    """Send the signed head of the log."""
    return answers.checkpoint()


@pages.get("/ledger/tile/<path:path>")
def tile(path: str) -> Response:
    """Send a tile or entry bundle."""
    return answers.tile(path)


def _wanted() -> tuple[Search, dict[str, Any]]:
    """Return what the address asks for, and what of it cannot be understood."""
    try:
        return explorer.wanted(schemas.EntriesQuery().load(_asked())), {}
    except ValidationError as error:
        return Search(), forms.faults(error)


def _asked() -> dict[str, str]:
    """Return the filters of the address; a form sends those that were left empty too."""
    names = ("q", "party", "kind", "since", "until")
    return {name: value for name in names if (value := request.args.get(name))}
