"""An authenticator in software: makes passkeys and asserts with them, as browsers hand on what real ones do."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, AT = 0x01, 0x04, 0x40
Json = dict[str, Any]


def text(data: bytes) -> str:
    """Return bytes as browsers write them: base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    """One passkey on P-256.

    Args:
        origin: of the page that asks.
        flags: what the authenticator claims of the person.
    """

    def __init__(self, origin: str = "http://localhost:8080", *, flags: int = UP | UV) -> None:
        self.origin, self.flags, self.count = origin, flags, 0
        self.rp_id = origin.split("//")[1].split(":", maxsplit=1)[0]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)

    @property
    def cose(self) -> bytes:
        """The public key as COSE, in the one CBOR spelling that authenticators use."""
        numbers = self.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (numbers.x, numbers.y))
        return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y

    def make(self, options: Json) -> str:
        """Answer ``navigator.credentials.create``."""
        client = self._client("webauthn.create", options["challenge"])
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self.cose
        data = self._data(self.flags | AT) + attested
        attestation = (
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + b"\x59" + struct.pack(">H", len(data)) + data
        )
        response = {"clientDataJSON": text(client), "attestationObject": text(attestation)}
        return self._answer({**response, "transports": ["internal", "telepathy"]})

    def give(self, options: Json) -> str:
        """Answer ``navigator.credentials.get``."""
        client, data, signature = self.sign(base64.urlsafe_b64decode(options["challenge"] + "=="))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": None,
            }
        )

    def sign(self, challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """Return client data, authenticator data and the signature over both."""
        self.count += 1
        client, data = self._client("webauthn.get", text(challenge)), self._data(self.flags)
        signed = data + hashlib.sha256(client).digest()
        return client, data, self.key.sign(signed, ec.ECDSA(hashes.SHA256()))

    def _answer(self, response: Json) -> str:
        name = text(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)
