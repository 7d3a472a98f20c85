"""Which head evidence leads to: however long the witnesses were away, the one they accepted is found."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import insert

from ledger.checkpoint import Checkpoint
from ledger.cosign import generate
from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.note import parse_note, parse_signer
from ledger.proof import parse_proof
from market import config
from market.db import read, transaction
from market.governance import rotation
from market.governance.drill import Figures, log_drill
from market.keys import service as keys
from market.oversight import heads, publishing, supplements
from tests import people

WITNESSES = {name: generate(f"{name}.example") for name in "abcd"}
AWAY = 130
"""Heads in a row that no witness saw."""


def asking(app: Flask, quorum: str) -> None:
    lines = [f"witness {name} {one.verifier}" for name, one in WITNESSES.items()]
    path = config.current().home / "policy"
    path.write_text("\n".join([*lines, quorum, ""]), "utf-8")
    app.extensions["settings"] = replace(config.current(), ledger_policy=str(path))


def cosign(size: int, *names: str) -> None:
    with transaction() as session:
        head = session.get_one(LedgerCheckpoint, size)
        text = parse_note(head.note)[0]
        for one in (WITNESSES[name] for name in names):
            values = {"size": size, "key": str(one.verifier), "line": one.cosign(text, 1), "time": head.time}
            session.execute(insert(LedgerCosignature).values(values))


def unseen(app: Flask, after: int) -> None:
    """Sign many heads that no witness sees; only what is signed matters here."""
    signer = parse_signer(config.current().ledger_signing_key)
    for size in range(after + 1, after + 1 + AWAY):
        note = signer.sign(Checkpoint(signer.name, size, bytes(32)).text())
        values = {"size": size, "root": bytes(32), "note": note, "time": app.extensions["clock"]()}
        with transaction() as session:
            session.execute(insert(LedgerCheckpoint).values(values))


def newest() -> int | None:
    with read() as session:
        found = heads.witnessed(session)
        return None if found is None else found.size


@pytest.fixture
def size(exchange: Flask) -> int:
    """An exchange with one head; its size."""
    people.applied()
    head = publishing.publish()
    assert head is not None
    return head.size


@pytest.mark.parametrize(
    ("quorum", "enough", "other"),
    [
        ("group any any a b c d\nquorum any", "a", ""),
        ("group two 2 a b c d\nquorum two", "cd", "b"),
        ("group l any a b\ngroup r any c d\ngroup both all l r\nquorum both", "ad", "ab"),
    ],
)
def test_a_head_is_found_below_many_that_nobody_saw(
    exchange: Flask, size: int, quorum: str, enough: str, other: str
) -> None:
    asking(exchange, quorum)
    assert newest() is None
    cosign(size, *enough)
    unseen(exchange, size)
    for later in range(size + 1, size + 1 + AWAY):
        cosign(later, *other)
    assert newest() == size
    cosign(size + AWAY, *(set(enough) - set(other)))
    assert newest() == size + AWAY


def test_without_a_quorum_the_newest_will_do(exchange: Flask, size: int) -> None:
    asking(exchange, "quorum none")
    unseen(exchange, size)
    assert newest() == size + AWAY


def test_a_rotation_is_proved_under_a_head_that_was_witnessed(exchange: Flask) -> None:
    people.operator()
    keys.on_founded()
    rotation.begin()
    for _head in range(AWAY):
        with transaction() as session:
            log_drill(session, Figures(1, 1, 1, 1, 1))
        head = publishing.publish()
    assert head is not None
    asking(exchange, "quorum a")
    cosign(head.size, "a")
    with read() as session:
        files = supplements.rotations(session, head.size)
        asked = heads.policy(session)
    (proof,) = [data for name, data in files.items() if name.endswith(".tlog-proof")]
    assert asked.check(parse_proof(proof).checkpoint).size == head.size
