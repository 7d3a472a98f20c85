"""A contract amended, and one renewed, over HTTP, nothing patched: the trade follows, and a stranger is convinced."""

import io
from pathlib import Path

from market.i18n import CHINA
from market.verify import main
from tests.flows.hall import Hall, ledger_faults


def test_an_amended_contract_is_followed_and_proved(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    shown = hall.provider.get(f"/api/v1/trades/{number}")["terms_digest"]
    sent = {"base": shown, "changes": {"delivery.downloads": 1, "term.days": 400}, "comment": "一次为限"}
    path = f"/api/v1/trades/{number}/amendments"
    made = hall.provider.post(path, sent, create=True)
    assert (made["state"], made["amends"]) == ("OFFERED", number)
    assert hall.buyer.ask("POST", path, sent).code == "amendment.open"
    place = f"/api/v1/contracts/{made['number']}"
    hall.buyer.post(f"{place}/acceptance", {"terms_digest": made["terms_digest"]})
    assert hall.fetch(number).status_code == 200
    for person in (hall.provider, hall.buyer):
        assert hall.sign(person, made["number"]).status == 200
    hall.until(number, "amendment.finalized")
    assert hall.fetch(number).status_code == 403
    then = hall.buyer.get(
        f"/api/v1/contracts/{number}/at/{hall.clock().astimezone(CHINA).date().isoformat()}"
    )
    assert (then["contract"], then["state"]) == (made["number"], "ACTIVE")
    assert {change["blank"] for change in then["line"][1]["changes"]} == {"delivery.downloads", "term.days"}
    assert ledger_faults(hall) == []
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(hall.bundle(number))
    out = io.StringIO()
    assert main(archive, None, out) == 0, out.getvalue()
    assert "amendments: 1 proposed, 1 in force" in out.getvalue()


def test_a_renewal_is_a_trade_of_its_own_and_proved(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    path = f"/api/v1/trades/{number}/renewal"
    assert hall.provider.ask("POST", path).code == "role.missing"
    made = hall.buyer.post(path, create=True)
    assert (made["state"], made["renews"]) == ("REQUESTED", number)
    assert hall.buyer.ask("POST", path).code == "renewal.already"
    for person in (hall.provider, hall.buyer):
        assert hall.sign(person, made["number"]).status == 200
    hall.until(made["number"], "contract.finalized")
    told = hall.buyer.get(f"/api/v1/trades/{made['number']}")
    assert (told["renews"], told["states"]["agreement"]) == (number, "ACTIVE")
    assert hall.buyer.get(f"/api/v1/trades/{number}")["renewed_by"] == made["number"]
    archive, out = tmp_path / "bundle.zip", io.StringIO()
    archive.write_bytes(hall.bundle(made["number"]))
    assert main(archive, None, out) == 0, out.getvalue()
    assert f"renewal: of contract {number}" in out.getvalue()
