"""The witnesses of the evidence policy, asked side by side whenever the log has a head they have not cosigned."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from flask import current_app
from sqlalchemy import insert, select

from ledger.checkpoint import parse_checkpoint
from ledger.errors import LedgerError
from ledger.models import LedgerCosignature
from ledger.note import parse_note
from ledger.policy import NONE, Policy
from ledger.tiles import TiledTree, read_tile
from market import clock, config, trust
from market.db import read, transaction
from market.wire import WireError
from market.witnessing.asking import Asker, Beyond, NotCosigned

PATIENCE: Final = 2.0
"""Seconds that a checkpoint waits for its witnesses."""
LONGEST_PAUSE: Final = 60.0
"""Seconds at most until a witness that failed is asked again."""
NAME: Final = "witness_circle"
"""In the extensions of an application."""

log = structlog.get_logger(__name__)


@dataclass
class _Member:
    """A witness, what it is being asked now, and when it may be asked again."""

    asker: Asker
    running: Future[str] | None = None
    size: int = 0
    failures: int = 0
    not_before: float = field(default=0.0)


class Circle:
    """Collects cosignatures of this log's heads; one for each process that publishes.

    Args:
        policy: names the witnesses and where they are asked.
        folder: where the log is published: proofs are made from its tiles.
        patience: seconds that a head waits for those who were asked with it.
        longest_pause: seconds at most until a witness that failed is asked again.
    """

    def __init__(
        self,
        policy: Policy,
        folder: Path,
        patience: float = PATIENCE,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        self._longest_pause = longest_pause
        self._folder = folder
        self._patience = patience
        self._members: list[_Member] = []
        self.follow(policy)

    def follow(self, policy: Policy) -> None:
        """Ask from now on whom a policy names; who stood in the one before goes on where it was.

        Args:
            policy: names the witnesses and where they are asked.
        """
        before = {(one.asker.name, one.asker.key, one.asker.url): one for one in self._members}
        named = [
            (name, key, policy.urls[key]) for name, key in policy.witnesses.items() if key in policy.urls
        ]
        self._members = [before.get(one) or _Member(Asker(*one)) for one in named]

    def cosign(self, note: str, _before: int) -> Sequence[str]:
        """Return the signature lines of a head that have been collected; the callable of ``publisher.publish``.

        Whoever has not cosigned it is asked, unless it failed a moment ago or is still at an earlier question. What
        comes too late is stored when it comes, and returned the next time.

        Args:
            note: the signed head; its tiles are published.
        """
        if not self._members:
            return []
        size = parse_checkpoint(parse_note(note)[0]).size
        self._collect()
        there = _stored(size)
        asked = [
            member.running
            for member in self._members
            if str(member.asker.key) not in there and self._begin(member, note, size)
        ]
        wait([future for future in asked if future is not None], timeout=self._patience)
        self._collect()
        return list(_stored(size).values())

    def _begin(self, member: _Member, note: str, size: int) -> bool:
        """Ask a witness in a thread of its own; False when it must be left alone now."""
        if member.running is not None or time.monotonic() < member.not_before:
            return False
        tree = TiledTree(size, lambda tile: read_tile(self._folder, tile))
        now = int(clock.now().timestamp())
        future: Future[str] = Future()
        member.size, member.running = size, future

        def ask() -> None:
            try:
                future.set_result(member.asker.ask(note, tree.consistency, now))
            except Exception as error:
                future.set_exception(error)

        threading.Thread(target=ask, name=f"witness {member.asker.name}", daemon=True).start()
        return True

    def _collect(self) -> None:
        """Store what has come, and note who failed."""
        for member in self._members:
            if member.running is None or not member.running.done():
                continue
            future, member.running = member.running, None
            error = future.exception()
            if error is None:
                _store(member.size, str(member.asker.key), future.result())
                if member.failures:
                    log.info("witness.back", witness=member.asker.name)
                member.failures = 0
            else:
                self._failed(member, error)

    def _failed(self, member: _Member, error: BaseException) -> None:
        """Say it and let the witness be for a while: twice as long each time."""
        member.failures += 1
        member.not_before = time.monotonic() + min(2.0 ** min(member.failures, 9) / 2, self._longest_pause)
        told = {"witness": member.asker.name, "size": member.size, "why": str(error)}
        if isinstance(error, Beyond):
            member.asker.old = 0
            log.critical("witness.knows_more", **told)
        elif isinstance(error, NotCosigned):
            member.asker.old = 0
            log.error("witness.refused", **told)
        elif isinstance(error, WireError):
            log.warning("witness.silent", **told)
        else:
            log.error("witness.failed", **told, exc_info=error)


def circle(folder: Path) -> Circle:
    """Return the circle of the running application, which follows the policy as its file stands now.

    Args:
        folder: where the log is published.
    """
    found: Circle | None = current_app.extensions.get(NAME)
    if found is None:
        found = current_app.extensions[NAME] = Circle(Policy(quorum=NONE), folder)
    try:
        found.follow(trust.evidence(config.current()))
    except (OSError, LedgerError):  # such as a file that is just being saved: those known before are asked
        log.exception("witness.policy_unreadable")
    return found


def _stored(size: int) -> dict[str, str]:
    """Return key -> signature line of a head."""
    with read() as session:
        rows = session.execute(
            select(LedgerCosignature.key, LedgerCosignature.line).where(LedgerCosignature.size == size)
        )
        return {row.key: row.line for row in rows}


def _store(size: int, key: str, line: str) -> None:
    """Keep a verified line; a second one of the same witness for the same head says nothing new."""
    with transaction() as session:
        if session.get(LedgerCosignature, (size, key)) is None:
            session.execute(insert(LedgerCosignature).values(size=size, key=key, line=line, time=clock.now()))
