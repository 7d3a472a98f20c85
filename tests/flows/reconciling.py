"""Reports on books and platform, asked for over HTTP."""

import uuid
from typing import Any

import requests

from market.payments.stripe import VERSION
from tests.flows.hall import KEY, Hall, Json


def asked(hall: Hall) -> Json:
    """Ask for a report on today and wait until it is made."""
    today = hall.clock().date().isoformat()
    made = hall.operator.post("/api/v1/reconciliations", {"first": today, "last": today}, create=True)
    path = f"/api/v1/reconciliations/{made['id']}"
    hall.settled(lambda: hall.operator.get(path)["state"] == "MADE", "a report")
    return hall.operator.get(path)


def strangers_payment(hall: Hall) -> None:
    """Let somebody pay on a page of the platform account that this exchange has not opened."""
    form: dict[str, Any] = {
        "mode": "payment", "success_url": "http://localhost/",
        "line_items[0][quantity]": 1, "line_items[0][price_data][currency]": "cny",
        "line_items[0][price_data][unit_amount]": 1000, "line_items[0][price_data][product_data][name]": "x",
    }  # fmt: skip
    base = f"{hall.sandbox.base}/v1/checkout/sessions"
    said = {"Stripe-Version": VERSION, "Idempotency-Key": uuid.uuid4().hex}
    page = requests.post(base, data=form, auth=(KEY, ""), headers=said, timeout=60).json()["url"]
    requests.post(page, data={"outcome": "pay"}, allow_redirects=False, timeout=60).raise_for_status()
