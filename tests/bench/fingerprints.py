"""What it costs to find out, among a hundred thousand fingerprints, whether data are registered already."""

import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.orm import Session

from market.app import create_app  # noqa: F401  # brings every table
from market.db import Base
from market.registry import fingerprint, likeness
from market.registry.containment import Sample
from market.registry.models import Asset, Fingerprint, FingerprintMark, Revision
from market.registry.reading import earlier
from market.registry.states import RegistrationState
from tests import samples
from tests.bench.table import Row

KEPT = 100_000
MARKS = 180
"""Of each; as many as a table of a dozen columns has."""
ROWS = 20_000
ASKED = 30
"""Of each question."""
_SECRET = b"0" * 32


def looking(folder: Path) -> Iterator[Row]:
    """Yield the middle time of a look-up for a new table; the baseline reads one row."""
    engine = create_engine(f"sqlite:///{folder / 'fingerprints.sqlite'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        _fill(session)
        whole = samples.made(ROWS, seed=1)
        parts = [
            samples.taken(whole, random.Random(seed).sample(range(ROWS), ROWS * 9 // 10))
            for seed in range(likeness.CANDIDATES)
        ]
        known = [_register(session, keyed(part)) for part in parts]
        news = _register(session, keyed(whole))
        strange = _register(session, keyed(samples.made(ROWS, seed=2)))
        once, _again = (_register(session, keyed(samples.made(ROWS, seed=3))) for _time in range(2))
        session.commit()
        one = known[0][0].id
        digest = "1" * 64
        baseline = 0.0
        for name, target, ask in (
            ("one row by its key (baseline)", "", lambda: session.execute(text("SELECT 1 FROM asset WHERE id = :id"),
                                                                          {"id": one.hex}).one()),
            ("the same bytes or the same table", "50", lambda: earlier(session, one, digest, digest)),
            ("like nothing", "50", lambda: _ask(session, strange, 0)),
            ("like one other", "50", lambda: _ask(session, once, 1)),
            (f"like {len(known)} others, each compared", "50", lambda: _ask(session, news, len(known))),
        ):  # fmt: skip
            spent = _middle(session, ask)
            baseline = baseline or spent
            yield Row(
                f"{KEPT:,} fingerprints: {name}",
                f"{spent * 1000:.2f} ms",
                f"{spent / baseline:.0f} x a row",
                f"<= {target} ms" if target else "",
            )
        size = session.scalar(select(Fingerprint.samples).where(Fingerprint.revision_id == news[1].id))
        yield Row("a fingerprint of twelve columns", f"{len(size or b'') / 1000:.0f} kB")
    engine.dispose()


def keyed(table: samples.Table) -> list[Sample]:
    """Return the samples of a table as they are kept."""
    return fingerprint.keyed(_SECRET, samples.document(table))


def _ask(session: Session, new: tuple[Asset, Revision], wanted: int) -> None:
    found = likeness.alike(session, *new)
    if len(found) != wanted:
        raise AssertionError(f"{len(found)} found, not {wanted}")


def _middle(session: Session, ask: Callable[[], object]) -> float:
    taken = []
    for _time in range(ASKED):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _rows(place: int) -> tuple[dict[str, object], dict[str, object]]:
    asset_id = uuid.uuid4()
    asset = {
        "id": asset_id, "step_id": uuid.uuid4(), "handle": uuid.uuid4().hex[:26], "provider_id": uuid.uuid4(),
        "title": f"逐日天气 {place}", "source": "a test", "rights": [], "state": RegistrationState.REGISTERED,
        "drafted_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    revision = {
        "id": uuid.uuid4(), "step_id": uuid.uuid4(), "asset_id": asset_id, "ordinal": 1,
        "digest": f"{place:064x}", "size": 1, "media_type": "text/csv", "filename": "a.csv",
    }  # fmt: skip
    return asset, revision


def _fill(session: Session) -> None:
    pairs = [_rows(place) for place in range(KEPT)]
    session.execute(insert(Asset), [asset for asset, _revision in pairs])
    session.execute(insert(Revision), [revision for _asset, revision in pairs])
    kept = [
        {"id": place + 1, "revision_id": revision["id"], "samples": b""}
        for place, (_asset, revision) in enumerate(pairs)
    ]
    session.execute(insert(Fingerprint), kept)
    values = np.random.default_rng(0).integers(-(2**63), 2**63, KEPT * MARKS, dtype=np.int64)
    places = np.argsort(values)
    cursor = session.connection().connection.cursor()
    cursor.executemany(
        f"INSERT INTO {FingerprintMark.__tablename__} VALUES (?, ?)",
        list(zip(values[places].tolist(), (places // MARKS + 1).tolist(), strict=True)),
    )


def _register(session: Session, kept: list[Sample]) -> tuple[Asset, Revision]:
    asset, revision = _rows(random.randrange(KEPT, KEPT * 2))
    session.execute(insert(Asset), [asset])
    session.execute(insert(Revision), [revision])
    likeness.keep(session, revision["id"], kept)  # type: ignore[arg-type]
    return session.get_one(Asset, asset["id"]), session.get_one(Revision, revision["id"])
