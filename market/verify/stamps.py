"""Time stamps in a bundle (RFC 3161): a head below the bundle's own existed when an outside authority saw it.

The authority's certificate is opened from a key entry, and the stamped head is shown to be a part of the bundle's own;
so what is below it was there by the authority's time, as far as one believes the authority.
"""

import base64
import re
from collections.abc import Mapping

from cryptography import x509

from ledger.canonical import from_base64
from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.evidence import CONSISTENCY
from ledger.merkle import verify_consistency
from ledger.note import parse_note
from market import timestamping
from market.timestamping import StampError
from market.verify.evidence import Evidence
from market.verify.report import CheckFailed, Report, require

FOLDER = "timestamps/"
ANSWER = ".tsr"
TEXT = ".text"

_NAME = re.compile(re.escape(FOLDER) + r"([0-9]{1,19})-[0-9]{1,3}" + re.escape(ANSWER))


def check(report: Report, evidence: Evidence) -> None:
    """Check every token of a bundle; a bundle need not have any."""
    files = evidence.files
    for name in sorted(name for name in files if name.startswith(FOLDER) and name.endswith(ANSWER)):
        with report.checking(name):
            match = _NAME.fullmatch(name)
            if match is None:
                raise CheckFailed("is not named after the size of a head")
            text = files[f"{FOLDER}{match[1]}{TEXT}"]
            _require_part(files, int(match[1]), text)
            roots = [
                x509.load_der_x509_certificate(base64.b64decode(image.row["public_key"], validate=True))
                for image in evidence.rows("key", purpose="tsa", state="active")
            ]
            require(roots, "no entry publishes the certificate of a time-stamp authority")
            try:
                stamp = timestamping.check(files[name], text, roots)
            except StampError as error:
                raise CheckFailed(str(error)) from error
            below = sum(index < int(match[1]) for index in evidence.entries)
            report.ok(
                name,
                f"{stamp.authority} saw the head of size {match[1]} by {stamp.time:%Y-%m-%dT%H:%M:%SZ}; "
                f"{below} of the entries here are below it",
            )


def _require_part(files: Mapping[str, bytes], size: int, text: bytes) -> None:
    """The stamped text is a head of the same log that the bundle's head only added to."""
    old = parse_checkpoint(text.decode())
    new = parse_checkpoint(parse_note(files[CHECKPOINT].decode())[0])
    require(old.size == size and old.origin == new.origin, "the stamped text is of another head")
    lines = files[f"{FOLDER}{size}{CONSISTENCY}"].decode("ascii").splitlines()
    verify_consistency(old.size, new.size, [from_base64(line) for line in lines], old.root, new.root)
