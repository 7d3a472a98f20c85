"""One request being done, and what every act may do: make objects, tell of them, plan what comes later."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market.sandbox.refusals import missing
from market.sandbox.store import Store, new_id

Json = dict[str, Any]

_WITHOUT_MODE = ("account", "balance_transaction", "refund", "transfer_reversal")
"""Kinds of objects that do not say whether their money is real."""


@dataclass(frozen=True)
class Call:
    """One request being done: its parameters, the time in seconds, and who asked."""

    store: Store
    now: int
    params: Mapping[str, Any]
    base: str
    request_id: str = ""
    key: str = ""
    id: str = ""
    account: str = ""
    """The connected account on whose behalf it is asked (``Stripe-Account``); empty for the platform itself."""

    def get(self, kind: str, id: str, param: str = "id") -> Json:
        """Return an object, or refuse with 404."""
        found = self.store.find(kind, id)
        if found is None:
            raise missing(kind.replace("_", " ") if kind == "checkout.session" else kind, id, param)
        return found

    def made(self, kind: str, prefix: str, **fields: Any) -> Json:
        """Make and save an object."""
        mode = {} if kind in _WITHOUT_MODE else {"livemode": False}
        data = {"id": new_id(prefix), "object": kind, "created": self.now, **mode, **fields}
        self.store.save(data)
        return data

    def emit(self, type: str, data: Json) -> None:
        """Write an event with the object as it is now, and queue it for the webhook endpoint."""
        event = self.made(
            "event",
            "evt",
            type=type,
            api_version="2026-05-27.dahlia",
            data={"object": shown(data)},
            pending_webhooks=1,
            request={"id": self.request_id or None, "idempotency_key": self.key or None},
        )
        webhooks = self.store.setting("webhooks", "off")
        if webhooks != "off":
            for due in self._dues(event["id"]):
                self.store.post(event, due, "held" if webhooks == "hold" else "waiting")

    def _dues(self, id: str) -> list[int]:
        """Return when an event is sent: once and at once, unless a test asked for copies or disorder."""
        copies, spread = self.seconds("copies", 1), self.seconds("spread", 0)
        chance = random.Random(id)  # noqa: S311 - disorder, not a secret; the same for the same event
        number = chance.randint(1, max(copies, 1))
        return [self.now + (chance.randint(0, spread) if spread else 0) for _ in range(number)]

    def later(self, act: str, id: str, setting: str, default: int) -> None:
        """Plan an act on an object, as many seconds from now as a setting says."""
        self.store.plan(act, id, self.now + self.seconds(setting, default))

    def seconds(self, setting: str, default: int) -> int:
        """Return a setting that is a number."""
        return int(self.store.setting(setting, str(default)))


def shown(data: Json) -> Json:
    """Return an object as the API shows it: without what is kept aside."""
    return {name: value for name, value in data.items() if not name.startswith("_")}
