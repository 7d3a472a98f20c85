"""``python -m ledger verify``: what an auditor runs, with nothing but the standard library and cryptography."""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import cosign, note
from ledger.checkpoint import Checkpoint
from ledger.merkle import Tree, leaf_hash
from ledger.proof import Proof, parse_proof
from ledger.verify import main
from tests.ledger.conftest import entry
from tests.waiting import SECONDS

LOG = note.generate("example.com/log")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The part of an evidence bundle that concerns the log, beside a policy outside of it."""
    folder = tmp_path / "bundle"
    (folder / "entries").mkdir(parents=True)
    leaves = [entry(seq).leaf() for seq in range(7)]
    tree = Tree([leaf_hash(leaf) for leaf in leaves])
    head = LOG.sign(Checkpoint(LOG.name, 7, tree.root()).text())
    for index in (0, 3, 6):
        (folder / f"entries/{index}.json").write_bytes(leaves[index])
        proof = Proof(index, tuple(tree.inclusion(index)), head).text()
        (folder / f"entries/{index}.tlog-proof").write_text(proof)
    (folder / "README.md").write_text("not read")
    policy = f"log {LOG.verifier}\nquorum none\n"
    (folder / "trust-policy.txt").write_text(policy)
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
    assert lines[1] == "ok   entries/3.tlog-proof: asset.drafted is entry 3 of 7 in example.com/log"
    assert lines[3:] == [
        "ok   checkpoint: 7 entries in example.com/log, cosigned by no witness that the policy names"
    ]
    status, lines = run(form(bundle))
    assert status == 0
    assert lines[0].startswith("UNPINNED")


def test_one_proof(bundle: Path) -> None:
    proof = bundle / "entries/3.tlog-proof"
    assert run("--trust", bundle.parent / "trust.txt", proof)[0] == 0
    lines = run(bundle)[1]
    assert run(proof) == (
        0,
        [lines[0], "ok   3.tlog-proof: asset.drafted is entry 3 of 7 in example.com/log", lines[-1]],
    )
    (bundle / "trust-policy.txt").unlink()
    assert run(proof)[0] == 2


def test_a_quorum_is_demanded_and_its_witnesses_are_named(bundle: Path) -> None:
    witnesses = [cosign.generate(f"w{number}.example") for number in range(2)]
    keys = "".join(f"witness w{number} {witness.verifier}\n" for number, witness in enumerate(witnesses))
    trust = bundle.parent / "trust.txt"
    trust.write_text(f"log {LOG.verifier}\n{keys}group both all w0 w1\nquorum both\n")
    status, lines = run(bundle, "--trust", trust)
    assert (status, len(lines)) == (1, 3)
    assert all("quorum 'both'" in line for line in lines)
    for number, path in enumerate(sorted((bundle / "entries").glob("*.tlog-proof"))):
        proof = parse_proof(path.read_bytes())
        text = proof.checkpoint.partition("\n\n")[0] + "\n"
        late = [witness.cosign(text, 1_800_000_000 + number) for witness in witnesses]
        path.write_text(proof.text() + "".join(late))
    status, lines = run(bundle, "--trust", trust)
    assert status == 0
    assert lines[3:] == [
        "ok   checkpoint: 7 entries in example.com/log, cosigned by "
        "w0.example at 2027-01-15T08:00:02Z, w1.example at 2027-01-15T08:00:02Z"
    ]


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
    for name in ("3.json", "3.tlog-proof"):
        path = bundle / "entries" / name
        good = path.read_bytes()
        for position in range(0, len(good), 7):
            flip(path, position)
            status, lines = run(bundle, "--trust", trust)
            assert status == 1
            assert [line[:26] for line in lines if line.startswith("FAIL")] == ["FAIL entries/3.tlog-proof:"]
            path.write_bytes(good)


def test_a_missing_entry_and_no_entries_fail(bundle: Path) -> None:
    (bundle / "entries/3.json").unlink()
    assert "FAIL entries/3.tlog-proof: the entry itself is missing" in run(bundle)[1]
    shutil.rmtree(bundle / "entries")
    assert run(bundle)[0] == 1


def test_two_histories_signed_by_one_log_fail(bundle: Path) -> None:
    forged = entry(9).leaf()
    head = LOG.sign(Checkpoint(LOG.name, 1, leaf_hash(forged)).text())
    (bundle / "entries/9.json").write_bytes(forged)
    (bundle / "entries/9.tlog-proof").write_text(Proof(0, (), head).text())
    status, lines = run(bundle)
    assert status == 1
    assert lines[-1].startswith("FAIL checkpoint")


def test_oversized_and_doubled_files_fail(bundle: Path) -> None:
    archive = zipped(bundle)
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("entries/3.json", b"{}")
    assert run(archive)[1][-1] == "FAIL evidence: 'entries/3.json' is in the archive twice"
    (bundle / "entries/3.json").write_bytes(b"x" * 70_000)
    assert run(bundle)[1][-1] == "FAIL evidence: 3.json is too large"
    archive.write_bytes(b"PK no archive")
    assert run(archive)[0] == 1


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
    assert done.stdout.count("ok   ") == 4
