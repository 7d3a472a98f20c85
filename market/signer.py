"""A party's own machine: keys in files, and the exchange as its API shows it. The private half never leaves the file.

Before a key signs, everything that can be checked here is: that the document is the one that was read, that the
prepared file begins with it, that the bytes to sign are those of that file, and that the statement says no more.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from contracts import certificates, pades, signing
from contracts.errors import ContractError
from contracts.pades import Prepared
from contracts.vocabulary import Role
from ledger.durable import OWNER_ONLY, sync_folder
from market.refusals import is_loopback

SECONDS: Final = 60
PATH: Final = "/api/v1/signing-keys"
CONTRACT: Final = "contracts"
OFFER: Final = "offers"
"""What can be signed, as its address calls it."""

Private: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Body: TypeAlias = dict[str, Any]


class SignerError(Exception):
    """The act cannot be done; the message says why."""


@dataclass(frozen=True)
class Key:
    """A key out of a file.

    Attributes:
        private: signs.
        certificates: those in the same file, that of the key first.
    """

    private: Private
    certificates: Sequence[x509.Certificate] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public half, by which the exchange knows it."""
        return certificates.fingerprint(self.private.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return an ES256 signature as DER, or an RS256 one."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))


class Exchange:
    """The exchange, asked with a token.

    Args:
        url: its address.
        token: made for contracts and for reading.

    Raises:
        SignerError: the token would travel in the clear.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        if not self._url.startswith("https://") and not (
            self._url.startswith("http://") and is_loopback(self._url)
        ):
            raise SignerError(f"{url} is neither https nor this machine: the token would travel in the clear")
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept-Language": "en"})

    def get(self, path: str) -> Body:
        """Return a JSON document."""
        return self._json("GET", path)

    def post(self, path: str, body: Body | None = None, key: str | None = None) -> Body:
        """Send a JSON document and return the answer."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._json("POST", path, json=body, headers=headers)

    def fetch(self, path: str) -> bytes:
        """Return a file."""
        return self._asked("GET", path).content

    def _json(self, method: str, path: str, **more: Any) -> Body:
        try:
            found: Body = self._asked(method, path, **more).json()
        except requests.JSONDecodeError as error:
            raise SignerError(f"{self._url} does not answer as an exchange does") from error
        return found

    def _asked(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = self._session.request(
                method, self._url + path, timeout=SECONDS, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise SignerError(f"{self._url} does not answer: {error}") from error
        if answer.status_code >= requests.codes.bad_request:
            raise SignerError(_refusal(answer))
        if answer.is_redirect:
            raise SignerError(f"{self._url} is not where the exchange is; use the address it names itself by")
        return answer


def load(file: Path, password: str | None = None) -> Key:
    """Return the key of a PEM or PKCS#12 file.

    Raises:
        SignerError: there is none, or the password is not the file's.
    """
    secret = password.encode() if password else None
    try:
        content = file.read_bytes()
        if b"-----BEGIN" in content:
            private: Any = load_pem_private_key(content, secret)
            found = x509.load_pem_x509_certificates(content) if b"BEGIN CERTIFICATE" in content else []
        else:
            private, own, above = pkcs12.load_key_and_certificates(content, secret)
            found = [*([own] if own else []), *above]
    except OSError as error:
        raise SignerError(f"{file}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SignerError(f"{file} holds no key that this password opens: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise SignerError(f"{file} holds no key of a kind that signs contracts (P-256 or RSA)")
    return Key(private, _ordered(private, found))


def make(file: Path, password: str | None = None) -> Key:
    """Make a P-256 key in a new file that its owner alone may read.

    Raises:
        SignerError: the file is there, or cannot be written.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    protection = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as written:
            written.write(pem)
            written.flush()
            os.fsync(written.fileno())
        sync_folder(file.absolute().parent)
    except OSError as error:
        raise SignerError(f"{file}: {error.strerror}") from error
    return Key(private)


def with_certificates(key: Key, file: Path) -> Key:
    """Return a key with the certificates of a PEM file: its own, and those above it.

    Raises:
        SignerError: there are none, or none is this key's.
    """
    try:
        found = _ordered(key.private, x509.load_pem_x509_certificates(file.read_bytes()))
    except OSError as error:
        raise SignerError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise SignerError(f"{file} holds no certificates: {error}") from error
    if not found:
        raise SignerError(f"{file} holds no certificate of this key")
    return Key(key.private, found)


def request(exchange: Exchange, key: Key, device: str) -> Body:
    """Have a certificate of the exchange's own authority issued for a key."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.sign(key.private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    return exchange.post(PATH, {"csr": csr, "device": device}, key=key.fingerprint)


def register(exchange: Exchange, key: Key, device: str) -> Body:
    """Enter the certificates that lie beside a key, issued by another authority.

    Raises:
        SignerError: the certificate or those above it are not there, or the exchange refuses.
    """
    if len(key.certificates) < 2:
        raise SignerError("the file must hold the key's certificate and those above it, up to a root")
    challenge = exchange.post(f"{PATH}/challenge")["challenge"]
    body = {
        "certificates": [one.public_bytes(Encoding.PEM).decode() for one in key.certificates],
        "device": device,
        "challenge": challenge,
        "signature": _text(key.sign(str(challenge).encode())),
    }
    return exchange.post(f"{PATH}/own", body, key=key.fingerprint)


def sign(exchange: Exchange, number: str, key: Key, document: bytes, kind: str = CONTRACT) -> Body:
    """Sign a contract, or the draft of a standing offer, by a key that has a certificate at the exchange.

    Args:
        exchange: where the contract is.
        number: of the contract.
        key: of the signer.
        document: the document that the signer has read, byte for byte.
        kind: :data:`CONTRACT` or :data:`OFFER`.

    Raises:
        SignerError: the contract is over another document, the exchange prepared something else than that, or it
            refuses.
    """
    place = f"/api/v1/{kind}/{number}"
    shown = exchange.get(place)
    contract = shown if kind == CONTRACT else {**shown, **shown["paper"], "signatures": []}
    digest = hashlib.sha256(document).hexdigest()
    if digest != contract["document_digest"]:
        raise SignerError("it is over another document than this; fetch and read the current one")
    wanted = {"document_digest": digest, "key": key.fingerprint}
    prepared = exchange.post(f"{place}/signature/preparation", wanted)
    to_sign = base64.b64decode(prepared["to_sign"])
    base = exchange.fetch(f"{place}/signed.pdf") if contract["signatures"] else document
    if not base.startswith(document):
        raise SignerError("the signed file does not begin with the document")
    _check_statement(exchange, contract, digest, prepared)
    certificate = _certificate(exchange, key)
    file = base + base64.b64decode(prepared["revision"])
    try:
        first, last = prepared["room"]
        pades.refuse_other(Prepared(file, (first, last), to_sign, certificate, ()))
    except ContractError as error:
        raise SignerError(f"the exchange prepared another file: {error}") from error
    body = {"preparation": prepared["preparation"], "signature": _text(key.sign(to_sign))}
    return exchange.post(f"{place}/signature", body)


def _check_statement(exchange: Exchange, contract: Body, digest: str, prepared: Body) -> None:
    """Refuse a statement that says anything but this contract, this document, and our own part in it."""
    own = exchange.get("/api/v1/me")["organisation"]["id"]
    role = Role.PROVIDER if own == contract["provider_id"] else Role.BUYER
    wanted = signing.statement(
        contract["number"],
        role,
        terms=contract["terms_digest"],
        document=digest,
        template=contract["template_digest"],
    )
    named = hashlib.sha256(wanted.encode()).hexdigest().encode()
    if prepared["statement"] != wanted or named not in base64.b64decode(prepared["revision"]):
        raise SignerError("the exchange prepared a signature for something else")


def certificates_of(exchange: Exchange, key: Key) -> str:
    """Return the certificate that the exchange has for a key, and those above it, PEM.

    Raises:
        SignerError: it has none, or does not answer.
    """
    item = _listed(exchange, key)
    return "".join([item["certificate"], *item["chain"]])


def _certificate(exchange: Exchange, key: Key) -> bytes:
    """Return the certificate that the exchange has for a key, which must be the key's own."""
    return x509.load_pem_x509_certificate(_listed(exchange, key)["certificate"].encode()).public_bytes(
        Encoding.DER
    )


def _listed(exchange: Exchange, key: Key) -> Body:
    """Return what the exchange shows of a key."""
    path: str | None = PATH
    while path:
        page = exchange.get(path)
        for item in page["items"]:
            if item["fingerprint"] == key.fingerprint:
                found = x509.load_pem_x509_certificate(item["certificate"].encode())
                if found.public_key() == key.private.public_key():
                    shown: Body = item
                    return shown
        path = f"{PATH}?cursor={page['next']}" if page["next"] else None
    raise SignerError("the exchange has no certificate for this key; run: qilu keys request")


def _ordered(private: Private, found: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return certificates from the key's own up to a root; what leads nowhere is left out."""
    chain = [one for one in found if one.public_key() == private.public_key()][:1]
    while chain and chain[-1].issuer != chain[-1].subject:
        above = next((one for one in found if one.subject == chain[-1].issuer and one not in chain), None)
        if above is None:
            break
        chain.append(above)
    return chain


def _refusal(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['detail']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        return f"the exchange answered {answer.status_code}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
