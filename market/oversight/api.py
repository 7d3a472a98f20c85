"""Entries, proofs and evidence bundles, for programs."""

import uuid
from typing import Any

from flask import Response

from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.oversight import answers, checkpoints, checks, explorer, proofs, schemas, service
from market.oversight.checkpoints import Head
from market.oversight.service import Seen
from market.participants.web import current_actor
from market.steps import Step

blueprint = Blueprint("oversight_api", __name__, url_prefix="/api/v1", description="Ledger and evidence")


@blueprint.get("/trades/<number>/entries")
@blueprint.response(200, schemas.HistorySchema)
def entries(number: str) -> dict[str, Any]:
    """Return every entry of a trade with its inclusion proof and what you may open."""
    actor = current_actor()
    with read() as session:
        history = service.of_trade(session, actor, number)
        return {
            "number": history.reference,
            "object": history.handle,
            "viewer": history.viewer.value,
            "items": [_seen(seen) for seen in history.entries],
        }


@blueprint.get("/trades/<number>/bundle.zip")
@blueprint.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/zip",
    description="The evidence bundle; 503 while the newest entry is not under a checkpoint.",
)
def export(number: str) -> Response:
    """Return the evidence bundle of a trade, which `qilu verify` checks offline."""
    return answers.bundle_of(current_actor(), number)


@blueprint.get("/entries")
@blueprint.arguments(schemas.EntriesQuery, location="query")
@blueprint.response(200, schemas.FoundOut)
def search(query: dict[str, Any]) -> dict[str, Any]:
    """Search the entries of everything, newest first (auditors only)."""
    actor = current_actor()
    with read() as session:
        found = explorer.search(session, actor, explorer.wanted(query), query.get("cursor"))
        places = explorer.indexes(session, found.items)
    return {"items": [_found(step, places.get(step.id)) for step in found.items], "next": found.next}


@blueprint.get("/checkpoints")
@blueprint.arguments(schemas.CheckpointsQuery, location="query")
@blueprint.response(200, schemas.CheckpointsOut)
@blueprint.doc(security=[])
def heads(query: dict[str, Any]) -> dict[str, Any]:
    """List the signed heads of the log with their cosignatures, the largest first."""
    with read() as session:
        found, further = checkpoints.listed(session, query.get("cursor"))
    return {"items": found, "next": further}


@blueprint.get("/checkpoints/<int:size>")
@blueprint.response(200, schemas.CheckpointSchema)
@blueprint.doc(security=[])
def head(size: int) -> Head:
    """Return one signed head with its cosignatures."""
    with read() as session:
        return checkpoints.one(session, size)


@blueprint.get("/checkpoints/<int:size>/consistency/<int:old>")
@blueprint.response(200, schemas.ConsistencyOut)
@blueprint.doc(security=[])
def consistency(size: int, old: int) -> dict[str, Any]:
    """Return the proof that a signed head only added to an earlier one."""
    with read() as session:
        return {"old": old, "new": size, "hashes": checkpoints.consistency(session, old, size)}


@blueprint.get("/checks")
@blueprint.arguments(schemas.ChecksQuery, location="query")
@blueprint.response(200, schemas.ChecksOut)
def list_checks(query: dict[str, Any]) -> dict[str, Any]:
    """List the runs of fsck and what they found (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        found = checks.runs(session, actor, query.get("cursor"))
        return {"items": found.items, "next": found.next, "waits": checks.waits(session)}


@blueprint.post("/checks")
@blueprint.response(202, schemas.CheckAskedOut)
def ask_check() -> dict[str, Any]:
    """Ask for a run of fsck; it appears in the list when it has ended."""
    actor = current_actor()
    with transaction() as session:
        checks.ask(session, actor)
    return {"waits": True}


@blueprint.get("/entries/<uuid:entry_id>")
@blueprint.response(200, schemas.EntrySchema)
@blueprint.doc(security=[])
def entry(entry_id: uuid.UUID) -> dict[str, Any]:
    """Return the public part of an entry: its leaf and its inclusion proof."""
    with read() as session:
        return _entry(proofs.public(session, entry_id))


@blueprint.get("/entries/<uuid:entry_id>/entry.tlog-proof")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="The receipt (C2SP tlog-proof); 503 while no checkpoint with its witnesses covers the entry.",
)
@blueprint.doc(security=[])
def receipt(entry_id: uuid.UUID) -> Response:
    """Return the receipt of a step: the proof that its entry stands under a witnessed checkpoint."""
    return answers.receipt(entry_id)


def _found(step: Step, index: int | None) -> dict[str, Any]:
    return {
        "entry_id": step.entry_id,
        "index": index,
        "kind": step.kind,
        "object": step.object,
        "seq": step.seq,
        "time": step.time,
        "actor": step.actor,
        "organisation_id": step.organisation_id,
    }


def _entry(seen: Seen) -> dict[str, Any]:
    return {
        "entry_id": seen.entry.id,
        "index": seen.index,
        "kind": seen.entry.kind,
        "object": seen.entry.handle,
        "seq": seen.entry.seq,
        "time": seen.entry.time,
        "leaf": seen.leaf.decode(),
        "proof": seen.proof.text() if seen.proof else None,
    }


def _seen(seen: Seen) -> dict[str, Any]:
    openings = [
        {
            "field": opening.field,
            "subject": opening.subject,
            "salt": opening.salt.hex(),
            "value": opening.value,
        }
        for opening in seen.openings
    ]
    return {**_entry(seen), "openings": openings, "withheld": seen.withheld, "erased": seen.erased}
