"""What a round of negotiation takes over HTTP: other terms, their document set in type, and the other side's answer."""

import statistics
import time
from collections.abc import Iterator

from tests.bench.exchange import Exchange
from tests.bench.table import Row

ROUNDS = 20


def rounds(exchange: Exchange) -> Iterator[Row]:
    """Yield the middle time of a comment, which is one step and no document (the baseline), and of a round.

    In a round the provider offers other terms and the buyer accepts them by their digest: two steps and a document.
    """
    buyer, provider = exchange.another(exchange.cast.buyer), exchange.another(exchange.cast.provider)
    said, agreed = [], []
    for turn in range(ROUNDS):
        shown = buyer.post("/api/v1/contracts", {"listing": exchange.listing}, create=True)
        path, base = f"/api/v1/contracts/{shown['number']}", shown["terms_digest"]
        comment = {"clause": "term", "on_digest": base, "comment": "半年即可", "changes": None}
        begun = time.perf_counter()
        provider.post(f"{path}/remarks", comment, create=True)
        said.append(time.perf_counter() - begun)
        offer = {"base": base, "changes": {"term.days": 100 + turn}, "comment": "半年即可"}
        begun = time.perf_counter()
        made = provider.post(f"{path}/offers", offer, create=True)
        buyer.post(f"{path}/acceptance", {"terms_digest": made["terms_digest"]})
        agreed.append(time.perf_counter() - begun)
    plain, whole = statistics.median(said), statistics.median(agreed)
    yield Row("a comment: one step (baseline)", f"{plain * 1000:.0f} ms")
    yield Row(
        "other terms, and their acceptance", f"{whole * 1000:.0f} ms", f"{whole / plain:.1f} x a comment"
    )
