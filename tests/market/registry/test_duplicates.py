"""The same data a second time: refused by name where the earlier asset is public, else the reviewer's to decide."""

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from market import jobs
from market.actor import Actor, Role
from market.db import transaction
from market.errors import Conflict
from market.registry import service
from market.registry.states import (
    CLAIMING,
    RegistrationState,
)
from market.steps import Step
from tests import assets, people, trades


def test_data_that_are_registered_already_are_refused_by_name(exchange: Flask) -> None:
    first = assets.registered(assets.provider())
    with pytest.raises(Conflict) as refused:
        assets.drafted(assets.provider())
    assert (refused.value.code, refused.value.extra["earlier"]) == ("asset.duplicate", first.number)


def test_the_same_table_in_another_dress_is_refused_at_submission(exchange: Flask) -> None:
    first = assets.registered(assets.provider())
    other = assets.provider()
    again = assets.drafted(
        other, "备注,城市,气温\n阴,烟台,9.0\n,青岛,\n,青岛,\n晴,济南,12.50\n".encode("gbk")
    )
    jobs.drain()
    with transaction() as session, pytest.raises(Conflict) as refused:
        service.submit(session, other, again.id)
    assert refused.value.extra == {"rule": "R2.5", "earlier": first.number}


def test_a_duplicate_of_what_is_not_public_goes_to_the_reviewer_unnamed(exchange: Flask) -> None:
    first = assets.submitted(assets.provider())
    other = assets.provider()
    second = assets.submitted(other)
    chief = people.operator()
    auditor = people.colleague(chief, Role.AUDITOR)
    named = assets.detail(chief, second).duplicate
    assert named is not None
    assert named.id == first
    assert assets.detail(other, second).duplicate is None
    assert assets.detail(auditor, second).duplicate is None


def approve(chief: Actor, asset_id: uuid.UUID) -> Step:
    with transaction() as session:
        return service.review(session, chief, asset_id, approve=True, reason="plausible")


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("after", [lambda: None, jobs.drain])
def test_of_two_that_waited_with_the_same_data_one_is_approved(
    exchange: Flask, late: int, after: Callable[[], object]
) -> None:
    pair = [assets.submitted(assets.provider()), assets.submitted(assets.provider())]
    chief = people.operator()
    approve(chief, pair[1 - late])
    after()
    with pytest.raises(Conflict) as refused:
        approve(chief, pair[late])
    assert (refused.value.code, refused.value.extra["rule"]) == ("asset.duplicate", "R2.5")
    with transaction() as session:
        service.review(session, chief, pair[late], approve=False, reason="the same data are registered")
    assert assets.found(pair[late]).state is RegistrationState.REJECTED


def test_two_reviewers_at_once_approve_one_of_two(exchange: Flask) -> None:
    pair = [assets.submitted(assets.provider()), assets.submitted(assets.provider())]
    chief = people.operator()
    desk = [chief, people.colleague(chief, Role.REVIEWER)]
    results = trades.together(exchange, *(partial(approve, desk[n], pair[n]) for n in (0, 1)))
    assert sorted(results) == ["asset.duplicate", "done"]


def test_ones_own_earlier_claim_is_named(exchange: Flask) -> None:
    provider = assets.provider()
    assets.submitted(provider)
    with pytest.raises(Conflict) as refused:
        assets.drafted(provider)
    assert refused.value.code == "asset.duplicate"


def test_rejected_data_may_be_registered_by_another(exchange: Flask) -> None:
    asset_id = assets.submitted(assets.provider())
    chief = people.operator()
    with transaction() as session:
        service.review(session, chief, asset_id, approve=False, reason="the source is not stated")
    jobs.drain()
    assert assets.found(asset_id).state is RegistrationState.REJECTED
    assert RegistrationState.REJECTED not in CLAIMING
    assert assets.registered(assets.provider()).number
