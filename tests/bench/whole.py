"""Whole trades over HTTP: a contract made, rendered, signed by both, paid, fetched, accepted, the provider paid.

*Without document work* leaves out what makes and signs the contract: contracts in force are prepared before the clock
starts, and what is measured goes from the payment to the released price.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from market.demo.client import DemoError, Person, wait_for
from tests.bench.exchange import Exchange
from tests.bench.table import Row

TRADES = 16
AT_ONCE = 4
"""Trades that run side by side, each with a thread and connections of its own."""


def rates(exchange: Exchange, database: str) -> list[Row]:
    """Return whole trades a second with document work and without."""
    numbers: list[str] = []

    def whole(_turn: int) -> None:
        number = agree(exchange)
        settle(exchange, number)
        numbers.append(number)

    with_documents = _measure(exchange, whole, list(range(TRADES)))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        prepared = list(threads.map(lambda _turn: agree(exchange), range(TRADES)))
    without = _measure(exchange, lambda number: settle(exchange, number), prepared)
    return [
        _row(f"whole trades, {database}", with_documents, with_documents),
        _row(f"without document work, {database}", without, with_documents),
    ]


def agree(exchange: Exchange) -> str:
    """Make a contract that both sign, and return the number of the trade once it runs."""
    buyer, provider = exchange.another(exchange.cast.buyer), exchange.another(exchange.cast.provider)
    number = str(buyer.post("/api/v1/contracts", {"listing": exchange.listing}, create=True)["number"])
    path = f"/api/v1/contracts/{number}"
    for person in (provider, buyer):
        person.post(f"{path}/signature", {"document_digest": person.get(path)["document_digest"]})
    _until(buyer, number, "contract.finalized")
    return number


def settle(exchange: Exchange, number: str) -> None:
    """Pay, fetch and accept, until the provider has the money."""
    buyer = exchange.another(exchange.cast.buyer)
    page = buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"]
    requests.post(page, data={"outcome": "pay"}, timeout=60, allow_redirects=False).raise_for_status()
    _until(buyer, number, "settlement.funded")
    buyer.fetch(f"/api/v1/trades/{number}/delivery")
    _until(buyer, number, "delivery.completed")
    buyer.post(f"/api/v1/trades/{number}/acceptance")
    _until(buyer, number, "settlement.released")


def _until(person: Person, number: str, kind: str) -> None:
    def there() -> bool | None:
        try:
            return (
                any(entry["kind"] == kind for entry in person.get(f"/api/v1/trades/{number}")["timeline"])
                or None
            )
        except DemoError as error:
            if error.status == requests.codes.not_found:
                return None
            raise

    wait_for(there, f"{kind} of {number}", seconds=300)


def _measure(
    exchange: Exchange, act: Callable[..., None], over: list[object] | list[str] | list[int]
) -> tuple[float, float]:
    """Return how many are done a second, and the processor seconds of each."""
    before, began = exchange.spent(), time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(act, over))
    return len(over) / (time.perf_counter() - began), (exchange.spent() - before) / len(over)


def _row(name: str, found: tuple[float, float], baseline: tuple[float, float]) -> Row:
    rate, spent = found
    return Row(
        name, f"{rate:.2f} /s, {spent * 1000:.0f} ms CPU each", f"{rate / baseline[0]:.1f} x whole trades"
    )
