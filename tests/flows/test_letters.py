"""Letters of a negotiation over HTTP: the worker sends them after the step, to the right people, in words."""

import re
from collections.abc import Callable

import pytest

from tests.flows.hall import Hall


def test_each_side_is_told_its_turn_and_both_how_it_ended(
    hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []

    def letter(to: str, subject: str) -> Callable[[], bool]:
        def came() -> bool:
            heard.append(capsys.readouterr().out)
            return f"To: {to}\nSubject: {subject}\n" in "".join(heard)

        return came

    number = hall.ask_for(hall.priced)
    provider, buyer = "provider@hall.example", "buyer@hall.example"
    hall.settled(letter(provider, f"合同 {number} 待您表态"), "the provider's letter")
    path, shown = f"/api/v1/contracts/{number}", hall.provider.get(f"/api/v1/contracts/{number}")
    offer = {"base": shown["terms_digest"], "changes": {"term.days": 90}, "comment": "三个月"}
    hall.provider.post(f"{path}/offers", offer, create=True)
    hall.settled(letter(buyer, f"合同 {number} 待您表态"), "the buyer's letter")
    hall.buyer.post(f"{path}/refusal", {"reason": "期限过短"})
    for to in (provider, buyer):
        hall.settled(letter(to, f"合同 {number} 未生效即告终止"), "the letter about the end")
    told = "".join(heard)
    assert told.count("理由：期限过短") >= 2
    for to in (provider, buyer):
        once = rf"^To: {to}\nSubject: 合同 {number} 未生效即告终止$"
        assert len(re.findall(once, told, re.MULTILINE)) == 1
    assert f"{hall.url}/contracts/{number}\n" in told
