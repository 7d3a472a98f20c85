"""What a bundle carries beside a trade's own entries: how the log's key changed, what was erased, and time stamps.

A verifier who pins the log's old key follows each change by the new key's entry under a head that the old key signed
(``rotations/<index>.tlog-proof``), and by the proof that the bundle's head only added to that one
(``rotations/<index>.consistency``). An opening that is gone is explained by the entry that lists it. ``timestamps/``
holds the newest token of each authority, the text it is over, and the proof that the bundle's head only added to that.
``revocations/`` holds the lists of revoked certificates as they are when the bundle is written.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import reader, stored
from ledger.canonical import to_base64
from ledger.evidence import CONSISTENCY, PROOF, ROTATIONS, name_of
from ledger.models import LedgerCheckpoint
from ledger.note import parse_note
from ledger.proof import Proof
from market import steps
from market.actor import Actor
from market.contracting import stamping as contract_stamping
from market.keys import authority, ring, stamping
from market.keys.ring import LogKey
from market.oversight import heads, service
from market.oversight.service import Seen
from market.oversight.visibility import Viewer

STAMPS = "timestamps/"
LISTS = "revocations/"
LATE_STAMP = "signed.tst"


def rotations(session: Session, size: int) -> dict[str, bytes]:
    """Return the files by which a verifier follows every change of the log's key up to a head.

    Args:
        session: a session that reads.
        size: of the bundle's head.
    """
    files: dict[str, bytes] = {}
    for key in ring.keys(session):
        if not key.since or key.published is None or key.since > size:
            continue  # the log's first key, which nobody vouches for, or one that is too new
        old, note = _vouching(session, key, size)
        path = stored.tree(session, old).inclusion(key.published)
        proof = Proof(key.published, tuple(path), note)
        name = name_of(ROTATIONS, key.published)
        grown = reader.consistency(session, old, size) if old < size else []
        files[name + PROOF] = proof.text().encode()
        files[name + CONSISTENCY] = "".join(f"{to_base64(item)}\n" for item in grown).encode()
    return files


def stamps(session: Session, size: int) -> dict[str, bytes]:
    """Return each authority's newest time stamp over a head that a bundle's head extends, with what proves that."""
    files: dict[str, bytes] = {}
    for place, stamp in enumerate(stamping.upto(session, size)):
        head = session.get_one(LedgerCheckpoint, stamp.size)
        grown = reader.consistency(session, stamp.size, size) if stamp.size < size else []
        name = f"{STAMPS}{stamp.size}"
        files[f"{name}-{place}.tsr"] = stamp.token
        files[f"{name}.text"] = parse_note(head.note)[0].encode()
        files[name + CONSISTENCY] = "".join(f"{to_base64(item)}\n" for item in grown).encode()
    return files


def certificate_rows(session: Session) -> list[uuid.UUID]:
    """Return the ids of the published certificates that parties' own and time stamps lead to."""
    return [row.id for row in (*authority.rows(session), *stamping.certificate_rows(session))]


def revocations(session: Session) -> dict[str, bytes]:
    """Return the lists of revoked certificates as they are now; none before there is an authority."""
    if authority.issuer_row(session) is None:
        return {}
    return {f"{LISTS}{place}.crl": found for place, found in enumerate(authority.crls(session))}


def late_stamp(session: Session, paper_id: uuid.UUID, folder: str) -> dict[str, bytes]:
    """Return the time stamp over a whole file that could not be made while it was signed.

    Args:
        session: a session that reads.
        paper_id: of the contract or the standing offer.
        folder: where the file stands in the bundle.
    """
    token = contract_stamping.token_of(session, paper_id)
    return {} if token is None else {folder + LATE_STAMP: token}


def offer_entries(session: Session, offers: Sequence[Mapping[str, Any]]) -> list[uuid.UUID]:
    """Return every entry of the standing offer that a contract accepts; who else accepts it is not among them."""
    handles = {offer["handle"] for offer in offers}
    return [step.id for handle in sorted(handles) for step in steps.steps_of(session, handle)]


def erasures(session: Session, actor: Actor, viewer: Viewer, found: list[Seen]) -> list[Seen]:
    """Return the entries that explain which openings of some entries are gone, and those of the same acts."""
    gone = {(seen.entry.id, field) for seen in found for field in seen.erased}
    if not gone:
        return []
    acts = [entry for entry, pairs in steps.erasures(session) if gone.intersection(pairs)]
    there = {seen.entry.id for seen in found}
    handles = {seen.entry.handle for seen in service.of_steps(session, actor, viewer, acts)}
    ids = [step.id for handle in sorted(handles) for step in steps.steps_of(session, handle)]
    return service.of_steps(session, actor, viewer, [entry for entry in ids if entry not in there])


def _vouching(session: Session, key: LogKey, size: int) -> tuple[int, str]:
    """Return a head over a key's entry that the key before signed, and that enough witnesses cosigned if one is."""
    last = min(size, _end(session, key))
    found = heads.accepted(session, heads.policy(session), key.since or 0, last)
    if found is not None:
        return found
    covering = select(func.min(LedgerCheckpoint.size)).where(LedgerCheckpoint.size >= key.since)
    first = session.scalars(covering).one()
    return first, reader.cosigned(session, first)


def _end(session: Session, key: LogKey) -> int:
    """Return the last size at which a key that vouches for this one was surely in use."""
    before = [
        known
        for known in ring.keys(session)
        if known.published is not None and known.published < (key.published or 0)
    ]
    return max(
        (known.retired if known.retired is not None else reader.size(session) for known in before), default=0
    )
