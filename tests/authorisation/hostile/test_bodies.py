"""What a body may not be: every JSON address refuses it with a problem and keeps nothing of it."""

import pytest

from tests.authorisation.hostile.attacks import BODIES, KINDS, is_refused, keeps, post, variants
from tests.authorisation.rows import Row
from tests.authorisation.table import ROWS
from tests.authorisation.world import World

TAKERS = [
    row for row in ROWS if row.is_api and row.method in {"POST", "PUT"} and row.sent and not row.sends_file
]


@pytest.mark.parametrize("row", TAKERS, ids=str)
def test_no_field_takes_what_it_cannot_be(world: World, row: Row) -> None:
    answers = {what: post(world, row, body) for what, body in variants(world, row).items()}
    assert {what: answer.text for what, answer in answers.items() if not is_refused(answer)} == {}
    keeps(world)


@pytest.mark.parametrize("row", TAKERS, ids=str)
def test_no_address_takes_what_is_no_object_of_json(world: World, row: Row) -> None:
    answers = {what: post(world, row, body) for what, body in BODIES.items()}
    answers |= {f"as {kind}": post(world, row, b'{"reason": "as the table says"}', kind) for kind in KINDS}
    assert {what: answer.text for what, answer in answers.items() if not is_refused(answer)} == {}
    assert answers["10 MB"].status_code == 413
    assert {answers[f"as {kind}"].status_code for kind in KINDS} == {415}
    keeps(world)


def test_a_password_may_be_anything_that_can_be_written(world: World) -> None:
    row = next(row for row in TAKERS if row.endpoint == "participants_api.make_token")
    for secret, status in ((r"a\u0000b", 401), (r"a\u202eb", 401), (r"a\ud800b", 422), ("x" * 257, 422)):
        answer = post(
            world, row, f'{{"email": "{world.own.things["email"]}", "password": "{secret}"}}'.encode()
        )
        assert answer.status_code == status, (secret, answer.text)
