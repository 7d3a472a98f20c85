import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from contracts import offers, service, versions
from contracts.errors import ContractError, DocumentMismatch, StateError, VersionError, VersionMismatch
from contracts.models import Contract, Remark
from contracts.negotiation import Ending, State
from contracts.vocabulary import Role
from tests.contracts import small, table
from tests.contracts.table import NOW, offered, present, signed, suggestion

BUYER, PROVIDER = Role.BUYER, Role.PROVIDER


@pytest.fixture
def session() -> Iterator[Session]:
    with table.opened() as session:
        yield session


@pytest.fixture
def contract(session: Session) -> Contract:
    return table.requested(session)


def accepted(session: Session, contract: Contract, digest: str = "", role: Role = BUYER) -> None:
    offers.accept(session, uuid.uuid4(), contract, role, digest or contract.terms_digest)


def sign(session: Session, contract: Contract, role: Role, document: str = "") -> None:
    service.sign(session, uuid.uuid4(), contract, signed(contract, role, document), NOW)


def test_two_rounds_lead_to_a_contract(session: Session, contract: Contract) -> None:
    first = contract.terms_digest
    offered(session, contract, PROVIDER, term__days=180)
    assert (contract.state, contract.version) == (State.OFFERED, 2)
    offered(session, contract, BUYER, term__days=270)
    assert (contract.state, contract.version) == (State.REQUESTED, 3)
    last = offered(session, contract, PROVIDER, term__days=200)
    accepted(session, contract)
    assert contract.state is State.ACCEPTED
    sign(session, contract, PROVIDER)
    sign(session, contract, BUYER)
    service.finalize(session, uuid.uuid4(), contract)
    session.expire_all()
    assert present(contract) == last
    assert [(one.seq, one.role) for one in contract.versions] == [
        (1, BUYER), (2, PROVIDER), (3, BUYER), (4, PROVIDER),
    ]  # fmt: skip
    assert contract.versions[0].terms_digest == first
    versions.require_chain([offers.link(contract, one) for one in contract.versions])


def test_a_request_that_suits_is_signed_at_once(session: Session, contract: Contract) -> None:
    sign(session, contract, PROVIDER)
    assert contract.state is State.AGREED


def test_a_counter_offer_that_suits_is_signed_at_once(session: Session, contract: Contract) -> None:
    offered(session, contract, PROVIDER, term__days=180)
    offered(session, contract, BUYER, term__days=270)
    sign(session, contract, PROVIDER)
    assert contract.state is State.AGREED


def test_nobody_makes_two_offers_in_a_row_or_accepts_their_own(session: Session, contract: Contract) -> None:
    with pytest.raises(StateError):
        offered(session, contract, BUYER, term__days=180)
    for role in Role:
        with pytest.raises(StateError):
            accepted(session, contract, role=role)
    offered(session, contract, PROVIDER, term__days=180)
    with pytest.raises(StateError):
        offered(session, contract, PROVIDER, term__days=181)
    with pytest.raises(StateError):
        accepted(session, contract, role=PROVIDER)


def test_nothing_but_the_terms_on_the_table_is_accepted_or_answered(
    session: Session, contract: Contract
) -> None:
    first = contract.terms_digest
    offered(session, contract, PROVIDER, term__days=180)
    for digest in (first, "0" * 64, contract.document_digest, contract.terms_digest.upper()):
        with pytest.raises(VersionMismatch):
            accepted(session, contract, digest)
        with pytest.raises(VersionMismatch):
            offered(session, contract, BUYER, base=digest, term__days=200)
    assert (contract.state, contract.version) == (State.OFFERED, 2)


def test_the_document_of_an_earlier_version_is_not_signed(session: Session, contract: Contract) -> None:
    first = contract.document_digest
    offered(session, contract, PROVIDER, term__days=180)
    offered(session, contract, BUYER, term__days=270)
    with pytest.raises(DocumentMismatch):
        sign(session, contract, PROVIDER, first)


def test_an_offer_on_the_table_is_accepted_before_it_is_signed(session: Session, contract: Contract) -> None:
    offered(session, contract, PROVIDER, term__days=180)
    for role in Role:
        with pytest.raises(StateError):
            sign(session, contract, role)


def test_what_was_accepted_never_changes(session: Session, contract: Contract) -> None:
    offered(session, contract, PROVIDER, term__days=180)
    accepted(session, contract)
    for role in Role:
        with pytest.raises(StateError):
            offered(session, contract, role, term__days=200)
        with pytest.raises(StateError):
            said(session, contract, suggestion(contract, role, "use", {"term.days": 1}))


@pytest.mark.parametrize("name", ["terms", "terms_digest", "document_digest"])
def test_a_text_altered_behind_the_parties_is_relied_on_by_nobody(
    session: Session, contract: Contract, name: str
) -> None:
    changed = offered(session, contract, PROVIDER, term__days=180)
    digest = contract.terms_digest
    altered = small.terms(term__days=1)
    setattr(contract, name, altered.canonical().decode() if name == "terms" else altered.digest())
    with pytest.raises(VersionMismatch):
        accepted(session, contract, digest)
    with pytest.raises(VersionMismatch):
        accepted(session, contract, altered.digest())
    session.rollback()
    assert changed.digest() == digest


def said(session: Session, contract: Contract, saying: offers.Saying) -> Remark:
    return offers.remark(session, uuid.uuid4(), contract, small.model(), saying)


def take_up(session: Session, contract: Contract, row: Remark, taker: Role) -> None:
    terms = offers.result(small.model(), contract, row)
    draft, rendered = table.drawn(terms)
    made = offers.Offer(row.role, draft, rendered, NOW, remark_id=row.id)
    offers.take_up(session, uuid.uuid4(), contract, row, taker, made)


@pytest.mark.parametrize(("suggester", "state"), [(PROVIDER, State.OFFERED), (BUYER, State.REQUESTED)])
def test_a_suggestion_taken_up_is_the_suggesters_next_version(
    session: Session, contract: Contract, suggester: Role, state: State
) -> None:
    if suggester is BUYER:
        offered(session, contract, PROVIDER, payment__days=5)
    before = contract.version
    row = said(session, contract, suggestion(contract, suggester, "use", {"term.days": 30}))
    assert contract.version == before
    take_up(session, contract, row, table.OTHER[suggester])
    last = contract.versions[-1]
    assert (contract.state, last.role, last.remark_id, last.seq) == (state, suggester, row.id, before + 1)
    assert last.terms_digest == row.result_digest
    assert present(contract).values["term.days"] == 30


def test_nobody_takes_up_their_own_or_an_old_suggestion(session: Session, contract: Contract) -> None:
    row = said(session, contract, suggestion(contract, PROVIDER, "use", {"term.days": 30}))
    with pytest.raises(StateError):
        take_up(session, contract, row, PROVIDER)
    offered(session, contract, PROVIDER, term__days=180)
    with pytest.raises(VersionMismatch):
        take_up(session, contract, row, BUYER)
    offered(session, contract, BUYER)  # the first terms again, word for word
    assert contract.terms_digest == row.on_digest
    with pytest.raises(VersionMismatch):
        take_up(session, contract, row, BUYER)


def test_another_text_than_the_suggested_one_is_not_slipped_in(session: Session, contract: Contract) -> None:
    row = said(session, contract, suggestion(contract, PROVIDER, "use", {"term.days": 30}))
    draft, rendered = table.drawn(small.terms(term__days=29))
    made = offers.Offer(PROVIDER, draft, rendered, NOW, remark_id=row.id)
    with pytest.raises(VersionMismatch):
        offers.take_up(session, uuid.uuid4(), contract, row, BUYER, made)


def test_a_comment_changes_nothing_and_is_said_by_either(session: Session, contract: Contract) -> None:
    for role in Role:
        row = said(session, contract, suggestion(contract, role, "use", None))
        assert (row.changes, row.result_digest) == (None, None)
        with pytest.raises(VersionError):
            offers.result(small.model(), contract, row)
    assert [one.role for one in contract.remarks] == list(Role)


@pytest.mark.parametrize(
    ("clause", "changes"),
    [
        ("use", {"term.days": 0}),
        ("use", {"term.days": None}),
        ("use", {"use.permitted": ["sell"]}),
        ("quality", {"term.days": 30}),
        ("nowhere", None),
    ],
)
def test_a_suggestion_that_gives_no_contract_is_refused(
    session: Session, contract: Contract, clause: str, changes: dict[str, object] | None
) -> None:
    with pytest.raises(ContractError):
        said(session, contract, suggestion(contract, PROVIDER, clause, changes))


def test_whose_offer_it_is_suggests_nothing_to_it(session: Session, contract: Contract) -> None:
    with pytest.raises(StateError):
        said(session, contract, suggestion(contract, BUYER, "use", {"term.days": 30}))


def answered(session: Session, contract: Contract) -> None:
    offered(session, contract, PROVIDER, term__days=180)


def agreed(session: Session, contract: Contract) -> None:
    sign(session, contract, PROVIDER)


def both(session: Session, contract: Contract) -> None:
    agreed(session, contract)
    sign(session, contract, BUYER)


def taken(session: Session, contract: Contract) -> None:
    answered(session, contract)
    accepted(session, contract)


_WITHDRAW, _DECLINE = Ending.WITHDRAWN, Ending.DECLINED


@pytest.mark.parametrize(
    ("before", "may"),
    [
        (lambda *_: None, {(PROVIDER, _DECLINE), (BUYER, _WITHDRAW)}),
        (answered, {(BUYER, _DECLINE), (BUYER, _WITHDRAW), (PROVIDER, _WITHDRAW)}),
        (taken, {(PROVIDER, _DECLINE), (BUYER, _WITHDRAW)}),
        (agreed, {(BUYER, _DECLINE), (BUYER, _WITHDRAW)}),
        (both, set()),
    ],
)
def test_each_side_has_its_exits_until_it_signs(
    before: Callable[[Session, Contract], None], may: set[tuple[Role, Ending]]
) -> None:
    for role in Role:
        for ending in (_WITHDRAW, _DECLINE):
            with table.opened() as session:
                contract = table.requested(session)
                before(session, contract)
                if (role, ending) in may:
                    service.terminate(session, uuid.uuid4(), contract, ending, role, "太贵")
                    assert (contract.state, contract.ending) == (State.TERMINATED, ending)
                    assert contract.reason == "太贵"
                else:
                    with pytest.raises(StateError):
                        service.terminate(session, uuid.uuid4(), contract, ending, role)
