"""The exchange as a witness and mirror of other logs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog

from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.errors import FormError, LedgerError
from ledger.mirror import AbsentError, Mirrors, folder_of
from ledger.note import VerifierKey, open_note
from ledger.policy import Policy
from ledger.request import Answer
from ledger.witness import BusyError, Witness, held
from market import clock, config, trust
from market.db import read, transaction
from market.errors import NotFound
from market.i18n import gettext as _
from market.keys import service as keys
from market.witnessing import holding
from market.witnessing.source import Source

HASTE: Final = 5.0
"""Seconds in which what is new must be fetched while a log waits for its cosignature."""
LONGEST: Final = 300.0
"""Seconds that one look at a log may take when nobody waits, as when a long log is mirrored for the first time."""
MOST_NOTE: Final = 262_144
"""Bytes of a published checkpoint."""

HELD: Final = (
    "this witness was restored from a backup: it cosigns this log again when the log publishes a head with its newest "
    "cosignature, or when its operator resumes it (`qilu ledger resume`)"
)

log = structlog.get_logger(__name__)


def folder() -> Path:
    """Return where the copies of other logs lie."""
    return config.current().home / "mirror"


def copy_of(digest: str) -> Path:
    """Return where the copy of a log lies.

    Args:
        digest: SHA-256 of its origin, hex.

    Raises:
        NotFound: no log of this digest is watched.
    """
    for key in watched().logs:
        if (found := folder_of(folder(), key.name)).name == digest:
            return found
    raise NotFound("witness.unknown_log", _("This exchange does not witness that log."))


def watched() -> Policy:
    """Return the logs that this exchange witnesses."""
    return trust.witnessed(config.current())


def add_checkpoint(body: bytes) -> Answer:
    """Answer a log that asks for a cosignature (C2SP tlog-witness).

    Raises:
        BusyError: it cannot be answered now; the log shall ask again.
    """
    _refuse_held(body.partition(b"\n\n")[2].partition(b"\n")[0].decode("utf-8", "replace"))
    policy = watched()
    sources = _sources(policy, HASTE)
    try:
        answer = _witness(policy, sources).add_checkpoint(body)
    finally:
        _close(sources)
    if answer.status in {403, 422}:
        log.error("witness.not_cosigned", status=answer.status, why=answer.text.strip())
    return answer


def look(origin: str) -> int | None:
    """Fetch the head that a watched log publishes; when it is news, mirror what is below it and cosign it.

    Args:
        origin: of a log with an address.

    Returns:
        The size that is held now, or None when there was nothing new.

    Raises:
        BusyError: the log cannot be reached, or what it gives cannot be taken in now.
        LedgerError: what it publishes is not signed by its key, or contradicts what it signed before; the evidence is
            stored.
    """
    policy = watched()
    sources = _sources(policy, LONGEST)
    try:
        note = sources[origin].fetch(CHECKPOINT, MOST_NOTE).decode("utf-8")
        if note.split("\n", 1)[0] != origin:
            raise FormError(f"what {origin} publishes is the head of another log")
        if holding.is_held(config.current().home, origin):
            _require_promised(origin, note)
        head = _witness(policy, sources).observe(note)
        if holding.release(config.current().home, origin):
            log.info("witness.resumed", origin=origin)
    except AbsentError as error:
        raise BusyError(str(error)) from error
    except UnicodeDecodeError as error:
        raise FormError(f"what {origin} publishes is no checkpoint") from error
    finally:
        _close(sources)
    return None if head is None else head.size


def held_head(digest: str) -> Path:
    """Return where the copy of a log lies whose head we cosigned last, for monitors and for whoever restores.

    Args:
        digest: SHA-256 of its origin, hex.

    Raises:
        NotFound: no log of this digest is watched.
        BusyError: what was cosigned last may be forgotten here: no answer is better than an older one.
    """
    found = copy_of(digest)
    for key in watched().logs:
        if folder_of(folder(), key.name) == found:
            _refuse_held(key.name)
    return found


def name(origin: str) -> None:
    """Publish the head that was cosigned last, should a crash have come between storing and publishing it."""
    with read() as session:
        last = held(session, origin)
    if last.note:
        Mirrors(folder(), {}).name(last.checkpoint, last.note)


def addressed(policy: Policy) -> Mapping[str, str]:
    """Return origin -> address of the watched logs that are mirrored."""
    return {key.name: policy.urls[key] for key in policy.logs if key in policy.urls}


def _refuse_held(origin: str) -> None:
    if holding.is_held(config.current().home, origin):
        raise BusyError(HELD)


def _require_promised(origin: str, note: str) -> None:
    """Take a log off hold only by a head that we cosigned and that is no smaller than the last one known here.

    Raises:
        BusyError: this head is not one; the log stays on hold.
    """
    try:
        text, _signed = open_note(note, [keys.witness().verifier])
        size = parse_checkpoint(text).size
    except LedgerError as error:
        raise BusyError(HELD) from error
    with read() as session:
        if size < held(session, origin).checkpoint.size:
            raise BusyError(HELD)


def _witness(policy: Policy, sources: Mapping[str, Source]) -> Witness:
    logs: dict[str, list[VerifierKey]] = {}
    for key in policy.logs:
        logs.setdefault(key.name, []).append(key)
    mirrors = Mirrors(folder(), {origin: source.fetch for origin, source in sources.items()})
    return Witness(read, transaction, keys.witness(), logs, clock.now, mirrors)


def _sources(policy: Policy, seconds: float) -> dict[str, Source]:
    return {origin: Source(url, seconds) for origin, url in addressed(policy).items()}


def _close(sources: Mapping[str, Source]) -> None:
    for source in sources.values():
        source.close()
