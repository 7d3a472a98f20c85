import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from contracts import canonical, library, service, signing
from contracts.checks import Outcome
from contracts.document import compose
from contracts.errors import ContractError, DocumentMismatch, StateError
from contracts.models import Base, Contract, Signature
from contracts.negotiation import Ending, State
from contracts.render import Rendered
from contracts.verify import Package, PartySignature, verify
from contracts.vocabulary import Role
from tests.contracts.first.sample import TERMS

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=timezone(timedelta(hours=8)))
KEYS = {role: ec.generate_private_key(ec.SECP256R1()) for role in Role}


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def contract(session: Session) -> Contract:
    draft = compose(library.load(TERMS.model), TERMS)
    ids: dict[str, Any] = {name: uuid.uuid4() for name in ("provider_id", "buyer_id", "asset_id")}
    return service.request(session, uuid.uuid4(), draft, Rendered(b"%PDF-", (b"<svg",), b"{}"), at=NOW, **ids)


def signed(contract: Contract, role: Role, **change: Any) -> service.Signed:
    values = {
        "role": role,
        "document_digest": contract.document_digest,
        "base_digest": service.newest_digest(contract),
        "key_id": uuid.uuid4(),
        "algorithm": "ES256",
        "file_digest": canonical.sha256(role.encode()),
        "stamped": True,
    }
    return service.Signed(**{**values, **change})


def test_both_sign_and_the_contract_is_in_force(session: Session, contract: Contract) -> None:
    for role, state in ((Role.PROVIDER, State.AGREED), (Role.BUYER, State.VERIFIED)):
        step = uuid.uuid4()
        signature = service.sign(session, step, contract, signed(contract, role), NOW)
        assert (contract.state, contract.step_id, signature.step_id) == (state, step, step)
    service.finalize(session, uuid.uuid4(), contract)
    session.expire_all()
    assert contract.state is State.FINALIZED
    assert contract.final_digest == canonical.sha256(b"buyer")
    assert [one.signed_at for one in contract.signatures] == [NOW.astimezone(UTC)] * 2


def test_the_provider_signs_first(session: Session, contract: Contract) -> None:
    with pytest.raises(StateError):
        service.sign(session, uuid.uuid4(), contract, signed(contract, Role.BUYER), NOW)


def test_nobody_signs_twice(session: Session, contract: Contract) -> None:
    service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW)
    with pytest.raises(StateError):
        service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW)


def test_another_document_is_not_signed(session: Session, contract: Contract) -> None:
    other = replace(signed(contract, Role.PROVIDER), document_digest="0" * 64)
    with pytest.raises(DocumentMismatch):
        service.sign(session, uuid.uuid4(), contract, other, NOW)
    assert contract.signatures == []


def test_a_signature_of_a_file_that_was_signed_meanwhile_is_not_kept(
    session: Session, contract: Contract
) -> None:
    service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW)
    with pytest.raises(DocumentMismatch) as caught:
        late = signed(contract, Role.BUYER, base_digest=contract.document_digest)
        service.sign(session, uuid.uuid4(), contract, late, NOW)
    assert caught.value.code == "signature.outdated"
    assert contract.state is State.AGREED


def test_the_statement_that_was_shown_is_kept(session: Session, contract: Contract) -> None:
    kept = service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW)
    assert kept.statement == service.statement(contract, Role.PROVIDER)


def test_no_contract_is_in_force_unsigned(session: Session, contract: Contract) -> None:
    with pytest.raises(StateError):
        service.finalize(session, uuid.uuid4(), contract)
    contract.state = State.VERIFIED
    with pytest.raises(StateError, match="every signature it needs"):
        service.finalize(session, uuid.uuid4(), contract)


def test_an_ended_negotiation_stays_ended(session: Session, contract: Contract) -> None:
    service.terminate(session, uuid.uuid4(), contract, Ending.EXPIRED)
    assert (contract.state, contract.ending) == (State.TERMINATED, Ending.EXPIRED)
    for act in (
        lambda: service.terminate(session, uuid.uuid4(), contract, Ending.EXPIRED),
        lambda: service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW),
    ):
        with pytest.raises(ContractError):
            act()


def test_a_role_has_one_signature_and_a_time_has_a_zone(session: Session, contract: Contract) -> None:
    signature = service.sign(session, uuid.uuid4(), contract, signed(contract, Role.PROVIDER), NOW)
    values = {
        column.name: getattr(signature, column.name)
        for column in Signature.__table__.columns
        if column.name != "id"
    }
    session.add(Signature(**values))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    session.add(Signature(**values | {"signed_at": NOW.replace(tzinfo=None)}))
    with pytest.raises(StatementError, match="zone"):
        session.flush()


def detached(contract: Contract, role: Role) -> PartySignature:
    """Return a signature as 0.1 made them, beside the file."""
    text = service.statement(contract, role)
    public = signing.encode_public_key(KEYS[role].public_key())
    return PartySignature(role.value, public, text, signing.sign(KEYS[role], text))


def test_a_contract_with_detached_signatures_verifies_offline(session: Session) -> None:
    from contracts.render import render

    draft = compose(library.load(TERMS.model), TERMS)
    rendered = render(draft)
    ids: dict[str, Any] = {name: uuid.uuid4() for name in ("provider_id", "buyer_id", "asset_id")}
    contract = service.request(session, uuid.uuid4(), draft, rendered, at=NOW, **ids)
    package = Package(
        terms=contract.terms.encode(),
        policy=contract.policy.encode(),
        document=rendered.pdf,
        rendering=contract.rendering.encode(),
        template_digest=contract.template_digest,
        signatures=[detached(contract, role) for role in Role],
    )
    checks = verify(package)
    assert {check.outcome for check in checks} == {Outcome.PASSED}
    assert [check.name for check in checks] == [
        "terms", "signature of the provider", "signature of the buyer", "model text", "policy", "document",
    ]  # fmt: skip
    _tampering_is_named(package)


def _tampering_is_named(package: Package) -> None:
    terms = package.terms.replace(b"1280050", b"1280051")
    record = canonical.decode(package.rendering)
    first = package.signatures[0]
    for changed, name in (
        (replace(package, terms=terms), "document"),
        (replace(package, terms=package.terms + b" "), "terms"),
        (replace(package, policy=package.policy.replace(b"P365D", b"P999D")), "policy"),
        (replace(package, document=package.document + b"\n"), "document"),
        (replace(package, rendering=b"{}"), "document"),
        (replace(package, rendering=canonical.encode(record | {"pages": []})), "document"),
        (replace(package, template_digest="0" * 64), "model text"),
        (replace(package, signatures=package.signatures[:1]), "signatures"),
        (replace(package, signatures=[first, first]), "signatures"),
        (replace(package, signatures=[replace(first, role="witness")]), "signature of the witness"),
    ):
        assert name in {check.name for check in verify(changed) if check.outcome is Outcome.FAILED}
    older = canonical.encode(record | {"compiler": "typst 0.1.0"})
    skipped = [
        check for check in verify(replace(package, rendering=older)) if check.outcome is Outcome.SKIPPED
    ]
    assert [check.detail for check in skipped] == ["NOT RE-RENDERED: needs typst 0.1.0"]
