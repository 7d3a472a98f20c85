"""Changing the log's key in the open: the new one is published under the old, both sign, the old is retired.

Each act is safe to repeat and safe to be cut off. :func:`begin` makes the new private key as a file, publishes its
public half as an entry, and sees to it that a head signed by the old key covers that entry. :func:`retire` ends the old
key after the overlap of the rule book, and destroys its private half where it can reach it. Nothing else needs to be
told: the publisher looks up for every head which keys are in use (:mod:`market.keys.ring`).
"""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from ledger.durable import OWNER_ONLY, replace, sync_folder
from ledger.note import Signer, VerifierKey, generate, parse_signer
from market import clock, config
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.keys import ring
from market.keys import service as keys
from market.keys.ring import LogKey
from market.oversight import publishing
from market.rules import book

CLI: Final = Actor(user_id=None, organisation_id=None, name="log keys", via="cli", verified=True)
_LINE: Final = re.compile(r"^(\s*LEDGER_SIGNING_KEY\s*=)(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class State:
    """Where a rotation stands.

    Attributes:
        keys: the log's keys, oldest first.
        free_at: when the older of two keys in use may be retired; None while there is only one.
    """

    keys: list[LogKey]
    free_at: datetime | None

    @property
    def active(self) -> list[LogKey]:
        """The keys whose rows are in use, covered or not."""
        return [key for key in self.keys if key.in_use]


def state(session: Session) -> State:
    """Return where a rotation stands."""
    found = State(ring.keys(session), None)
    if len(found.active) < 2:
        return found
    days = book().value("key.overlap_days")
    return State(found.keys, found.active[-1].row.published_at + timedelta(days=days))


def begin() -> VerifierKey:
    """Begin a rotation, or bring one to its overlap that was cut off.

    Returns:
        The new key; a head signed by the old one covers its entry, and the next head is signed by both.

    Raises:
        Conflict: the log's present key is not published yet, or its private half is not here.
        PublishError: the log cannot be signed now.
    """
    settings = config.current()
    with read() as session:
        now = state(session)
        here = {signer.verifier for signer in ring.private(settings)}
    if not now.active or now.active[0].verifier not in here:
        raise Conflict("key.not_published", _("The signing key is not published yet; try again in a moment."))
    if len(now.active) > 1:
        fresh = now.active[-1].verifier
    else:
        fresh = _unpublished(settings, now).verifier
        keys.publish_log(str(fresh))
    _publish_until_covered(fresh)
    return fresh


def retire(*, force: bool = False) -> tuple[VerifierKey, list[str]]:
    """End the older of two keys and destroy its private half; or only destroy it, when that was cut off.

    Args:
        force: before the overlap is over, as when the key may be in other hands.

    Returns:
        The retired key, and places outside of the exchange's reach where its private half still stands.

    Raises:
        Conflict: no rotation is under way, the overlap is not over, or the newer key has signed no head yet.
    """
    settings = config.current()
    here = {signer.verifier for signer in ring.private(settings)}
    publishing.publish()  # what has grown gets its head, by both keys, where no server does it
    with transaction() as session:
        now = state(session)
        if len(now.active) < 2:
            gone = [key for key in now.keys if not key.in_use]
            retired = [key for key in gone if key.verifier in here]
            if not retired:
                raise Conflict("rotation.not_begun", _("No rotation is under way; begin one first."))
            old, successor = retired[-1], now.active[0]
        else:
            old, successor = now.active[0], now.active[-1]
            _require_over(session, now, here, force=force)
            keys.retire_log(session, CLI, old.row.id)
    publishing.publish()
    return old.verifier, destroy(settings, old.verifier, successor.verifier)


def destroy(settings: config.Settings, old: VerifierKey, successor: VerifierKey) -> list[str]:
    """Destroy a retired key's private half: its file, and its line in ``secrets.env``, where the successor's goes.

    Returns:
        Where it still stands, out of reach: a setting that came from elsewhere.
    """
    new = next(signer for signer in ring.private(settings) if signer.verifier == successor)
    secrets = settings.home / "secrets.env"
    _replace_in(secrets, old, new)
    path = ring.path_of(settings, old)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)
    reloaded = config.Settings.load(home=settings.home).ledger_signing_key
    return ["LEDGER_SIGNING_KEY"] if _is(reloaded, old) else []


def _require_over(session: Session, now: State, here: set[VerifierKey], *, force: bool) -> None:
    successor = now.active[-1]
    if (
        not successor.active
        or successor.verifier not in here
        or not ring.newest_is_signed_by(session, successor.verifier)
    ):
        raise Conflict(
            "rotation.not_signed",
            _(
                "The new key has not signed a checkpoint yet; it does with the next entry, such as that of "
                "`qilu drill`."
            ),
        )
    if now.free_at is not None and clock.now() < now.free_at and not force:
        raise Conflict(
            "rotation.overlap",
            _("Both keys sign until %(day)s at least (rule R7.5).", day=clock.text(now.free_at)),
            until=clock.text(now.free_at),
        )


def _unpublished(settings: config.Settings, now: State) -> Signer:
    """Return the new private key: the one that an attempt left behind, or a fresh one, on disk before this returns."""
    known = {key.verifier for key in now.keys}
    left = [signer for signer in ring.private(settings) if signer.verifier not in known]
    if left:
        return left[0]
    signer = generate(settings.origin)
    path = ring.path_of(settings, signer.verifier)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(path, f"{signer.secret_text()}\n".encode(), mode=OWNER_ONLY)
    return signer


def _publish_until_covered(fresh: VerifierKey) -> None:
    """Publish here unless somebody else does; whoever it is signs with the old key what covers the new."""
    for _attempt in range(600):
        publishing.publish()
        with read() as session:
            found = next(key for key in ring.keys(session) if key.verifier == fresh)
        if found.since is not None:
            return
        time.sleep(0.1)
    raise Conflict(
        "rotation.not_covered",
        _("No checkpoint covers the new key's entry yet. See that the exchange publishes, then try again."),
    )


def _replace_in(path: Path, old: VerifierKey, new: Signer) -> None:
    """Put the successor where the settings file names the retired key; the old file is gone when this returns."""
    if not path.exists():
        return
    text = path.read_text("utf-8")
    changed = _LINE.sub(
        lambda line: f"{line[1]}{new.secret_text()}" if _is(line[2].strip(), old) else line[0], text
    )
    if changed != text:
        replace(path, changed.encode(), mode=OWNER_ONLY)


def _is(text: str, key: VerifierKey) -> bool:
    return bool(text) and parse_signer(text).verifier == key
