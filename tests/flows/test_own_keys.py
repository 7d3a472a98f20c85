"""A whole contract signed by keys that never were at the exchange, from the command line of each party."""

import contextlib
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from market import signer
from market.cli import qilu
from market.signer import Exchange, SignerError
from tests import signers
from tests.flows.hall import Caller, Hall

PASSWORD = "the card's own"


def run(hall: Hall, person: Caller, *arguments: str | Path) -> Result:
    """Run a command as a person does, whose token and password are in the environment."""
    environment = {
        "QILU_EXCHANGE": hall.url,
        "QILU_TOKEN": token(person),
        "QILU_KEY_PASSWORD": PASSWORD,
    }
    return CliRunner().invoke(qilu, ["keys", *map(str, arguments)], env=environment)


def token(person: Caller) -> str:
    return str(person._session.headers["Authorization"]).removeprefix("Bearer ")


@pytest.fixture
def card(hall: Hall, tmp_path: Path) -> Path:
    """A PKCS#12 file with an RSA key and a certificate of another authority."""
    private = rsa.generate_private_key(65537, 3072)
    leaf, root = (
        x509.load_pem_x509_certificate(text.encode()) for text in signers.own(private, hall.clock())
    )
    file = tmp_path / "card.p12"
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            None, private, leaf, [root], BestAvailableEncryption(PASSWORD.encode())
        )
    )
    return file


def test_both_sign_by_their_own_keys(hall: Hall, card: Path, tmp_path: Path) -> None:
    file, document = tmp_path / "key.pem", tmp_path / "read.pdf"
    made = run(hall, hall.provider, "request", "--key", file, "--device", "laptop")
    assert made.exit_code == 0, made.output
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert b"ENCRYPTED" in file.read_bytes()
    entered = run(hall, hall.buyer, "register", "--key", card, "--device", "smart card")
    assert entered.exit_code == 0, entered.output
    number = hall.ask_for(hall.free)
    there = Exchange(hall.url, token(hall.provider))
    document.write_bytes(there.fetch(f"/api/v1/contracts/{number}/document.pdf"))
    for person, key in ((hall.provider, file), (hall.buyer, card)):
        signed = run(hall, person, "sign", number, "--key", key, "--document", document)
        assert signed.exit_code == 0, signed.output
    hall.until(number, "contract.finalized")
    shown = hall.buyer.get(f"/api/v1/contracts/{number}")
    held = [(one["role"], one["holder"], one["algorithm"]) for one in shown["signatures"]]
    assert held == [("provider", "party", "ES256"), ("buyer", "party", "RS256")]


def test_the_document_is_fetched_and_asked_about(hall: Hall, tmp_path: Path) -> None:
    file, number = tmp_path / "key.pem", hall.ask_for(hall.free)
    assert run(hall, hall.provider, "request", "--key", file, "--device", "laptop").exit_code == 0
    again = run(hall, hall.provider, "request", "--key", file, "--device", "laptop")
    assert again.exit_code == 0, "the same key and device is the same certificate"
    with contextlib.chdir(tmp_path):
        asked = run(hall, hall.provider, "sign", number, "--key", file)
    assert asked.exit_code == 1, "nobody said yes"
    assert os.listdir(tmp_path).count(f"contract-{number}.pdf") == 1
    assert hall.provider.get(f"/api/v1/contracts/{number}")["signatures"] == []


def test_a_key_is_listed_and_revoked(hall: Hall, tmp_path: Path) -> None:
    file, number = tmp_path / "key.pem", hall.ask_for(hall.free)
    made = run(hall, hall.provider, "request", "--key", file, "--device", "to be lost")
    [which] = re.findall(r"^active +(\S+)", made.output, re.MULTILINE)
    assert which in run(hall, hall.provider, "list").output
    assert run(hall, hall.buyer, "revoke", which, "--reason", "lost").exit_code == 1
    ended = run(hall, hall.provider, "revoke", which, "--reason", "lost")
    assert re.search(rf"^revoked +{which}", ended.output, re.MULTILINE), ended.output
    document = tmp_path / "read.pdf"
    document.write_bytes(
        Exchange(hall.url, token(hall.provider)).fetch(f"/api/v1/contracts/{number}/document.pdf")
    )
    refused = run(hall, hall.provider, "sign", number, "--key", file, "--document", document)
    assert "certificate.revoked" in refused.output


def test_nothing_but_the_document_that_was_read_is_signed(hall: Hall, tmp_path: Path) -> None:
    file, number, other = tmp_path / "key.pem", hall.ask_for(hall.free), hall.ask_for(hall.free)
    assert run(hall, hall.provider, "request", "--key", file, "--device", "laptop").exit_code == 0
    there, key = Exchange(hall.url, token(hall.provider)), signer.load(file, PASSWORD)
    document = there.fetch(f"/api/v1/contracts/{number}/document.pdf")
    with pytest.raises(SignerError, match="over another document"):
        signer.sign(there, other, key, document)
    for lie in (
        lambda body: body | {"statement": body["statement"].replace(number, other)},
        lambda body: body | {"revision": body["revision"][:-8] + "AAAAAAA="},
        lambda body: body | {"room": [body["room"][0] - 2, body["room"][1]]},
    ):
        with pytest.raises(SignerError, match="prepared"):
            signer.sign(Lying(hall.url, token(hall.provider), lie), number, key, document)
    assert hall.provider.get(f"/api/v1/contracts/{number}")["signatures"] == []


class Lying(Exchange):
    """An exchange that prepares something else than it says."""

    def __init__(self, url: str, token: str, lie: object) -> None:
        super().__init__(url, token)
        self._lie = lie

    def post(self, path: str, body: signer.Body | None = None, key: str | None = None) -> signer.Body:
        answer = super().post(path, body, key)
        return self._lie(answer) if path.endswith("/preparation") else answer
