"""The log alone: proofs and roots beside pymerkle's, what they cost as it grows, and how much room it takes.

pymerkle (GPL) is a peer of this measurement and nothing else: it is installed into an environment of its own, and no
program of ours imports it. Both keep their tree in SQLite files; both are asked what they have been asked before.
"""

import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from ledger import note, publisher, reader, stored
from ledger.audit import audit
from ledger.checkpoint import Checkpoint
from ledger.cosign import generate
from ledger.entry import Entry
from ledger.merkle import leaf_hash
from ledger.models import Base, LedgerCheckpoint
from ledger.policy import parse_policy
from market.db import engine_for, sqlite
from tests.bench.table import Row

PEER = "pymerkle==7.0.0"
SIZE = 100_000
GROWN = (10_000, 1_000_000)
AUDITED = 70_000
ASKED = 2_000
"""Proofs of each measurement, of leaves taken by chance from as many tiles as memory keeps."""
SIGNER = note.generate("bench.example/log")
_PEER = """
import json, sys, time
from pymerkle import SqliteTree
tree = SqliteTree(sys.argv[1])
tree.append_entries(b"leaf %d" % number for number in range(int(sys.argv[2])))
places = json.loads(sys.argv[3])
def rate(act, count):
    began = time.thread_time()
    for turn in range(count):
        act(turn)
    return count / (time.thread_time() - began)
prove = lambda turn: tree.prove_inclusion(places[turn] + 1)
rate(prove, len(places))
print(json.dumps({"proof": rate(prove, len(places)), "root": rate(lambda _turn: tree.get_state(), 2000)}))
"""


def rates(folder: Path) -> Iterator[Row]:
    """Yield what reading the log costs, and its size."""
    places = _places(SIZE)
    theirs = _peer(folder, places)
    with _log(folder / "log.db", SIZE) as session:
        many = _rate(_asking(session, places), 3) * len(places)
        single = _rate(lambda turn: reader.prove(session, [places[turn]]), len(places))
        tree = stored.tree(session, SIZE, anew=False)
        root = _rate(lambda _turn: tree.root(), 2000)
    name = f"at {SIZE:,} entries"
    peer = theirs["proof"]
    yield Row(f"inclusion proof {name}, asked before, pymerkle", f"{peer:.0f} /s")
    yield Row("... ours, many in one question", f"{many:.0f} /s, checked", f"{many / peer:.1f} x", ">= 15 x")
    yield Row("... ours, one a question", f"{single:.0f} /s, checked", f"{single / peer:.1f} x")
    yield Row(
        f"root {name}, asked before",
        f"{root:.0f} /s, {theirs['root']:.0f} /s pymerkle",
        f"{root / theirs['root']:.0f} x",
        ">= 1000 x",
    )
    yield _growth(folder)
    yield from _published(folder / "published")


def _growth(folder: Path) -> Row:
    found = []
    for size in GROWN:
        places = _places(size)
        with _log(folder / f"log-{size}.db", size) as session:
            found.append(1e6 / (_rate(_asking(session, places), 3) * len(places)))
    small, large = found
    return Row(
        f"one proof at {GROWN[0]:,} and at {GROWN[1]:,} entries",
        f"{small:.0f} and {large:.0f} microseconds",
        f"{large / small:.2f} x",
        "<= 2 x",
    )


def _published(folder: Path) -> Iterator[Row]:
    """Yield room and audit of a log of real leaves, as it lies published."""
    log = folder / "log"
    bytes_of_entries = _publish(folder, log)
    on_disk = sum(path.stat().st_size for path in log.rglob("*") if path.is_file())
    yield Row(
        f"published files of {AUDITED:,} entries",
        f"{on_disk / AUDITED:.0f} B an entry of {bytes_of_entries / AUDITED:.0f} B",
        f"{on_disk / bytes_of_entries:.3f}",
        "<= 1.15",
    )
    database = sum(path.stat().st_size for path in folder.glob("log.db*"))
    yield Row(
        "... the log's tables and indices",
        f"{database / AUDITED:.0f} B an entry",
        f"{database / bytes_of_entries:.3f}",
    )
    engine = engine_for(f"sqlite:///{folder / 'log.db'}")
    witness = generate("witness.example/w")
    with Session(engine) as session:
        (proof,) = reader.prove(session, [AUDITED // 2])
        text = proof.checkpoint.partition("\n\n")[0] + "\n"
        cosigned = f"{proof.text()}{witness.cosign(text, int(time.time()))}"
    engine.dispose()
    yield Row("a .tlog-proof with one witness", f"{len(cosigned.encode())} B", "", "<= 1200 B")
    policy = parse_policy(f"log {SIGNER.verifier}\nquorum none\n".encode())
    began = time.thread_time()
    found = audit(log, policy)
    seconds = time.thread_time() - began
    if found.findings:
        raise RuntimeError(f"the audit found {found.findings[0]}")
    yield Row(f"full audit of {AUDITED:,} entries", f"{seconds:.2f} s", "", "<= 1 s")


def _peer(folder: Path, places: list[int]) -> dict[str, float]:
    home = folder / "peer"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([home / "bin/pip", "install", "--quiet", PEER], check=True)
    asked = [str(folder / "peer.db"), str(SIZE), json.dumps(places)]
    done = subprocess.run(
        [home / "bin/python", "-c", _PEER, *asked], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _asking(session: Session, places: list[int]) -> Callable[[int], object]:
    return lambda _turn: reader.prove(session, places)


def _places(size: int) -> list[int]:
    return [random.Random(f"{size}").randrange(size) for _ in range(ASKED)]


def _rate(act: Callable[[int], object], count: int) -> float:
    """Return how often an act is done in a second of processor time, after it was done once all through."""
    for _warm in range(2):
        began = time.thread_time()
        for turn in range(count):
            act(turn)
    return count / (time.thread_time() - began)


@contextmanager
def _log(path: Path, size: int) -> Iterator[Session]:
    """Make a log of short leaves with one signed head and its tiles, and open it."""
    engine = engine_for(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with closing(sqlite.connect(path)) as raw, raw:
        leaves = ((b"leaf %d" % number, uuid.uuid4().hex, number) for number in range(size))
        rows = [(number, entry, leaf, leaf_hash(leaf)) for leaf, entry, number in leaves]
        raw.executemany("INSERT INTO ledger_entry (seq, id, leaf, hash) VALUES (?1 + 1, ?2, ?3, ?4)", rows)
        raw.executemany(
            "INSERT INTO ledger_leaf (idx, entry_id, hash) VALUES (?1, ?2, ?4)",
            [(*row[:2], b"", row[3]) for row in rows],
        )
    with Session(engine) as session:
        stored.keep(session, stored.lacking(session, size))
        head = Checkpoint(SIGNER.name, size, stored.tree(session, size).root())
        signed = SIGNER.sign(head.text())
        session.add(LedgerCheckpoint(size=size, root=head.root, note=signed, time=datetime.now(UTC)))
        session.commit()
        yield session
    engine.dispose()


def _publish(folder: Path, log: Path) -> int:
    """Make a log of entries such as a trade's, publish it, and return the bytes of its leaves."""
    folder.mkdir()
    path = folder / "log.db"
    engine = engine_for(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    total = 0
    with closing(sqlite.connect(path)) as raw, raw:
        for number in range(AUDITED):
            leaf, entry = _leaf(number)
            digest = leaf_hash(leaf)
            total += len(leaf)
            raw.execute(
                "INSERT INTO ledger_entry (seq, id, leaf, hash) VALUES (?, ?, ?, ?)",
                (number + 1, entry, leaf, digest),
            )
            raw.execute(
                "INSERT INTO ledger_leaf (idx, entry_id, hash) VALUES (?, ?, ?)", (number, entry, digest)
            )

    @contextmanager
    def door() -> Iterator[Session]:
        with Session(engine) as session:
            yield session
            session.commit()

    publisher.publish(door, door, log, [SIGNER], lambda: datetime.now(UTC))
    engine.dispose()
    return total


def _leaf(number: int) -> tuple[bytes, str]:
    entry = uuid.uuid4()
    digests = {
        name: leaf_hash(b"%d %s" % (number, name.encode())).hex() for name in ("settlement", "step", "trade")
    }
    handle = "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in leaf_hash(b"%d" % number)[:26])
    made = Entry(entry, "settlement.funded", handle, 0, 1, datetime(2026, 11, 22, 11, tzinfo=UTC), digests)
    return made.leaf(), entry.hex
