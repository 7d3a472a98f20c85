"""What the doctor asks of the log: is it whole, signed by our key, and is our clock not behind it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ledger import entry, reader
from ledger.errors import LedgerError
from market import clock, db
from market.app import create_app
from market.config import Settings
from market.doctor.finding import Finding
from market.governance import guard, heads
from market.oversight import checking, publishing, sequencing

ASTRAY: Final = timedelta(minutes=1)
"""How far the newest entry may lie in the future of this machine's clock."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; the settings and the schema are known to be well."""
    signed = published(settings)
    yield signed
    if not signed.well:
        return
    yield rollback(settings)
    try:
        faults, entries = ledger_faults(settings)
    except LedgerError as error:
        yield Finding("ledger", False, str(error))
        return
    if faults:
        first = f"{len(faults)} faults, the first: {faults[0]}"
        yield Finding("ledger", False, f"{first}; run `qilu ledger fsck`")
    else:
        yield Finding("ledger", True, f"{entries} entries, each row as committed")
    yield time(settings)


def published(settings: Settings) -> Finding:
    """Say whether the published checkpoint is of the key that would sign the next one."""
    refusal = publishing.refusal(settings)
    return Finding(
        "checkpoint",
        refusal is None,
        refusal or "is signed by the key of LEDGER_SIGNING_KEY, or none is there",
    )


def rollback(settings: Settings) -> Finding:
    """Say whether the database knows everything that was signed, as tiles, checkpoint and witnesses show it."""
    app = create_app(settings)
    with app.app_context():
        keys = publishing.keys()
        seen = heads.witnessed(settings, keys) if heads.has_witnesses(settings) else []
        wrong = guard.contradiction(publishing.folder(), keys, seen)
    app.extensions["engine"].dispose()
    others = f", and so say {len(seen)} witnesses" if seen else ""
    return Finding(
        "rollback", wrong is None, wrong or f"the database knows everything that was signed{others}"
    )


def time(settings: Settings) -> Finding:
    """Say whether this machine's clock is behind what was written already."""
    app = create_app(settings)
    with app.app_context(), db.read() as session:
        leaf = reader.newest(session)
        ahead = timedelta() if leaf is None else entry.parse(leaf).time - clock.now()
    app.extensions["engine"].dispose()
    if ahead > ASTRAY:
        text = f"is {ahead.total_seconds():.0f} s behind the newest entry: set it right (ntp), deadlines depend on it"
        return Finding("clock", False, text)
    return Finding("clock", True, "is not behind the newest entry")


def ledger_faults(settings: Settings) -> tuple[list[str], int]:
    """Return what :func:`checkup` finds wrong, one line each, and the number of entries in the log."""
    found = checkup(settings)
    return found.faults, found.entries


def checkup(settings: Settings) -> checking.Checkup:
    """Hold the log against itself and the rows against the log.

    Raises:
        SettingsError: a setting is missing that the log needs.
    """
    settings.demand("ledger_signing_key", "secret_key")
    with create_app(settings).app_context():
        if not settings.is_sqlite:
            sequencing.integrate()
        known = publishing.keys()
        with db.read() as session:
            found = checking.examine(session, publishing.folder(), known)
        db.engine().dispose()
    return found
