"""Readers of others accept a signed document: poppler by NSS, and OpenSSL on the bytes that each signature covers."""

import re
import subprocess
import time
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader

from market.db import read
from market.keys import authority
from tests import assets, evidence, machine
from tests.conftest import sqlite_urls
from tests.contracts import accepted
from tests.contracts.signed import Paper, paper, rendered
from tests.contracts.tampers import EIGHT
from tests.foreign import strangers
from tests.waiting import SECONDS

pytestmark = pytest.mark.foreign

SIGNED = 1_795_345_200
"""When the parties of the tests sign, in Unix seconds."""


@cache
def both() -> Paper:
    """Return a document whose provider signed with RSA and whose buyer signed with P-256."""
    return paper(rsa_provider=True)


@pytest.fixture
def trusting(tmp_path: Path) -> Path:
    """Return a folder of NSS that trusts the authority's root."""
    folder = tmp_path / "nss"
    trust(folder, both().authority.root.der)
    return folder


def trust(folder: Path, der: bytes) -> None:
    """Make a folder of NSS that trusts a root."""
    folder.mkdir()
    certutil = machine.ensure("certutil", "libnss3-tools", lane=strangers.LANE)
    root = folder.parent / "root.der"
    root.write_bytes(der)
    run(str(certutil), "-N", "-d", f"sql:{folder}", "--empty-password")
    run(str(certutil), "-A", "-d", f"sql:{folder}", "-n", "root", "-t", "CT,CT,CT", "-i", str(root))


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
    return done.stdout + done.stderr


def pdfsig(file: bytes, trusting: Path) -> str:
    path = trusting.parent / "document.pdf"
    path.write_bytes(file)
    program = machine.ensure("pdfsig", "poppler-utils", lane=strangers.LANE)
    return run(str(program), "-nssdir", str(trusting), str(path))


def test_poppler_accepts_both_signatures(trusting: Path) -> None:
    said = pdfsig(both().file, trusting)
    assert re.findall("Signature Validation: (.*)", said) == ["Signature is Valid."] * 2, said
    assert re.findall("Certificate Validation: (.*)", said) == ["Certificate is Trusted."] * 2
    assert re.findall("Signature Field Name: (.*)", said) == ["provider", "buyer"]
    assert re.findall("Signature Type: (.*)", said) == ["ETSI.CAdES.detached"] * 2
    assert said.count("Total document signed") == 1
    assert "O=海岱农业科技有限公司" in said


def test_poppler_misses_what_our_rules_find(trusting: Path) -> None:
    """Why a reader's word is not enough: what poppler calls valid here is refused by name in tests/contracts."""
    valid = {name: pdfsig(change(both()), trusting).count("is Valid.") for name, (change, _) in EIGHT.items()}
    assert valid["a byte appended"] == valid["a comment laid over"] == 2
    assert valid["the second signature cut off"] == 1
    assert valid["a bit in a page's content"] == 0


@pytest.mark.parametrize("place", [0, 1])
def test_openssl_accepts_each_signature_over_the_bytes_it_covers(tmp_path: Path, place: int) -> None:
    root = both().authority.root.certificate.public_bytes(Encoding.PEM)
    assert openssl_says(tmp_path, both().file, place, root)


def openssl_says(folder: Path, file: bytes, place: int, root: bytes, at: int = SIGNED) -> bool:
    """Tell whether OpenSSL accepts, at a time in Unix seconds, a signature over the bytes that it covers."""
    signature = PdfFileReader(BytesIO(file)).embedded_signatures[place]
    _zero, first, second, rest = signature.byte_range
    contents = signature.pkcs7_content
    files = {
        "data": file[:first] + file[second : second + rest],
        "signature": contents[: parser.peek(contents)],
        "root": root,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    openssl = machine.ensure("openssl", "openssl", lane=strangers.LANE)
    said = run(
        str(openssl), "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-purpose", "any",
        "-attime", str(at),
        "-in", str(folder / "signature"), "-content", str(folder / "data"),
        "-CAfile", str(folder / "root"), "-out", str(folder / "out"),
    )  # fmt: skip
    return "successful" in said.lower() and (folder / "out").read_bytes() == files["data"]


def test_poppler_reads_the_attachments(trusting: Path) -> None:
    path = trusting.parent / "document.pdf"
    path.write_bytes(both().file)
    program = machine.ensure("pdfdetach", "poppler-utils", lane=strangers.LANE)
    run(str(program), "-saveall", "-o", str(trusting.parent), str(path))
    for name, data in rendered()[1].items():
        assert (trusting.parent / name).read_bytes() == data


def test_poppler_and_openssl_accept_the_seal_of_a_report(tmp_path: Path) -> None:
    with evidence.exchange(sqlite_urls(tmp_path), tmp_path) as app:
        answer = app.test_client().get(f"/listings/{assets.listed(assets.provider())}/inspection.pdf")
        with read() as session:
            [root] = authority.roots(session)
    assert answer.status_code == 200
    (tmp_path / "document.pdf").write_bytes(answer.data)
    trust(tmp_path / "nss", root)
    program = machine.ensure("pdfsig", "poppler-utils", lane=strangers.LANE)
    said = run(str(program), "-nssdir", str(tmp_path / "nss"), str(tmp_path / "document.pdf"))
    assert re.findall("Signature Validation: (.*)", said) == ["Signature is Valid."], said
    assert re.findall("Certificate Validation: (.*)", said) == ["Certificate is Trusted."]
    assert re.findall("Signature Field Name: (.*)", said) == ["exchange"]
    assert re.findall("Signature Type: (.*)", said) == ["ETSI.CAdES.detached"]
    assert said.count("Total document signed") == 1
    pem = x509.load_der_x509_certificate(root).public_bytes(Encoding.PEM)
    assert openssl_says(tmp_path, answer.data, 0, pem, int(time.time()) + 3600)


def test_poppler_and_openssl_accept_an_acceptance_and_the_offer_in_it(tmp_path: Path) -> None:
    """An offer that its provider certified, and the contract that its buyer certified with the offer attached."""
    folder, program = tmp_path / "nss", machine.ensure("pdfsig", "poppler-utils", lane=strangers.LANE)
    trust(folder, accepted.offered().authority.root.der)
    for one in (accepted.offered(), accepted.taken()):
        (tmp_path / "document.pdf").write_bytes(one.file)
        said = run(str(program), "-nssdir", str(folder), str(tmp_path / "document.pdf"))
        assert re.findall("Signature Validation: (.*)", said) == ["Signature is Valid."], said
        assert re.findall("Certificate Validation: (.*)", said) == ["Certificate is Trusted."]
        assert re.findall("Signature Field Name: (.*)", said) == [one.role.value]
        assert said.count("Total document signed") == 1
        root = one.authority.root.certificate.public_bytes(Encoding.PEM)
        assert openssl_says(tmp_path, one.file, 0, root)
    detach = machine.ensure("pdfdetach", "poppler-utils", lane=strangers.LANE)
    run(str(detach), "-saveall", "-o", str(tmp_path), str(tmp_path / "document.pdf"))
    assert (tmp_path / "offer.pdf").read_bytes() == accepted.offered().file
