"""Terms of version 0.1 that are valid, to be changed by tests with dataclasses.replace."""

from datetime import date

from contracts.facts import Column, Delivery, Party, Subject, Threshold, Use
from contracts.first.terms import FirstTerms
from contracts.identifiers import check_character, credit_check
from contracts.money import Money
from contracts.vocabulary import Action, DeliveryMode, Indicator, Operator, Purpose


def number(body: str) -> str:
    return body + check_character(body)


def party(zh: str, en: str, body: str) -> Party:
    return Party(zh, en, body + credit_check(body))


COLUMNS = ("date", "precipitation", "temp_max", "temp_min", "wind", "weather")
TYPES = ("DATE", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR")

TERMS = FirstTerms(
    model="data-provision/0.1",
    number=number("7KQ2M9XW4C"),
    date=date(2026, 11, 22),
    operator=party("齐鲁数据交易示范平台", "Qilu Data Exchange (demonstration)", "91999999MA0000001"),
    provider=party("泉城气象数据服务有限公司", "Quancheng Weather Data Services Ltd", "91999999MA0000002"),
    buyer=party("海岱农业科技有限公司", "Haidai Agricultural Technology Ltd", "91999999MA0000003"),
    subject=Subject(
        asset_number=number("2AB3CD4EF5"),
        listing_number=number("9ZX8YW7VT6"),
        title="西雅图逐日气象观测（2012—2015，清洗版）",
        filename="seattle-weather.csv",
        media_type="text/csv",
        content_digest="5a" * 32,
        size=48_219,
        rows=1_461,
        columns=6,
        fields=tuple(Column(name, kind) for name, kind in zip(COLUMNS, TYPES, strict=True)),
        inspection_digest="c3" * 32,
    ),
    quality=(
        Threshold(Indicator.ROWS, Operator.AT_LEAST, "1461"),
        Threshold(Indicator.COMPLETENESS, Operator.AT_LEAST, "0.999"),
        Threshold(Indicator.UNIQUENESS, Operator.AT_LEAST, "1", "date"),
    ),
    price=Money(1_280_050),
    payment_days=7,
    delivery=Delivery(DeliveryMode.DOWNLOAD, 30, 5, 7),
    use=Use(
        (Purpose.INTERNAL_ANALYSIS, Purpose.RESEARCH),
        (Action.REPRODUCE, Action.EXTRACT, Action.DERIVE, Action.PRESENT),
        (Action.DISTRIBUTE, Action.SELL, Action.REIDENTIFY),
    ),
    term_days=365,
    rules_version=1,
)
