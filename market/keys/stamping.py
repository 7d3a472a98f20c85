"""Has heads of the log time-stamped by outside authorities (RFC 3161), about hourly while the log grows.

Each authority of ``LEDGER_TSA`` is asked on its own, outside of any transaction, bounded in time and size; its answer
is checked against the certificates of ``LEDGER_TSA_CERTIFICATES`` before it is kept, and never changes. Those
certificates are published as key entries, so that a verifier opens them from the log. Whoever does not answer is asked
again on the next beat, and nothing else waits for it.
"""

import base64
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import requests
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import reader
from ledger.note import parse_note
from market import clock, config, timestamping
from market.config import Settings
from market.db import read, read_only, transaction
from market.keys import service
from market.keys.models import Key, Purpose, TimeStamp
from market.timestamping import Stamp, StampError
from market.wire import Wire, WireError, call

PERIOD: Final = timedelta(hours=1)
BEAT: Final = 60.0
"""Seconds between two looks whether an authority is to be asked."""
SECONDS: Final = 20.0
"""How long an authority may take altogether."""
ALGORITHM: Final = "X.509"
HOLDER: Final = "authority"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Due:
    """An authority that is to be asked now.

    Attributes:
        authority: its address.
        size: of the newest head.
        text: what is stamped: the text that the head's signatures are over.
    """

    authority: str
    size: int
    text: bytes


def authorities(settings: Settings) -> list[str]:
    """Return the addresses of the authorities; none when nothing is set."""
    return settings.ledger_tsa.split()


def roots(settings: Settings) -> list[x509.Certificate]:
    """Return the certificates that tokens must lead to.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no certificates.
    """
    return timestamping.roots_of(settings.file(settings.ledger_tsa_certificates).read_bytes())


def publish_certificates(settings: Settings) -> None:
    """Publish the authorities' certificates as key entries; again is nothing new."""
    for certificate in roots(settings):
        public = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
        service.publish(Purpose.TSA, None, ALGORITHM, public, holder=HOLDER)


def due(session: Session, settings: Settings) -> list[Due]:
    """Return the authorities that have not stamped the grown log for an hour."""
    head = reader.latest_checkpoint(session)
    if head is None:
        return []
    text = parse_note(head.note)[0].encode()
    found = []
    for authority in authorities(settings):
        last = session.scalars(_of(authority).limit(1)).first()
        if last is None or (last.size < head.size and last.asked_at <= clock.now() - PERIOD):
            found.append(Due(authority, head.size, text))
    return found


def ask(one: Due, trusted: Sequence[x509.Certificate]) -> tuple[bytes, Stamp]:
    """Ask an authority for a token and check it; nothing is kept yet.

    Returns:
        The answer as it came, and what it says.

    Raises:
        StampError: it does not answer, refuses, or its answer is not what was asked for.
        RuntimeError: a transaction is open in this thread.
    """
    asked = timestamping.request(one.text)
    try:
        with Wire() as wire:
            answer = call(
                wire,
                "POST",
                one.authority,
                limit=timestamping.MOST_BYTES,
                until=time.monotonic() + SECONDS,
                body=asked.as_bytes(),
                headers={"Content-Type": timestamping.REQUEST_TYPE, "Accept": timestamping.ANSWER_TYPE},
            )
    except WireError as error:
        raise StampError(str(error)) from error
    if answer.status != requests.codes.ok:
        raise StampError(f"answered {answer.status}")
    return answer.body, timestamping.check(answer.body, one.text, trusted, asked.nonce)


def look() -> list[TimeStamp]:
    """Ask every authority that is due, one after the other, and keep what they say; return what is new."""
    settings = config.current()
    trusted = roots(settings)
    with read() as session:
        waiting = due(session, settings)
    made = []
    for one in waiting:
        try:
            body, stamp = ask(one, trusted)
        except StampError as error:
            _log.warning("timestamp.not_made", authority=one.authority, why=str(error))
            continue
        if row := _keep(one, body, stamp):
            made.append(row)
            _log.info("timestamp.made", authority=one.authority, size=one.size, time=clock.text(stamp.time))
    return made


def upto(session: Session, size: int) -> list[TimeStamp]:
    """Return each authority's newest token over a head of at most a size."""
    names = session.scalars(select(TimeStamp.authority).distinct().order_by(TimeStamp.authority)).all()
    newest = (session.scalars(_of(name).where(TimeStamp.size <= size).limit(1)).first() for name in names)
    return [row for row in newest if row is not None]


def over(session: Session, size: int) -> list[TimeStamp]:
    """Return the tokens over the head of a size, in the order of their authorities."""
    return list(
        session.scalars(select(TimeStamp).where(TimeStamp.size == size).order_by(TimeStamp.authority))
    )


def newest(session: Session, count: int) -> list[TimeStamp]:
    """Return the newest tokens of all authorities, for pages."""
    query = select(TimeStamp).order_by(TimeStamp.size.desc(), TimeStamp.authority).limit(count)
    return list(session.scalars(query))


def certificate_rows(session: Session) -> list[Key]:
    """Return the rows of the published certificates, oldest first."""
    return list(session.scalars(select(Key).where(Key.purpose == Purpose.TSA).order_by(Key.published_at)))


def _of(authority: str) -> Select[TimeStamp]:
    return select(TimeStamp).where(TimeStamp.authority == authority).order_by(TimeStamp.size.desc())


def _keep(one: Due, body: bytes, stamp: Stamp) -> TimeStamp | None:
    """Keep a token; None when another process was first."""
    row = TimeStamp(
        size=one.size, authority=one.authority, token=body, stamped_at=stamp.time, asked_at=clock.now()
    )
    try:
        with transaction() as session:
            session.add(row)
    except IntegrityError:
        return None
    return row


class Stamping:
    """Has the log stamped in a thread of its own; without an authority it ends at once.

    Args:
        app: the application whose log it is.
        beat: seconds between two looks.
    """

    def __init__(self, app: Flask, beat: float = BEAT) -> None:
        self._app = app
        self._beat = beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stamping", daemon=True)

    def start(self) -> None:
        """Begin; after a fork, never before."""
        if authorities(self._app.extensions["settings"]):
            self._thread.start()

    def stop(self, seconds: float = 3) -> None:
        """End; a token that is being asked for is asked for again after the next start."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._app.app_context():
                self._once()
            if self._ended.wait(self._beat):
                return

    def _once(self) -> None:
        if read_only() is not None:
            return
        try:
            with read() as session:
                waiting = due(session, config.current())
            if waiting:
                publish_certificates(config.current())
                look()
        except Exception:
            _log.exception("timestamp.failed")
