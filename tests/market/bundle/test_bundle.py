"""A bundle is exactly the files its manifest names, whichever way it is carried."""

import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.note import ED25519, VerifierKey
from market import bundle
from market.bundle import BundleError

PRIVATE = Ed25519PrivateKey.generate()
KEY = VerifierKey("exchange.example/manifest", ED25519, PRIVATE.public_key().public_bytes_raw())
FILES = {"README.md": "证据".encode(), "entries/000001.json": b"{}", "contract/document.pdf": b"%PDF"}


@pytest.fixture
def sealed() -> dict[str, bytes]:
    """Return a small bundle."""
    return bundle.seal(
        FILES,
        PRIVATE.sign,
        trade="X",
        made_at="2026-11-22T11:00:00.000Z",
        viewer="buyer",
        withheld=(("e", "f"),),
    )


def check(files: dict[str, bytes]) -> bundle.Manifest:
    manifest = bundle.check_files(files)
    bundle.check_signature(files, KEY)
    return manifest


def test_a_bundle_comes_back_from_folder_and_zip(sealed: dict[str, bytes], tmp_path: Path) -> None:
    bundle.to_folder(sealed, tmp_path / "bundle")
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(bundle.to_zip(sealed))
    assert bundle.read(tmp_path / "bundle") == bundle.read(archive) == sealed
    assert bundle.to_zip(sealed) == archive.read_bytes()
    manifest = check(sealed)
    assert set(manifest.files) == set(FILES)
    assert (manifest.trade, manifest.viewer, manifest.withheld) == ("X", "buyer", (("e", "f"),))


def test_every_flipped_bit_of_every_file_is_refused(sealed: dict[str, bytes]) -> None:
    for name, data in sealed.items():
        for position in range(len(data)):
            for bit in range(8):
                flipped = bytearray(data)
                flipped[position] ^= 1 << bit
                with pytest.raises(BundleError):
                    check({**sealed, name: bytes(flipped)})


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("README.md"),
        lambda files: files.pop("manifest.json"),
        lambda files: files.pop("manifest.sig"),
        lambda files: files.update({"more.txt": b""}),
        lambda files: files.update({"manifest.sig": files["manifest.sig"].rstrip()}),
        lambda files: files.update({"manifest.sig": b" " + files["manifest.sig"]}),
        lambda files: files.update({"manifest.json": files["manifest.json"] + b"\n"}),
        lambda files: files.update({"manifest.json": json.dumps(json.loads(files["manifest.json"])).encode()}),
        lambda files: files.update({"manifest.json": b'{"files":{}}'}),
        lambda files: files.update({"manifest.json": b"[" * 100_000}),
    ],
)  # fmt: skip
def test_anything_more_less_or_written_otherwise_is_refused(
    sealed: dict[str, bytes], change: Callable[[dict[str, bytes]], object]
) -> None:
    change(sealed)
    with pytest.raises(BundleError):
        check(sealed)


@pytest.mark.parametrize(
    "value", [{}, {"files": {"a": "AB" * 32}}, {"files": []}, {"withheld": [["a"]]}, {"format": "x"}]
)
def test_a_manifest_of_another_shape_is_refused(value: dict[str, object]) -> None:
    manifest = {
        "format": bundle.FORMAT, "trade": "X", "made_at": "", "viewer": "buyer", "withheld": [], "files": {}, **value,
    }  # fmt: skip
    if not value:
        del manifest["viewer"]
    data = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(BundleError):
        bundle.check_files({"manifest.json": data})


def test_another_key_did_not_sign_it(sealed: dict[str, bytes]) -> None:
    other = VerifierKey(KEY.name, ED25519, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(BundleError):
        bundle.check_signature(sealed, other)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a/../b", "a\\b", ".hidden", "a/.b", "", "a b", "文件", "a/b/c/d/e"]
)
def test_unsafe_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        bundle.to_folder({name: b""}, tmp_path / "bundle")
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(BundleError):
        bundle.read(archive)


def test_doubled_names_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a", b"2")
    with pytest.raises(BundleError):
        bundle.read(archive)
    with pytest.raises(BundleError):
        bundle.seal({"a": b"", "A": b""}, PRIVATE.sign, trade="", made_at="", viewer="", withheld=())


def test_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(BundleError):
        bundle.read(folder)
    link = zipfile.ZipInfo("passwd")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(BundleError):
        bundle.read(tmp_path / "bundle.zip")
    os.mkfifo(folder / "pipe")
    (folder / "passwd").unlink()
    with pytest.raises(BundleError):
        bundle.read(folder)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", b"0" * 1_000_000)
        file.writestr("b", b"0" * 1_000_000)
    assert len(bundle.read(archive)) == 2
    for limit, most in (("MAX_FILE", 999_999), ("MAX_BUNDLE", 1_500_000), ("MAX_FILES", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(bundle, limit, most)
            with pytest.raises(BundleError):
                bundle.read(archive)


def test_a_folder_too_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"0" * 100)
    for limit, most in (("MAX_BUNDLE", 250), ("MAX_FILES", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(bundle, limit, most)
            with pytest.raises(BundleError):
                bundle.read(tmp_path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive"])
def test_what_is_no_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    with pytest.raises(BundleError):
        bundle.read(path)


def test_a_damaged_archive_is_refused_or_reads_the_same(sealed: dict[str, bytes], tmp_path: Path) -> None:
    good = bundle.to_zip(sealed)
    path = tmp_path / "bundle.zip"
    for position in range(0, len(good), 3):
        flipped = bytearray(good)
        flipped[position] ^= 4
        path.write_bytes(flipped)
        try:
            found = bundle.read(path)
            check(found)
        except BundleError:
            continue
        assert found == sealed


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_an_archive_of_any_bytes_is_read_or_refused(tmp_path: Path, packing: int) -> None:
    """Bit by bit: names that are no UTF-8, sizes, offsets, methods and flags that lie, streams that end."""
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w", packing) as file:
        file.writestr("a/文", b"0123456789" * 9)
    data = archive.read_bytes()
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        archive.write_bytes(flipped)
        with pytest.raises(BundleError):  # the name is no name of a bundle, so none is accepted
            bundle.read(archive)
    for length in range(len(data)):
        archive.write_bytes(data[:length])
        with pytest.raises(BundleError):
            bundle.read(archive)
