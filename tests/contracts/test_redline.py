from typing import Any

from contracts import redline
from contracts.library import Bilingual
from contracts.terms import Terms
from contracts.versions import apply
from tests.contracts import small

HALF = {"amount": 640_025, "currency": "CNY"}
ROW = small.VALUES["quality"][0]


def texts(stretches: list[dict[str, str]], *ops: str) -> str:
    return "".join(piece["text"] for piece in stretches if piece["op"] in ops)


def sections(new: Terms) -> dict[str, redline.Section]:
    return {one.clause: one for one in redline.sections(small.model(), small.terms(), new)}


def test_a_changed_value_is_struck_out_and_written_anew_in_both_languages() -> None:
    found = sections(small.terms(price__amount=HALF))
    assert list(found) == ["price"]
    assert (found["price"].label, found["price"].title) == (
        Bilingual("第二条", "Article 2"),
        Bilingual("价款", "Price"),
    )
    paragraph = found["price"].parts[1]
    assert texts(paragraph["zh"], "gone") == "人民币12,800.50元"
    assert texts(paragraph["zh"], "new") == "人民币6,400.25元"
    assert texts(paragraph["en"], "same", "new") == "The price is CNY 6,400.25; Party B pays within 7 days."
    assert texts(paragraph["en"], "same", "gone") == "The price is CNY 12,800.50; Party B pays within 7 days."


def test_each_change_is_named_with_both_values() -> None:
    (change,) = redline.changes(small.model(), small.VALUES, {**small.VALUES, "price.amount": HALF})
    assert (change.blank, change.old, change.new) == ("price.amount", small.VALUES["price.amount"], HALF)
    assert change.before == Bilingual("人民币12,800.50元", "CNY 12,800.50")
    assert change.after == Bilingual("人民币6,400.25元", "CNY 6,400.25")


def test_a_paragraph_that_goes_is_struck_out_whole() -> None:
    price = sections(apply(small.model(), small.terms(), "price", {"price.model": "free"}))["price"]
    assert [change.blank for change in price.changes] == ["price.model", "price.amount", "payment.days"]
    assert [change.after for change in price.changes[1:]] == [None, None]
    gone, new = price.parts[1:]
    assert {piece["op"] for piece in gone["zh"]} == {"gone"}
    assert [texts(new["zh"], "new"), len(new["zh"])] == ["数据免费提供。", 1]


def test_an_optional_fact_comes_and_goes() -> None:
    with_it = small.terms(use__industry="农业")
    use = sections(with_it)["use"]
    (row,) = [row for row in use.parts[1]["rows"] if row["label"]["en"] == "Industry"]
    assert row["zh"] == [{"op": "new", "text": "农业"}]
    (back,) = redline.sections(small.model(), with_it, small.terms())
    assert back.parts[1]["rows"][-1]["zh"] == [{"op": "gone", "text": "农业"}]


def test_rows_of_a_table_come_and_go_whole() -> None:
    more: dict[str, Any] = {**ROW, "indicator": "completeness", "value": "0.99"}
    quality = sections(small.terms(quality=[ROW, more]))["quality"]
    assert [change.before for change in quality.changes] == [None]
    assert [row["op"] for row in quality.parts[1]["rows"]] == ["same", "new"]
    quality = sections(small.terms(quality=[{**ROW, "value": "1000"}]))["quality"]
    assert [row["op"] for row in quality.parts[1]["rows"]] == ["gone", "new"]


def test_nothing_changed_is_nothing_to_show() -> None:
    assert redline.sections(small.model(), small.terms(), small.terms()) == []
    assert redline.changes(small.model(), small.VALUES, dict(small.VALUES)) == []
