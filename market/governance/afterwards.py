"""That an exchange was restored is a step: noted in its folder, written when its guard has found nothing against it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from market import clock, steps
from market.actor import Actor
from market.db import transaction
from market.governance.archive import Manifest
from market.steps import Kind

NOTE: Final = "restored.json"
"""In the folder of an exchange that was restored and has not written the step yet."""


def leave_note(home: Path, file: Path, manifest: Manifest) -> None:
    """Keep what the step shall say, with the handle that makes it one step however often it is tried.

    Args:
        home: folder of the restored exchange.
        file: the backup.
        manifest: what the backup says of itself.
    """
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    told = {
        "object": steps.new_handle(),
        "backup": digest,
        "made_at": manifest.made_at,
        "size": manifest.size,
        "restored_at": clock.text(clock.now()),
    }
    (home / NOTE).write_text(json.dumps(told), "utf-8")


def log_restored(home: Path) -> None:
    """Write the step that a restored exchange has not written yet; again is nothing new.

    Args:
        home: folder of the exchange.
    """
    path = home / NOTE
    if not path.exists():
        return
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    handle = told.pop("object")
    with transaction() as session:
        if session.scalar(select(steps.Step.id).where(steps.Step.object == handle)) is None:
            step = steps.begin(Actor.system("restore"), Kind.EXCHANGE_RESTORED, handle)
            steps.record(session, step, note=told)
    path.unlink(missing_ok=True)
