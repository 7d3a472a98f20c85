"""A standing offer over HTTP: signed from the command line, accepted, traded, and verified by a stranger."""

import io
from pathlib import Path

from market.verify import main
from tests.flows.hall import Hall
from tests.flows.test_own_keys import run


def test_an_accepted_offer_is_a_trade_that_a_stranger_verifies(hall: Hall, tmp_path: Path) -> None:
    file, document = tmp_path / "key.pem", tmp_path / "read.pdf"
    made = run(hall, hall.provider, "request", "--key", file, "--device", "laptop")
    assert made.exit_code == 0, made.output
    draft = hall.provider.post("/api/v1/offers", {"listing": hall.free, "days": 30, "most": 1})
    place = f"/api/v1/offers/{draft['number']}"
    document.write_bytes(hall.provider._session.get(f"{hall.url}{place}/document.pdf", timeout=60).content)
    signed = run(
        hall, hall.provider, "sign", draft["number"], "--offer", "--key", file, "--document", document
    )
    assert signed.exit_code == 0, signed.output
    number = hall.buyer.post(f"{place}/acceptances", create=True)["number"]
    hall.sign(hall.buyer, number)
    hall.until(number, "contract.finalized")
    assert hall.kinds(number) == ["contract.requested", "contract.signed", "contract.finalized"]
    assert hall.buyer.get(place)["state"] == "EXHAUSTED"
    assert hall.buyer.ask("POST", f"{place}/acceptances").status == 409
    hall.receive(number)
    bundle, out = tmp_path / "bundle.zip", io.StringIO()
    bundle.write_bytes(hall.bundle(number))
    assert main(bundle, None, out) == 0, out.getvalue()
    assert (
        "ok   offer: open: signed before, not withdrawn or over when the buyer signed; acceptance 1 of at most 1"
        in (out.getvalue())
    )
    assert "held by the party" in out.getvalue()
