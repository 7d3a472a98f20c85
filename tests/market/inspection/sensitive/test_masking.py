import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.masking import HIDDEN, mask_column


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (Sensitive.MOBILE, "13812345678", "138****5678"),
        (Sensitive.MOBILE, "+86 138-1234-5678", "138****5678"),
        (Sensitive.MOBILE, "１３８１２３４５６７８", "138****5678"),
        (Sensitive.RESIDENT_ID, "11010119900307123X", "110101**********3X"),
        (Sensitive.RESIDENT_ID, "张三110101", HIDDEN),
        (Sensitive.BANK_CARD, "6222 0212 3456 7890 123", "6222********0123"),
        (Sensitive.EMAIL, "li.ming@example.com", "l***@example.com"),
        (Sensitive.NAME, "欧阳修", "欧**"),
        (Sensitive.ADDRESS, "济南市历下区经十路1号", "济南市***"),
        (Sensitive.IP, "10.1.2.3", "10.1.*.*"),
        (Sensitive.MAC, "aa:bb:cc:dd:ee:ff", "aa:bb:cc:**:**:**"),
        (Sensitive.COORDINATES, "117.12345", "117.***"),
        (Sensitive.PLATE, "鲁A12345", "鲁A****5"),
    ],
)
def test_a_value_is_masked_by_its_class(kind: Sensitive, text: str, shown: str) -> None:
    assert mask_column(pl.Series([text, None]), kind).to_list() == [shown, None]


@settings(deadline=None)
@given(st.sampled_from(Sensitive), st.text(min_size=4, max_size=30))
def test_no_value_is_shown_whole(kind: Sensitive, text: str) -> None:
    shown = mask_column(pl.Series([text]), kind)[0]
    assert "*" in shown
    assert shown != text or text.strip("*") == ""
