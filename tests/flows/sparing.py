"""Public data of an authority in a whole exchange: registered, listed, and a contract under the startup waiver."""

from typing import Any

from tests.flows.hall import Hall

AUTHORITY = "齐鲁示例市交通运输局"
STATED = {"authority": AUTHORITY, "authority_basis": "公共数据授权运营协议 1"}


def registered(hall: Hall, seed: int, **stated: str) -> tuple[str, dict[str, Any]]:
    """Register a file of its own and return the asset's id and what a listing of it says."""
    rows = [f"{seed * 1000 + place},{(seed * 7919 + place * 104729) % 100003}" for place in range(200)]
    content = "\n".join(["站点,客流", *rows, ""]).encode()
    title = f"公交客流 {seed}"
    said: dict[str, str | list[str]] = {
        "title": title, "source": "Counted by the authority itself.", "rights": ["process", "operate"], **stated,
    }  # fmt: skip
    asset = hall.provider.upload("/api/v1/assets", f"flow-{seed}.csv", content, said)
    where = f"/api/v1/assets/{asset['id']}"
    hall.settled(lambda: hall.provider.get(f"{where}/inspection")["state"] == "measured", "the inspection")
    hall.provider.post(f"{where}/submission")
    hall.operator.post(
        f"{where}/review", {"decision": "approve", "reason": "named in the authority's own list"}
    )
    hall.settled(lambda: bool(hall.provider.get(where)["state"] == "REGISTERED"), "the registration")
    listing = {
        "asset": asset["id"], "title": title, "summary": "Passengers at each stop, by the authority's own count.",
        "sector": "transport", "benefit": "commercial", "price": 36_000, "purposes": ["internal-analysis"],
        "permitted": ["derive"], "quality": [{"indicator": "rows", "value": "200"}], "term_days": 365,
    }  # fmt: skip
    return str(asset["id"]), listing


def listed(hall: Hall, listing: dict[str, Any]) -> str:
    """Return the number of a published listing."""
    number = str(hall.provider.post("/api/v1/listings", listing, create=True)["number"])
    hall.provider.post(f"/api/v1/listings/{number}/publication")
    return number


def at_cost(listing: dict[str, Any]) -> dict[str, Any]:
    """Return a listing as one of public benefit at its cost, to be fetched within 60 days."""
    return listing | {
        "benefit": "public", "price": 20_000, "cost": 20_000, "cost_basis": "Two days of cleaning.",
        "purposes": ["research", "education"], "terms": {"delivery.days": 60},
    }  # fmt: skip
