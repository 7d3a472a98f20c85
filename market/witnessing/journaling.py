"""Sends the log's journal to its mirrors, sealed, as far as each has cosigned the log.

A thread of its own asks each witness of the evidence policy which entry it wants next and sends from there, bounded
segments one after the other. What a mirror has acknowledged is noted in a file, for the doctor and the metrics; it is
asked anew whenever a process begins. A mirror that is down or keeps no journal stops nothing.
"""

import hashlib
import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import requests
import structlog
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.canonical import from_decimal
from ledger.durable import OWNER_ONLY, replace
from ledger.errors import LedgerError
from ledger.folder import alone
from ledger.models import LedgerCosignature
from ledger.note import Signer, VerifierKey
from ledger.request import SIZE_TYPE
from market import clock, config, sealing, trust
from market.db import read, read_only
from market.keys import ring
from market.steps import journal
from market.steps.journal import Record
from market.wire import Answer, Wire, WireError, call
from market.witnessing import segments

BEAT: Final = 10.0
"""Seconds between two looks: what a mirror may lack of the journal, and 8,640 files a day for it at most."""
HASTE: Final = 60.0
"""Seconds that one mirror may take at a beat, so that none waits long for another."""
ANSWER_SECONDS: Final = 60.0
LONGEST_PAUSE: Final = 300.0
"""Seconds at most until a mirror that failed is sent to again."""
MOST_ENTRIES: Final = 200
MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of records in a segment, unless a single one is larger."""
MOST_ANSWER: Final = 16_384
FOLDER: Final = "journal"
"""In the exchange's own folder."""

log = structlog.get_logger(__name__)


class NotKept(Exception):
    """The mirror does not keep the journal; the message says why."""


@dataclass(frozen=True)
class Standing:
    """What a mirror holds, as it said itself.

    Attributes:
        next: index of the entry that it wants next.
        why: why the last try failed; empty when it did not.
    """

    next: int = 0
    why: str = ""


@dataclass
class Mirror:
    """A witness that is sent the journal.

    Attributes:
        name: its name in the policy.
        key: its witness key.
        url: its submission prefix.
        next: index of the entry that it wants next; None until it was asked.
        failures: how often in a row it failed.
        not_before: when it may be sent to again, as :func:`time.monotonic` counts.
    """

    name: str
    key: VerifierKey
    url: str
    next: int | None = None
    failures: int = 0
    not_before: float = 0.0

    def send(self, seconds: float = HASTE) -> int:
        """Send what the mirror lacks of what it has cosigned; return how many entries it took.

        Args:
            seconds: how long it may take before the rest waits for the next beat.

        Raises:
            NotKept: it does not take it.
            WireError: it does not answer.
        """
        settings = config.current()
        key, until, sent = sealing.parse_public(settings.ledger_journal_key), time.monotonic() + seconds, 0
        with Wire() as wire:
            while time.monotonic() < until:
                with read() as session:
                    signer = ring.signers(session, settings)[0]
                    size = cosigned(session, self.key)
                if self.next is None:
                    self.next = self._ask(
                        wire, "next", segments.question(signer, segments.NEXT, 0, clock.now())
                    )
                if self.next > size:
                    raise NotKept(f"it wants entry {self.next} of a log of which it has cosigned {size}")
                records = _records(self.next, size)
                if not records:
                    if self.next < size:
                        raise NotKept(
                            f"entry {self.next} lacks values and no entry that the mirror has cosigned erased them: it "
                            "waits for the next checkpoint; if that does not help, run `qilu ledger fsck`"
                        )
                    break
                before = self.next
                self.next = self._put(wire, signer, segments.seal(key, signer.name, records))
                if self.next == before:
                    raise NotKept(f"it wants entry {before} again")
                sent += max(self.next - before, 0)
        return sent

    def _put(self, wire: Wire, signer: Signer, segment: segments.Segment) -> int:
        """Send one segment; return what is wanted next."""
        if len(segment.sealed) > segments.MOST_SEALED:
            raise NotKept(f"the record of entry {segment.first} is larger than any mirror takes")
        return self._ask(wire, "", segment.body(signer))

    def _ask(self, wire: Wire, what: str, body: bytes) -> int:
        """Return the index that the mirror answers: it wants that entry next."""
        url = f"{self.url.rstrip('/')}/journal{what and f'/{what}'}"
        answer = call(
            wire, "POST", url, limit=MOST_ANSWER, until=time.monotonic() + ANSWER_SECONDS, body=body
        )
        told = {requests.codes.ok, requests.codes.conflict}
        if answer.status in told and answer.media_type == SIZE_TYPE:
            return _number(answer)
        if answer.status == requests.codes.service_unavailable:
            raise WireError(f"{url}: {_words(answer)}")
        raise NotKept(f"status {answer.status}: {_words(answer)}")


class Journaling:
    """Sends the journal in a thread of its own; without a key or a mirror it ends at once.

    Args:
        app: the application whose log it is.
        beat: seconds between two looks.
    """

    def __init__(self, app: Flask, beat: float = BEAT) -> None:
        self._app = app
        self._beat = beat
        self._ended = threading.Event()
        self._mirrors: dict[tuple[str, str], Mirror] = {}
        self._thread = threading.Thread(target=self._run, name="journaling", daemon=True)

    def start(self) -> None:
        """Begin; after a fork, never before."""
        settings: config.Settings = self._app.extensions["settings"]
        if settings.ledger_journal_key and settings.ledger_policy:
            self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """End.

        Args:
            seconds: how long at most; what is not sent by then is sent after the next start.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._app.app_context():
                if read_only() is None:  # a log that contradicts what was seen of it must not be told on
                    self.once()
            if self._ended.wait(self._beat):
                return

    def once(self) -> None:
        """Send to each mirror once, unless another process of this exchange is at it."""
        try:
            with alone(config.current().home / FOLDER) as ours:
                for mirror in self._named() if ours else []:
                    if not self._ended.is_set() and time.monotonic() >= mirror.not_before:
                        self._send(mirror)
        except Exception:
            log.exception("journal.failed")

    def _named(self) -> list[Mirror]:
        """Return whom the policy names now; who stood in it before goes on where it was."""
        policy = trust.evidence(config.current())
        for name, key in policy.witnesses.items():
            url = policy.urls.get(key)
            if url is not None:
                self._mirrors.setdefault((str(key), url), Mirror(name, key, url))
        named = {(str(key), policy.urls.get(key)) for key in policy.witnesses.values()}
        self._mirrors = {place: one for place, one in self._mirrors.items() if place in named}
        return list(self._mirrors.values())

    def _send(self, mirror: Mirror) -> None:
        """Send once; whatever goes wrong is told, once while it lasts, and tried again later."""
        before = standing(config.current().home, mirror.key)
        try:
            sent = mirror.send()
        except (NotKept, WireError, LedgerError) as error:
            mirror.failures += 1
            mirror.not_before = time.monotonic() + min(2.0 ** min(mirror.failures, 9), LONGEST_PAUSE)
            if mirror.failures == 1:
                level = log.warning if isinstance(error, WireError) else log.error
                level("journal.not_kept", mirror=mirror.name, why=str(error))
            after = Standing(mirror.next if mirror.next is not None else before.next, str(error)[:200])
            mirror.next = None
        else:
            if mirror.failures:
                log.info("journal.back", mirror=mirror.name)
            mirror.failures = 0
            if sent:
                log.info("journal.sent", mirror=mirror.name, entries=sent, next=mirror.next)
            after = Standing(mirror.next or 0)
        if after != before:
            _note(config.current().home, mirror.key, after)


def standing(home: Path, key: VerifierKey) -> Standing:
    """Return what a mirror holds, as far as it has said so.

    Args:
        home: the exchange's folder.
        key: of the witness.
    """
    try:
        told = json.loads(_file(home, key).read_bytes())
        return Standing(int(told["next"]), str(told["why"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Standing()


def cosigned(session: Session, key: VerifierKey) -> int:
    """Return the size of the largest head that a witness has cosigned."""
    largest = select(func.max(LedgerCosignature.size)).where(LedgerCosignature.key == str(key))
    return session.scalar(largest) or 0


def _records(first: int, size: int) -> list[Record]:
    """Return what goes into the next segment: as many records as are allowed, and at least one if there is one."""
    if first >= size:
        return []
    with read() as session:
        found = journal.pages(session, first, MOST_ENTRIES, below=size)
    total = 0
    for place, record in enumerate(found):
        total += len(record.encode())
        if place and total > MOST_BYTES:
            return found[:place]
    return found


def _note(home: Path, key: VerifierKey, now: Standing) -> None:
    replace(_file(home, key), json.dumps(asdict(now)).encode(), mode=OWNER_ONLY)


def _file(home: Path, key: VerifierKey) -> Path:
    return home / FOLDER / f"{hashlib.sha256(str(key).encode()).hexdigest()}.json"


def _number(answer: Answer) -> int:
    try:
        text = answer.body.decode("ascii")
        return from_decimal(text.removesuffix("\n"))
    except (LedgerError, UnicodeDecodeError) as error:
        raise NotKept(f"it names no entry: {error}") from error


def _words(answer: Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace").strip()
