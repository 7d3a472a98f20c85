"""A small model text that has every type of blank, for tests that must not hang on the wording of a real one."""

import shutil
from pathlib import Path
from typing import Final

from contracts import library
from contracts.library import Model

TYPES: Final = {
    "price.model": 'type = "choice"\noptions = "price_model"\ndefault = "fixed"',
    "price.amount": 'type = "money"\nwhen = "price.model = fixed"\ndefault = { amount = 128050, currency = "CNY" }',
    "price.tiers": 'type = "tiers"\nwhen = "price.model = tiers"\n'
    "default = [{ from = 0, amount = 100 }, { from = 1000, amount = 55 }]",
    "price.tax": 'type = "share"\nwhen = "price.model != free"\ndefault = "0.06"',
    "price.late": 'type = "decimal"\noptional = true',
    "price.milestones": 'type = "milestones"\noptional = true\ndefault = [{ label = "签署", share = "0.4", days = 3 }, '
    '{ label = "a “second” <one>", share = "0.6", days = 30 }]',
    "quality": 'type = "quality"\ndefault = [{ indicator = "completeness", operator = "gteq", value = "0.99", '
    'field = "站点", method = "full", remedy = "correct" }]',
    "delivery.mode": 'type = "choice"\noptions = "delivery"\ndefault = "download"',
    "delivery.downloads": 'type = "whole"\nlow = 1\nhigh = 99\nwhen = "delivery.mode = download"\ndefault = 20',
    "use.purposes": 'type = "choices"\noptions = "purpose"\nleast = 1\ndefault = ["research", "education"]',
    "use.prohibited": 'type = "choices"\noptions = "action"\ndefault = []',
    "use.industry": 'type = "text"\nlimit = 200\noptional = true\ndefault = "气象 & “energy” <b>"',
    "use.note": 'type = "text"\nlimit = 1000\noptional = true\nwhen = "use.note.wanted given"',
    "use.note.wanted": 'type = "yes_no"\ndefault = false',
    "use.recipients": 'type = "organisations"\noptional = true\n'
    'default = [{ name = "山东示例有限公司", credit_code = "91370100MA3C00001H" }]',
    "term.days": 'type = "days"\nlow = 1\nhigh = 3650\ndefault = 365',
    "term.start": 'type = "date"\ndefault = "2026-12-01"',
    "term.proof": f'type = "digest"\noptional = true\ndefault = "{"0a" * 32}"',
    "term.renewal": 'type = "choice"\noptions = "renewal"\noptional = true',
}
HEAD: Final = """
name = "sample"
version = "{version}"
style = "bilingual-2"
price = "any"
subject = "described"
[title]
zh = "示例文本"
en = "Sample text"
[blanks.date]
type = "date"
given = true
zh = "日期"
en = "Date"
help = {{ zh = "由平台填写。", en = "Filled in by the exchange." }}
source = "民法典 第470条"
"""
BLANK: Final = """
[blanks."{name}"]
{kind}
zh = "{name}之项"
en = "Blank {name}"
help = {{ zh = "如何填写{name}。", en = "How to fill {name}." }}
source = "民法典 第470条"
"""
CLAUSES: Final = """
[[clause]]
id = "price"
zh = "价款"
en = "Price"
source = "民法典 第626条"
[[clause.part]]
when = "price.model = fixed"
zh = "价款为{price.amount}，见第{@use}条。"
en = "The price is {price.amount}; see Article {@use}."
[[clause.part]]
facts = ["price.model", "price.tax", "price.late"]
[[clause.part]]
table = "price.tiers"
[[clause.part]]
table = "price.milestones"
[[clause]]
id = "use"
zh = "使用"
en = "Use"
source = "民法典 第509条"
[[clause.part]]
zh = "乙方可以将数据用于{use.purposes}，不得{use.prohibited}。"
en = "Party B may use the data for {use.purposes}, not for {use.prohibited}."
[[clause.part]]
when = "use.note given"
zh = "另注：{use.note}。"
en = "Note: {use.note}."
[[clause.part]]
facts = ["use.industry", "delivery.mode", "delivery.downloads"]
[[clause.part]]
table = "use.recipients"
[[schedule]]
id = "promises"
zh = "质量"
en = "Quality"
[[schedule.part]]
table = "quality"
"""


def write(folder: Path, version: str = "1.0", clauses: str = CLAUSES, types: dict[str, str] = TYPES) -> Model:
    """Write the sample beside the product's styles and read it.

    Args:
        folder: an empty one, or one that was written to before.
        version: of the sample.
        clauses: its articles and schedules.
        types: its blanks.
    """
    if not (folder / "styles").exists():
        shutil.copytree(library.FOLDER / "styles", folder / "styles")
    place = folder / "sample" / version
    place.mkdir(parents=True)
    blanks = "".join(BLANK.format(name=name, kind=kind) for name, kind in types.items())
    (place / "model.toml").write_text(HEAD.format(version=version) + blanks, "utf-8")
    (place / "clauses.toml").write_text(clauses, "utf-8")
    return library.read(f"sample/{version}", folder)
