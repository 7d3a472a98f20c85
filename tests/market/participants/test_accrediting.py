"""Accrediting: the operator alone, with a reason; assessors exist where it was given."""

import pytest

from market.actor import Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.keys.models import Certificate
from market.participants import accrediting
from tests import attestations, people


@pytest.mark.usefixtures("exchange")
def test_an_accredited_organisation_may_have_assessors() -> None:
    chief = people.verified(Role.BUYER)
    with pytest.raises(Invalid) as refused:
        people.colleague(chief, Role.ASSESSOR)
    assert refused.value.code == "role.invalid"
    step = attestations.accredit(chief)
    assert step.kind == "accreditation.given"
    assert people.colleague(chief, Role.ASSESSOR).has(Role.ASSESSOR)


@pytest.mark.usefixtures("exchange")
def test_it_is_given_once_and_withdrawn() -> None:
    chief = people.verified(Role.BUYER)
    first = attestations.accredit(chief)
    assert attestations.accredit(chief).id == first.id
    with pytest.raises(Conflict) as refused:
        attestations.accredit(chief, reason="another reason")
    assert refused.value.code == "step.already_taken"
    assert (
        attestations.accredit(chief, give=False, reason="its papers ran out").kind
        == "accreditation.withdrawn"
    )
    with pytest.raises(Invalid):
        people.colleague(chief, Role.ASSESSOR)
    with pytest.raises(Forbidden) as barred, transaction() as session:
        accrediting.demand(session, chief)
    assert barred.value.code == "organisation.not_accredited"


@pytest.mark.usefixtures("exchange")
def test_nobody_but_the_operator_accredits_and_never_its_own() -> None:
    chief, other, operator = people.verified(), people.verified(), people.operator()
    assert chief.organisation_id
    assert operator.organisation_id
    with pytest.raises(Forbidden), transaction() as session:
        accrediting.accredit(session, chief, chief.organisation_id, give=True, reason="us")
    with pytest.raises(NotFound), transaction() as session:
        accrediting.accredit(session, other, chief.organisation_id, give=True, reason="them")
    with pytest.raises(Forbidden) as refused, transaction() as session:
        accrediting.accredit(session, operator, operator.organisation_id, give=True, reason="us")
    assert refused.value.code == "relation.wrong"


@pytest.mark.usefixtures("exchange")
def test_only_a_verified_organisation_is_accredited() -> None:
    waiting, operator = people.applied(), people.operator()
    with pytest.raises(Conflict) as refused, transaction() as session:
        accrediting.accredit(session, operator, waiting.id, give=True, reason="too early")
    assert refused.value.code == "organisation.wrong_state"


@pytest.mark.usefixtures("exchange")
def test_an_assessor_who_becomes_none_loses_the_key() -> None:
    body = attestations.body()
    attestations.demote(body)
    with read() as session:
        row = session.get_one(Certificate, body.certificate.id)
        assert (row.state.value, row.reason and row.reason.value) == ("revoked", "left")
