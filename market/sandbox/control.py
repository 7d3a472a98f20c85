"""``/_sandbox/…``: how a test makes this stand-in lose answers, hold webhooks, or tell untruths.

It takes the same test key as the API, so a page in somebody's browser cannot reach it.

* ``POST faults`` {kind, method, path, times, percent, seed, status, seconds, retry, after}: see
  :class:`market.sandbox.faults.Fault` for the kinds; ``DELETE faults`` forgets those still to come
* ``POST settings`` {webhooks: off|send|hold, refund_status: succeeded|pending,
  transfers: active|inactive}: the last is how new accounts begin; and numbers: ``copies`` (an event is sent
  once to so many times, by chance), ``spread`` (each within so many seconds, so in any order), and the seconds
  after which charges become available (``available_after``, 0), wallets settle (``wallet_after``, 2), test
  cards' refunds end (``refund_after``, 5), and disputes open and are decided (``dispute_after``, 0)
* ``POST objects/<id>`` {field: value}: falsify what is stored (a wrong amount); ``GET`` shows it,
  ``DELETE`` loses it. An account's ``_paid_out`` {currency: minor units} is what it has paid out and no
  longer holds
* ``POST events`` {type, id, change}: send an event about an object, with fields changed in the event only
* ``POST deliveries`` {order: oldest|newest|shuffled, seed, times, after, drop}: let held webhooks go, perhaps
  more than once, ``after`` seconds late (259200 is 72 hours), without the first ``drop`` of them
* ``POST deliveries/<event>``: send one event again; ``GET deliveries`` lists them
* ``POST disputes`` {charge or payment_intent, amount, reason, inquiry}: a bank takes a payment back, or asks
* ``POST disputes/<id>`` {status: won|lost|warning_closed}: the bank decides
* ``GET requests`` and ``requests/<id>``: what was asked of the API since the start
* ``POST refunds/<id>`` {status: succeeded|failed}: a refund arrives, or its money comes back
"""

import random
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from market.sandbox import disputes, money
from market.sandbox.api import Api, authorize
from market.sandbox.calls import Json
from market.sandbox.refusals import Refusal, missing, wrong

_SETTINGS = {
    "webhooks": ("off", "send", "hold"),
    "refund_status": ("succeeded", "pending"),
    "transfers": ("active", "inactive"),
}
_NUMBERS = ("copies", "spread", "available_after", "wallet_after", "refund_after", "dispute_after")
_KINDS = (
    "account", "checkout.session", "payment_intent", "payment_method", "charge", "transfer", "refund", "dispute",
    "transfer_reversal", "balance_transaction", "event",
)  # fmt: skip
_VERDICTS = ("won", "lost", "warning_closed")
_ENDS = ("succeeded", "failed")


def blueprint(api: Api) -> Blueprint:
    """Return the control surface over one API."""
    routes = Blueprint("control", __name__, url_prefix="/_sandbox")
    store, call = api.store, api.call

    def any_object(id: str) -> Json:
        found = next((data for kind in _KINDS if (data := store.find(kind, id))), None)
        if found is None:
            raise missing("object", id)
        return found

    @routes.before_request
    def guard() -> None:
        authorize()

    @routes.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> tuple[Response, int]:
        return jsonify(refusal.body("")), refusal.status

    @routes.post("/faults")
    def faults() -> Response:
        try:
            api.faults.add(_body())
        except TypeError as error:
            raise wrong(str(error)) from error
        return jsonify({})

    @routes.delete("/faults")
    def no_faults() -> Response:
        api.faults.clear()
        return jsonify({})

    @routes.post("/settings")
    def settings() -> Response:
        for name, value in _body().items():
            if not (value in _SETTINGS.get(name, ()) or (name in _NUMBERS and _is_number(value))):
                raise wrong(f"unknown setting: {name}={value}")
            store.set(name, str(value))
        return jsonify({})

    @routes.route("/objects/<id>", methods=["GET", "POST", "DELETE"])
    def objects(id: str) -> Response:
        data = any_object(id)
        if request.method == "DELETE":
            store.forget(id)
        if request.method == "POST":
            data |= _body()
            store.save(data)
        return jsonify(data)

    @routes.post("/events")
    def events() -> Response:
        asked = _body()
        call().emit(asked["type"], {**any_object(asked["id"]), **asked.get("change", {})})
        current_app.extensions["wake"]()
        return jsonify({})

    _deliveries(api, routes, any_object)
    _decisions(api, routes)
    return routes


def _deliveries(api: Api, routes: Blueprint, any_object: Callable[[str], Json]) -> None:
    store = api.store

    @routes.get("/requests")
    def requests() -> Response:
        return jsonify([asdict(heard) for heard in api.log.all()])

    @routes.get("/requests/<id>")
    def heard(id: str) -> Response:
        found = api.log.find(id)
        if found is None:
            raise missing("request", id)
        return jsonify(found)

    @routes.get("/deliveries")
    def deliveries() -> Response:
        return jsonify(store.deliveries())

    @routes.post("/deliveries")
    def release() -> Response:
        asked = _body()
        held = _in_order(store.held(), asked.get("order"), asked.get("seed", 0))
        dropped = asked.get("drop", 0)
        for place, _ in held[:dropped]:
            store.drop(place)
        # Due times long past keep the wanted order; whatever is newer comes after.
        first = api.call().now + asked["after"] if asked.get("after") else 1.0
        for number, (place, event) in enumerate(held[dropped:]):
            due = first + number / 1000
            for _ in range(asked.get("times", 1) - 1):
                store.post(any_object(event), due, "waiting")
            store.release(place, due)
        current_app.extensions["wake"]()
        return jsonify({"released": len(held) - dropped})

    @routes.post("/deliveries/<id>")
    def again(id: str) -> Response:
        store.post(any_object(id), 0.0, "waiting")
        current_app.extensions["wake"]()
        return jsonify({})


def _decisions(api: Api, routes: Blueprint) -> None:
    """What banks decide."""
    store = api.store

    @routes.post("/disputes")
    def dispute() -> Response:
        asked, call = _body(), api.call()
        charge = asked.get("charge")
        if charge is None:
            charge = call.get("payment_intent", str(asked.get("payment_intent")))["latest_charge"]
        with store.transaction():
            made = disputes.open_dispute(
                call,
                call.get("charge", charge or ""),
                reason=asked.get("reason", "general"),
                amount=asked.get("amount"),
                inquiry=asked.get("inquiry", False),
            )
        return _told(made)

    @routes.post("/disputes/<id>")
    def decide(id: str) -> Response:
        call, status = api.call(), _one_of(_VERDICTS)
        with store.transaction():
            return _told(disputes.decide(call, call.get("dispute", id), status))

    @routes.post("/refunds/<id>")
    def resolve(id: str) -> Response:
        call, status = api.call(), _one_of(_ENDS)
        with store.transaction():
            return _told(money.resolve_refund(call, call.get("refund", id), status))


def _told(data: Json) -> Response:
    current_app.extensions["wake"]()
    return jsonify(data)


def _in_order(held: list[tuple[int, str]], order: Any, seed: Any) -> list[tuple[int, str]]:
    if order == "newest":
        held.reverse()
    if order == "shuffled":
        random.Random(seed).shuffle(held)  # noqa: S311 - disorder, not a secret; the same for the same seed
    return held


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _one_of(words: tuple[str, ...]) -> str:
    status = _body().get("status")
    if status not in words:
        raise wrong(f"status must be one of {', '.join(words)}")
    return str(status)


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise wrong("a JSON object is expected")
    return data
