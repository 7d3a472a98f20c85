"""The invented people and organisations of the demo.

No organisation here exists: the division code 990000 in each credit code is assigned to no place, so no
real code can be equal to it, while its check character is right.
"""

from dataclasses import dataclass

from market.demo.client import Body


@dataclass(frozen=True)
class Character:
    """Somebody who acts in the demo.

    Attributes:
        role: what the progress display calls them.
        name: the person's name.
        email: how they sign in; the domain is reserved for examples (RFC 2606).
        scopes: what their token is made for.
    """

    role: str
    name: str
    email: str
    scopes: tuple[str, ...]


OPERATOR = Character(
    "operator", "岱宁 Dai Ning", "operator@exchange.example", ("read", "members:write", "operate:write")
)
AUDITOR = Character("auditor", "甄察 Zhen Cha", "auditor@exchange.example", ("read",))
PROVIDER = Character(
    "provider",
    "清源 Qing Yuan",
    "provider@weather.example",
    ("read", "assets:write", "listings:write", "contracts:write"),
)
BUYER = Character(
    "buyer",
    "禾光 He Guang",
    "buyer@farm.example",
    ("read", "contracts:write", "payments:write", "delivery:read", "trades:write"),
)
PEOPLE = (OPERATOR, AUDITOR, PROVIDER, BUYER)

EXCHANGE: Body = {
    "name_zh": "岱云数据交易所（演示）",
    "name_en": "Daiyun Data Exchange (demo)",
    "credit_code": "91990000MA0QLDE01H",
    "established_on": "2024-05-20",
}
WEATHER_STUDIO: Body = {
    "name_zh": "清源气象数据工作室（演示）",
    "name_en": "Qingyuan Weather Data Studio (demo)",
    "credit_code": "91990000MA0QLDE02L",
    "established_on": "2021-03-01",
}
FARM: Body = {
    "name_zh": "禾光农业科技（演示）",
    "name_en": "Heguang Farm Technology (demo)",
    "credit_code": "91990000MA0QLDE03P",
    "established_on": "2019-09-10",
}
