"""A small model text of 1.0 with one blank of each kind that matters, and terms that fill it."""

import shutil
import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts import library
from contracts.library import FOLDER, Model
from contracts.terms import Terms
from tests.contracts.first.sample import TERMS as FIRST
from tests.contracts.first.sample import number

_MODEL = """
name = "small-provision"
version = "1.0"
style = "bilingual-2"
price = "any"
subject = "file"
title = { zh = "小型数据提供合同", en = "Small Data Provision Contract" }
[role]
provider = { zh = "甲方", en = "Party A" }
buyer = { zh = "乙方", en = "Party B" }
[blanks.date]
type = "date"
given = true
zh = "日期"
en = "Date"
[blanks."subject.title"]
type = "text"
given = true
zh = "数据"
en = "Data"
[blanks."price.words"]
type = "text"
computed = true
zh = "大写"
en = "In words"
[blanks.quality]
type = "quality"
must = "quality"
zh = "质量承诺"
en = "Promises of quality"
[blanks."price.model"]
type = "choice"
options = "price_model"
must = "price"
zh = "计价方式"
en = "Price model"
[blanks."price.amount"]
type = "money"
when = "price.model = fixed"
must = "price"
zh = "价款"
en = "Price"
[blanks."payment.days"]
type = "days"
low = 1
high = 90
when = "price.model != free"
zh = "付款期限"
en = "Time to pay"
[blanks."delivery.mode"]
type = "choice"
options = "delivery"
must = "delivery"
zh = "交付方式"
en = "Mode of delivery"
[blanks."delivery.days"]
type = "days"
low = 1
high = 365
zh = "交付期限"
en = "Time to deliver"
[blanks."delivery.downloads"]
type = "whole"
low = 1
high = 100
zh = "下载次数"
en = "Downloads"
[blanks."acceptance.days"]
type = "days"
low = 1
high = 60
zh = "验收期"
en = "Acceptance period"
[blanks."use.purposes"]
type = "choices"
options = "purpose"
must = "use"
least = 1
zh = "使用目的"
en = "Purposes"
[blanks."use.permitted"]
type = "choices"
options = "action"
zh = "允许的使用"
en = "Permitted use"
[blanks."use.prohibited"]
type = "choices"
options = "action"
zh = "禁止的使用"
en = "Prohibited use"
[blanks."term.days"]
type = "days"
low = 1
high = 3650
zh = "使用期限"
en = "Term"
[blanks."use.industry"]
type = "text"
limit = 60
optional = true
zh = "行业"
en = "Industry"
"""
_CLAUSES = """
[[clause]]
id = "quality"
zh = "数据质量"
en = "Quality"
[[clause.part]]
zh = "甲方承诺{subject.title}达到下列标准。"
en = "Party A promises that {subject.title} meets what follows."
[[clause.part]]
table = "quality"
[[clause]]
id = "price"
zh = "价款"
en = "Price"
[[clause.part]]
facts = ["price.model"]
[[clause.part]]
when = "price.model = fixed"
zh = "价款为{price.amount}，乙方于{payment.days}内支付。"
en = "The price is {price.amount}; Party B pays within {payment.days}."
[[clause.part]]
when = "price.model = free"
zh = "数据免费提供。"
en = "The data are free of charge."
[[clause]]
id = "delivery"
zh = "交付"
en = "Delivery"
[[clause.part]]
facts = ["delivery.mode", "delivery.days", "delivery.downloads", "acceptance.days"]
[[clause]]
id = "use"
zh = "使用"
en = "Use"
[[clause.part]]
zh = "乙方可为{use.purposes}使用数据{term.days}。"
en = "Party B may use the data for {use.purposes}, for {term.days}."
[[clause.part]]
facts = ["use.permitted", "use.prohibited", "use.industry"]
"""
VALUES: dict[str, Any] = {
    "quality": [
        {
            "indicator": "rows",
            "operator": "gteq",
            "value": "1461",
            "field": None,
            "method": "full",
            "remedy": "rescind",
        }
    ],
    "price.model": "fixed",
    "price.amount": {"amount": 1_280_050, "currency": "CNY"},
    "payment.days": 7,
    "delivery.mode": "download",
    "delivery.days": 30,
    "delivery.downloads": 5,
    "acceptance.days": 7,
    "use.purposes": ["internal-analysis"],
    "use.permitted": ["reproduce", "derive"],
    "use.prohibited": ["sell", "reidentify"],
    "term.days": 365,
}


@cache
def model() -> Model:
    """Return the text, read from files as every text is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(FOLDER / "styles", folder / "styles")
        place = folder / "small-provision" / "1.0"
        place.mkdir(parents=True)
        (place / "model.toml").write_text(_MODEL, "utf-8")
        (place / "clauses.toml").write_text(_CLAUSES, "utf-8")
        return library.read("small-provision/1.0", folder)


def terms(**values: Any) -> Terms:
    """Return terms that fill it; names of values are written with ``__`` for the dot."""
    over = {name.replace("__", "."): value for name, value in values.items()}
    return Terms(
        model="small-provision/1.0",
        number=number("7KQ2M9XW4C"),
        date=date(2026, 11, 30),
        operator=FIRST.operator,
        provider=FIRST.provider,
        buyer=FIRST.buyer,
        data=FIRST.subject,
        values={**VALUES, **over},
        rules_version=1,
    )
