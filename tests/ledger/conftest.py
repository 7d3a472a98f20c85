"""A log of its own for each test: the ledger's tables alone, without the exchange."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from ledger import note, publisher, sequencer, store
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry
from ledger.models import Base
from tests.postgres import Urls

HANDLE = "abcdefghijklmnopqrstuvwxyz"


def entry(seq: int, handle: str = HANDLE) -> Entry:
    """Return an entry with an id of its own."""
    return Entry(
        id=uuid.uuid4(),
        kind="asset.drafted",
        handle=handle,
        seq=seq,
        rules=1,
        time=datetime(2026, 11, 22, 11, tzinfo=UTC),
        commitments={"step": "ab" * 32},
    )


@dataclass
class Log:
    """A log in a database and a folder."""

    engine: Engine
    folder: Path
    signer: note.Signer
    seq: int = 0
    signers: list[note.Signer] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    def append(self, count: int) -> list[Entry]:
        """Write `count` entries of one handle and give them their places."""
        made = [entry(self.seq + number) for number in range(count)]
        self.seq += count
        with self.transaction() as session:
            for item in made:
                store.append(session, item)
        if self.engine.dialect.name == "postgresql":
            with self.transaction() as session:
                assert sequencer.integrate(session, count + 1) == count
        return made

    def publish(
        self,
        transaction: Callable[[], AbstractContextManager[Session]] | None = None,
        cosign: publisher.Cosign | None = None,
    ) -> Checkpoint | None:
        """Publish what has grown."""
        return publisher.publish(
            self.read,
            transaction or self.transaction,
            self.folder,
            self.signers or [self.signer],
            lambda: datetime.now(UTC),
            cosign,
        )


@pytest.fixture
def log(empty_urls: Urls, tmp_path: Path) -> Iterator[Log]:
    """An empty log."""
    engine = create_engine(empty_urls.owner.replace("postgresql://", "postgresql+psycopg://"))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "begin")
        def _begin(connection: object) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

        @event.listens_for(engine, "connect")
        def _connect(connection: object, _record: object) -> None:
            connection.isolation_level = None  # type: ignore[attr-defined]

    Base.metadata.create_all(engine)
    yield Log(engine, tmp_path / "log", note.generate("example.com/log"))
    engine.dispose()
