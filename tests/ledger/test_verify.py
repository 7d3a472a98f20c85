"""``python -m ledger verify``: what an auditor runs, with nothing but the standard library and cryptography."""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import canonical, cosign, note
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry, commitment
from ledger.merkle import Tree, leaf_hash
from ledger.proof import Proof
from ledger.verify import main
from tests.ledger.conftest import entry
from tests.waiting import SECONDS

LOG = note.generate("example.com/log")
NEW = note.generate("example.com/log")
OTHER = "b" * 26


def rotation() -> tuple[Entry, bytes]:
    """Return the entry that publishes a new key of the log, and what opens it."""
    row = {"table": "key", "purpose": "log", "public_key": str(NEW.verifier)}
    made = replace(entry(0, "c" * 26), kind="key.published")
    made = replace(made, commitments={"key": commitment(bytes(32), "key", row)})
    opening = {"entry": str(made.id), "field": "key", "subject": None, "salt": bytes(32).hex(), "value": row}
    return made, canonical.encode([opening])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The part of an evidence bundle that concerns the log, beside a policy outside of it.

    Entries 0, 3 and 6 are those of one object; 8 publishes a new key, which alone signs the head over eleven entries.
    """
    folder = tmp_path / "bundle"
    for name in ("entries", "rotations"):
        (folder / name).mkdir(parents=True)
    change, openings = rotation()
    made = [entry(index // 3) if index % 3 == 0 else entry(index, OTHER) for index in range(8)]
    leaves = [one.leaf() for one in [*made, change, entry(8, OTHER), entry(9, OTHER)]]
    tree = Tree([leaf_hash(leaf) for leaf in leaves])
    head = NEW.sign(Checkpoint(LOG.name, 11, tree.root()).text())
    old = LOG.sign(Checkpoint(LOG.name, 9, tree.root(9)).text())
    for index in (0, 3, 6, 8):
        (folder / f"entries/00000{index}.json").write_bytes(leaves[index])
        proof = Proof(index, tuple(tree.inclusion(index)), head).text()
        (folder / f"entries/00000{index}.tlog-proof").write_text(proof)
    vouched = Proof(8, tuple(tree.inclusion(8, 9)), old).text()
    (folder / "rotations/000008.tlog-proof").write_text(vouched)
    grown = "".join(f"{canonical.to_base64(item)}\n" for item in tree.consistency(9))
    (folder / "rotations/000008.consistency").write_text(grown)
    (folder / "openings.json").write_bytes(openings)
    (folder / "checkpoint").write_text(head)
    (folder / "README.md").write_text("not read")
    policy = f"log {LOG.verifier}\nquorum none\n"
    (folder / "trust-policy.txt").write_text(policy.replace("quorum", f"log {NEW.verifier}\nquorum"))
    (tmp_path / "trust.txt").write_text(policy)
    return folder


def run(*arguments: object) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = main(["verify", *map(str, arguments)], out)
    return status, out.getvalue().splitlines()


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


@pytest.mark.parametrize("form", [lambda folder: folder, zipped])
def test_a_whole_bundle(bundle: Path, form: Callable[[Path], Path]) -> None:
    status, lines = run(form(bundle), "--trust", bundle.parent / "trust.txt")
    assert status == 0
    assert lines[0].startswith("ok   rotations/000008.tlog-proof: entry 8 publishes log key ")
    assert lines[2] == "ok   entries/000003.tlog-proof: asset.drafted is entry 3 of 11 in example.com/log"
    assert lines[5:] == [
        "ok   entries: 4, each with its proof, each object's without a gap",
        "ok   checkpoint: 11 entries in example.com/log, cosigned by no witness that the policy names",
    ]
    status, lines = run(form(bundle))
    assert status == 0
    assert lines[0].startswith("UNPINNED")


def test_one_proof(bundle: Path) -> None:
    proof = bundle / "entries/000003.tlog-proof"
    assert run("--trust", bundle / "trust-policy.txt", proof)[0] == 0
    lines = run(bundle)[1]
    assert run(proof) == (
        0,
        [lines[0], "ok   000003.tlog-proof: asset.drafted is entry 3 of 11 in example.com/log", lines[-1]],
    )
    (bundle / "trust-policy.txt").unlink()
    assert run(proof)[0] == 2


def test_a_quorum_is_demanded_and_its_witnesses_are_named(bundle: Path) -> None:
    witnesses = [cosign.generate(f"w{number}.example") for number in range(2)]
    keys = "".join(f"witness w{number} {witness.verifier}\n" for number, witness in enumerate(witnesses))
    trust = bundle.parent / "trust.txt"
    trust.write_text(f"log {NEW.verifier}\n{keys}group both all w0 w1\nquorum both\n")
    status, lines = run(bundle, "--trust", trust)
    assert status == 1
    assert sum("quorum 'both'" in line for line in lines) == 4
    head = (bundle / "checkpoint").read_text()
    text = head.partition("\n\n")[0] + "\n"
    cosigned = head + "".join(witness.cosign(text, 1_800_000_002) for witness in witnesses)
    for path in (bundle / "checkpoint", *(bundle / "entries").glob("*.tlog-proof")):
        path.write_text(path.read_text().replace(head, cosigned))
    status, lines = run(bundle, "--trust", trust)
    assert status == 0
    assert lines[-1] == (
        "ok   checkpoint: 11 entries in example.com/log, cosigned by "
        "w0.example at 2027-01-15T08:00:02Z, w1.example at 2027-01-15T08:00:02Z"
    )


def test_another_trust_root_fails(bundle: Path) -> None:
    other = bundle.parent / "other.txt"
    other.write_text(f"log {note.generate(LOG.name).verifier}\nquorum none\n")
    status, lines = run(bundle, "--trust", other)
    assert status == 1
    assert all(line.startswith("FAIL ") for line in lines)


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def test_changed_evidence_fails(bundle: Path) -> None:
    trust = bundle.parent / "trust.txt"
    for name in ("entries/000003.json", "entries/000003.tlog-proof", "rotations/000008.consistency"):
        path = bundle / name
        good = path.read_bytes()
        for position in range(0, len(good), 7):
            flip(path, position)
            status, lines = run(bundle, "--trust", trust)
            assert status == 1
            first = next(line for line in lines if line.startswith("FAIL"))
            folder = "entries/000003" if "entries" in name else "rotations/000008"
            assert first.startswith(f"FAIL {folder}.tlog-proof:")
            path.write_bytes(good)


def test_a_missing_entry_and_no_entries_fail(bundle: Path) -> None:
    (bundle / "entries/000003.json").unlink()
    assert "FAIL entries/000003.tlog-proof: the entry itself is missing" in run(bundle)[1]
    shutil.rmtree(bundle / "entries")
    assert run(bundle)[0] == 1


def test_an_entry_that_nothing_proves_fails(bundle: Path) -> None:
    """What is shown beside the proofs must be proven too, else anything could be put there."""
    (bundle / "entries/000003.tlog-proof").unlink()
    (bundle / "entries/000003.json").write_bytes(entry(1).leaf())
    status, lines = run(bundle, "--trust", bundle.parent / "trust.txt")
    assert status == 1
    assert "FAIL entries: without its proof or leaf: ['entries/000003']" in lines
    (bundle / "entries/000003.json").unlink()
    status, lines = run(bundle, "--trust", bundle.parent / "trust.txt")
    assert status == 1
    assert "FAIL entries: entry 6 is number 2 of its object, expected 1: one is missing" in lines


@pytest.mark.parametrize("other", ["entries/note.txt", "entries/000003", "entries/3.json"])
def test_what_is_no_entry_fails(bundle: Path, other: str) -> None:
    (bundle / other).write_bytes(b"{}")
    assert run(bundle)[0] == 1


def test_a_proof_under_another_name_fails(bundle: Path) -> None:
    for ending in (".json", ".tlog-proof"):
        (bundle / f"entries/000003{ending}").rename(bundle / f"entries/000004{ending}")
    assert "FAIL entries/000004.tlog-proof: is named after another index than its own" in run(bundle)[1]


@pytest.mark.parametrize(
    "name", ["rotations/000008.tlog-proof", "rotations/000008.consistency", "openings.json", "checkpoint"]
)
def test_without_what_shows_the_change_the_new_key_is_not_believed(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert run(bundle, "--trust", bundle.parent / "trust.txt")[0] == 1


def test_another_key_in_the_place_of_the_new_is_not_believed(bundle: Path) -> None:
    path = bundle / "openings.json"
    stranger = str(note.generate(LOG.name).verifier)
    path.write_text(path.read_text().replace(str(NEW.verifier), stranger))
    lines = run(bundle, "--trust", bundle.parent / "trust.txt")[1]
    assert lines[0] == "FAIL rotations/000008.tlog-proof: the key was committed to with another value"


def test_a_second_history_signed_by_the_log_fails(bundle: Path) -> None:
    forged = entry(0, "d" * 26).leaf()
    head = NEW.sign(Checkpoint(LOG.name, 10, leaf_hash(forged)).text())
    (bundle / "entries/000009.json").write_bytes(forged)
    (bundle / "entries/000009.tlog-proof").write_text(Proof(9, (), head).text())
    status, lines = run(bundle)
    assert status == 1
    assert "FAIL entries/000009.tlog-proof: leads to another checkpoint than the bundle's" in lines


def test_oversized_and_doubled_files_fail(bundle: Path) -> None:
    archive = zipped(bundle)
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("entries/000003.json", b"{}")
    assert run(archive)[1][-1] == "FAIL evidence: 'entries/000003.json' is in the archive twice"
    (bundle / "entries/000003.json").write_bytes(b"x" * 70_000)
    assert run(bundle)[1][-1] == "FAIL evidence: 000003.json is too large"
    archive.write_bytes(b"PK no archive")
    assert run(archive)[0] == 1


@pytest.mark.parametrize("form", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_in_a_rare_form_fails(bundle: Path, form: int) -> None:
    archive = bundle.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", form) as file:
        file.write(bundle / "checkpoint", "checkpoint")
    assert run(archive)[1][-1].startswith("FAIL evidence: checkpoint is encrypted, or neither stored nor")


def test_an_encrypted_archive_fails(bundle: Path) -> None:
    archive = zipped(bundle)
    data = bytearray(archive.read_bytes())
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 4)
    archive.write_bytes(data)
    assert " is encrypted, or neither stored nor deflated" in run(archive)[1][-1]


def test_a_damaged_archive_fails_and_is_no_error(bundle: Path) -> None:
    archive = zipped(bundle)
    good = archive.read_bytes()
    trust = bundle.parent / "trust.txt"
    for place in range(0, len(good), 37):
        archive.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        status, lines = run(archive, "--trust", trust)
        assert status == 0 or any(line.startswith("FAIL") for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [[], ["verify"], ["check", "x"], ["verify", "--trust"], ["verify", "--trust", "x"], ["verify", "a", "b"],
     ["verify", "/nowhere"], ["verify", "/tmp", "--trust", "/nowhere"]],
)  # fmt: skip
def test_wrong_usage(arguments: list[str]) -> None:
    assert main(arguments, io.StringIO()) == 2


def test_it_runs_on_the_standard_library_and_cryptography_alone(bundle: Path) -> None:
    """Everything else in site-packages is hidden from the child, and `ledger/__init__` must import nothing."""
    program = (
        "import sys, runpy\n"
        "class Only:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        top = name.partition('.')[0]\n"
        "        allowed = {'ledger', 'cryptography', '_cffi_backend', 'cffi', 'typing_extensions'}\n"
        "        if top not in sys.stdlib_module_names and top not in allowed and top != '__main__':\n"
        "            raise ModuleNotFoundError(f'{name} is not for auditors')\n"
        "sys.meta_path.insert(0, Only())\n"
        f"sys.argv = ['ledger', 'verify', {str(bundle)!r}, '--trust', {str(bundle.parent / 'trust.txt')!r}]\n"
        "import ledger\n"
        "assert not [n for n in sys.modules if n.startswith('ledger.')]\n"
        "runpy.run_module('ledger', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ok   ") == 7
