"""Signing: the file is prepared and completed outside, then one transaction keeps what nothing overtook.

A party signs by a key of its own, made in a browser or kept outside the exchange: :func:`prepare` gives the bytes to
sign, :func:`complete` takes the signature. Where a setting allows it, :func:`sign` does both by a key that the
exchange holds. What is signed, and what follows from it, is told by a paper (:mod:`market.contracting.papers`): a
contract, unless another kind is asked for. A time stamp is asked for in between; when no authority answers, the
signature is made without one, that is said, and :mod:`market.contracting.stamping` stamps the file later.
"""

import base64
import hashlib
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from contracts import canonical, cms, pades, stepup
from contracts.errors import SignatureError
from contracts.pades import Completed, Evidence, Prepared, Signer
from contracts.service import Signed
from contracts.vocabulary import Role as Party
from market import clock, storage
from market.actor import Actor
from market.contracting import papers
from market.contracting.models import Preparation
from market.contracting.papers import Find, Paper, outdated
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.i18n import gettext as _
from market.keys import authority, certificates, contract_stamps, held
from market.participants import passkeys
from market.steps import Step

LASTS: Final = timedelta(minutes=15)
"""How long a preparation may be used."""


@dataclass(frozen=True)
class Begun:
    """A signature that is being made.

    Attributes:
        id: of the preparation.
        to_sign: DER of the attributes that the party's key signs with SHA-256.
        statement: what the party agrees to, canonical JSON; its digest stands in the signature.
        revision: what the signature adds to the file as it is, with the room for it; whoever signs can hold
            ``to_sign`` against the file by that.
        room: first and one past the last byte of that room, in the whole file.
        expires_at: until when it can be completed (aware UTC).
    """

    id: uuid.UUID
    to_sign: bytes
    statement: str
    revision: bytes
    room: tuple[int, int]
    expires_at: datetime


@dataclass(frozen=True)
class _Ground:
    """What a signature is prepared from, read in one session."""

    paper_id: uuid.UUID
    role: Party
    order: Sequence[Party]
    key_id: uuid.UUID
    signer: Signer
    statement: str
    base_digest: str
    evidence: Evidence | None


def sign(actor: Actor, number: str, document_digest: str, find: Find = papers.contract) -> Step:
    """Sign for the actor's organisation with the key that the exchange holds for it (R4.2, R4.3).

    Opens its own doors: the file is signed and stamped outside of any transaction.

    Args:
        actor: a member of the provider or the buyer.
        number: the contract's number.
        document_digest: SHA-256 of the document the actor was shown.
        find: of which kind it is.

    Raises:
        NotFound: no such contract, or other parties'.
        Conflict: the exchange holds no keys of parties (``key.not_held``), another document
            (``contract.other_document``), not this party's turn (``contract.wrong_state``), too late
            (``contract.expired``), signed already by somebody else, not approved by a second person though the
            party's rule asks for it (``contract.approval_needed``), or the asset is not registered any more.
        Forbidden: not in this role, this person approved it (``approval.own``), or a party is suspended.
    """
    given = {"document_digest": document_digest}
    with read() as session:
        paper = find(session, actor, number, False)
        if done := paper.repeated(session, actor, given):
            return done
        paper.refuse(session, document_digest)
    held.hold(paper.owner_id)
    with read() as session:
        paper = find(session, actor, number, False)
        key = held.key_of(session, paper.owner_id)
        ground = _ground(session, paper, key.id, Signer(paper.role, key.certificate, key.chain))
    prepared = _prepared(ground)
    completed = _completed(prepared, key.sign(prepared.to_sign))
    return _keep(find, actor, number, ground, completed, document_digest, given)


def signed(actor: Actor, number: str, data: dict[str, Any], find: Find = papers.contract) -> Step:
    """Sign in one of the two ways that :class:`market.contracting.schemas.SignatureIn` lets through.

    Raises:
        Invalid: the signature is not base64, or not of that key (``signature.invalid``).
        NotFound, Conflict, Forbidden: as in :func:`sign` and :func:`complete`.
    """
    if "preparation" not in data:
        return sign(actor, number, data["document_digest"], find)
    try:
        signature = base64.b64decode(data["signature"], validate=True)
    except ValueError as error:
        raise _invalid(error) from error
    return complete(actor, number, data["preparation"], signature, data.get("assertion"), find)


def prepare(
    actor: Actor, number: str, document_digest: str, fingerprint: str, find: Find = papers.contract
) -> Begun:
    """Prepare a signature by a key of the party's own.

    Args:
        actor: a member of the provider or the buyer.
        number: the contract's number.
        document_digest: SHA-256 of the document the actor was shown.
        fingerprint: SHA-256 of the key, which names its certificate.
        find: of which kind it is.

    Raises:
        NotFound: no such contract, or no such key of this organisation.
        Conflict: as in :func:`sign`, or the certificate is revoked or not valid now.
        Forbidden: as in :func:`sign`.
    """
    with read() as session:
        paper = find(session, actor, number, False)
        paper.refuse(session, document_digest)
        row = certificates.chosen(session, actor, fingerprint)
        ground = _ground(session, paper, row.id, Signer(paper.role, row.der(), row.chain_der()))
    prepared = _prepared(ground)
    revision = prepared.file[len(storage.current().read(ground.base_digest)) :]
    made = Preparation(
        id=uuid.uuid4(),
        paper_id=ground.paper_id,
        user_id=actor.user_id,
        key_id=ground.key_id,
        base_digest=ground.base_digest,
        tail=zlib.compress(revision),
        room_begins=prepared.room[0],
        room_ends=prepared.room[1],
        to_sign=prepared.to_sign,
        expires_at=clock.now() + LASTS,
    )
    with transaction() as session:
        session.execute(delete(Preparation).where(Preparation.expires_at <= clock.now()))
        session.add(made)
    return Begun(made.id, made.to_sign, ground.statement, revision, prepared.room, made.expires_at)


def complete(
    actor: Actor,
    number: str,
    preparation: uuid.UUID,
    signature: bytes,
    assertion: str | None = None,
    find: Find = papers.contract,
) -> Step:
    """Complete a prepared signature (R4.2, R4.3).

    Args:
        actor: who prepared it.
        number: the contract's number.
        preparation: from :func:`prepare`; it can be used once.
        signature: over its ``to_sign``: r and s as a browser gives them, DER, or PKCS#1 v1.5 of an RSA key.
        assertion: a passkey's, asked for over SHA-256 of the statement; kept with the signature.
        find: of which kind it is.

    Raises:
        NotFound: no such contract, or no such preparation of this person (``signature.not_prepared``): used, or
            another's.
        Invalid: the signature is not of that key (``signature.invalid``).
        Conflict: as in :func:`prepare`, or the file was signed meanwhile (``signature.outdated``), or it is too late
            (``signature.too_late``).
        Forbidden: as in :func:`sign`, or the key is a browser's, its person has a passkey and did not confirm by it
            (``signature.passkey_needed``).
    """
    given = {"preparation": str(preparation)}
    with read() as session:
        paper = find(session, actor, number, False)
        if done := paper.repeated(session, actor, given):
            return done
        row = session.get(Preparation, preparation)
        if row is None or (row.paper_id, row.user_id) != (paper.id, actor.user_id):
            raise _not_prepared()
        if row.expires_at <= clock.now():
            raise Conflict(
                "signature.too_late", _("The time to complete this signature is over. Prepare it again.")
            )
        paper.refuse(session, paper.document_digest)
        _refuse_unconfirmed(session, actor, assertion)
        key = certificates.seen(session, actor, row.key_id)
        certificates.refuse_ended(key, clock.now())
        ground = _grounded(paper, key.id, Signer(paper.role, key.der(), key.chain_der()), row.base_digest)
        if row.base_digest != paper.newest_digest:
            raise outdated()
    base = storage.current().read(row.base_digest)
    prepared = Prepared(
        base + zlib.decompress(row.tail), (row.room_begins, row.room_ends), row.to_sign,
        ground.signer.certificate, tuple(ground.signer.chain),
    )  # fmt: skip
    try:
        completed = _completed(prepared, signature)
    except SignatureError as error:
        raise _invalid(error) from error
    return _keep(find, actor, number, ground, completed, paper.document_digest, given, preparation, assertion)


def _ground(session: Session, paper: Paper, key_id: uuid.UUID, signer: Signer) -> _Ground:
    """Read everything that the signature is made from; the last one brings certificates and lists of revocations."""
    evidence = None
    if paper.role is paper.order[-1]:
        above = [authority.der_of(row) for row in authority.rows(session)]
        evidence = Evidence([signer.certificate, *signer.chain, *above], authority.crls(session))
    return _grounded(paper, key_id, signer, paper.newest_digest, evidence)


def _grounded(
    paper: Paper, key_id: uuid.UUID, signer: Signer, base_digest: str, evidence: Evidence | None = None
) -> _Ground:
    return _Ground(paper.id, paper.role, paper.order, key_id, signer, paper.statement, base_digest, evidence)


def _prepared(ground: _Ground) -> Prepared:
    return pades.prepare(
        storage.current().read(ground.base_digest),
        ground.signer,
        statement=ground.statement,
        at=clock.now(),
        order=ground.order,
        evidence=ground.evidence,
    )


def _completed(prepared: Prepared, signature: bytes) -> Completed:
    """Complete a file and store it under its digest, which nothing names until a transaction does."""
    completed = pades.complete(prepared, signature, contract_stamps.stamp)
    storage.current().put(completed.file)
    return completed


def _keep(
    find: Find,
    actor: Actor,
    number: str,
    ground: _Ground,
    completed: Completed,
    document_digest: str,
    given: dict[str, str],
    preparation: uuid.UUID | None = None,
    assertion: str | None = None,
) -> Step:
    """Keep a signature unless something overtook it."""
    with transaction() as session:
        paper = find(session, actor, number, True)
        if done := paper.repeated(session, actor, given):
            return done
        paper.refuse(session, document_digest)
        if preparation is not None:
            _refuse_unconfirmed(session, actor, assertion)
            _use(session, actor, preparation, ground.key_id)
        made = Signed(
            role=paper.role,
            document_digest=document_digest,
            base_digest=ground.base_digest,
            key_id=ground.key_id,
            algorithm=cms.algorithm_of(ground.signer.certificate),
            file_digest=canonical.sha256(completed.file),
            stamped=completed.stamp is not None,
            assertion=_present(session, actor, ground.statement, assertion),
        )
        return paper.keep(session, actor, made, given)


def _refuse_unconfirmed(session: Session, actor: Actor, assertion: str | None) -> None:
    """Refuse what a page's script signed without the passkey its person has.

    A command line has no authenticator to ask, and its key lies outside of any browser; there it stays a choice.
    """
    if assertion is None and actor.via == "page" and passkeys.has(session, actor.user_id):
        raise Forbidden(
            "signature.passkey_needed",
            _("You have a passkey: confirm by it what you sign. Open the contract again and sign there."),
            rule="R4.16",
        )


def _present(session: Session, actor: Actor, statement: str, assertion: str | None) -> str | None:
    """Check a passkey's assertion over a statement and return what is kept of it, canonical JSON."""
    if assertion is None:
        return None
    challenge = hashlib.sha256(statement.encode()).digest()
    if actor.user_id is None:
        raise ValueError("a job has no passkey")
    found = passkeys.require_recent(session, actor.user_id, challenge, assertion)
    kept = {name: stepup.encoded(value) for name, value in vars(found).items()}
    return canonical.encode({**kept, "rp_id": passkeys.rp_id()}).decode()


def _use(session: Session, actor: Actor, preparation: uuid.UUID, key_id: uuid.UUID) -> None:
    """Use a preparation up; its key must still stand."""
    row = session.get(Preparation, preparation, with_for_update=True)
    if row is None:
        raise _not_prepared()
    session.delete(row)
    certificates.refuse_ended(certificates.seen(session, actor, key_id, lock=True), clock.now())


def _not_prepared() -> NotFound:
    return NotFound(
        "signature.not_prepared",
        _(
            "There is no such preparation of yours: it was used, or it is too old. Prepare the signature again."
        ),
    )


def _invalid(error: Exception) -> Invalid:
    return Invalid(
        "signature.invalid",
        _("The signature does not belong to what was prepared and to your key; sign what was prepared."),
        fault=str(error),
    )
