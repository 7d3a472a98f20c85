import ast
import itertools
import uuid
from dataclasses import replace

import pytest

from market import rules
from market.actor import Actor, Role, Scope
from market.errors import Forbidden, Unauthenticated
from market.permissions import ACTIONS, STAFF, Relation, allowed, require, useful_scopes
from tests.house.source import modules


def actor(*roles: Role, verified: bool = True) -> Actor:
    return Actor(uuid.uuid4(), uuid.uuid4(), frozenset(roles), verified=verified)


@pytest.mark.parametrize("action", ACTIONS)
def test_each_role_and_relation_is_decided_by_the_table_alone(action: str) -> None:
    permit = ACTIONS[action]
    for role, relation in itertools.product(Role, Relation):
        if (role, relation) in permit.pairs:
            require(actor(role), action, relation)
            assert allowed(actor(role), action, relation)
        else:
            with pytest.raises(Forbidden) as refused:
                require(actor(role), action, relation)
            assert not allowed(actor(role), action, relation)
            assert rules.book().rule(refused.value.rule)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_refusal_names_a_rule_of_the_book(action: str) -> None:
    assert rules.book().rule(ACTIONS[action].rule)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_public_and_the_unverified_do_not_act(action: str) -> None:
    with pytest.raises(Unauthenticated):
        require(Actor.public(), action, Relation.OTHER)
    if not ACTIONS[action].unverified:
        for role, relation in ACTIONS[action].pairs:
            with pytest.raises(Forbidden) as refused:
                require(actor(role, verified=False), action, relation)
            assert refused.value.rule == "R1.1"
            assert not allowed(actor(role, verified=False), action, relation)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_token_acts_within_its_scopes_alone(action: str) -> None:
    permit = ACTIONS[action]
    role, relation = min(permit.pairs)
    without = replace(actor(role), scopes=frozenset(Scope) - {permit.scope})
    with pytest.raises(Forbidden) as refused:
        require(without, action, relation)
    assert (refused.value.code, refused.value.extra["scope"]) == ("token.scope_missing", permit.scope)
    assert not allowed(without, action, relation)
    require(replace(without, scopes=frozenset({permit.scope})), action, relation)


def test_no_token_made_for_looking_changes_anything() -> None:
    reading = {action for action, permit in ACTIONS.items() if permit.scope is Scope.READ}
    looking = {"organisation.list", "operation.list", "trade.audit", "bundle.export", "ledger.look"}
    money = {"trade.money", "statement.read", "reconciliation.look", "invoice.export", "waiver.list"}
    bank = {"bank.look", "bank_account.read", "proof.read"}
    assert reading == looking | money | bank


def test_whom_the_operator_spoke_against_is_told_so() -> None:
    barred = replace(actor(Role.PROVIDER, verified=False), barred=True)
    with pytest.raises(Forbidden) as refused:
        require(barred, "asset.draft")
    assert refused.value.rule == "R1.2"


def test_staff_never_act_on_a_matter_of_their_own() -> None:
    for permit in ACTIONS.values():
        assert not {pair for pair in permit.pairs if pair[0] in STAFF and pair[1] is not Relation.OTHER}
    with pytest.raises(Forbidden) as refused:
        require(actor(Role.REVIEWER), "asset.review", Relation.OWN)
    assert refused.value.rule == "R1.5"


def test_every_row_of_the_table_is_asked_for() -> None:
    apart = {"market/permissions.py", "market/openapi/operations.py"}
    asked: set[str] = set()
    for path, tree in modules().items():
        words = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        if path not in apart:
            asked |= words | {f"{room}{act}" for room in words if room.endswith(".") for act in words}
    assert set(ACTIONS) - asked == set()


def test_what_is_not_in_the_table_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        require(actor(*Role), "asset.praise")


def test_the_exchange_s_own_jobs_may() -> None:
    require(Actor.system("deadline"), "acceptance.accept", Relation.BUYER)


def test_a_person_is_offered_the_scopes_that_their_roles_could_use() -> None:
    assert useful_scopes(actor(Role.AUDITOR)) == [Scope.READ, Scope.OPERATE]
    assert useful_scopes(actor(Role.ADMIN)) == [Scope.READ, Scope.MEMBERS, Scope.CONTRACTS, Scope.PAYMENTS]
    bought = [Scope.READ, Scope.CONTRACTS, Scope.PAYMENTS, Scope.DELIVERY, Scope.TRADES]
    assert useful_scopes(actor(Role.BUYER)) == bought
    assert useful_scopes(actor(*Role)) == list(Scope)
