"""A whole trade and its other ends, act by act; every act may be repeated as a careful program repeats it."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from market.actor import Role, Scope
from market.db import transaction
from market.demo.goods import promises, weather
from market.participants import access
from tests import people
from tests.faults.world import World

Play = Callable[[World], object]


@dataclass(frozen=True)
class Act:
    """One thing somebody does, with all that follows by itself.

    Attributes:
        play: does it.
        after: name of the act before it; empty for the first.
    """

    play: Play
    after: str


def found(world: World) -> None:
    """Found the exchange, as the command line does."""
    with world.app.app_context():
        actor = people.operator()
        assert actor.user_id is not None
        with transaction() as session:
            _row, world.known["operator"] = access.issue_token(
                session, actor.user_id, "tests", Scope, second_factor=True
            )
    world.work()


def _applies(role: Role, number: int) -> Play:
    def play(world: World) -> None:
        body = {
            "name_zh": f"泉城数据第{number}公司", "name_en": f"Spring City Data No. {number}",
            "credit_code": people.credit_code(900 + number), "established_on": "2024-03-01",
            "person": "张三", "phone": "0531-5550100", "email": f"{role}@example.org",
            "password": people.PASSWORD, "roles": [role.value],
        }  # fmt: skip
        world.known[f"{role} organisation"] = world.post(
            "", "/api/v1/organisations", body, key=f"apply-{role}"
        )["id"]

    return play


def _verified(role: Role) -> Play:
    def play(world: World) -> None:
        path = f"/api/v1/organisations/{world.known[f'{role} organisation']}/decision"
        world.post("operator", path, {"decision": "verify", "reason": "papers checked"})
        world.work()

    return play


def _signs_in(role: Role) -> Play:
    def play(world: World) -> None:
        body = {"email": f"{role}@example.org", "password": people.PASSWORD, "scopes": list(Scope)}
        world.known[role.value] = world.post("", "/api/v1/tokens", body)["token"]

    return play


def _uploads(world: World) -> None:
    good = weather()
    form = {"title": good.title, "source": good.source, "rights": good.rights}
    asset = world.ask(
        "provider", "POST", "/api/v1/assets", headers={"Idempotency-Key": "draft"},
        data=lambda: {**form, "file": (io.BytesIO(good.content), good.filename)},
    )  # fmt: skip
    world.known["asset"] = asset["id"]
    world.work()


def _submits(world: World) -> None:
    world.post("provider", f"/api/v1/assets/{world.known['asset']}/submission")


def _reviews(world: World) -> None:
    body = {"decision": "approve", "reason": "source and rights stated"}
    world.post("operator", f"/api/v1/assets/{world.known['asset']}/review", body)
    world.work()


def _drafts_listing(world: World) -> None:
    good = weather()
    measured = world.ask("provider", "GET", f"/api/v1/assets/{world.known['asset']}/inspection")
    body = {
        **good.listing, "asset": world.known["asset"], "title": good.title, "summary": good.summary,
        "quality": promises(measured),
    }  # fmt: skip
    world.known["listing"] = world.post("provider", "/api/v1/listings", body, key="list")["number"]


def _publishes_listing(world: World) -> None:
    world.post("provider", f"/api/v1/listings/{world.known['listing']}/publication")


def _asks(world: World) -> None:
    made = world.post("buyer", "/api/v1/contracts", {"listing": world.known["listing"]}, key="contract")
    world.known["number"] = made["number"]


def _signs(who: str) -> Play:
    def play(world: World) -> None:
        path = f"/api/v1/contracts/{world.known['number']}"
        digest = world.ask(who, "GET", path)["document_digest"]
        world.post(who, f"{path}/signature", {"document_digest": digest})
        world.work()

    return play


def _opens_page(world: World) -> None:
    world.known["page"] = world.trade("buyer", "payment")["checkout_url"]


def _pays(world: World) -> None:
    world.pay(world.known["page"])
    world.tell()
    world.work()


def _pays_unheard(world: World) -> None:
    """Pay while every webhook is lost: the exchange looks by itself."""
    world.pay(world.known["page"])
    world.clock.advance(minutes=2)
    world.work()


def _fetches(world: World) -> None:
    assert world.fetch("buyer", f"/api/v1/trades/{world.known['number']}/delivery") == weather().content
    world.work()


def _decides(who: str, what: str, **body: str) -> Play:
    def play(world: World) -> None:
        world.trade(who, what, body)
        world.work()

    return play


ACTS: Final[Mapping[str, Act]] = {
    "provider applies": Act(_applies(Role.PROVIDER, 1), ""),
    "provider is verified": Act(_verified(Role.PROVIDER), "provider applies"),
    "provider signs in": Act(_signs_in(Role.PROVIDER), "provider is verified"),
    "buyer applies": Act(_applies(Role.BUYER, 2), "provider signs in"),
    "buyer is verified": Act(_verified(Role.BUYER), "buyer applies"),
    "buyer signs in": Act(_signs_in(Role.BUYER), "buyer is verified"),
    "file is uploaded": Act(_uploads, "buyer signs in"),
    "asset is submitted": Act(_submits, "file is uploaded"),
    "asset is approved": Act(_reviews, "asset is submitted"),
    "listing is drafted": Act(_drafts_listing, "asset is approved"),
    "listing is published": Act(_publishes_listing, "listing is drafted"),
    "contract is asked for": Act(_asks, "listing is published"),
    "provider signs": Act(_signs("provider"), "contract is asked for"),
    "buyer signs": Act(_signs("buyer"), "provider signs"),
    "log is published": Act(World.publish, "buyer signs"),
    "pay page is opened": Act(_opens_page, "log is published"),
    "open page is cancelled": Act(
        _decides("buyer", "cancellation", reason="no more need"), "pay page is opened"
    ),
    "price is paid": Act(_pays, "pay page is opened"),
    "price is paid unheard": Act(_pays_unheard, "pay page is opened"),
    "paid trade is cancelled": Act(_decides("buyer", "cancellation", reason="no more need"), "price is paid"),
    "file is fetched": Act(_fetches, "price is paid"),
    "file is rejected": Act(_decides("buyer", "rejection", reason="rows are missing"), "file is fetched"),
    "refund is ruled": Act(
        _decides("operator", "ruling", outcome="refund", reason="measured"), "file is rejected"
    ),
    "file is accepted": Act(_decides("buyer", "acceptance"), "file is fetched"),
    "log is published again": Act(World.publish, "file is accepted"),
}
"""Every act with the one before it: three trades that share their beginning (sale, ruling, cancellations)."""
