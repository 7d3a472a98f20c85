"""Newer files of a registered asset: measured, compared, reviewed; and what goes on naming the file before."""

import uuid
from typing import Any

import pytest
from flask import Flask

from market import jobs, steps
from market.actor import Actor
from market.catalog import reading as catalog
from market.catalog import service as listings
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError
from market.home import desk
from market.inspection.comparison import from_document
from market.registry import appealing, declaring, offering, service, update_reading, updating
from market.registry.models import Decision, Origin, Update
from market.registry.states import UpdateState
from market.steps import Step
from tests import assets, deals, offers, people
from tests.assets import CONTENT, NEWER

WHY = "because it is plausible"
PHONES = "\n".join(["手机号", *(f"138{number:08}" for number in range(0, 4000, 97)), ""]).encode()


def refused(code: str, error: type[MarketError] = Conflict) -> Any:
    return pytest.raises(error, check=lambda raised: raised.code == code)


def submit(provider: Actor, asset_id: uuid.UUID) -> Step:
    with transaction() as session:
        return updating.submit(session, provider, asset_id)


def review(chief: Actor, asset_id: uuid.UUID, *, approve: bool = True, reason: str = WHY) -> Step:
    with transaction() as session:
        return updating.review(session, chief, asset_id, approve=approve, reason=reason)


def withdraw(provider: Actor, asset_id: uuid.UUID) -> Step:
    with transaction() as session:
        return updating.withdraw(session, provider, asset_id)


def seen(actor: Actor, asset_id: uuid.UUID) -> list[Update]:
    with read() as session:
        return [one.update for one in update_reading.updates(session, actor, asset_id)]


def on_offer(asset_id: uuid.UUID) -> str:
    with read() as session:
        return offering.tradable(session, asset_id).digest


def kinds(asset_id: uuid.UUID) -> list[str]:
    handle = assets.found(asset_id).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def test_a_newer_file_is_on_offer_once_it_is_approved(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    before = on_offer(asset.id)
    assets.revised(provider, asset.id)
    assert on_offer(asset.id) == before
    submit(provider, asset.id)
    assert on_offer(asset.id) == before
    review(chief, asset.id)
    after = on_offer(asset.id)
    assert after == assets.uploaded(NEWER).blob.digest != before
    assert kinds(asset.id)[-4:] == ["asset.revised", "asset.inspected", "update.submitted", "update.approved"]


def test_it_says_how_the_files_differ(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id)
    document = seen(provider, asset.id)[0].comparison
    assert document is not None
    found = from_document(document)
    assert found.schema.kept == ("城市", "气温", "备注")
    rows = found.rows
    assert (rows.before, rows.after, rows.added, rows.removed, rows.kept) == (4, 4, 2, 2, 2)


def test_the_same_act_again_gives_the_same_answer(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    upload = assets.uploaded(NEWER)

    def revise() -> uuid.UUID:
        with transaction() as session:
            return updating.revise(
                session, provider, asset.id, changes="August", upload=upload, key="once-only-key-1"
            ).id

    assert revise() == revise()
    jobs.drain()
    assert submit(provider, asset.id).id == submit(provider, asset.id).id
    assert review(chief, asset.id).id == review(chief, asset.id).id
    with refused("step.already_taken"):
        review(chief, asset.id, reason="something else")
    with refused("update.wrong_state"):
        submit(provider, asset.id)


def test_what_is_not_measured_or_not_there_is_not_submitted(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with refused("update.none"):
        submit(provider, asset.id)
    with transaction() as session:
        updating.revise(session, provider, asset.id, changes="August", upload=assets.uploaded(NEWER))
    with refused("asset.not_inspected"):
        submit(provider, asset.id)
    assets.revised(provider, asset.id, b"\xff\xfe\x00broken")
    with refused("asset.not_inspected"):
        submit(provider, asset.id)


def test_only_a_registered_asset_is_updated_and_by_its_provider(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    draft = assets.drafted(provider)
    with transaction() as session, refused("asset.wrong_state"):
        updating.revise(session, provider, draft.id, changes="x", upload=assets.uploaded(NEWER))
    asset = assets.registered(provider, deals.content())
    with transaction() as session, pytest.raises(Forbidden):
        updating.revise(session, chief, asset.id, changes="x", upload=assets.uploaded(NEWER))
    assets.revised(provider, asset.id)
    submit(provider, asset.id)
    with transaction() as session, pytest.raises(Forbidden):
        updating.review(session, provider, asset.id, approve=True, reason=WHY)


def test_the_file_on_offer_and_others_data_are_refused(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    theirs = deals.content()
    other = assets.registered(assets.provider(), theirs)
    with transaction() as session, refused("update.unchanged"):
        updating.revise(session, provider, asset.id, changes="x", upload=assets.uploaded(CONTENT))
    with transaction() as session, refused("asset.duplicate"):
        updating.revise(session, provider, asset.id, changes="x", upload=assets.uploaded(theirs))
    assets.revised(provider, asset.id, theirs.replace(b"\n", b"\r\n"))
    with pytest.raises(Conflict) as raised:
        submit(provider, asset.id)
    assert raised.value.extra["earlier"] == other.number


def test_a_file_that_was_given_up_stands_in_nobodys_way(exchange: Flask) -> None:
    provider, other, chief = assets.provider(), assets.provider(), people.operator()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id)
    assets.submitted(other, NEWER)
    submit(provider, asset.id)
    review(chief, asset.id, approve=False)
    assert assets.registered(assets.provider(), deals.content()).number


def test_the_second_approval_of_the_same_data_is_refused(exchange: Flask) -> None:
    provider, other, chief = assets.provider(), assets.provider(), people.operator()
    asset = assets.registered(provider)
    assets.revision_submitted(provider, asset.id)
    rival = assets.submitted(other, NEWER)
    with transaction() as session:
        service.review(session, chief, rival, approve=True, reason=WHY)
    with refused("asset.duplicate"):
        review(chief, asset.id)


def test_a_newer_upload_withdraws_the_one_under_way(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id)
    assets.revised(provider, asset.id, NEWER + "日照,5,雨\n".encode())
    assert [one.state for one in seen(provider, asset.id)] == [UpdateState.DRAFT, UpdateState.WITHDRAWN]
    withdraw(provider, asset.id)
    assert withdraw(provider, asset.id).kind == "update.withdrawn"
    assert {one.state for one in seen(provider, asset.id)} == {UpdateState.WITHDRAWN}
    assert assets.detail(provider, asset.id).revision.ordinal == 1


def test_a_rejected_file_is_followed_by_another(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    assets.revision_submitted(provider, asset.id)
    review(chief, asset.id, approve=False, reason="August is missing")
    assert seen(provider, asset.id)[0].decision == "August is missing"
    with refused("update.wrong_state"):
        withdraw(provider, asset.id)
    assets.updated(provider, asset.id, NEWER + "日照,5,雨\n".encode())
    assets.updated(provider, asset.id, NEWER + "日照,5,雨\n莱芜,3,雪\n".encode())
    with read() as session:
        newest = update_reading.updates(session, provider, asset.id)[0]
    assert (newest.revision.ordinal, newest.after.ordinal) == (4, 3)


def test_what_is_found_in_it_stops_it_until_it_is_declared(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id, PHONES)
    with refused("asset.stopped"):
        submit(provider, asset.id)
    assets.declared(provider, asset.id)
    submit(provider, asset.id)
    with read() as session:
        declared, row = declaring.current(session, provider, asset.id)
    assert row is not None
    with transaction() as session, refused("asset.wrong_state"):
        declaring.declare(session, provider, asset.id, declared.__class__(()), Origin.OWN)


def test_it_can_be_appealed_and_released(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id, PHONES)
    assert seen(chief, asset.id) == []
    assert assets.detail(chief, asset.id).revision.ordinal == 1
    with transaction() as session:
        appealing.appeal(session, provider, asset.id, WHY)
    assert assets.detail(chief, asset.id).revision.ordinal == 2
    with read() as session:
        assert f"/assets/{asset.id}" in [one.href for one in desk.waiting(session, chief).tasks]
    with transaction() as session:
        appealing.decide(session, chief, asset.id, decision=Decision.RELEASE, reason=WHY)
    submit(provider, asset.id)
    review(chief, asset.id)
    with transaction() as session, refused("asset.wrong_state"):
        appealing.correct(session, chief, asset.id, column="手机号", kind=None, reason=WHY)


def test_who_sees_it_when(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    assets.revised(provider, asset.id)
    assert (len(seen(provider, asset.id)), len(seen(chief, asset.id))) == (1, 0)
    assert assets.detail(provider, asset.id).revision.ordinal == 2
    assert assets.detail(chief, asset.id).revision.ordinal == 1
    submit(provider, asset.id)
    assert len(seen(chief, asset.id)) == 1
    assert assets.detail(chief, asset.id).revision.ordinal == 2


def test_whose_turn_it_is(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)

    def tasks(actor: Actor) -> list[str]:
        with read() as session:
            return [
                one.label for one in desk.waiting(session, actor).tasks if one.href == f"/assets/{asset.id}"
            ]

    assets.revised(provider, asset.id)
    assert "新文件：查看差异后提交审核" in tasks(provider)
    submit(provider, asset.id)
    assert tasks(chief) == ["审核新文件"]
    review(chief, asset.id, approve=False)
    assert tasks(chief) == []
    assert "新文件被驳回：请查看理由" in tasks(provider)


def test_a_listing_offers_its_file_until_its_provider_moves_it(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    number = assets.listed(provider, asset)

    def offered() -> str:
        with read() as session:
            return catalog.shown(session, catalog.by_number(session, number)).asset.digest

    def move() -> Step:
        with transaction() as session:
            return listings.move(session, provider, number)

    first = offered()
    with refused("listing.newest"):
        move()
    assets.updated(provider, asset.id)
    assert offered() == first
    assert move().id == move().id
    assert offered() == assets.uploaded(NEWER).blob.digest


def test_a_promise_that_the_newer_file_does_not_hold_keeps_the_listing(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    number = assets.listed(provider, asset)
    assets.updated(provider, asset.id, "城市,气温,备注\n济南,12.5,晴\n".encode())
    with transaction() as session, refused("listing.promise_not_held", Invalid):
        listings.move(session, provider, number)


def test_an_open_standing_offer_keeps_the_listing(exchange: Flask) -> None:
    offer = offers.opened()
    with read() as session:
        asset_id = catalog.by_number(session, offer.listing).asset_id
    assets.updated(offer.provider, asset_id, deals.content() + b"x,1,y\n")
    with transaction() as session, refused("listing.offered"):
        listings.move(session, offer.provider, offer.listing)


def test_a_contract_on_the_table_keeps_its_file(exchange: Flask) -> None:
    deal = deals.requested()
    asset_id = deals.of(deal.number).asset_id
    assets.updated(deal.provider, asset_id, deals.content() + b"x,1,y\n")
    document = deals.of(deal.number).document_digest
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    assert deals.of(deal.number).document_digest == document


def test_terms_are_checked_against_the_file_that_they_name(exchange: Flask) -> None:
    deal = deals.requested()
    assets.updated(deal.provider, deals.of(deal.number).asset_id, b"a,b\n1,2\n")
    promise = {"indicator": "rows", "operator": "gteq", "value": "5", "field": None, "method": "full"}
    deals.offer(deal.provider, deal.number, {"quality": [{**promise, "remedy": "rescind"}]})
