"""One whole trade: contract, payment, delivery, acceptance; every ledger entry is told as it appears."""

import requests

from ledger.errors import ProofError
from ledger.policy import Policy
from market.demo.client import TIMEOUT_SECONDS, Body, DemoError, Person, wait_for
from market.demo.goods import Good
from market.demo.joining import Cast
from market.demo.show import Show

WORDS = {
    "contract.requested": "asks for a contract",
    "contract.signed": "signs the contract",
    "contract.finalized": "the contract is in force",
    "payment.planned": "goes to pay",
    "payment.opened": "the pay page is open",
    "payment.settled": "the payment has come in",
    "settlement.funded": "the price is held until acceptance",
    "delivery.completed": "every byte was handed over; the receipt is written",
    "acceptance.accepted": "accepts what was delivered",
    "transfer.planned": "begins the transfer to the provider",
    "transfer.made": "the provider has the price less the platform fee",
    "settlement.released": "the settlement is released",
}
"""What each entry of a trade means, said of whoever acts."""


class Trading:
    """Carries one trade from the catalogue to the released price.

    Args:
        cast: who acts.
        show: where it is told.
    """

    def __init__(self, cast: Cast, show: Show) -> None:
        self._cast = cast
        self._show = show
        self._told: set[str] = set()

    def trade(self, listing: str, good: Good) -> str:
        """Buy a listing and return the number of the trade.

        Args:
            listing: number of the listing.
            good: the file that must arrive.

        Raises:
            DemoError: the exchange refuses, something does not come, or other bytes arrive.
        """
        number = self._contract(listing)
        self._pay(number)
        self._fetch(number, good)
        self._accept(number)
        return number

    def _contract(self, listing: str) -> str:
        buyer, provider = self._cast.buyer, self._cast.provider
        self._show.now("the contract is rendered")
        number = str(buyer.post("/api/v1/contracts", {"listing": listing}, create=True)["number"])
        for person in (provider, buyer):
            shown = person.get(f"/api/v1/contracts/{number}")
            person.post(
                f"/api/v1/contracts/{number}/signature", {"document_digest": shown["document_digest"]}
            )
        self._until(number, "contract.finalized")
        return number

    def _pay(self, number: str) -> None:
        if self._trade(number)["amount"] == 0:
            return
        self._show.now("the buyer pays on the sandbox's page")
        opened = self._cast.buyer.post(f"/api/v1/trades/{number}/payment")
        answer = requests.post(
            opened["checkout_url"], data={"outcome": "pay"}, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        if answer.status_code != requests.codes.see_other:
            raise DemoError(f"the pay page answered {answer.status_code}")
        self._until(number, "settlement.funded")

    def _fetch(self, number: str, good: Good) -> None:
        self._show.now("the buyer fetches the data through the gate")
        path = f"/api/v1/trades/{number}/delivery"
        half = len(good.content) // 2  # in two parts, as a broken download goes on
        first = self._cast.buyer.fetch(path, {"Range": f"bytes=0-{half - 1}"})
        rest = self._cast.buyer.fetch(path, {"Range": f"bytes={half}-", "If-Range": first.headers["ETag"]})
        if first.content + rest.content != good.content:
            raise DemoError("other bytes arrived than were sold")
        self._until(number, "delivery.completed")

    def _accept(self, number: str) -> None:
        self._cast.buyer.post(f"/api/v1/trades/{number}/acceptance")
        self._until(number, "settlement.released" if self._trade(number)["amount"] else "acceptance.accepted")

    def _until(self, number: str, kind: str) -> None:
        """Tell every new entry of the trade until one of this kind is there."""
        self._show.now(f"waiting for {kind}")
        wait_for(lambda: self._tell(number, kind), kind)

    def _tell(self, number: str, kind: str) -> bool | None:
        try:
            timeline = self._trade(number)["timeline"]
        except DemoError as error:
            if error.status == requests.codes.not_found:  # the trade exists once the contract is in force
                return None
            raise
        for entry in timeline:
            if entry["entry_id"] not in self._told and entry["index"] is not None:
                self._told.add(entry["entry_id"])
                self._show.act(entry["side"], WORDS.get(entry["kind"], entry["kind"]), Show.written(entry))
        return any(entry["kind"] == kind for entry in timeline) or None

    def _trade(self, number: str) -> Body:
        return self._cast.buyer.get(f"/api/v1/trades/{number}")


def audit(auditor: Person, number: str, trust: Policy) -> tuple[int, str]:
    """Wait until every entry of a trade stands under a checkpoint that is signed, and witnessed if that is demanded.

    Args:
        auditor: who looks.
        number: of the trade.
        trust: what the checkpoint is held against.

    Returns:
        The number of entries of the trade, and the checkpoint note.

    Raises:
        DemoError: no checkpoint covers the newest entry in time.
    """

    def proven() -> list[Body] | None:
        items: list[Body] = auditor.get(f"/api/v1/trades/{number}/entries")["items"]
        return items if all(item["proof"] for item in items) else None

    def trusted() -> str | None:
        note = auditor.fetch("/ledger/checkpoint").text
        try:
            size = trust.check(note).size
        except ProofError:
            return None
        return note if size > entries[-1]["index"] else None

    entries = wait_for(proven, "a checkpoint over the whole trade")
    return len(entries), wait_for(trusted, "the witnesses of the checkpoint")
