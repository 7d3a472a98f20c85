"""What comes later by itself: a wallet's money, a bank's second thoughts, funds that become available."""

from collections.abc import Callable

from market.sandbox import disputes, money, sessions
from market.sandbox.calls import Call
from market.sandbox.refusals import Refusal

ACTS: dict[str, Callable[[Call, str], None]] = {
    "available": money.become_available,
    "dispute": disputes.open_later,
    "refund": money.finish_refund,
    "settle": sessions.settle,
    "verdict": disputes.verdict,
}


def catch_up(call: Call) -> None:
    """Do what is due by the request's time, each with what follows from it, all or nothing."""
    while planned := call.store.planned(call.now):
        place, act, id = planned
        try:
            with call.store.transaction():
                # Two requests may have seen the same plan.
                if call.store.planned(call.now) == planned:
                    ACTS[act](call, id)
                    call.store.performed(place)
        except Refusal:
            # What has become impossible meanwhile (a charge that is disputed twice) is not to come.
            call.store.performed(place)
