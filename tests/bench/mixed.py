"""A table as exchanges get them: a million rows of twelve kinds of column, the same for the same seed."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS = 1_000_000
_AREAS = ("370102", "110101", "440304", "510104", "310115", "330106")
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = np.array(list("10X98765432"))
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂"
_SAID = ("天气很好", "服务不错", "快递慢", "价格合理", "质量一般", "会再来", "推荐购买", "物流快")
_SORTS = ("餐饮", "交通", "医疗", "教育", "住房", "娱乐", "旅游", "通信")


def write(path: Path, rows: int, seeds: int = 1) -> Path:
    """Write a table of so many rows for each seed below another as one CSV; return its path."""
    with path.open("wb") as file:
        for seed in range(seeds):
            table(rows, seed).write_csv(file, include_header=seed == 0)
    return path


def table(rows: int, seed: int) -> pl.DataFrame:
    """Return the table as text: one row in a hundred stands twice, one identity number in a hundred is wrong."""
    chance = np.random.default_rng(seed)
    area = _picked(chance, _AREAS, rows)
    days = np.datetime64("2020-01-01") + chance.integers(0, 1000, rows).astype("timedelta64[D]")
    seconds = np.datetime64("2020-01-01", "ms") + (1000 * chance.integers(0, 10**8, rows)).astype(
        "timedelta64[ms]"
    )
    slashed = pl.Series(chance.random(rows) < 0.1)
    day = pl.Series(days)
    comment = _picked(chance, _SAID, rows) + _picked(chance, _SAID, rows) + _figures(chance, 5000, rows)
    columns = {
        "order_id": pl.Series(np.arange(1 + seed * rows, 1 + (seed + 1) * rows)).cast(pl.String),
        "created": pl.Series(seconds).dt.strftime("%Y-%m-%d %H:%M:%S"),
        "day": day.dt.strftime("%Y/%m/%d").zip_with(slashed, day.dt.strftime("%Y-%m-%d")),
        "amount": pl.Series(np.round(chance.normal(0, 100, rows), 4)).cast(pl.Decimal(18, 4)).cast(pl.String),
        "quantity": _holed(chance, _figures(chance, 500, rows), 0.05),
        "category": _picked(chance, _SORTS, rows),
        "comment": _holed(chance, comment, 0.1),
        "name": _picked(chance, _FAMILY, rows)
        + _picked(chance, _GIVEN, rows)
        + _picked(chance, [*_GIVEN, ""], rows),
        "mobile": _picked(chance, ("13", "15", "17", "18", "19"), rows) + _figures(chance, 10**9, rows, 9),
        "id_no": _numbered(chance, area, rows),
        "email": "user"
        + _figures(chance, 10**6, rows)
        + _picked(chance, ("@example.com", "@mail.example.cn"), rows),
        "city": area,
    }
    again = rows // 100
    whole = pl.DataFrame(columns)
    return pl.concat([whole[: rows - again], whole[chance.integers(0, rows - again, again)]])


def _numbered(chance: Any, area: pl.Series, rows: int) -> pl.Series:
    birth = [_figures(chance, 60, rows) for _part in range(3)]
    year = (birth[0].cast(pl.Int64) + 1945).cast(pl.String)
    month = (birth[1].cast(pl.Int64) % 12 + 1).cast(pl.String).str.zfill(2)
    day = (birth[2].cast(pl.Int64) % 28 + 1).cast(pl.String).str.zfill(2)
    body = area + year + month + day + _figures(chance, 1000, rows, 3)
    symbols = np.frombuffer("".join(body.to_list()).encode(), np.uint8).reshape(rows, 17).astype(
        np.int64
    ) - ord("0")
    wrong = chance.random(rows) < 0.01
    return body + pl.Series(_CHECKS[(symbols @ _WEIGHTS + 3 * wrong) % 11])


def _picked(chance: Any, among: Any, rows: int) -> pl.Series:
    return pl.Series(np.array(list(among))[chance.integers(0, len(among), rows)])


def _figures(chance: Any, below: int, rows: int, width: int = 1) -> pl.Series:
    return pl.Series(chance.integers(0, below, rows)).cast(pl.String).str.zfill(width)


def _holed(chance: Any, cells: pl.Series, share: float) -> pl.Series:
    holes = pl.Series(chance.random(len(cells)) < share)
    return cells.set(holes, None)
