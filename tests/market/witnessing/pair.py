"""Two exchanges, the second behind a port: witness of the first and mirror of its journal."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from ledger import note, reader
from ledger.note import Signer, parse_signer
from market import config, sealing, trust
from market.app import create_app
from market.db import read, transaction
from market.keys import service as keys
from market.oversight import publishing
from market.steps import journal
from market.steps.journal import Record
from market.witnessing import fetching, journaling, segments
from market.witnessing.journaling import Journaling
from tests.conftest import Clock, settings_for, sqlite_urls
from tests.market.steps.rows import add_trade
from tests.market.witnessing.conftest import Answer, Peer
from tests.waiting import until

KEY = X25519PrivateKey.generate()
"""Opens the journal of these tests."""
MIRROR = "mirror.example/log"


class Pair:
    """An exchange and, behind a port, the mirror of its journal.

    Args:
        app: the exchange.
        mirror: the other one.
        peer: the port, which answers as the mirror does.
        clock: of both.
    """

    def __init__(self, app: Flask, mirror: Flask, peer: Peer, clock: Clock) -> None:
        self.app, self.mirror, self.peer, self.clock = app, mirror, peer, clock
        self.url = f"{peer.url}/witness"

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Answer as the mirror does."""
        with self.mirror.test_client().open(path, method=method, data=body) as answer:
            return answer.status_code, answer.content_type, answer.data

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        status, _type, data = self.answer("POST", f"/witness/journal{path}", body)
        return status, data

    def grow(self, steps: int = 1) -> int:
        """Take steps and have the mirror cosign them; return the size of the log."""
        for _ in range(steps):
            with transaction() as session:
                add_trade(session)
        return self.cosigned()

    def cosigned(self) -> int:
        """Have the mirror cosign what the log has; return its size."""
        publishing.publish()
        with read() as session:
            size = reader.size(session)

        def is_cosigned() -> bool:
            publishing.publish()
            with read() as session:
                return journaling.cosigned(session, self.witness) == size

        until(is_cosigned)
        return size

    @property
    def witness(self) -> note.VerifierKey:
        return next(iter(trust.evidence(config.current()).witnesses.values()))

    @property
    def folder(self) -> Path:
        """Where the mirror keeps the journal."""
        home: Path = self.mirror.extensions["settings"].home
        return home / "mirror" / hashlib.sha256(b"exchange.example/log").hexdigest() / "journal"

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*-*"))

    def send(self) -> None:
        Journaling(self.app).once()

    def signer(self) -> Signer:
        return parse_signer(config.current().ledger_signing_key)

    def fetch(self, first: int, size: int, signer: Signer | None = None) -> Iterator[Record]:
        return fetching.fetch(self.url, signer or self.signer(), [KEY], first, size)

    def segment(self, first: int, size: int) -> bytes:
        """Return the body of a true segment of the exchange's log."""
        with read() as session:
            found = journal.pages(session, first, size)
        return segments.seal(KEY.public_key(), self.signer().name, found).body(self.signer())

    def question(self, kind: str, first: int = 0, signer: Signer | None = None, **ago: float) -> bytes:
        return segments.question(signer or self.signer(), kind, first, self.clock() - timedelta(**ago))


@contextmanager
def mirrored(app: Flask, peer: Peer, clock: Clock, folder: Path) -> Iterator[Pair]:
    """Lend an exchange a mirror.

    Args:
        app: the exchange.
        peer: the port that the mirror shall answer at.
        clock: of both.
        folder: where the mirror shall lie.
    """
    home = folder / "mirror"
    home.mkdir()
    own = config.current()
    watched = home / "watched.policy"
    watched.write_text(f"log {parse_signer(own.ledger_signing_key).verifier}\n")
    other = create_app(
        settings_for(
            sqlite_urls(home),
            home,
            LEDGER_ORIGIN=MIRROR,
            LEDGER_SIGNING_KEY=note.generate(MIRROR).secret_text(),
            LEDGER_WITNESSED=str(watched),
        ),
        clock,
    )
    with other.app_context():
        witness = keys.witness().verifier
    policy = folder / "evidence.policy"
    policy.write_text(f"witness other {witness} {peer.url}/witness\n")
    app.extensions["settings"] = replace(
        own, ledger_policy=str(policy), ledger_journal_key=sealing.public_text(KEY.public_key())
    )
    made = Pair(app, other, peer, clock)
    peer.answers = made.answer
    yield made
    other.extensions["engine"].dispose()
