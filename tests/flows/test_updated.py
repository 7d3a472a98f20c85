"""A newer file of an asset over HTTP, nothing patched: compared, approved, told, fetched, and proved."""

import hashlib
import io
from pathlib import Path
from typing import Final

import requests

from market.verify import main
from tests.flows.hall import Hall, ledger_faults

STATED: Final[dict[str, str | list[str]]] = {
    "title": "泵站读数", "source": "our own gauges", "rights": ["hold", "operate"],
}  # fmt: skip


def table(rows: int) -> bytes:
    """Return a table that nobody else has; a longer one begins with the rows of a shorter."""
    lines = (f"2026-01-{row:02},{row * 7919 % 101},三号井" for row in range(1, rows + 1))
    return "\n".join(["日期,读数,井", *lines, ""]).encode()


def registered(hall: Hall) -> str:
    asset_id = str(hall.provider.upload("/api/v1/assets", "readings.csv", table(20), STATED)["id"])
    where = f"/api/v1/assets/{asset_id}"
    hall.settled(lambda: hall.provider.get(f"{where}/inspection")["state"] == "measured", "measuring")
    hall.provider.post(f"{where}/submission")
    hall.operator.post(f"{where}/review", {"decision": "approve", "reason": "plausible"})
    hall.settled(lambda: hall.provider.get(where)["state"] == "REGISTERED", "registering")
    return asset_id


def listed(hall: Hall, asset_id: str) -> str:
    made = hall.provider.post(
        "/api/v1/listings",
        {
            "asset": asset_id, "title": "泵站读数", "summary": "Readings of a pump.", "sector": "meteorology",
            "benefit": "commercial", "price": 10_000, "purposes": ["internal-analysis"], "term_days": 90,
            "permitted": ["derive"], "quality": [{"indicator": "rows", "operator": "gteq", "value": "20"}],
            "terms": {"data.update": "monthly"},
        },
        create=True,
    )  # fmt: skip
    hall.provider.post(f"/api/v1/listings/{made['number']}/publication")
    return str(made["number"])


def fetched(hall: Hall, number: str, ordinal: int) -> requests.Response:
    return hall.buyer._session.get(f"{hall.url}/api/v1/trades/{number}/updates/{ordinal}", timeout=60)


def test_a_newer_file_reaches_who_has_a_right_to_it(hall: Hall, tmp_path: Path) -> None:
    asset_id = registered(hall)
    listing = listed(hall, asset_id)
    number = hall.agree(listing)
    hall.pay(number)
    hall.receive(number)
    where = f"/api/v1/assets/{asset_id}/updates"
    hall.provider.upload(where, "readings.csv", table(25), {"changes": "五天的新读数"})
    hall.settled(lambda: hall.provider.get(where)["items"][0]["comparison"] is not None, "comparing")
    rows = hall.provider.get(where)["items"][0]["comparison"]["rows"]
    assert (rows["added"], rows["removed"], rows["kept"]) == (5, 0, 20)
    assert hall.operator.get(where)["items"] == []
    hall.provider.post(f"{where}/submission")
    assert hall.buyer.get(f"/api/v1/trades/{number}/updates")["items"] == []
    hall.operator.post(f"{where}/review", {"decision": "approve", "reason": "five days more"})
    hall.until(number, "trade.updated")
    told = hall.buyer.get(f"/api/v1/trades/{number}/updates")["items"]
    assert [one["digest"] for one in told] == [hashlib.sha256(table(25)).hexdigest()]
    answer = fetched(hall, number, 1)
    assert (answer.status_code, answer.content) == (200, table(25))
    hall.until(number, "update.delivered")
    before = hall.buyer.get(f"/api/v1/listings/{listing}")
    assert before["measured"]["rows"] == 20
    hall.provider.post(f"/api/v1/listings/{listing}/revision")
    assert hall.buyer.get(f"/api/v1/listings/{listing}")["measured"]["rows"] == 25
    assert ledger_faults(hall) == []
    archive, out = tmp_path / "bundle.zip", io.StringIO()
    archive.write_bytes(hall.bundle(number))
    assert main(archive, None, out) == 0, out.getvalue()
