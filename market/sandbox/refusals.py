"""How the platform says no: status and the ``error`` object (Stripe API reference, "Errors")."""

from typing import Any


class Refusal(Exception):
    """An answer of 400 or above, as the platform words it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        facts = {"type": kind, "message": message, "code": code, "param": param}
        self.error: dict[str, Any] = {name: value for name, value in facts.items() if value}

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON document of the answer."""
        return {"error": {**self.error, "request_log_url": f"/_sandbox/requests/{request_id}"}}


class Declined(Refusal):
    """A card error: unlike other refusals, what was tried stays written."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(402, error["message"])
        self.error = error


def card_error(code: str, decline_code: str, message: str) -> dict[str, Any]:
    """Return what a card error and an intent's ``last_payment_error`` have in common."""
    param = {"incorrect_cvc": "cvc", "expired_card": "exp_month"}.get(code, "")
    facts = {
        "type": "card_error",
        "code": code,
        "decline_code": decline_code,
        "message": message,
        "param": param,
    }
    link = f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
    return {name: value for name, value in facts.items() if value} | {"doc_url": link}


def missing(kind: str, id: str, param: str = "id") -> Refusal:
    """Return the refusal for an object that does not exist."""
    return Refusal(404, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def wrong(message: str, *, code: str = "", param: str = "") -> Refusal:
    """Return the refusal for a request that is understood and cannot be done."""
    return Refusal(400, message, code=code, param=param)
