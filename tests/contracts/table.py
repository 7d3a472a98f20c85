"""A negotiation over the small text, in memory, without a typesetter."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from contracts import canonical, offers, service
from contracts.document import Draft, compose
from contracts.models import Base, Contract
from contracts.render import Rendered
from contracts.terms import Terms, parse
from contracts.vocabulary import Role
from tests.contracts import accepted, small

NOW = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
OTHER = {Role.PROVIDER: Role.BUYER, Role.BUYER: Role.PROVIDER}


@contextmanager
def opened() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def drawn(terms: Terms) -> tuple[Draft, Rendered]:
    """Return a document whose bytes depend on the terms, as a real one's do."""
    draft = compose(small.model(), terms)
    return draft, Rendered(b"%PDF-" + draft.terms, (b"<svg",), canonical.encode({"pages": ["0" * 64]}))


def requested(session: Session, **values: Any) -> Contract:
    draft, rendered = drawn(small.terms(**values))
    ids: dict[str, Any] = {name: uuid.uuid4() for name in ("provider_id", "buyer_id", "asset_id")}
    return service.request(session, uuid.uuid4(), draft, rendered, at=NOW, **ids)


def offered(session: Session, contract: Contract, role: Role, base: str = "", **values: Any) -> Terms:
    """Put a version on the table and return its terms."""
    terms = small.terms(**values)
    draft, rendered = drawn(terms)
    made = offers.Offer(role, draft, rendered, NOW, "说明")
    offers.offer(session, uuid.uuid4(), contract, base or contract.terms_digest, made)
    return terms


def suggestion(
    contract: Contract, role: Role, clause: str, changes: dict[str, Any] | None, on: str = ""
) -> offers.Saying:
    return offers.Saying(role, on or contract.terms_digest, clause, "可否？", NOW, changes)


def signed(contract: Contract, role: Role, document: str = "") -> service.Signed:
    """Return what a signer brings who was shown a document: nothing here depends on the signature's own bytes."""
    return service.Signed(
        role=role,
        document_digest=document or contract.document_digest,
        base_digest=service.newest_digest(contract),
        key_id=uuid.uuid4(),
        algorithm="ES256",
        file_digest=canonical.sha256(f"{contract.document_digest} {role}".encode()),
        stamped=True,
    )


def present(contract: Contract) -> Terms:
    terms = parse(contract.terms.encode())
    assert isinstance(terms, Terms)
    return terms


def accepting(session: Session) -> Contract:
    """Return a contract that accepts a standing offer, agreed by the signature in that."""
    draft = compose(small.model(), accepted.accepting())
    rendered = Rendered(b"%PDF-" + draft.terms, (b"<svg",), canonical.encode({"pages": ["0" * 64]}))
    ids: dict[str, Any] = {name: uuid.uuid4() for name in ("provider_id", "buyer_id", "asset_id")}
    contract = service.request(session, uuid.uuid4(), draft, rendered, at=NOW, **ids)
    agree(session, contract)
    return contract


def agree(session: Session, contract: Contract) -> None:
    service.agree(session, uuid.uuid4(), contract)


def sign(session: Session, contract: Contract, role: Role) -> None:
    service.sign(session, uuid.uuid4(), contract, signed(contract, role), NOW)


def finalize(session: Session, contract: Contract) -> None:
    service.finalize(session, uuid.uuid4(), contract)
