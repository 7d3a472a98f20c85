"""Numbers made for tests, by the obvious arithmetic; none belongs to anybody."""

import random
from datetime import date, timedelta

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文斌玉梅"


def id_check(body: str) -> str:
    return "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def resident(r: random.Random, *, valid: bool = True) -> str:
    day = date(1940, 1, 1) + timedelta(days=r.randrange(25_000))
    area = r.choice(["370102", "110101", "440304", "510104", "310115", "330106", "810000"])
    body = f"{area}{day:%Y%m%d}{r.randrange(1, 1000):03}"
    check = id_check(body)
    if not valid:
        check = r.choice([c for c in "0123456789X" if c != check])
    return body + check


def old_resident(r: random.Random) -> str:
    day = date(1940, 1, 1) + timedelta(days=r.randrange(20_000))
    return f"{r.choice(['370102', '110101', '440304'])}{day:%y%m%d}{r.randrange(1, 1000):03}"


def luhn(body: str) -> str:
    total = 0
    for place, c in enumerate(reversed(body)):
        value = int(c) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def digits(r: random.Random, count: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(count))


def card(r: random.Random) -> str:
    body = r.choice(["622202", "621700", "622848", "625912"]) + digits(r, r.choice([9, 12]))
    return body + luhn(body)


def credit(r: random.Random) -> str:
    body = (
        "91" + r.choice(["370100", "110105", "440300"]) + "MA" + "".join(r.choice(CREDIT) for _ in range(7))
    )
    total = sum(CREDIT.index(c) * pow(3, i) for i, c in enumerate(body))
    return body + CREDIT[-total % 31]


def mobile(r: random.Random) -> str:
    return r.choice(["138", "139", "150", "151", "158", "166", "177", "182", "186", "189", "198"]) + digits(
        r, 8
    )


def person(r: random.Random) -> str:
    return r.choice(SURNAMES) + "".join(r.choice(GIVEN) for _ in range(r.choice([1, 2])))


def wide(text: str) -> str:
    """Write in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
