"""A stranger checks a whole trade; whatever is changed, by whomever, is named."""

import io
import json
import random
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import ledger.verify
from ledger import canonical, note
from ledger.entry import Entry
from ledger.policy import parse_policy
from market import bundle
from market.oversight import visibility
from market.verify import evidence, main
from tests.market.verify.conftest import Files, Sold, failed

pytestmark = pytest.mark.sqlite
OTHER = str(uuid.uuid4())


def run(path: Path, trust: Path | None = None) -> tuple[int, list[str]]:
    out = io.StringIO()
    return main(path, trust, out), out.getvalue().splitlines()


@pytest.fixture
def folder(sold: Sold, tmp_path: Path) -> Path:
    """The bundle as a folder, with a trust file beside it."""
    bundle.to_folder(sold.files, tmp_path / "bundle")
    (tmp_path / "trust.txt").write_bytes(sold.files["trust-policy.txt"])
    return tmp_path / "bundle"


def test_a_whole_trade_is_consistent(folder: Path) -> None:
    trust = folder.parent / "trust.txt"
    status, lines = run(folder, trust)
    assert status == 0, "\n".join(lines)
    assert lines[0].startswith("ok   files: ")
    assert lines[-1].startswith("CONSISTENT: ")
    assert any(line == "ok   document: set in type again, the terms give the same bytes" for line in lines)
    assert any(line.startswith("ok   money: 1280.00 CNY signed = owed = paid; released") for line in lines)
    status, unpinned = run(folder)
    assert status == 0
    assert unpinned[0].startswith("UNPINNED")
    assert unpinned[1:] == lines


def test_a_zip_of_it_is_the_same(sold: Sold, folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(bundle.to_zip(sold.files))
    assert run(archive) == run(folder)


def test_a_zip_with_a_name_that_is_no_text_is_a_failure_and_no_crash(sold: Sold, tmp_path: Path) -> None:
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("文", b"")
    archive.write_bytes(archive.read_bytes().replace("文".encode(), b"\xff\xff\xff"))
    status, lines = run(archive)
    assert status == 1
    assert lines[1].startswith("FAIL files: cannot be read: not a sound archive: 'utf-8' codec")
    out = io.StringIO()
    assert ledger.verify.main(["verify", str(archive)], out) == 1
    assert "FAIL evidence: not a sound archive" in out.getvalue()


def test_the_ledger_alone_reads_it_too(folder: Path) -> None:
    out = io.StringIO()
    assert ledger.verify.main(["verify", str(folder), "--trust", str(folder.parent / "trust.txt")], out) == 0
    assert out.getvalue().count("ok   entries/") == len(list((folder / "entries").glob("*.json")))


def test_another_trust_root_is_a_failure(folder: Path) -> None:
    other = folder.parent / "other.txt"
    other.write_text(f"log {note.generate('exchange.example/log').verifier}\nquorum none\n")
    status, lines = run(folder, other)
    assert status == 1
    assert "FAIL checkpoint: the note is not signed by a known key" in lines


def test_wrong_usage(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("trust me")
    assert run(tmp_path / "nowhere")[0] == 2
    assert run(folder, tmp_path / "nowhere")[0] == 2
    assert run(folder, bad)[0] == 2


def test_every_flipped_bit_of_every_file_is_a_failure(sold: Sold, folder: Path) -> None:
    chance = random.Random(20)
    for name, data in sold.files.items():
        bits = range(len(data) * 8)  # tests of the bundle alone flip each of them
        for place in chance.sample(bits, 64 if name.startswith("manifest.") else 12):
            flipped = bytearray(data)
            flipped[place // 8] ^= 1 << place % 8
            assert not sold.verify({**sold.files, name: bytes(flipped)}).consistent, (name, place)
    chosen = chance.choice(sorted(sold.files))
    (folder / chosen).write_bytes(sold.files[chosen] + b"\0")
    assert run(folder)[0] == 1


# --- what somebody who holds the manifest key can seal again, but not the log; nothing is typeset from here on ---


def altered(files: Files, name: str, change: Callable[[bytes], bytes]) -> Files:
    return {**files, name: change(files[name])}


def dropped(files: Files, kind: str) -> Files:
    """Leave an entry out, with its openings."""
    (name,) = [
        name for name in files if name.endswith(".json") and f'"kind":"{kind}"'.encode() in files[name]
    ]
    gone = json.loads(files[name])["id"]
    openings = [item for item in json.loads(files["openings.json"]) if item["entry"] != gone]
    kept = {key: data for key, data in files.items() if not key.startswith(name.removesuffix(".json"))}
    return {**kept, "openings.json": json_bytes(openings)}


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def opening(files: Files, number: int, **change: Any) -> Files:
    items = json.loads(files["openings.json"])
    items[number].update(change)
    return {**files, "openings.json": json_bytes(items)}


def without_opening(files: Files) -> Files:
    return {**files, "openings.json": json_bytes(json.loads(files["openings.json"])[1:])}


def withheld(sold: Sold) -> list[tuple[str, str]]:
    return [(entry, field) for entry, field in json.loads(sold.files["manifest.json"])["withheld"]]


def with_another_log(text: bytes) -> bytes:
    other = note.generate("exchange.example/log").verifier
    return f"log {other}\n".encode() + text


def misnamed(files: Files) -> Files:
    name = max(name for name in files if name.endswith(".tlog-proof"))
    stem = name.removesuffix(".tlog-proof")
    moved = {"entries/000999.json": files[f"{stem}.json"], "entries/000999.tlog-proof": files[name]}
    return {key: data for key, data in files.items() if not key.startswith(stem)} | moved


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda files: dropped(files, "payment.opened"), "order"),
        (lambda files: dropped(files, "contract.requested"), "order"),
        (lambda files: dropped(files, "asset.registered"), "openings"),
        (lambda files: opening(files, 0, value={"table": "key"}), "openings"),
        (lambda files: opening(files, 0, salt="00" * 32), "openings"),
        (lambda files: opening(files, 0, salt=json.loads(files["openings.json"])[0]["salt"].upper()), "openings"),
        (lambda files: opening(files, 0, salt=7), "openings"),
        (lambda files: opening(files, 0, field="nothing"), "openings"),
        (lambda files: opening(files, 0, more=1), "openings"),
        (lambda files: opening(files, 0, entry="x"), "openings"),
        (without_opening, "openings"),
        (lambda files: {**files, "openings.json": b"{}"}, "openings"),
        (lambda files: {**files, "openings.json": b"[" * 5000}, "openings"),
        (misnamed, "entries/000999.tlog-proof"),
        (lambda files: {**files, "entries/notes.txt": b""}, "entries"),
        (lambda files: {**files, "entries/000999.json": b"{}"}, "entries"),
        (lambda files: {**files, "checkpoint": b"\xff"}, "checkpoint"),
        (lambda files: {name: data for name, data in files.items() if name != "checkpoint"}, "checkpoint"),
        (lambda files: altered(files, "contract/document.pdf", lambda pdf: pdf + b"\n"), "contract"),
        (lambda files: altered(files, "contract/terms.json", lambda text: text.replace(b"128", b"100")), "contract"),
        (lambda files: altered(files, "contract/policy.json", lambda text: text + b" "), "contract"),
        (lambda files: altered(files, "contract/rendering.json", lambda text: text + b" "), "contract"),
        (lambda files: altered(files, "inspection/report.json", lambda text: text + b" "), "data"),
        (lambda files: {name: data for name, data in files.items() if name != "inspection/report.json"}, "data"),
        (lambda files: altered(files, "trust-policy.txt", with_another_log), "log key"),
        (lambda files: altered(files, "payment/postings.json", lambda text: text.replace(b"128", b"100")), "extracts"),
        (lambda files: altered(files, "delivery/receipts.json", lambda text: text + b" "), "extracts"),
        (lambda files: {name: data for name, data in files.items() if name != "keys.json"}, "extracts"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unset")
def test_resealing_changed_files_is_a_failure(
    sold: Sold, change: Callable[[Files], Files], check: str
) -> None:
    report = sold.verify(sold.sealed(change(dict(sold.files))))
    assert check in failed(report), report.text()


@pytest.mark.usefixtures("unset")
def test_a_foreign_manifest_key_is_a_failure(sold: Sold) -> None:
    report = sold.verify(sold.sealed(sold.files, Ed25519PrivateKey.generate().sign))
    assert failed(report) == ["manifest"]


@pytest.mark.usefixtures("unset")
def test_withholding_what_is_opened_is_a_failure(sold: Sold) -> None:
    item = json.loads(sold.files["openings.json"])[0]
    manifest = json.loads(sold.files["manifest.json"])
    pairs = tuple(tuple(pair) for pair in manifest["withheld"])
    report = sold.verify(sold.sealed(sold.files, withheld=(*pairs, (item["entry"], item["field"]))))
    assert failed(report) == ["openings"]


@pytest.mark.usefixtures("unset")
def test_another_trade_s_number_is_a_failure(sold: Sold) -> None:
    assert "contract" in failed(sold.verify(sold.sealed(sold.files, trade="0000000000A")))


@pytest.mark.usefixtures("unset")
def test_another_compiler_is_said_and_not_called_a_failure(sold: Sold) -> None:
    report = sold.verify(dict(sold.files))
    assert report.consistent
    assert "note document: NOT RE-RENDERED: needs typst" in report.text()


@pytest.mark.usefixtures("unset")
def test_a_whole_bundle_under_keys_of_its_own(sold: Sold, folder: Path) -> None:
    """Whoever forges everything, log and manifest keys too, agrees with himself and with nobody else's trust file."""
    mine, seal = note.generate("exchange.example/log"), Ed25519PrivateKey.generate()
    manifest = note.VerifierKey("exchange.example/log", note.ED25519, seal.public_key().public_bytes_raw())

    def change(value: Any, _entry: Entry) -> None:
        if (
            isinstance(value, dict)
            and value.get("table") == "key"
            and value["purpose"] in {"log", "manifest"}
        ):
            value["public_key"] = str(mine.verifier if value["purpose"] == "log" else manifest)

    policy = f"log {mine.verifier}\nquorum none\n".encode()
    forger = Sold({**sold.files, "trust-policy.txt": policy}, mine, seal.sign)
    bundle.to_folder(forger.forged(change), folder.parent / "forged")
    status, lines = run(folder.parent / "forged")
    assert (status, lines[0][:9], lines[-1][:11]) == (0, "UNPINNED:", "CONSISTENT:"), "\n".join(lines)
    status, lines = run(folder.parent / "forged", folder.parent / "trust.txt")
    assert status == 1
    assert "FAIL checkpoint: the note is not signed by a known key" in lines
    out = io.StringIO()
    assert ledger.verify.main(["verify", str(folder.parent / "forged")], out) == 0
    assert out.getvalue().startswith("UNPINNED")
    trust = str(folder.parent / "trust.txt")
    assert ledger.verify.main(["verify", str(folder.parent / "forged"), "--trust", trust], io.StringIO()) == 1


@pytest.mark.usefixtures("unset")
def test_a_policy_of_witnesses_is_demanded(sold: Sold) -> None:
    witness = note.VerifierKey(
        "w.example", note.COSIGNATURE, Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    log = sold.files["trust-policy.txt"].split(b"\n")[0]
    policy = parse_policy(log + f"\nwitness w {witness}\nquorum w\n".encode())
    assert failed(sold.verify(dict(sold.files), policy)) == ["checkpoint"]


def test_what_the_viewer_may_see_cannot_be_withheld(sold: Sold, unset: None) -> None:
    openings = json.loads(sold.files["openings.json"])
    for field in ("posting", "operation", "inspection", "settlement"):
        hidden = next(item for item in openings if item["field"].partition(".")[0] == field)
        left = [item for item in openings if item is not hidden]
        files = {**sold.files, "openings.json": canonical.encode(left)}
        changed = sold.sealed(files, withheld=(*withheld(sold), (hidden["entry"], hidden["field"])))
        report = sold.verify(changed)
        assert "openings" in failed(report), field
        assert f"{hidden['field']} is withheld, although the buyer may see it" in report.text()


@pytest.mark.parametrize("viewer", ["auditor", "nobody"])
def test_nothing_is_withheld_from_an_auditor(sold: Sold, unset: None, viewer: str) -> None:
    assert failed(sold.verify(sold.sealed(sold.files, viewer=viewer))) == ["openings"]


def test_what_may_be_withheld_is_what_the_exchange_hides() -> None:
    """The checker's own table: whoever lets a party see more must say so in both."""
    for viewer, seen in evidence.SEES.items():
        if viewer != evidence.AUDITOR:
            shown = {field for field, viewers in visibility.SHOWN.items() if viewer in viewers}
            assert seen == shown, viewer


def test_how_far_the_evidence_speaks_is_told(sold: Sold, unset: None) -> None:
    [(outcome, _name, said)] = [line for line in sold.verify(sold.files).lines if line[1] == "reach"]
    size = sold.files["checkpoint"].decode().split("\n")[1]
    assert outcome == "note"
    assert f"no checkpoint above {size} entries" in said
    assert "settlement.released" in said
