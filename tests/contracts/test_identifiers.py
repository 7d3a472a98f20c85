import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import IdentifierError
from contracts.identifiers import check_character, credit_check, new_number, parse_credit_code, parse_number

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ISO = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODIES = st.builds(
    "{}{}{}".format,
    st.text(CREDIT, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(CREDIT, min_size=9, max_size=9),
)


def test_the_code_used_as_example_in_gb_32100_holds() -> None:
    assert parse_credit_code(" 91350100m000100y43 ") == "91350100M000100Y43"


@given(BODIES, st.integers(0, 17), st.sampled_from(CREDIT))
def test_one_wrong_character_of_a_credit_code_is_seen(body: str, place: int, other: str) -> None:
    code = body + credit_check(body)
    assert parse_credit_code(code) == code
    changed = code[:place] + other + code[place + 1 :]
    if changed != code:
        with pytest.raises(IdentifierError):
            parse_credit_code(changed)


@pytest.mark.parametrize(
    "text", ["", "9135010", "91350100M000100Y4O", "91350100M000100Y4३", "91350100M000100Y433"]
)
def test_credit_codes_of_wrong_form_are_refused(text: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        parse_credit_code(text)
    assert refused.value.code == "credit_code.form"


def test_the_check_character_is_that_of_iso_7064() -> None:
    # The example of the Global Release Identifier standard, which uses MOD 37,36.
    assert check_character("A12425GABC1234002") == "M"


@given(st.integers(0, 10), st.sampled_from(ISO))
def test_one_wrong_character_of_a_number_is_seen(place: int, other: str) -> None:
    number = new_number()
    changed = number[:place] + other + number[place + 1 :]
    if changed != number:
        with pytest.raises(IdentifierError):
            parse_number(changed)


def test_numbers_do_not_repeat_and_are_read_in_any_case() -> None:
    numbers = {new_number() for _ in range(200)}
    assert len(numbers) == 200
    assert {parse_number(f" {number.lower()} ") for number in numbers} == numbers


@pytest.mark.parametrize("body", ["", "ab", "Ä"])
def test_other_characters_have_no_check_character(body: str) -> None:
    with pytest.raises(IdentifierError):
        check_character(body)
