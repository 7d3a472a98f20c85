from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from market import jobs
from market.actor import Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.participants import service
from market.participants.states import TRANSITIONS, Decision, OrganisationState, advance
from market.steps import Kind, Step, openings
from tests import people


def test_every_state_and_decision_is_either_in_the_table_or_refused() -> None:
    for state in OrganisationState:
        for decision in Decision:
            if (state, decision) in TRANSITIONS:
                assert advance(state, decision) is TRANSITIONS[state, decision]
            else:
                with pytest.raises(Conflict):
                    advance(state, decision)


def test_the_exchange_is_founded_once_and_its_keys_are_asked_for(exchange: Flask) -> None:
    chief = people.operator()
    assert chief.verified
    assert chief.roles == {Role.ADMIN, Role.OPERATOR, Role.REVIEWER}
    with read() as session:
        assert session.query(Step).one().kind == Kind.EXCHANGE_FOUNDED
        assert [job.name for job in session.query(jobs.Job)] == ["exchange.founded"]
    with transaction() as session, pytest.raises(Conflict):
        service.create_operator(session, people.application(), people.hashed())


def test_an_application_makes_an_unverified_administrator(exchange: Flask) -> None:
    organisation = people.applied(Role.BUYER)
    actor = people.actor_of(organisation)
    assert organisation.state is OrganisationState.APPLIED
    assert actor.roles == {Role.ADMIN, Role.BUYER}
    assert not actor.verified
    with read() as session, pytest.raises(Forbidden) as refused:
        service.verified(session, actor)
    assert refused.value.rule == "R1.1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"credit_code": "919999990000000010"}, "credit_code.check"),
        ({"credit_code": "91999999MA"}, "credit_code.form"),
        ({"established_on": date(2026, 11, 24)}, "organisation.established_later"),
        ({"roles": frozenset({Role.OPERATOR})}, "role.invalid"),
        ({"roles": frozenset()}, "role.invalid"),
    ],
)
def test_a_wrong_application_names_its_fault(exchange: Flask, change: dict[str, object], code: str) -> None:
    wrong = replace(people.application(), **change)  # type: ignore[arg-type]
    with transaction() as session, pytest.raises(Invalid) as refused:
        service.apply(session, wrong, people.hashed())
    assert refused.value.code == code
    assert refused.value.fields


def test_a_code_and_an_address_belong_to_one(exchange: Flask) -> None:
    first = people.application(email="one@example.org")
    with transaction() as session:
        service.apply(session, first, people.hashed())
    for other, code in (
        (replace(first, email="two@example.org"), "organisation.known"),
        (people.application(email="one@example.org"), "user.known"),
    ):
        with transaction() as session, pytest.raises(Conflict) as refused:
            service.apply(session, other, people.hashed())
        assert refused.value.code == code


def test_an_application_sent_twice_with_its_key_is_made_once(exchange: Flask) -> None:
    application = people.application()
    with transaction() as session:
        first, step = service.apply(session, application, people.hashed(), key="k-1")
    with transaction() as session:
        second, again = service.apply(session, application, people.hashed(), key="k-1")
    assert step is not None
    assert again is None
    assert second.id == first.id
    with transaction() as session, pytest.raises(Conflict):
        service.apply(session, replace(application, person="王二"), people.hashed(), key="k-1")


def test_a_decision_is_a_step_with_its_reason_and_asks_for_what_follows(exchange: Flask) -> None:
    chief, organisation = people.operator(), people.applied()
    with transaction() as session:
        decided, step = service.decide(session, chief, organisation.id, Decision.VERIFY, "papers checked")
    assert decided.state is OrganisationState.VERIFIED
    with read() as session:
        shown = {opening.field: opening.value for opening in openings(session, step.entry_id)}
        queued = [job.payload for job in session.query(jobs.Job).filter_by(name="organisation.verified")]
    assert "papers checked" in str(shown["step"])
    assert queued == [{"organisation_id": str(organisation.id)}]


def test_every_step_of_an_organisation_has_a_handle_of_its_own(exchange: Flask) -> None:
    chief, organisation = people.operator(), people.applied()
    for decision in (Decision.VERIFY, Decision.SUSPEND, Decision.RESTORE):
        with transaction() as session:
            service.decide(session, chief, organisation.id, decision, "reason given")
    with read() as session:
        steps = session.query(Step).filter(Step.kind.like("organisation.%")).all()
    assert len({step.object for step in steps}) == len(steps) == 4


def test_the_same_decision_again_is_the_same_answer_and_another_one_conflicts(exchange: Flask) -> None:
    chief, organisation = people.operator(), people.applied()
    with transaction() as session:
        _row, first = service.decide(session, chief, organisation.id, Decision.VERIFY, "papers checked")
    with transaction() as session:
        _row, again = service.decide(session, chief, organisation.id, Decision.VERIFY, "papers checked")
    assert again.entry_id == first.entry_id
    for decision, reason in ((Decision.VERIFY, "another reason"), (Decision.REFUSE, "papers checked")):
        with transaction() as session, pytest.raises(Conflict):
            service.decide(session, chief, organisation.id, decision, reason)


def test_nobody_but_an_operator_decides_and_never_about_their_own(exchange: Flask) -> None:
    chief, provider, organisation = people.operator(), people.verified(Role.PROVIDER), people.applied()
    applicant = people.actor_of(organisation)
    with transaction() as session, pytest.raises(NotFound):
        service.decide(session, provider, organisation.id, Decision.VERIFY, "please")
    with transaction() as session, pytest.raises(Forbidden) as refused:
        service.decide(session, applicant, organisation.id, Decision.VERIFY, "please")
    assert refused.value.rule == "R1.1"
    assert chief.organisation_id is not None
    with transaction() as session, pytest.raises(Forbidden) as refused:
        service.decide(session, chief, chief.organisation_id, Decision.SUSPEND, "a holiday")
    assert refused.value.rule == "R1.5"


def test_a_suspended_organisation_may_not_act_until_restored(exchange: Flask) -> None:
    provider, chief = people.verified(Role.PROVIDER), people.operator()
    assert provider.organisation_id is not None
    with transaction() as session:
        organisation, _step = service.decide(
            session, chief, provider.organisation_id, Decision.SUSPEND, "complaint 12"
        )
    assert not people.actor_of(organisation).verified
    with read() as session, pytest.raises(Forbidden) as refused:
        service.verified(session, provider)
    assert refused.value.rule == "R1.2"


def test_a_refused_organisation_may_apply_again_with_its_code(exchange: Flask) -> None:
    chief = people.operator()
    first = people.application()
    with transaction() as session:
        organisation, _step = service.apply(session, first, people.hashed())
    with transaction() as session:
        service.decide(session, chief, organisation.id, Decision.REFUSE, "no licence shown")
    with transaction() as session:
        again, _step = service.apply(session, replace(first, email="again@example.org"), people.hashed())
    assert again.state is OrganisationState.APPLIED


def test_others_do_not_learn_of_an_organisation(exchange: Flask) -> None:
    organisation, buyer = people.applied(), people.verified(Role.BUYER)
    with read() as session, pytest.raises(NotFound):
        service.seen(session, buyer, organisation.id)
    with read() as session, pytest.raises(Forbidden):
        service.listed(session, buyer)
    chief = people.operator()
    with read() as session:
        assert service.seen(session, chief, organisation.id).id == organisation.id
