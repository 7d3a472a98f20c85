"""What a column's name says about its cells, in English and Chinese. Light."""

import re

from market.inspection.sensitive.classes import Sensitive

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[\u4e00-\u9fff]+")

_WORDS: dict[Sensitive, tuple[str, ...]] = {
    Sensitive.RESIDENT_ID: (
        "身份证", "公民身份", "idcard", "id card", "id no", "idno", "identity", "resident id",
        "national id", "sfz", "sfzh",
        "id number", "citizen id",
    ),
    Sensitive.MOBILE: ("手机", "移动电话", "电话", "联系方式", "mobile", "phone", "cell", "cellphone",
        "tel", "telephone", "sjh"),
    Sensitive.LANDLINE: ("座机", "固话", "固定电话", "电话", "传真", "landline", "phone", "tel", "telephone", "fax"),
    Sensitive.BANK_CARD: ("银行卡", "卡号", "银行账号", "bank card", "card no", "card number",
        "bankcard", "cardno", "pan"),
    Sensitive.CREDIT_CODE: ("信用代码", "uscc", "credit code", "税号", "纳税人识别号"),
    Sensitive.PLATE: ("车牌", "号牌", "plate", "license plate"),
    Sensitive.PASSPORT: ("护照", "passport"),
    Sensitive.PERMIT: ("通行证", "回乡证", "台胞证", "居住证", "travel permit", "permit no", "hkid"),
    Sensitive.EMAIL: ("邮箱", "电子邮件", "email", "mail", "e mail"),
    Sensitive.IP: ("ip", "ipv4", "ipv6", "ip addr", "ip address"),
    Sensitive.MAC: ("mac", "mac addr", "mac address"),
    Sensitive.COORDINATES: (
        "经度", "纬度", "经纬度", "坐标", "longitude", "latitude", "lng", "lon", "lat", "gps",
        "coordinate", "coordinates",
    ),
    Sensitive.ADDRESS: ("地址", "住址", "住所", "address", "addr"),
    Sensitive.NAME: (
        "姓名", "联系人", "法定代表人", "法人代表", "负责人", "收件人", "患者", "户主", "申请人",
        "full name", "person", "contact",
        "real name", "username", "customer name", "patient name", "owner name", "xm",
    ),
}  # fmt: skip

_OTHERS: dict[Sensitive, tuple[str, ...]] = {
    Sensitive.IP: ("版本", "version", "ver", "firmware", "build", "release", "章节", "section"),
    Sensitive.MOBILE: ("订单", "流水", "order", "serial", "序列", "sku", "batch", "批次", "单号", "工单", "ticket"),
    Sensitive.BANK_CARD: ("序列", "serial", "sku", "批次", "batch", "imei", "barcode", "条码"),
    Sensitive.NAME: (
        "城市", "地区", "省", "市", "县", "区", "品牌", "商品", "产品", "类别", "分类", "等级", "科室",
        "部门", "岗位", "职业", "颜色", "水果",
        "菜", "店", "站", "景点", "山", "河", "民族", "行业", "材料", "城", "国家", "药", "街道",
        "学校", "单位", "公司", "city", "brand",
        "product", "category", "class", "level", "department", "province", "district", "town",
        "station", "color", "colour",
        "food", "status", "state", "material", "company", "place", "country", "spot", "weather",
        "river", "shop", "grade",
    ),
    Sensitive.COORDINATES: ("价格", "金额", "price", "amount", "ratio", "score", "rate"),
    Sensitive.ADDRESS: ("ip", "mac", "email", "mail", "网址", "url", "memory"),
}  # fmt: skip


def hinted(name: str, kind: Sensitive) -> bool:
    """Tell whether a column's name speaks for a class."""
    return not _says(name, _OTHERS.get(kind, ())) and _says(name, _WORDS[kind])


def hinted_otherwise(name: str, kind: Sensitive) -> bool:
    """Tell whether a column's name speaks for something that is often taken for the class."""
    return _says(name, _OTHERS.get(kind, ()))


def says(name: str, words: tuple[str, ...]) -> bool:
    """Tell whether a column's name holds one of some words.

    A Chinese word may stand anywhere in the name; a Latin one must be whole words of it (``lat`` is not
    in ``platform``), where ``idNo``, ``id_no`` and ``ID NO`` are the same two words.

    Args:
        name: the column's name.
        words: words in lower case, several Latin words with a space between them.
    """
    return _says(name, words)


def _says(name: str, words: tuple[str, ...]) -> bool:
    if not words:
        return False
    tokens = f" {' '.join(_TOKEN.findall(_CAMEL.sub(' ', name).lower()))} "
    return any((f" {word} " in tokens) if word.isascii() else (word in name) for word in words)
