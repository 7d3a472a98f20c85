"""The exchange's own certification authority: a root, and below it the key that signs parties' certificates.

Below that stand two keys of the exchange's own: its clock's and its seal, by which it signs its own documents.

It vouches for one thing: that the operator verified the organisation whose name and code a certificate carries, and
that the organisation showed it had the key. It is a convention of this exchange. It is no licensed provider of
electronic certification services under the Electronic Signature Law, and its own time stamps say what the exchange's
clock says. Its certificates stand in one ``key.published`` entry, so that a verifier opens them from the log.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, config, steps
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.keys import files, issuing
from market.keys.issuing import Issuer, Revoked
from market.keys.models import Certificate, CertificateState, Key, KeyState, Lane, Purpose
from market.steps import Kind, Step

ROOT: Final = "authority-root"
ISSUING: Final = "authority-issuing"
STAMPING: Final = "authority-stamping"
SEAL: Final = "authority-seal"
"""Stems of the files of the private halves."""

_PURPOSES: Final = {
    ROOT: Purpose.CA, ISSUING: Purpose.CA, STAMPING: Purpose.STAMPING, SEAL: Purpose.SEAL,
}  # fmt: skip

ALGORITHM: Final = "X.509"
HOLDER: Final = "exchange"
ADDRESS: Final = "/authority/"
"""Where certificates and lists of revocations are served."""


def publish() -> Step | None:
    """Make what the authority lacks and publish the certificates in one entry; again is nothing new, and None.

    It lacks everything when the exchange is founded, and its seal where an older version founded it.

    Raises:
        Conflict: its key files are not the published ones (``key.mismatch``).
    """
    with read() as session:
        there = _there(session)
    made = _made(there)
    if not made:
        return None
    with transaction() as session:
        if _there(session).keys() != there.keys():
            return None
        step = steps.begin(Actor.system("keys"), Kind.KEY_PUBLISHED, steps.new_handle())
        for name, found in made.items():
            session.add(
                Key(
                    step_id=step.id,
                    purpose=_PURPOSES[name],
                    organisation_id=None,
                    algorithm=ALGORITHM,
                    public_key=text_of(found.public_bytes(Encoding.DER)),
                    holder=HOLDER,
                    state=KeyState.ACTIVE,
                    published_at=clock.now(),
                )
            )
        return steps.record(session, step)


def rows(session: Session, *, seal: bool = False) -> list[Key]:
    """Return the rows of the authority's certificates, oldest first; with the exchange's seal when it is asked for."""
    wanted = [Purpose.CA, Purpose.STAMPING, *([Purpose.SEAL] if seal else [])]
    query = select(Key).where(Key.purpose.in_(wanted))
    return sorted(
        session.scalars(query),
        key=lambda row: (row.published_at, wanted.index(row.purpose), not _is_root(certificate(row))),
    )


def certificate(row: Key) -> x509.Certificate:
    """Return the certificate of a row."""
    return x509.load_der_x509_certificate(der_of(row))


def der_of(row: Key) -> bytes:
    """Return the bytes of the certificate of a row."""
    return base64.b64decode(row.public_key)


def text_of(der: bytes) -> str:
    """Return DER as it stands in a row: base64 on one line."""
    return base64.b64encode(der).decode()


def roots(session: Session) -> list[bytes]:
    """Return what every certificate of the authority leads to, DER; a reader trusts these or nothing."""
    return [der_of(row) for row in rows(session) if _is_root(certificate(row))]


def chain(session: Session) -> list[bytes]:
    """Return what stands above a party's certificate, DER: the issuing certificate, then the root.

    Raises:
        Conflict: the authority is not published yet.
    """
    below = issuer(session, ISSUING).certificate
    above = issuer(session, ROOT).certificate
    return [one.public_bytes(Encoding.DER) for one in (below, above)]


def crls(session: Session) -> list[bytes]:
    """Return the lists of revocations as they are now, DER: of the issuing key, then of the root.

    Raises:
        Conflict: the authority is not published yet, or its key files are not the published ones.
    """
    return [revocations(session, ISSUING), revocations(session, ROOT)]


def revocations(session: Session, name: str) -> bytes:
    """Return the list of one of the two keys, DER; the root has never revoked anything.

    Raises:
        Conflict: as in :func:`crls`.
    """
    revoked: list[Revoked] = []
    if name == ISSUING:
        query = select(Certificate).where(
            Certificate.lane == Lane.ISSUED, Certificate.state == CertificateState.REVOKED
        )
        revoked = [
            Revoked(int(row.serial, 16), row.revoked_at, row.reason)
            for row in session.scalars(query)
            if row.revoked_at is not None and row.reason is not None
        ]
    return issuing.revocations(issuer(session, name), revoked, clock.now())


def issuer(session: Session, name: str) -> Issuer:
    """Return one of the two keys that sign, with its certificate.

    Args:
        session: a session.
        name: :data:`ROOT` or :data:`ISSUING`.

    Raises:
        Conflict: the authority is not published yet, or its key files are not the published ones.
    """
    found, key = signer(session, name)
    return Issuer(found, key, _address(name))


def signer(session: Session, name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return a certificate of the authority with its private half.

    Raises:
        Conflict: as in :func:`issuer`.
    """
    row = issuer_row(session, name)
    if row is None:
        raise Conflict("key.not_published", _("The signing key is not published yet; try again in a moment."))
    found, key = certificate(row), files.load_or_make_party(_folder(), name)
    _refuse_other(found, key)
    return found, key


def issuer_row(session: Session, name: str = ISSUING) -> Key | None:
    """Return the row of the newest certificate of a name, or None before it is published."""
    query = select(Key).where(Key.purpose == _PURPOSES[name], Key.state == KeyState.ACTIVE)
    for row in session.scalars(query.order_by(Key.published_at.desc())):
        if _is_root(certificate(row)) == (name == ROOT):
            return row
    return None


def _refuse_other(found: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    if found.public_key() != key.public_key():
        raise Conflict(
            "key.mismatch", _("The key file does not belong to the published key; ask the operator.")
        )


def _there(session: Session) -> dict[str, x509.Certificate]:
    """Return the published certificates by the names of their keys."""
    found = {name: issuer_row(session, name) for name in _PURPOSES}
    return {name: certificate(row) for name, row in found.items() if row is not None}


def _made(there: Mapping[str, x509.Certificate]) -> dict[str, x509.Certificate]:
    """Return the certificates that are not there by the names of their keys, which are on disk."""
    if len(there) == len(_PURPOSES):
        return {}
    folder, at = _folder(), clock.now()
    host = (urlsplit(config.current().base_url).hostname or "exchange")[:40]
    keys = {name: files.load_or_make_party(folder, name) for name in _PURPOSES}
    for name, found in there.items():
        _refuse_other(found, keys[name])
    root = there.get(ROOT) or issuing.root(keys[ROOT], f"{host} root", at)
    top = Issuer(root, keys[ROOT], _address(ROOT))
    below = there.get(ISSUING) or issuing.issuing(
        top, keys[ISSUING].public_key(), f"{host} organisations", at
    )
    mid = Issuer(below, keys[ISSUING], _address(ISSUING))
    made = {
        ROOT: root,
        ISSUING: below,
        STAMPING: issuing.stamping(mid, keys[STAMPING].public_key(), f"{host} clock", at),
        SEAL: issuing.seal(mid, keys[SEAL].public_key(), f"{host} seal", at),
    }
    return {name: found for name, found in made.items() if name not in there}


def _address(name: str) -> str:
    base = config.current().base_url.rstrip("/")
    return f"{base}{ADDRESS}{name.removeprefix('authority-')}"


def _is_root(found: x509.Certificate) -> bool:
    return found.issuer == found.subject


def _folder() -> Path:
    return config.current().home / "keys"
