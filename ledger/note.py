"""Signed notes (C2SP signed-note) with Ed25519 keys, and the cosignatures of witnesses over them.

A note is text, a blank line and signature lines: em dash, key name, base64 of key id and signature. Lines of unknown
keys are ignored; a line of a known key that does not verify spoils the whole note.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.canonical import from_base64, to_base64
from ledger.checkpoint import parse_checkpoint
from ledger.errors import FormError, ProofError

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:  # an auditor's older library still checks everything that is Ed25519
    MLDSA44PublicKey = None  # type: ignore[assignment, misc]

ED25519 = 0x01
COSIGNATURE = 0x04
"""Timestamped witness cosignature, C2SP tlog-cosignature; the log's own lines are `ED25519`."""
ML_DSA_COSIGNATURE = 0x06
"""The same with ML-DSA-44, which a quantum computer does not break; needs `cryptography` 47 or newer."""
KEY_SIZES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_COSIGNATURE: 1312}
"""Bytes of a public key."""
SEED_SIZE = 32
"""Bytes of a private key, of every kind."""
TIME_SIZE = 8
"""Bytes of the time before a cosignature."""
MAX_NOTE = 65_536
"""Characters; C2SP asks for a limit that lets 16 signatures pass, and one of ML-DSA takes 3,300."""

_HEX_ID = re.compile(r"[0-9a-f]{8}")
_DASH = "\N{EM DASH} "


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under (a C2SP "vkey")."""

    name: str
    algorithm: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that tell this key's signature lines from others of the same name."""
        kind = bytes([self.algorithm])
        return hashlib.sha256(self.name.encode() + b"\n" + kind + self.public).digest()[:4]

    def __str__(self) -> str:
        """The key as one line of text: name, id, base64 of type and key, joined by plus signs."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.algorithm]) + self.public)}"

    def cosigned(self, text: str, time: int) -> bytes:
        """Return the bytes that a cosignature of this key over a checkpoint's text is made of.

        Args:
            text: the note's text.
            time: seconds since 1970.

        Raises:
            FormError: The text is not a checkpoint that this kind of key can cosign, or the time does not fit.
        """
        if not 0 <= time < 2**63:
            raise FormError("a cosignature's time is in seconds since 1970")
        if self.algorithm == COSIGNATURE:
            return b"cosignature/v1\ntime %d\n" % time + text.encode()
        head = parse_checkpoint(text)
        if head.size >= 2**64:
            raise FormError("a checkpoint's size is below 2^64")
        parts = (b"subtree/v1\n\0", _short(self.name), time.to_bytes(TIME_SIZE), _short(head.origin))
        return b"".join(parts) + bytes(8) + head.size.to_bytes(8) + head.root

    def verify(self, text: str, signature: bytes) -> None:
        """Check the part of a signature line that follows the key id.

        Raises:
            FormError: A cosignature stands under something that is not a checkpoint.
            ProofError: This key did not sign this text, or signs with what this machine cannot check.
        """
        message = text.encode()
        if self.algorithm != ED25519:
            time, signature = signature[:TIME_SIZE], signature[TIME_SIZE:]
            message = self.cosigned(text, int.from_bytes(time))
        try:
            self._public_key().verify(signature, message)
        except InvalidSignature as error:
            raise ProofError(f"signature of {self.name} does not verify") from error

    def _public_key(self) -> "Ed25519PublicKey | MLDSA44PublicKey":
        if self.algorithm != ML_DSA_COSIGNATURE:
            return Ed25519PublicKey.from_public_bytes(self.public)
        try:
            return MLDSA44PublicKey.from_public_bytes(self.public)
        except (AttributeError, UnsupportedAlgorithm) as error:
            raise ProofError(f"{self.name} signs with ML-DSA-44: install cryptography 47 or newer") from error


@dataclass(frozen=True)
class Signer:
    """A private Ed25519 key with the name it signs under. Its text form is the secret itself: never log it."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, ED25519, self.private.public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """Return the private key as one line, the form Go's sumdb note package writes."""
        key = to_base64(bytes([ED25519]) + self.private.private_bytes_raw())
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{key}"

    def sign(self, text: str) -> str:
        """Return `text` as a note with one signature.

        Raises:
            FormError: The text does not end in a newline or holds a control character.
        """
        if not text.endswith("\n") or not _is_clean(text):
            raise FormError("a note's text ends in a newline and holds no control characters")
        return f"{text}\n{signature_line(self.verifier, self.private.sign(text.encode()))}"


@dataclass(frozen=True)
class Signature:
    """One signature line: whose it claims to be, and the bytes behind the key id."""

    name: str
    id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, newline included."""
        return f"{_DASH}{self.name} {to_base64(self.id + self.signature)}\n"


def generate(name: str) -> Signer:
    """Return a new key under `name`.

    Raises:
        FormError: The name is empty or holds a space or a plus sign.
    """
    require_name(name)
    return Signer(name, Ed25519PrivateKey.generate())


def parse_signer(text: str) -> Signer:
    """Return the private key of `Signer.secret_text`.

    Raises:
        FormError: The text has another form, or the id does not belong to the key; it is not repeated in the message.
    """
    if not text.startswith("PRIVATE+KEY+"):
        raise FormError("not a private note key")
    name, hex_id, algorithm, key = _split_key(text.removeprefix("PRIVATE+KEY+"))
    if (algorithm, len(key)) != (ED25519, SEED_SIZE):
        raise FormError("a log's private key is of Ed25519")
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(key))
    if signer.verifier.id.hex() != hex_id:
        raise FormError("private note key: the id belongs to another key")
    return signer


def parse_verifier(text: str) -> VerifierKey:
    """Return the public key of a vkey line.

    Raises:
        FormError: Another form, an unsupported algorithm, or an id that belongs to another key.
    """
    name, hex_id, algorithm, key = _split_key(text)
    if len(key) != KEY_SIZES.get(algorithm):
        raise FormError(
            f"vkey of {name}: algorithm {algorithm} is not supported, or the key is of another size"
        )
    verifier = VerifierKey(name, algorithm, key)
    if verifier.id.hex() != hex_id:
        raise FormError(f"vkey of {name}: the id belongs to another key")
    return verifier


def parse_note(note: str) -> tuple[str, list[Signature]]:
    """Return the text of a note and its signature lines, nothing of it checked yet.

    Raises:
        FormError: It is not a note.
    """
    if len(note) > MAX_NOTE or not _is_clean(note):
        raise FormError("a note is short and holds no control characters")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise FormError("a note is text, a blank line and signature lines")
    return text + "\n", [parse_signature(line) for line in lines[:-1].split("\n")]


def open_note(note: str, known: Iterable[VerifierKey]) -> tuple[str, frozenset[VerifierKey]]:
    """Return the text of a note and the known keys that signed it.

    Raises:
        FormError: It is not a note.
        ProofError: A line of a known key does not verify, or no known key signed: the text is worthless.
    """
    text, signatures = parse_note(note)
    keys = {(key.name, key.id): key for key in known}
    signed = set()
    for line in signatures:
        if key := keys.get((line.name, line.id)):
            key.verify(text, line.signature)
            signed.add(key)
    if not signed:
        raise ProofError("the note is not signed by a known key")
    return text, frozenset(signed)


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """Return the line of a note that carries a signature of `key`, newline included."""
    return Signature(key.name, key.id, signature).line()


def parse_signature(line: str) -> Signature:
    """Return a signature line, given without its newline.

    Raises:
        FormError: It is not one.
    """
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise FormError("a signature line begins with an em dash")
    require_name(name)
    data = from_base64(encoded)
    if len(data) <= 4:
        raise FormError("a signature line holds a key id and a signature")
    return Signature(name, data[:4], data[4:])


def _split_key(text: str) -> tuple[str, str, int, bytes]:
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    require_name(name)
    data = from_base64(encoded)
    if not _HEX_ID.fullmatch(hex_id) or not data:
        raise FormError("not a note key")
    return name, hex_id, data[0], data[1:]


def require_name(name: str) -> None:
    """Refuse a name that cannot stand in a signature line.

    Raises:
        FormError: It is empty or holds a space, a plus sign, a control character or what is no UTF-8.
    """
    if not name or "+" in name or any(character.isspace() for character in name) or not _is_clean(name):
        raise FormError("a key name is not empty and holds no space or plus sign")


def _short(name: str) -> bytes:
    """A name behind its length in one byte."""
    data = name.encode()
    if not 0 < len(data) < 256:
        raise FormError("an ML-DSA cosignature covers names of at most 255 bytes")
    return bytes([len(data)]) + data


def _is_clean(text: str) -> bool:
    return all(character >= " " or character == "\n" for character in text) and _is_utf8(text)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
