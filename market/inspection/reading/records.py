"""JSON lines: an object of scalars a line, in UTF-8.

The columns are the keys of the first :data:`SETTLED` lines, in order of first appearance; a key that first
appears later is refused with its line, so that one pass is enough. Numbers keep their text. An absent key,
``null`` and the empty text are nothing. Empty lines are passed over. A repeated key, a nested value, ``NaN``
and an infinity are refused.
"""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

import polars as pl

from market.inspection.limits import Limits
from market.inspection.reading import scan
from market.inspection.reading.names import column_names
from market.inspection.reading.source import BATCH_ROWS, Batch, Source
from market.inspection.refusal import Refusal

SETTLED = 1000
"""Lines whose keys are the columns."""
LINE = 8 * 1024 * 1024
"""Longest line in bytes."""
_HELD = 32 * 1024 * 1024
"""Bytes of lines after which a batch ends, however few its rows are."""

Record = dict[str, str | None]
Numbered = tuple[int, int, Record]


def opened(path: Path, limits: Limits) -> Source:
    """Open a file of JSON lines; see :func:`market.inspection.reading.open_source`."""
    found = scan.scan(path, limits, "JSON lines")
    if not found.encoding.startswith("utf-8"):
        raise Refusal("file.undecodable")
    facts: dict[str, str | int] = {"digest": found.digest, "encoding": found.encoding}
    if found.compression:
        facts["compression"] = found.compression
    records = _records(scan.unpacked(path, limits)[1])
    first = list(itertools.islice(records, SETTLED))
    keys = list(dict.fromkeys(key for _line, _length, record in first for key in record))
    if len(keys) > limits.columns:
        raise Refusal("file.too_wide", columns=len(keys), limit=limits.columns)
    if not first:
        raise Refusal("file.no_rows")
    names = column_names(keys)
    size = path.stat().st_size
    batches = _batches(itertools.chain(first, records), keys, size)
    return Source(tuple(names), ("text",) * len(names), facts, size, batches)


def _batches(records: Iterator[Numbered], keys: list[str], size: int) -> Iterator[Batch]:
    columns: list[list[str | None]] = [[] for _key in keys]
    known, held, read = set(keys), 0, 0
    for line, length, record in records:
        if not record.keys() <= known:
            late = next(key for key in record if key not in known)
            raise Refusal("file.late_column", line=line, column=late[:200])
        for column, key in zip(columns, keys, strict=True):
            column.append(record.get(key))
        held, read = held + length, min(size, read + length)
        if len(columns[0]) == BATCH_ROWS or held > _HELD:
            yield Batch(_frame(columns), read)
            columns, held = [[] for _key in keys], 0
    if columns[0]:
        yield Batch(_frame(columns), size)


def _frame(columns: list[list[str | None]]) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(f"c{place}", cells, pl.String) for place, cells in enumerate(columns)])


def _records(stream: IO[bytes]) -> Iterator[Numbered]:
    """Yield each record with the number of its line and the line's length in bytes."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=_no_number
    )
    with io.BufferedReader(stream) as lines:  # type: ignore[type-var]  # what is unpacked has no line buffer
        for line in itertools.count(1):
            data = lines.readline(LINE + 1)
            if not data:
                return
            if len(data) > LINE:
                raise Refusal("file.line_too_long", line=line)
            text = data.decode("utf-8-sig" if line == 1 else "utf-8").strip(" \t\r\n")
            if text:
                yield line, len(data), _record(text, line, decoder)


def _record(text: str, line: int, decoder: json.JSONDecoder) -> Record:
    try:
        given = decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise Refusal("file.broken_json", line=line) from error
    if not isinstance(given, dict):
        raise Refusal("file.broken_json", line=line)
    return {key: _cell(key, value, line) for key, value in given.items()}


def _cell(key: str, value: object, line: int) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Refusal(
            "file.unsupported_type", column=key[:200], type="object" if isinstance(value, dict) else "array"
        )
    try:  # \ud800 alone is JSON but no text
        value.encode()
    except UnicodeEncodeError as error:
        raise Refusal("file.broken_json", line=line) from error
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("no number of JSON")
