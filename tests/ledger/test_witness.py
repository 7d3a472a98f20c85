"""The witness answers as C2SP tlog-witness says, and never cosigns two histories.

The requests of `SIGSUM` are those that torchwood's litewitness is tested with, byte for byte; `test_the_first_heads`
holds its table of first and empty heads.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ledger import cosign, note
from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError
from ledger.merkle import EMPTY_ROOT, leaf_hash
from ledger.mirror import Fetch, Mirrors, folder_of
from ledger.note import ED25519, VerifierKey, open_note
from ledger.request import Answer, Request
from ledger.witness import BusyError, ContradictionError, Witness, contradictions, held
from tests.ledger.conftest import Log
from tests.ledger.histories import History, full, leaves

SIGNER = note.generate("log.example/a")
COSIGNER = cosign.generate("witness.example/w")
NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)


@dataclass
class World:
    """A witness of one log (or of more keys) on a database of its own."""

    log: Log
    folder: Path

    def witness(self, *keys: VerifierKey, fetch: Fetch | None = None, now: datetime = NOW) -> Witness:
        keys = keys or (SIGNER.verifier,)
        origins = {key.name: [other for other in keys if other.name == key.name] for key in keys}
        mirrors = Mirrors(self.folder, {SIGNER.name: fetch} if fetch else {})
        return Witness(self.log.read, self.log.transaction, COSIGNER, origins, lambda: now, mirrors)

    def size(self, origin: str = SIGNER.name) -> int:
        with self.log.read() as session:
            return held(session, origin).checkpoint.size

    def evidence(self) -> list[tuple[str, str]]:
        with self.log.read() as session:
            return [(row.held, row.shown) for row in contradictions(session)]


@pytest.fixture
def world(log: Log, tmp_path: Path) -> World:
    return World(log, tmp_path / "mirror")


def require_cosigned(answer: Answer, text: str, now: datetime = NOW) -> None:
    assert (answer.status, answer.media_type) == (200, "text/plain; charset=utf-8")
    found, signed = open_note(f"{text}\n{answer.text}", [COSIGNER.verifier])
    assert (found, set(signed)) == (text, {COSIGNER.verifier})
    assert cosign.signed_at(answer.text) == int(now.timestamp())


ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
SIGSUM = VerifierKey(
    ORIGIN, ED25519, bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
)
ONE = f"""{ORIGIN}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

\N{EM DASH} {ORIGIN} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=
"""
THREE = f"""{ORIGIN}
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

\N{EM DASH} {ORIGIN} UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=
"""
FIVE = f"""{ORIGIN}
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

\N{EM DASH} {ORIGIN} UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=
"""
TO_THREE = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nKgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
TO_FIVE = (
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n"
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
)


def test_litewitness_requests(world: World) -> None:
    def ask(body: str) -> Answer:
        return world.witness(SIGSUM).add_checkpoint(body.encode())

    require_cosigned(ask(f"old 0\n\n{ONE}"), ONE.partition("\n\n")[0] + "\n")
    assert ask(f"old 0\n\n{ONE}") == Answer(409, "1\n", "text/x.tlog.size")
    require_cosigned(ask(f"old 1\n\n{ONE}"), ONE.partition("\n\n")[0] + "\n")
    assert ask(f"old 1\n{TO_FIVE}\n{THREE}").status == 422
    require_cosigned(ask(f"old 1\n{TO_THREE}\n{THREE}"), THREE.partition("\n\n")[0] + "\n")
    assert ask(f"old 1\n{TO_FIVE}\n{FIVE}") == Answer(409, "3\n", "text/x.tlog.size")
    assert ask(f"old 3\n{TO_FIVE}\n{FIVE}").status == 422
    assert ask(f"old 4\n\n{THREE}").status == 400
    assert ask(f"old 3\n\n{THREE.replace('wl0=', 'wl4=')}").status == 403
    assert ask(f"old 0\n\n{ONE.replace('4d6d', '4d6e')}").status == 404
    assert ask("old 0\n" + TO_THREE[:45] * 64 + f"\n{ONE}").status == 400
    assert world.size(ORIGIN) == 3


LEAF = leaf_hash(b"leaf")


@pytest.mark.parametrize(
    ("known", "old", "new", "root", "proof", "status"),
    [
        (0, 0, 0, EMPTY_ROOT, (), 200),
        (0, 0, 0, LEAF, (), 422),
        (0, 0, 0, bytes(32), (), 422),
        (0, 0, 0, EMPTY_ROOT, (LEAF,), 422),
        (0, 0, 1, LEAF, (), 200),
        (0, 0, 1, LEAF, (LEAF,), 422),
        (1, 0, 1, LEAF, (LEAF,), 409),
        (1, 1, 0, EMPTY_ROOT, (), 400),
    ],
)
def test_the_first_heads(
    world: World, known: int, old: int, new: int, root: bytes, proof: tuple[bytes, ...], status: int
) -> None:
    first = Checkpoint(SIGNER.name, 1, LEAF).text()
    if known:
        world.witness().add_checkpoint(Request(0, (), SIGNER.sign(first)).body())
    text = Checkpoint(SIGNER.name, new, root).text()
    request = Request(old, proof, SIGNER.sign(text))
    for _ in range(2):
        answer = world.witness().add_checkpoint(request.body())
        assert answer.status == status
        if status == 200:
            require_cosigned(answer, text)
            request = Request(new, (), request.note)
        assert ("\N{EM DASH}" in answer.text) == (status == 200)
        assert world.size() == (new if status == 200 else known)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"old 00\n\n{note}",
        b"old -1\n\n{note}",
        b"old 0 \n\n{note}",
        b"0\n\n{note}",
        b"old 0\r\n\n{note}",
        b"old 0\nAA==\n\n{note}",
        b"old 0\n{hash}x\n\n{note}",
        b"old 9999999999999999999\n\n{note}",
        b"old 0\n\n{note}\n",
        b"\xff",
        b"old 0\n\n" + b"x" * 200_000,
    ],
)
def test_what_is_no_request(world: World, spoilt: bytes) -> None:
    signed = SIGNER.sign(Checkpoint(SIGNER.name, 1, LEAF).text())
    body = spoilt.replace(b"{note}", signed.encode()).replace(b"{hash}", b"K" * 43 + b"=")
    assert world.witness().add_checkpoint(body).status == 400
    assert world.size() == 0


@pytest.mark.parametrize("text", [f"{SIGNER.name}\n01\n", f"{SIGNER.name}\n1\nAAAA\n", f"{SIGNER.name}\n"])
def test_a_signed_text_that_is_no_checkpoint(world: World, text: str) -> None:
    assert world.witness().add_checkpoint(Request(0, (), SIGNER.sign(text)).body()).status == 400


def test_whose_signature_counts(world: World) -> None:
    text = Checkpoint(SIGNER.name, 1, LEAF).text()
    other, next_key = note.generate(SIGNER.name), note.generate(SIGNER.name)
    assert world.witness().add_checkpoint(Request(0, (), other.sign(text)).body()).status == 403
    both = SIGNER.sign(text) + other.sign(text).removeprefix(f"{text}\n")
    require_cosigned(world.witness().add_checkpoint(Request(0, (), both).body()), text)
    with world.log.read() as session:  # the stranger's line is not kept, nor handed on
        kept = held(session, SIGNER.name).note
    assert open_note(kept, [SIGNER.verifier, COSIGNER.verifier])[1] == {SIGNER.verifier, COSIGNER.verifier}
    assert kept.count("\N{EM DASH}") == 2
    rotated = world.witness(SIGNER.verifier, next_key.verifier)
    require_cosigned(rotated.add_checkpoint(Request(1, (), next_key.sign(text)).body()), text)


def test_a_log_with_two_histories_is_convicted(world: World) -> None:
    """The split view: one key, two histories; the second gets no cosignature, and nothing does afterwards."""
    one, two = History(SIGNER, leaves(9)), History(SIGNER, [*leaves(4), b"rewritten", *leaves(7)])
    require_cosigned(world.witness().add_checkpoint(one.request(0)), one.head().text())
    assert world.witness().add_checkpoint(two.request(0)) == Answer(409, "9\n", "text/x.tlog.size")
    assert world.witness().add_checkpoint(two.request(9)).status == 422
    assert world.evidence() == []  # a wrong proof can be anybody's; two roots of one size cannot
    assert world.witness().add_checkpoint(two.request(9, 9)).status == 422
    [(before, shown)] = world.evidence()
    assert open_note(before, [SIGNER.verifier])[0] == one.head().text()
    assert shown == two.note(9)
    assert world.witness().add_checkpoint(two.request(9, 9)).status == 422
    assert len(world.evidence()) == 1
    honest = History(SIGNER, [*one.leaves, b"one more"])
    assert world.witness().add_checkpoint(honest.request(9)).status == 403
    assert world.size() == 9


def test_a_mirror_sees_the_other_history_in_the_entries(world: World) -> None:
    one, two = History(SIGNER, leaves(9)), History(SIGNER, [*leaves(4), b"rewritten", *leaves(7)])
    require_cosigned(world.witness(fetch=one.fetch).add_checkpoint(one.request(0)), one.head().text())
    with pytest.raises(ContradictionError, match="another history below size 9"):
        world.witness(fetch=two.fetch).observe(two.note())
    assert len(world.evidence()) == 1
    with pytest.raises(ContradictionError, match="two roots of size 6"):
        world.witness(fetch=two.fetch).observe(two.note(6))
    assert len(world.evidence()) == 2
    assert world.witness(fetch=one.fetch).observe(History(SIGNER, [*one.leaves, b"x"]).note()) is None


def test_nobody_is_convicted_by_a_damaged_copy(world: World) -> None:
    """What lies here convicts a log only where it is shown to be what the log signed."""
    history = History(SIGNER, leaves(600))
    witness = world.witness(fetch=history.fetch)
    assert witness.observe(history.note()) == history.head()
    path = folder_of(world.folder, SIGNER.name) / full(0).path
    damaged = bytearray(path.read_bytes())
    damaged[0] ^= 1
    path.write_bytes(damaged)
    assert witness.observe(history.note(300)) is None
    assert witness.observe(history.note(200)) is None
    assert world.evidence() == []


def test_a_head_is_cosigned_only_when_its_entries_are_held(world: World) -> None:
    history = History(SIGNER, leaves(300), fails_at="tile/entries/001.p/44")
    with pytest.raises(BusyError):
        world.witness(fetch=history.fetch).add_checkpoint(history.request(0))
    assert world.size() == 0
    assert world.witness(fetch=history.fetch).observe(history.note()) == history.head()
    assert world.witness(fetch=history.fetch).observe(history.note()) is None
    answer = world.witness(fetch=history.fetch).add_checkpoint(history.request(0))
    assert answer == Answer(409, "300\n", "text/x.tlog.size")
    require_cosigned(
        world.witness(now=NOW + timedelta(hours=1)).add_checkpoint(history.request(300)),
        history.head().text(),
        NOW + timedelta(hours=1),
    )
    named = world.folder / hashlib.sha256(SIGNER.name.encode()).hexdigest() / "checkpoint"
    assert open_note(named.read_text(), [COSIGNER.verifier])[0] == history.head().text()


def test_a_database_from_a_backup_does_not_make_it_forget(world: World) -> None:
    history, other = History(SIGNER, leaves(9)), History(SIGNER, leaves(8, "other"))
    world.witness().add_checkpoint(history.request(0, 4))
    world.witness().add_checkpoint(history.request(4))
    with world.log.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM ledger_witnessed WHERE size = 9")
    assert world.witness().add_checkpoint(other.request(4)).text == "9\n"
    grown = History(SIGNER, leaves(12))
    require_cosigned(world.witness().add_checkpoint(grown.request(9)), grown.head().text())
    assert world.size() == 12


def test_of_two_requests_at_once_one_is_taken(world: World) -> None:
    """litewitness's race: a shorter head that was checked first must not come after a longer one."""
    history = History(SIGNER, leaves(5))
    world.witness().add_checkpoint(history.request(0, 1))
    late = world.witness()
    opened = world.log.transaction

    @contextmanager
    def overtaken() -> Iterator[Session]:
        assert world.witness().add_checkpoint(history.request(1, 5)).status == 200
        with opened() as session:
            yield session

    late._transaction = overtaken
    with pytest.raises(BusyError):
        late.add_checkpoint(history.request(1, 3))
    assert world.size() == 5


def test_an_old_head_is_not_cosigned_again_after_a_newer_one(world: World) -> None:
    """Its cosignature would have the later time, and say that it was the newest then."""
    history = History(SIGNER, leaves(5))
    world.witness().add_checkpoint(history.request(0, 3))
    late = world.witness(now=NOW + timedelta(hours=1))
    opened = world.log.transaction

    @contextmanager
    def overtaken() -> Iterator[Session]:
        assert world.witness().add_checkpoint(history.request(3)).status == 200
        with opened() as session:
            yield session

    late._transaction = overtaken
    with pytest.raises(BusyError):
        late.add_checkpoint(history.request(3, 3))


def test_another_witness_key_does_not_make_it_forget(world: World) -> None:
    history, grown = History(SIGNER, leaves(4)), History(SIGNER, leaves(9))
    world.witness().add_checkpoint(history.request(0))
    renewed = cosign.generate(COSIGNER.name)
    witness = world.witness()
    witness._cosigner = renewed
    answer = witness.add_checkpoint(grown.request(4))
    assert open_note(f"{grown.head().text()}\n{answer.text}", [renewed.verifier])[1] == {renewed.verifier}


def test_with_a_damaged_head_nothing_is_cosigned(world: World) -> None:
    history = History(SIGNER, leaves(4))
    world.witness().add_checkpoint(history.request(0))
    (folder_of(world.folder, SIGNER.name) / "checkpoint").write_text("nonsense")
    with pytest.raises(BusyError, match=r"the published head of log\.example/a is damaged"):
        world.witness().add_checkpoint(history.request(4))


def test_of_two_requests_that_convict_one_keeps_the_evidence(world: World) -> None:
    one, two = History(SIGNER, leaves(9)), History(SIGNER, leaves(9, "other"))
    world.witness().add_checkpoint(one.request(0))
    late = world.witness()
    opened = world.log.transaction

    @contextmanager
    def overtaken() -> Iterator[Session]:
        with opened() as session:
            seen = session.get

            def get(model: type, key: object) -> object:
                found = seen(model, key)
                session.rollback()
                world.witness().add_checkpoint(two.request(9, 9))
                return found

            session.get = get  # type: ignore[assignment,method-assign]
            yield session

    late._transaction = overtaken
    assert late.add_checkpoint(two.request(9, 9)).status == 422
    assert len(world.evidence()) == 1


def test_a_stranger_is_not_observed(world: World) -> None:
    text = Checkpoint(SIGNER.name, 1, LEAF).text()
    with pytest.raises(ProofError):
        world.witness().observe(note.generate(SIGNER.name).sign(text))
