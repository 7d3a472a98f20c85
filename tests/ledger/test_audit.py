"""A published log is audited from its files alone; whatever is wrong is named by file and byte."""

import io
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger import entry as entries
from ledger import note
from ledger.audit import Order, audit
from ledger.checkpoint import Checkpoint
from ledger.cosign import generate as new_cosigner
from ledger.entry import ERASURE, Entry
from ledger.errors import FormError
from ledger.policy import Policy, parse_policy
from ledger.verify import main
from tests.ledger.conftest import entry
from tests.ledger.histories import History

SIZE = 600
"""Two full tiles and a partial one, and a level above."""


@pytest.fixture(scope="module")
def history() -> History:
    """A log that was published at 520 entries and then at 600."""
    return History(note.generate("example.com/log"), [entry(seq).leaf() for seq in range(SIZE)], earlier=520)


@pytest.fixture
def folder(history: History, tmp_path: Path) -> Path:
    """Its files."""
    for path, data in {**history.lying, "checkpoint": history.note().encode()}.items():
        (tmp_path / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "log" / path).write_bytes(data)
    return tmp_path / "log"


def trust(history: History) -> Policy:
    return parse_policy(f"log {history.signer.verifier}\nquorum none\n".encode())


def named(folder: Path, history: History) -> list[str]:
    """Return what is found, named from the folder on."""
    return [str(found).removeprefix(f"{folder}/") for found in audit(folder, trust(history)).findings]


def test_a_whole_log_is_clean(folder: Path, history: History) -> None:
    made = audit(folder, trust(history))
    assert made.findings == []
    assert made.checkpoint == history.head()
    assert (folder / "tile/entries/002.p/8").exists(), "what a smaller head left behind was looked at too"


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("file", "place", "says"),
    [
        ("tile/0/001", 77, "tile/0/001 bytes 77-77: differs from what the leaves give"),
        ("tile/0/002.p/88", 0, "tile/0/002.p/88 bytes 0-0: differs"),
        ("tile/1/000.p/2", 63, "tile/1/000.p/2 bytes 63-63: differs"),
        ("tile/0/002.p/8", 9, "tile/0/002.p/8 bytes 9-9: differs"),
        ("tile/entries/000", 100, "tile/entries/000 bytes 0-245 (index 0): the leaf is not the one"),
        ("tile/entries/000", 0, "tile/entries/000 bytes 0-"),
        ("tile/entries/002.p/8", 40, "tile/entries/002.p/8 bytes 0-"),
        ("checkpoint", 20, "checkpoint: "),
    ],
)
def test_one_flipped_bit_is_named(folder: Path, history: History, file: str, place: int, says: str) -> None:
    flip(folder / file, place)
    assert any(line.startswith(says) for line in named(folder, history)), named(folder, history)


@pytest.mark.parametrize("seed", range(20))
def test_no_bit_escapes(folder: Path, history: History, seed: int) -> None:
    """A name or number of a witness's line apart (there is none here), every bit of every file counts."""
    chance = random.Random(seed)
    file = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    flip(file, chance.randrange(file.stat().st_size))
    assert any(str(file.relative_to(folder)) in line for line in named(folder, history)), file


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(32))


@pytest.mark.parametrize("damage", [Path.unlink, truncate, lengthen])
@pytest.mark.parametrize(
    "file", ["tile/0/000", "tile/0/002.p/88", "tile/entries/001", "tile/entries/002.p/88", "checkpoint"]
)
def test_a_broken_file_is_named(
    folder: Path, history: History, file: str, damage: Callable[[Path], None]
) -> None:
    damage(folder / file)
    assert any(line.startswith(file) for line in named(folder, history))


def test_another_history_under_the_signed_head_is_named(folder: Path, history: History) -> None:
    """Tiles and bundles that agree with each other, but not with what was signed."""
    other = History(history.signer, [entry(seq).leaf() for seq in range(SIZE)])
    for path, data in other.files().items():
        (folder / path).write_bytes(data)
    assert "checkpoint: the leaves lead to another root than was signed" in named(folder, history)


def test_order_and_doubles_are_named(history: History, tmp_path: Path) -> None:
    leaves = [entry(seq).leaf() for seq in (0, 1, 3)]
    odd = History(history.signer, [*leaves, leaves[0], b"not a leaf"])
    for path, data in {**odd.files(), "checkpoint": odd.note().encode()}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    told = named(tmp_path, odd)
    assert any("(index 2): seq 3 of object" in line for line in told)
    assert any("(index 3): entry" in line and "twice" in line for line in told)
    assert any("(index 4): not JSON" in line for line in told)


def test_witnesses_are_named_and_demanded(folder: Path, history: History) -> None:
    witness = new_cosigner("w.example/witness")
    line = witness.cosign(history.head().text(), 1_800_000_000)
    text = f"log {history.signer.verifier}\nwitness w {witness.verifier}\nquorum w\n"
    policy = parse_policy(text.encode())
    assert [str(found) for found in audit(folder, policy).findings] == [
        f"{folder}/checkpoint: the quorum 'w' of witnesses did not cosign the checkpoint"
    ]
    (folder / "checkpoint").write_text(history.note() + line)
    made = audit(folder, policy)
    assert (made.findings, made.cosigned) == ([], ["w"])


@pytest.mark.parametrize("size", [2**60, 2**63 - 1])
def test_a_size_that_nobody_trusted_signed_is_not_believed(folder: Path, history: History, size: int) -> None:
    stranger = note.generate(history.signer.name)
    text = Checkpoint(history.signer.name, size, bytes(32)).text()
    (folder / "checkpoint").write_text(stranger.sign(text))
    assert named(folder, history) == ["checkpoint: the note is not signed by a known key"]
    (folder / "checkpoint").write_text(history.signer.sign(text))
    assert named(folder, history) == [f"checkpoint: covers {size} entries, most of which are not here"]


@pytest.mark.parametrize("file", ["checkpoint", "tile/0/000", "tile/entries/001", "tile/entries/002.p/88"])
def test_a_file_without_end_or_no_file_is_named(folder: Path, history: History, file: str) -> None:
    with (folder / file).open("r+b") as endless:
        endless.truncate(1 << 40)
    assert any(line.startswith(file) for line in named(folder, history))
    (folder / file).unlink()
    (folder / file).mkdir()
    assert any(line.startswith(file) for line in named(folder, history))


def test_the_command_line_says_it(folder: Path, history: History, tmp_path: Path) -> None:
    trusted = tmp_path / "trust.txt"
    trusted.write_text(f"log {history.signer.verifier}\nquorum none\n")
    out = io.StringIO()
    assert main(["fsck", str(folder), "--trust", str(trusted)], out) == 0
    assert out.getvalue().splitlines()[-2:] == [
        "the log half alone: files hold no business rows", f"{SIZE} entries, no faults"
    ]  # fmt: skip
    flip(folder / "tile/0/000", 3)
    out = io.StringIO()
    assert main(["fsck", str(folder), "--trust", str(trusted)], out) == 1
    assert f"{folder}/tile/0/000 bytes 3-3: differs" in out.getvalue()
    assert main(["fsck", str(folder / "nowhere"), "--trust", str(trusted)], io.StringIO()) == 2
    assert main(["fsck", str(folder), "--trust", str(folder / "checkpoint")], io.StringIO()) == 2


@pytest.mark.parametrize("seed", range(30))
def test_a_glance_takes_what_the_parser_takes(seed: int) -> None:
    """Reading thirty times as fast may not mean believing more."""
    chance = random.Random(seed)
    fields = chance.sample(["step", "trade", "posting.2", "a", "user.email", "x" * 100], 3)
    made = Entry(
        uuid.UUID(int=chance.getrandbits(128)), "asset.drafted", "a" * 26, 0, chance.randrange(1, 99),
        datetime(2026, 2, 27, 23, tzinfo=UTC) + timedelta(hours=seed), dict.fromkeys(fields, "0f" * 32),
    )  # fmt: skip
    leaf = made.leaf()
    assert Order().read(leaf) == (str(made.id), None)
    for _ in range(60):
        place = chance.randrange(len(leaf))
        cut = chance.choice((leaf[:place] + leaf[place + 1 :], leaf[:place] + b"9" + leaf[place + 1 :]))
        try:
            parsed = entries.parse(cut)
        except FormError:
            assert Order().read(cut)[0] is None, cut
        else:
            assert Order().read(cut)[0] == str(parsed.id)


def test_an_erasure_is_a_leaf_too() -> None:
    erasure = Entry(
        uuid.uuid4(), ERASURE, "b" * 26, 0, 1, datetime(2026, 11, 22, tzinfo=UTC), {"step": "ab" * 32},
        ((uuid.uuid4(), "user.email"),),
    )  # fmt: skip
    assert Order().read(erasure.leaf()) == (str(erasure.id), None)
