"""What the doctor asks of witnesses: do ours answer, and are the logs that we watch honest and within reach."""

from collections.abc import Iterator
from typing import Final

from ledger.checkpoint import CHECKPOINT
from ledger.errors import LedgerError
from ledger.witness import BusyError
from market import clock, db, trust
from market.app import create_app
from market.config import Settings
from market.doctor.finding import Finding
from market.witnessing import holding, service, standing
from market.witnessing.source import Source
from market.witnessing.standing import Heard, Kept, Watched

SECONDS: Final = 5.0
"""How long a watched log may take to show its head."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; nothing where no witness is named and no log is watched."""
    if not settings.ledger_policy and not settings.ledger_witnessed:
        return
    policy, others = trust.evidence(settings), trust.witnessed(settings)
    app = create_app(settings)
    with app.app_context():
        with db.read() as session:
            heard = list(standing.heard(session, policy, clock.now()))
            sealed = bool(settings.ledger_journal_key)
            kept = list(standing.kept(session, policy, settings.home, clock.now())) if sealed else []
            watched = list(standing.watched(session, others))
        urls = service.addressed(others)
        yield from (_witness(one) for one in heard)
        yield from (_journal(one) for one in kept)
        for one in watched:
            held = holding.is_held(settings.home, one.origin)
            yield _held(one) if held else _log(one, urls.get(one.origin))
    app.extensions["engine"].dispose()


def _witness(one: Heard) -> Finding:
    if one.is_silent:
        minutes = one.waiting.total_seconds() / 60
        text = (
            f"has not cosigned for {minutes:.0f} minutes, {one.behind} entries ago: does {one.url} answer, and does "
            "its operator know this log (`qilu ledger introduce`)?"
        )
        return Finding(f"witness {one.name}", False, text)
    return Finding(f"witness {one.name}", True, f"has cosigned up to entry {one.size}")


def _journal(one: Kept) -> Finding:
    text = f"the mirror {one.url} holds the journal up to {one.next} of {one.size} entries"
    if one.is_late:
        why = f": {one.why}" if one.why else ": does it answer, and does its operator know this log?"
        return Finding(f"journal {one.name}", False, text + why)
    return Finding(f"journal {one.name}", True, text)


def _held(one: Watched) -> Finding:
    text = (
        "is not cosigned since the restore: it must publish a head with this witness's newest cosignature; if its "
        f"operator tells you that none is larger than {one.size} entries: qilu ledger resume {one.origin}"
    )
    return Finding(f"log {one.origin}", False, text)


def _log(one: Watched, url: str | None) -> Finding:
    subject = f"log {one.origin}"
    if one.contradictions:
        text = (
            "has signed two histories and is not cosigned any more: keep a copy of the table ledger_contradiction, "
            "which holds both notes, and tell its operator and its users"
        )
        return Finding(subject, False, text)
    if url is None:
        return Finding(
            subject, True, f"is cosigned up to entry {one.size}; not mirrored, since it has no address"
        )
    source = Source(url, SECONDS)
    try:
        note = source.fetch(CHECKPOINT, service.MOST_NOTE).decode("utf-8")
        size = int(note.split("\n", 2)[1])
    except (BusyError, LedgerError, ValueError, IndexError) as error:
        return Finding(subject, False, f"cannot be mirrored: {error}; ask its operator")
    finally:
        source.close()
    return Finding(subject, True, f"is mirrored up to entry {one.size} of {size}")
