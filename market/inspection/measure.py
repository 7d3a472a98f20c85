"""The child process that opens an upload: ``python -m market.inspection.measure FILE TYPE SCRATCH LIMITS``.

Binds itself to limits, measures with DuckDB (no network, no file but the one it was given, configuration
locked) and writes one JSON object: ``{"report": …, "ranges": …}`` or ``{"refusal": {"code", "facts"}}``.
Everything counted is exact; nothing is sampled or sketched.
"""

import errno
import hashlib
import json
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market.inspection import content
from market.inspection.limits import MIB, Limits
from market.inspection.refusal import Refusal
from market.inspection.text import PlainText, column_names, read_plain

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
_FETCH = 50_000
_VALUE = 200
"""Longest range value kept, in characters."""

_STORED_TYPES = {
    "BOOLEAN": "boolean", "DATE": "date", "TIME": "time", "VARCHAR": "text", "UUID": "text", "ENUM": "text",
    "BLOB": "binary", "FLOAT": "float", "DOUBLE": "float", "DECIMAL": "decimal",
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "HUGEINT": "integer", "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer",
    "UBIGINT": "integer", "UHUGEINT": "integer", "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp", "TIMESTAMP_NS": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column being measured; ``cell`` is its name inside DuckDB, ``text`` the SQL that writes it as text."""

    name: str
    stored: str
    cell: str
    text: str


def measure(path: Path, media_type: str, scratch: Path, limits: Limits) -> dict[str, Any]:
    """Measure one file.

    Args:
        path: the file.
        media_type: ``text/csv`` or ``application/vnd.apache.parquet``.
        scratch: an empty folder this process may fill.
        limits: the bounds this process was given.

    Returns:
        ``report`` and ``ranges`` as described in :mod:`market.inspection.report`.

    Raises:
        Refusal: the file cannot be measured.
    """
    file: dict[str, Any] = {"media_type": media_type, "size": path.stat().st_size, "digest": _digest(path)}
    if not file["size"]:
        raise Refusal("file.empty")
    plain = read_plain(path, scratch) if media_type == CSV else None
    if plain:
        file |= {"encoding": plain.encoding, "delimiter": plain.delimiter}
    elif not _is_parquet(path, file["size"]):
        raise Refusal("file.wrong_type", expected="Parquet")
    engine = _connect(plain.path if plain else path, scratch, limits)
    columns = _load_csv(engine, plain, limits) if plain else _load_parquet(engine, path, limits)
    rows = engine.execute("SELECT count(*) FROM raw").fetchone()[0]
    if not rows:
        raise Refusal("file.no_rows")
    types = [_type_and_canonical(engine, column, rows) for column in columns]
    chosen = ", ".join(f"{sql} AS {c.cell}" for c, (_, sql) in zip(columns, types, strict=True))
    engine.execute(f"CREATE TEMP TABLE cells AS SELECT {chosen} FROM raw")  # noqa: S608 - our own names
    engine.execute("DROP TABLE raw")
    content_digest, distinct_rows = _content(engine, columns)
    facts = [_column_facts(engine, c, kind) for c, (kind, _) in zip(columns, types, strict=True)]
    report = {
        "version": 1,
        "file": file,
        "rows": rows,
        "duplicate_rows": rows - distinct_rows,
        "columns": [fact for fact, _ in facts],
        "content_digest": content_digest,
        "content_rule": content.RULE,
        "engine": {"duckdb": _version("duckdb"), "python": platform.python_version()},
    }
    return {"report": report, "ranges": [values for _, values in facts]}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_parquet(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 4))
        return size >= 12 and head == b"PAR1" and file.read(4) == b"PAR1"


def _connect(path: Path, scratch: Path, limits: Limits) -> Any:
    import duckdb

    engine = duckdb.connect(":memory:")
    for setting in (
        "threads = 2",
        f"memory_limit = '{limits.memory // MIB // 3}MiB'",
        f"temp_directory = '{_quoted(scratch / 'spill')}'",
        f"max_temp_directory_size = '{limits.scratch // MIB}MiB'",
        "preserve_insertion_order = false",
        f"allowed_paths = ['{_quoted(path)}']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        engine.execute(f"SET {setting}")
    return engine


def _load_csv(engine: Any, plain: PlainText, limits: Limits) -> list[Column]:
    columns = [Column(name, "text", f"c{n}", f"c{n}") for n, name in enumerate(plain.names)]
    _check_width(columns, limits)
    types = ", ".join(f"'{column.cell}': 'VARCHAR'" for column in columns)
    engine.execute(
        f"CREATE TEMP TABLE raw AS SELECT * FROM read_csv('{_quoted(plain.path)}', columns = {{{types}}}, "  # noqa: S608
        f"delim = '{plain.delimiter}', quote = '\"', escape = '\"', header = true, auto_detect = false, "
        f"strict_mode = true, null_padding = false, nullstr = '', max_line_size = {2_000_000})"
    )
    return columns


def _load_parquet(engine: Any, path: Path, limits: Limits) -> list[Column]:
    source = f"read_parquet('{_quoted(path)}', binary_as_string = false, hive_partitioning = false)"
    described = engine.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - our own path
    names = column_names([name for name, *_ in described])
    columns = []
    for number, (name, (_, stored, *_)) in enumerate(zip(names, described, strict=True)):
        cell = f"c{number}"
        base = str(stored).split("(")[0]
        if base not in _STORED_TYPES or str(stored).endswith("]"):
            raise Refusal("file.unsupported_type", column=name, type=str(stored)[:_VALUE])
        columns.append(Column(name, str(stored), cell, _parquet_text(cell, base)))
    _check_width(columns, limits)
    cells = ", ".join(column.cell for column in columns)
    chosen = ", ".join(f"nullif({column.text}, '') AS {column.cell}" for column in columns)
    engine.execute(f"CREATE TEMP TABLE raw AS SELECT {chosen} FROM {source} AS t({cells})")  # noqa: S608
    return columns


def _parquet_text(cell: str, base: str) -> str:
    """Return the SQL that writes a stored Parquet value as text (rule 1)."""
    if base == "BLOB":
        return f"hex({cell})"
    if base == "TIMESTAMP WITH TIME ZONE":
        return f"(make_timestamp(epoch_us({cell}))::VARCHAR || 'Z')"
    return f"{cell}::VARCHAR"


def _check_width(columns: list[Column], limits: Limits) -> None:
    if len(columns) > limits.columns:
        raise Refusal("file.too_wide", columns=len(columns), limit=limits.columns)


def _type_and_canonical(engine: Any, column: Column, rows: int) -> tuple[str, str]:
    """Return the column's type and the SQL of its canonical cell; rules that no cell needs are left out."""
    cell = column.cell
    kind = "text" if column.stored == "text" else _STORED_TYPES[column.stored.split("(")[0]]
    if kind == "binary":
        return kind, cell
    filled, integers, numbers, dates, moments, booleans = engine.execute(
        f"SELECT count({cell}), count(*) FILTER (regexp_full_match({cell}, '{content.INTEGER}')), "  # noqa: S608
        f"count({content.as_number(cell)}), count({content.as_date(cell)}), count({content.as_moment(cell)}), "
        f"count(*) FILTER ({cell} IN ('true', 'false')) FROM raw"
    ).fetchone()
    if column.stored == "text" and filled:
        counts = (("integer", integers), ("decimal", numbers), ("date", dates), ("timestamp", moments))
        kind = next((name for name, count in (*counts, ("boolean", booleans)) if count == filled), "text")
    readings = [
        sql
        for sql, count in (
            (content.as_number(cell), numbers),
            (content.as_date(cell), dates),
            (content.as_moment(cell), moments),
        )
        if count
    ]
    if rows and not filled:
        return kind, cell
    return kind, f"coalesce({', '.join([*readings, content.plain(cell)])})"


def _content(engine: Any, columns: list[Column]) -> tuple[str, int]:
    """Return the content digest and the number of different rows."""
    ordered = sorted(columns, key=lambda column: column.name)
    digest = hashlib.sha256(content.opening([column.name for column in ordered]))
    sql = f"SELECT {content.row_digest([column.cell for column in ordered])} AS h FROM cells ORDER BY h"  # noqa: S608
    result = engine.execute(sql)
    distinct, last = 0, ""
    while rows := result.fetchmany(_FETCH):
        for (row,) in rows:
            if row != last:
                distinct, last = distinct + 1, row
        digest.update("".join(f"{row}\n" for (row,) in rows).encode("ascii"))
    return digest.hexdigest(), distinct


def _column_facts(engine: Any, column: Column, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    cell = column.cell
    by_size = f"({cell}::DOUBLE, {cell})" if kind in {"integer", "decimal", "float"} else cell
    nulls, distinct, least, most = engine.execute(
        f"SELECT count(*) - count({cell}), count(DISTINCT {cell}), "  # noqa: S608 - our own names
        f"arg_min({cell}, {by_size}), arg_max({cell}, {by_size}) FROM cells"
    ).fetchone()
    fact = {
        "name": column.name, "type": kind, "stored": column.stored, "nulls": nulls, "distinct": distinct,
    }  # fmt: skip
    return fact, {"name": column.name, "minimum": _short(least), "maximum": _short(most)}


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= _VALUE else value[: _VALUE - 1] + "…"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _csv_refusal(message: str) -> Refusal:
    """Say what DuckDB's CSV reader stumbled over."""
    line = re.search(r"CSV Error on Line: (\d+)", message)
    facts: dict[str, str | int] = {"line": int(line[1])} if line else {}
    width = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if width:
        return Refusal("file.ragged", expected=int(width[1]), found=int(width[2]), **facts)
    if "Maximum line size" in message:
        return Refusal("file.line_too_long", **facts)
    return Refusal("file.broken_csv", **facts)


def run(path: Path, media_type: str, scratch: Path, limits: Limits) -> dict[str, Any]:
    """Measure and turn every way to fail into a refusal; see :func:`measure`."""
    import duckdb

    try:
        return measure(path, media_type, scratch, limits)
    except Refusal as error:
        refusal = error
    except (MemoryError, duckdb.OutOfMemoryException):
        refusal = Refusal("inspection.memory")
    except OSError as error:
        if error.errno not in {errno.EFBIG, errno.ENOSPC}:
            raise
        refusal = Refusal("inspection.memory")
    except duckdb.Error as error:
        refusal = _csv_refusal(str(error)) if media_type == CSV else Refusal("file.broken_parquet")
    return {"refusal": {"code": refusal.code, "facts": refusal.facts}}


def main(arguments: list[str]) -> None:
    """Measure the file named by the arguments and print the outcome as JSON."""
    path, media_type, scratch, limits = arguments
    bounds = Limits(**json.loads(limits))
    bounds.apply()
    outcome = run(Path(path), media_type, Path(scratch), bounds)
    json.dump(outcome, sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main(sys.argv[1:])
