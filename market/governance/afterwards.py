"""That an exchange was restored is a step: noted in its folder, written when its guard has found nothing against it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from market import clock, steps
from market.actor import Actor
from market.db import transaction
from market.governance.archive import BackupError, Manifest
from market.governance.heads import Head
from market.steps import Kind

NOTE: Final = "restored.json"
"""In the folder of an exchange that was restored and has not written the step yet."""

ACCEPTED: Final = "accepted"
"""Member of the note that holds what the operator accepted in place of the witnesses."""


def leave_note(home: Path, file: Path, manifest: Manifest) -> None:
    """Keep what the step shall say, with the handle that makes it one step however often it is tried.

    Args:
        home: folder of the restored exchange.
        file: the backup.
        manifest: what the backup says of itself.
    """
    told = {
        "object": steps.new_handle(),
        "backup": digest_of(file),
        "made_at": manifest.made_at,
        "size": manifest.size,
        "restored_at": clock.text(clock.now()),
    }
    _write(home / NOTE, told)


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a backup, hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def awaits_consent(home: Path) -> bool:
    """Tell whether the exchange was restored and neither its step is written nor did its operator accept a checkpoint.

    Args:
        home: folder of the exchange.
    """
    told = _told(home / NOTE)
    return told is not None and ACCEPTED not in told


def accept(home: Path, head: Head) -> None:
    """Note that the operator takes a checkpoint for the newest that anybody saw; the step will say so.

    Args:
        home: folder of the exchange.
        head: the checkpoint.

    Raises:
        BackupError: no restored exchange waits here.
    """
    told = _told(home / NOTE)
    if told is None:
        raise BackupError("no restored exchange waits here: there is nothing to accept")
    _write(home / NOTE, told | {ACCEPTED: {"size": head.size, "root": head.root.hex()}})


def log_restored(home: Path) -> None:
    """Write the step that a restored exchange has not written yet; again is nothing new.

    Args:
        home: folder of the exchange.
    """
    path = home / NOTE
    told = _told(path)
    if told is None:
        return
    handle = told.pop("object")
    with transaction() as session:
        if session.scalar(select(steps.Step.id).where(steps.Step.object == handle)) is None:
            step = steps.begin(Actor.system("restore"), Kind.EXCHANGE_RESTORED, handle)
            steps.record(session, step, note=told)
    path.unlink(missing_ok=True)


def _told(path: Path) -> dict[str, Any] | None:
    """Return what the note says; None when there is none."""
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return told


def _write(path: Path, told: dict[str, Any]) -> None:
    """Put the note in place, whole or not at all: a server may be reading it."""
    fresh = path.with_name(f".{path.name}")
    fresh.write_text(json.dumps(told), "utf-8")
    fresh.replace(path)
