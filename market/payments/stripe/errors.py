"""What the payment platform may answer instead of the object, as typed errors."""

from typing import Any


class StripeError(Exception):
    """The platform did not give what was asked.

    Attributes:
        refused: True when the platform surely did nothing and never will for this key; False when
            the outcome is unknown or the same call may still succeed: keep the operation and resume it.
        status: HTTP status, None when no answer came.
        code: the platform's stable word (``balance_insufficient``), may be empty.
        decline_code: the bank's word on card errors, may be empty.
        param: the parameter complained of, may be empty.
        payment_intent: id of the payment that was declined, for card errors, may be empty.
        request_id: the platform's ``Request-Id``, to quote to its support.
    """

    refused = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error: dict[str, Any] | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        facts = error or {}
        self.status = status
        self.code = str(facts.get("code") or "")
        self.decline_code = str(facts.get("decline_code") or "")
        self.param = str(facts.get("param") or "")
        intent = facts.get("payment_intent")
        self.payment_intent = str(intent.get("id") or "") if isinstance(intent, dict) else ""
        self.request_id = request_id


class CardError(StripeError):
    """The payment method was declined; the payer may try another one."""

    refused = True


class InvalidRequest(StripeError):
    """The request is wrong or impossible now (unknown object, too little balance); it was not done."""

    refused = True


class AuthError(StripeError):
    """The key is wrong or may not do this: an operator must correct the settings; nothing was done."""


class IdempotencyError(StripeError):
    """The key was used before with other parameters: a fault of ours; look at what was done then."""


class RateLimited(StripeError):
    """Too many requests; nothing was done, the same call may be made again later."""


class ApiError(StripeError):
    """The platform failed, or the answer is not its own or cannot be read; the outcome is unknown."""


class ConnectionFailed(StripeError):
    """No answer came, so the outcome is unknown: repeat with the same key or look it up."""


_BY_TYPE: dict[str, type[StripeError]] = {
    "card_error": CardError,
    "invalid_request_error": InvalidRequest,
    "idempotency_error": IdempotencyError,
    "api_error": ApiError,
}


def error_of(status: int, body: Any, request_id: str) -> StripeError:
    """Return the typed error for an answer of 300 or above; bodies of any shape are tolerated.

    Only the platform's own word makes a refusal. What stands between us and it (a proxy that waited too long,
    a redirect to a sign-in page) does not know what the platform has done.
    """
    facts = body.get("error") if isinstance(body, dict) else None
    error = facts if isinstance(facts, dict) else {}
    message = str(error.get("message") or f"the payment platform answered {status}")
    match status:
        case 401 | 403:
            kind: type[StripeError] = AuthError
        case 429:
            kind = RateLimited
        case _ if status >= 500 or status == 409:
            kind = ApiError
        case _:
            kind = _BY_TYPE.get(str(error.get("type")), ApiError)
    return kind(message, status=status, error=error, request_id=request_id)
