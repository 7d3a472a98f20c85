"""Four eyes over HTTP: nobody of the buyer's signs what no second person approved, and a stranger is shown it."""

import io
from pathlib import Path

from market.verify import main
from tests.flows.hall import Hall


def test_a_second_person_approves_before_a_colleague_signs(hall: Hall, tmp_path: Path) -> None:
    chief, colleague = hall.buyer, hall.colleague
    assert colleague.ask("PUT", "/api/v1/approval-rule", {"asks": "always"}).code == "role.missing"
    assert chief.ask("PUT", "/api/v1/approval-rule", {"asks": "always"}).status == 200
    try:
        number = hall.ask_for(hall.free)
        place = f"/api/v1/contracts/{number}"
        shown = {"document_digest": chief.get(place)["document_digest"]}
        assert hall.sign(hall.provider, number).status == 200
        assert hall.sign(colleague, number).code == "contract.approval_needed"
        assert colleague.ask("POST", f"{place}/approval", shown).code == "role.missing"
        assert chief.ask("POST", f"{place}/approval", shown).body["approval"]["approved"] is True
        assert hall.sign(chief, number).code == "approval.own"
        assert hall.sign(colleague, number).status == 200
    finally:
        assert chief.ask("PUT", "/api/v1/approval-rule", {"asks": "never"}).status == 200
    hall.until(number, "contract.finalized")
    assert hall.kinds(number)[:4] == [
        "contract.requested", "contract.signed", "contract.approved", "contract.signed",
    ]  # fmt: skip
    archive, out = tmp_path / "bundle.zip", io.StringIO()
    archive.write_bytes(hall.bundle(number))
    assert main(archive, None, out) == 0, out.getvalue()
    assert "approved for the buyer by a second person before it signed, this document" in out.getvalue()
