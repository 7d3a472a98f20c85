"""A witness's signature over a checkpoint of a log it watches (C2SP tlog-cosignature).

A cosignature is one more signature line of the checkpoint's note. It says that its signer saw this head at that time,
and no other history of the log before. The log's own lines are `note.Signer`'s: the key of a cosigner signs nothing
else, since an Ed25519 cosignature does not bind the name beside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.checkpoint import parse_checkpoint
from ledger.errors import FormError
from ledger.note import (
    COSIGNATURE,
    ML_DSA_COSIGNATURE,
    TIME_SIZE,
    Signature,
    VerifierKey,
    parse_signature,
    require_name,
    signature_line,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


@dataclass(frozen=True)
class Cosigner:
    """A witness's private key with the name it signs under."""

    name: str
    private: Union[Ed25519PrivateKey, "MLDSA44PrivateKey"]

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._algorithm, self.private.public_key().public_bytes_raw())

    @property
    def _algorithm(self) -> int:
        return COSIGNATURE if isinstance(self.private, Ed25519PrivateKey) else ML_DSA_COSIGNATURE

    def cosign(self, checkpoint_text: str, time: int) -> str:
        """Return the signature line of a checkpoint, newline included.

        Args:
            checkpoint_text: the signed text of the note, up to and with the newline before the blank line.
            time: seconds since 1970, when this head was seen to be the newest.

        Raises:
            FormError: The text is not a checkpoint, or the time does not fit.
        """
        parse_checkpoint(checkpoint_text)
        if time < 1:
            raise FormError("a cosigner knows the time")
        key = self.verifier
        signature = self.private.sign(key.cosigned(checkpoint_text, time))
        return signature_line(key, time.to_bytes(TIME_SIZE) + signature)


def generate(name: str, algorithm: int = COSIGNATURE) -> Cosigner:
    """Return a new key under `name`.

    Args:
        name: what the signature lines will begin with.
        algorithm: `note.COSIGNATURE` (Ed25519) or `note.ML_DSA_COSIGNATURE`.

    Raises:
        FormError: The name is empty or holds a space or a plus sign, the algorithm is no cosigner's, or this
            machine's `cryptography` does not have it.
    """
    require_name(name)
    if algorithm == COSIGNATURE:
        return Cosigner(name, Ed25519PrivateKey.generate())
    if algorithm != ML_DSA_COSIGNATURE:
        raise FormError("not the key of a cosigner")
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        return Cosigner(name, MLDSA44PrivateKey.generate())
    except (ImportError, UnsupportedAlgorithm) as error:
        raise FormError("ML-DSA-44 needs cryptography 47 or newer") from error


def signed_at(line: str | Signature) -> int:
    """Return the time a cosignature names, in seconds since 1970; whether it is true is the key's question.

    Args:
        line: a signature line with or without its newline, or one that `note.parse_note` read.

    Raises:
        FormError: It is not a signature line, or too short to hold a time.
    """
    signature = parse_signature(line.removesuffix("\n")) if isinstance(line, str) else line
    if len(signature.signature) <= TIME_SIZE:
        raise FormError("a cosignature holds a time and a signature")
    return int.from_bytes(signature.signature[:TIME_SIZE])
