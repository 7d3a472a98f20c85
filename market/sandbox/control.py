"""``/_sandbox/…``: how a test makes this stand-in lose answers, hold webhooks, or tell untruths.

It takes the same test key as the API, so a page in somebody's browser cannot reach it.

* ``POST faults`` {kind, method, path, times, status, seconds, retry}
* ``POST settings`` {webhooks: off|send|hold, refund_status: succeeded|pending,
  transfers: active|inactive}: the last is how new accounts begin
* ``POST objects/<id>`` {field: value}: falsify what is stored; ``GET`` shows it. An account's
  ``_paid_out`` {currency: minor units} is what it has paid out and no longer holds
* ``POST events`` {type, id, change}: send an event about an object, with fields changed in the event only
* ``POST deliveries`` {order: oldest|newest, times}: let held webhooks go, perhaps more than once
* ``POST deliveries/<event>``: send one event again; ``GET deliveries`` lists them
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from market.sandbox import money
from market.sandbox.api import Api, authorize
from market.sandbox.refusals import Refusal, missing, wrong

_SETTINGS = {
    "webhooks": ("off", "send", "hold"),
    "refund_status": ("succeeded", "pending"),
    "transfers": ("active", "inactive"),
}
_KINDS = (
    "account", "checkout.session", "payment_intent", "charge", "transfer", "transfer_reversal", "refund", "event",
)  # fmt: skip


def blueprint(api: Api) -> Blueprint:
    """Return the control surface over one API."""
    routes = Blueprint("control", __name__, url_prefix="/_sandbox")
    store, call = api.store, api.call

    def any_object(id: str) -> money.Json:
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

    @routes.post("/settings")
    def settings() -> Response:
        for name, value in _body().items():
            if value not in _SETTINGS.get(name, ()):
                raise wrong(f"unknown setting: {name}={value}")
            store.set(name, value)
        return jsonify({})

    @routes.route("/objects/<id>", methods=["GET", "POST"])
    def objects(id: str) -> Response:
        data = any_object(id)
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

    @routes.get("/deliveries")
    def deliveries() -> Response:
        return jsonify(store.deliveries())

    @routes.post("/deliveries")
    def release() -> Response:
        asked = _body()
        held = store.held()
        if asked.get("order") == "newest":
            held.reverse()
        for number, (place, event) in enumerate(held):
            for _ in range(asked.get("times", 1) - 1):
                store.post(any_object(event), 1.0 + number, "waiting")
            # Due times long past keep the wanted order; whatever is newer comes after.
            store.release(place, 1.0 + number)
        current_app.extensions["wake"]()
        return jsonify({"released": len(held)})

    @routes.post("/deliveries/<id>")
    def again(id: str) -> Response:
        store.post(any_object(id), 0.0, "waiting")
        current_app.extensions["wake"]()
        return jsonify({})

    return routes


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise wrong("a JSON object is expected")
    return data
