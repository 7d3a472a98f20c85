"""A nasty corpus: columns whose truth is known, most of them made to deceive. None means nothing sensitive."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.market.inspection.sensitive import made

Make = Callable[[random.Random, int], str | None]


@dataclass(frozen=True)
class Planted:
    """A column, its cells, the class it holds, and how many checked numbers stand in it."""

    name: str
    cells: list[str | None]
    truth: str | None
    valid: int = 0


COMMENTS = [
    "天气很好",
    "服务不错，快递慢",
    "价格合理",
    "质量一般",
    "会再来的",
    "推荐购买",
    "物流快",
    "包装完好",
    "客服热情",
]


def text(r: random.Random) -> str:
    return r.choice(COMMENTS) + "，" + r.choice(COMMENTS)


def parted(number: str, mark: str, *places: int) -> str:
    return "".join(mark + c if place in places else c for place, c in enumerate(number))


def _moment(r: random.Random) -> int:
    return 1_600_000_000 + r.randrange(90_000_000)


def ean(r: random.Random) -> str:
    body = "69" + made.digits(r, 10)
    total = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body))
    return body + str(-total % 10)


def luhned(body: str) -> str:
    return body + made.luhn(body)


PROVINCES = "山东省 江苏省 河北省 湖南省 陕西省 广东省 安徽省 海南省 云南省 福建省".split()
CITIES = "济南市 青岛市 黄山市 马鞍山市 石家庄市 常州市 江门市 周口市 潘家园 高密市 安庆市 金华市".split()
BRANDS = "华为 小米 李宁 王老吉 张裕 马应龙 周黑鸭 老干妈 海尔 海信 方太 郎酒 金龙鱼 雷蛇".split()
DISHES = "黄瓜 白菜 胡萝卜 马铃薯 金针菇 高粱米 石榴 苹果 毛豆 田螺 龙井 香蕉".split()
JOBS = "高级工程师 程序员 教师 会计 任课教师 司机 医生 白领 童星 厨师".split()

SENSITIVE: list[tuple[str, str, Make]] = [
    ("resident_id", "id_no", lambda r, i: made.resident(r)),
    ("resident_id", "c1", lambda r, i: made.resident(r).lower()),
    ("resident_id", "证件", lambda r, i: made.wide(made.resident(r))),
    ("resident_id", "c2", lambda r, i: parted(made.resident(r), " ", 6, 14)),
    ("resident_id", "c3", lambda r, i: parted(made.resident(r), "-", 6, 10, 14)),
    ("resident_id", "c4", lambda r, i: parted(made.resident(r), "\u200b", 3, 9)),
    ("resident_id", "c5", lambda r, i: f"身份证号{made.resident(r)}，{text(r)}"),
    ("resident_id", "c6", lambda r, i: made.resident(r) if i % 7 == 0 else text(r)),
    ("resident_id", "c7", lambda r, i: f"u{made.resident(r)}u"),
    ("resident_id", "c8", lambda r, i: f"{made.mobile(r)} {made.resident(r)}"),
    ("resident_id", "remark", lambda r, i: text(r) + (made.resident(r) if i == 333 else "")),
    ("resident_id", "memo", lambda r, i: made.resident(r) if i == 399 else text(r)),
    ("resident_id", "mixed", lambda r, i: made.resident(r) if i % 2 else made.card(r)),
    ("resident_id", "c9", lambda r, i: made.resident(r, valid=i % 5 != 0)),
    ("mobile", "mobile", lambda r, i: made.mobile(r)),
    ("mobile", "c1", lambda r, i: "+86 " + made.mobile(r)),
    ("mobile", "c2", lambda r, i: "86" + made.mobile(r)),
    ("mobile", "c3", lambda r, i: parted(made.mobile(r), "-", 3, 7)),
    ("mobile", "c4", lambda r, i: parted(made.mobile(r), " ", 3, 7)),
    ("mobile", "c5", lambda r, i: made.wide(made.mobile(r))),
    ("mobile", "备注", lambda r, i: text(r) + (f"电话{made.mobile(r)}" if i % 50 == 0 else "")),
    ("mobile", "phone", lambda r, i: made.mobile(r) if i % 2 else None),
    ("mobile", "c6", lambda r, i: f"{made.mobile(r)}转{r.randrange(100)}号" if i % 3 else made.mobile(r)),
    ("mobile", "c7", lambda r, i: parted(made.mobile(r), "－", 3, 7)),
    ("landline", "座机", lambda r, i: f"0531-{r.randrange(2, 9)}{made.digits(r, 7)}"),
    ("landline", "c1", lambda r, i: f"(010){r.randrange(2, 9)}{made.digits(r, 7)}"),
    ("landline", "tel", lambda r, i: f"021{r.randrange(2, 9)}{made.digits(r, 7)}"),
    ("bank_card", "card_no", lambda r, i: made.card(r)),
    ("bank_card", "c1", lambda r, i: made.card(r)),
    ("bank_card", "c2", lambda r, i: parted(made.card(r), " ", 4, 8, 12, 16)),
    ("bank_card", "c3", lambda r, i: made.wide(made.card(r))),
    ("bank_card", "备注", lambda r, i: text(r) + (f"卡号{made.card(r)}" if i == 77 else "")),
    ("uscc", "统一社会信用代码", lambda r, i: made.credit(r)),
    ("uscc", "c1", lambda r, i: made.credit(r)),
    ("uscc", "c2", lambda r, i: f"开票：{made.credit(r)} 谢谢"),
    ("plate", "c1", lambda r, i: "鲁A" + made.digits(r, 5)),
    ("plate", "车牌", lambda r, i: "京B·" + made.digits(r, 5)),
    ("plate", "c2", lambda r, i: "沪AD" + made.digits(r, 5)),
    ("passport", "护照号", lambda r, i: "E" + made.digits(r, 8)),
    ("passport", "passport", lambda r, i: "EA" + made.digits(r, 7)),
    ("permit", "通行证号", lambda r, i: "H" + made.digits(r, 8)),
    ("permit", "台胞证", lambda r, i: made.digits(r, 8)),
    ("email", "email", lambda r, i: f"u{i}@example.com"),
    ("email", "c1", lambda r, i: f"请联系 li.{i}@mail.example.cn 谢谢" if i % 9 == 0 else text(r)),
    ("email", "c2", lambda r, i: made.wide(f"u{i}@example.com")),
    ("ip", "c1", lambda r, i: ".".join(str(r.randrange(1, 255)) for _ in range(4))),
    ("ip", "client_ip", lambda r, i: f"10.0.{r.randrange(9)}.{r.randrange(99)}"),
    ("ip", "c2", lambda r, i: f"2001:db8::{r.randrange(65536):x}:{r.randrange(65536):x}"),
    ("mac", "c1", lambda r, i: ":".join(f"{r.randrange(256):02x}" for _ in range(6))),
    ("mac", "c2", lambda r, i: "-".join(f"{r.randrange(256):02X}" for _ in range(6))),
    ("coordinates", "位置", lambda r, i: f"{r.uniform(73, 135):.6f},{r.uniform(18, 53):.6f}"),
    ("coordinates", "longitude", lambda r, i: f"{r.uniform(73, 135):.6f}"),
    ("coordinates", "纬度", lambda r, i: f"{r.uniform(18, 53):.5f}"),
    ("coordinates", "gpsLat", lambda r, i: f"{r.uniform(18, 53):.5f}"),
    ("address", "c1", lambda r, i: f"{r.choice(CITIES)}历下区经十路{r.randrange(1, 999)}号"),
    ("address", "住址", lambda r, i: f"山东省{r.choice(CITIES)}"),
    (
        "address",
        "address",
        lambda r, i: f"北京市海淀区中关村大街{r.randrange(1, 99)}号院{r.randrange(1, 9)}号楼",
    ),
    ("name", "姓名", lambda r, i: made.person(r)),
    ("name", "c1", lambda r, i: made.person(r)),
    ("name", "联系人", lambda r, i: made.person(r) if i % 2 else "欧阳明"),
]

HARMLESS: list[tuple[str, Make]] = [
    ("订单号", lambda r, i: f"202301{i:05}"),
    ("order_id", lambda r, i: f"168{i:08}"),
    ("c1", lambda r, i: f"139000{i:05}"),
    ("c2", lambda r, i: f"{r.randrange(10**10, 10**11)}"),
    ("serial", lambda r, i: f"{r.randrange(10**17, 10**18)}"),
    ("流水号", lambda r, i: f"37010220230101{i:04}"),
    ("c3", lambda r, i: f"110101{2020 + i % 4}{1 + i % 12:02}{1 + i % 28:02}{i % 999 + 1:04}"),
    ("amount", lambda r, i: f"{r.gauss(0, 10000):.2f}"),
    ("price", lambda r, i: f"{r.uniform(73, 135):.4f}"),
    ("c4", lambda r, i: f"{r.uniform(73, 135):.4f}"),
    ("ts_ms", lambda r, i: f"{_moment(r)}{r.randrange(1000):03}"),
    ("ts", lambda r, i: f"{_moment(r)}"),
    ("c5", lambda r, i: f"2023{r.randrange(1, 13):02}{r.randrange(1, 28):02}{r.randrange(24):02}3015"),
    (
        "c6",
        lambda r, i: (
            f"2023{r.randrange(1, 13):02}{r.randrange(1, 28):02}{r.randrange(24):02}3015{r.randrange(10**4):04}"
        ),
    ),
    (
        "created",
        lambda r, i: f"2023-{r.randrange(1, 13):02}-{r.randrange(1, 28):02} {r.randrange(24):02}:30:15",
    ),
    ("c7", lambda r, i: f"{r.randrange(1, 28):02}-{r.randrange(1, 13):02}-2023 {r.randrange(24):02}:30"),
    ("c8", lambda r, i: f"2023-{r.randrange(1, 13)}-{r.randrange(1, 28)} {r.randrange(24):02}30{i % 60:02}"),
    ("barcode", lambda r, i: ean(r)),
    ("c9", lambda r, i: ean(r)),
    ("imei", lambda r, i: luhned("86" + made.digits(r, 12))),
    ("c10", lambda r, i: luhned("35" + made.digits(r, 12))),
    ("c11", lambda r, i: luhned("10" + made.digits(r, 14))),
    ("sn", lambda r, i: "62" + made.digits(r, 14)),
    ("c12", lambda r, i: "62" + made.digits(r, 17)),
    ("省份", lambda r, i: r.choice(PROVINCES)),
    ("c13", lambda r, i: r.choice(PROVINCES)),
    ("city", lambda r, i: r.choice(CITIES)),
    ("c14", lambda r, i: r.choice(CITIES)),
    ("品牌", lambda r, i: r.choice(BRANDS)),
    ("c15", lambda r, i: r.choice(BRANDS)),
    ("c16", lambda r, i: r.choice(DISHES)),
    ("职业", lambda r, i: r.choice(JOBS)),
    ("c17", lambda r, i: r.choice(["高", "中", "低", "高级", "中级"])),
    ("level", lambda r, i: r.choice(["高级", "中级", "初级"])),
    ("c18", lambda r, i: r.choice(["方案", "黄金", "白银", "钱包"])),
    ("c19", lambda r, i: text(r)),
    ("c20", lambda r, i: f"{text(r)}{r.randrange(5000)}"),
    ("型号", lambda r, i: f"X{r.choice('ABC')}-{made.digits(r, 5)}"),
    ("c21", lambda r, i: "AB" + made.digits(r, 5)),
    ("c22", lambda r, i: "E" + made.digits(r, 8)),
    ("c23", lambda r, i: "H" + made.digits(r, 8)),
    ("sku", lambda r, i: "A" + made.digits(r, 6) + "(3)"),
    ("version", lambda r, i: f"{r.randrange(9)}.{r.randrange(20)}.{r.randrange(20)}.{r.randrange(255)}"),
    ("c24", lambda r, i: f"{r.randrange(9)}.{r.randrange(20)}.{r.randrange(20)}.{r.randrange(40)}"),
    ("c25", lambda r, i: f"{r.randrange(9)}.{r.randrange(20)}.{r.randrange(20)}"),
    ("hash", lambda r, i: f"{r.getrandbits(128):032x}"),
    ("c26", lambda r, i: f"{r.getrandbits(48):012x}"),
    ("c27", lambda r, i: ":".join(f"{r.randrange(256):02x}" for _ in range(20))),
    ("c28", lambda r, i: f"{r.getrandbits(160):040X}"),
    (
        "uuid",
        lambda r, i: f"{r.getrandbits(32):08x}-{r.getrandbits(16):04x}-4a00-8000-{r.getrandbits(48):012x}",
    ),
    ("c29", lambda r, i: "".join(r.choice(made.CREDIT) for _ in range(18))),
    ("c30", lambda r, i: "91370100MA" + "".join(r.choice(made.CREDIT) for _ in range(8))),
    ("c31", lambda r, i: f"{r.uniform(0, 1):.6f}"),
    ("c32", lambda r, i: f"{r.uniform(0, 99):.2f},{r.uniform(0, 99):.2f}"),
    ("platform", lambda r, i: f"{r.uniform(0, 99):.5f}"),
    ("flat_rate", lambda r, i: f"{r.uniform(0, 99):.5f}"),
    ("handle", lambda r, i: f"@user{i}"),
    ("c33", lambda r, i: f"{i}@{r.randrange(9)}"),
    ("url", lambda r, i: f"https://example.com/a/{r.randrange(10**11, 10**12)}?p={i}"),
    ("c34", lambda r, i: f"0{made.digits(r, 10)}"),
    ("邮编", lambda r, i: "250" + made.digits(r, 3)),
    ("area", lambda r, i: r.choice(["370102", "110101"])),
    ("qty", lambda r, i: str(r.randrange(500)) if i % 3 else None),
    ("c35", lambda r, i: None),
    ("c36", lambda r, i: f"订单{r.randrange(2 * 10**10, 9 * 10**10)}已发货"),
    ("c37", lambda r, i: f"第{i}号店"),
    ("c38", lambda r, i: f"{made.digits(r, 4)} {made.digits(r, 4)} {made.digits(r, 4)} {made.digits(r, 4)}"),
    ("c39", lambda r, i: made.digits(r, 15)),
    ("c40", lambda r, i: made.digits(r, 19)),
    ("c41", lambda r, i: f"{i} {i + 1} {i + 2} {i + 3} {i + 4}"),
    ("时段", lambda r, i: f"{r.randrange(24):02}:00-{r.randrange(24):02}:30"),
    ("c42", lambda r, i: f"{r.uniform(-9, 9):.15e}"),
    ("c43", lambda r, i: f"{r.uniform(-9, 9):.15f}"),
    ("气温", lambda r, i: f"{r.uniform(-20, 40):.1f}"),
]


def planted(rows: int = 400) -> Iterator[Planted]:
    """Yield every column, the sensitive ones in a long and in a tiny form."""
    r = random.Random(20261130)
    for truth, name, make in SENSITIVE:
        cells = [make(r, i) for i in range(rows)]
        yield Planted(name, cells, truth, _valid(truth, name, cells))
    for name, make in HARMLESS:
        yield Planted(name, [make(r, i) for i in range(rows)], None)
        yield Planted(name, [make(r, i) for i in range(40)], None)


def _valid(truth: str, name: str, cells: list[str | None]) -> int:
    filled = sum(cell is not None for cell in cells)
    special = {("resident_id", "c6"): 58, ("resident_id", "remark"): 1, ("resident_id", "memo"): 1,
               ("resident_id", "mixed"): 200, ("resident_id", "c9"): 320, ("bank_card", "备注"): 1}  # fmt: skip
    checked = truth in {"resident_id", "bank_card", "uscc"}
    return special.get((truth, name), filled) if checked else 0
