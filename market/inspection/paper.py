"""The report of an inspection as a document to be set in type, in Chinese and English.

It holds what the report holds: facts and no values out of the data, since values can be erased and a file that
somebody has kept cannot. It is made of plain texts; the layout (``templates/reports/inspection.typ``) places them and
computes nothing. The same inspection gives the same content.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, TypeAlias

from market.i18n import CHINA, both, lazy, moment, percent, whole
from market.inspection.grading import INDICATORS, REASONS, WEIGHTS
from market.inspection.report import TYPE_LABELS, parse
from market.inspection.sensitive.classes import LABELS, Sensitive

MOST: Final = 300
"""Columns that are shown; the attached report has all of them."""
LONGEST: Final = 40
"""Characters of a column's name beside its figures; the dictionary has the whole name under the same number."""

METHODS: Final = {"exact": lazy("counted exactly")}
BY: Final = {"measured": lazy("the exchange")}

Pair: TypeAlias = dict[str, str]
"""A text in each language of the pages."""
Cell: TypeAlias = Pair | str
"""A text of a table; plain where it reads the same in every language."""
Figure: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """An inspection with what stands beside its report.

    Attributes:
        title: of the asset.
        text: the report as it is stored.
        report: the same as values.
        digest: SHA-256 of ``text``.
        engine: versions of what measured.
        kinds: class of sensitive data in force, by column; None for none.
        at: when it was measured (aware).
        exchange: address of the exchange.
        entry: address of the ledger's entry about it.
    """

    title: str
    text: str
    report: Mapping[str, Any]
    digest: str
    engine: Mapping[str, str]
    kinds: Sequence[Sensitive | None]
    at: datetime
    exchange: str
    entry: str


def content(one: Measured) -> dict[str, Any]:
    """Return what the layout places."""
    day = one.at.astimezone(CHINA).date()
    return {
        "day": [day.year, day.month, day.day],
        "exchange": one.exchange,
        "digest": one.digest,
        "title": both(lazy("Inspection report")),
        "line": both(
            lazy("What the exchange counted in every cell of the file; nothing is estimated.")
        ),
        "file": {"title": both(lazy("The file")), "rows": _file(one)},
        "grade": _grade(one.report["grade"]),
        "quality": {
            "title": both(lazy("Quality of the whole file")),
            "head": _head(
                lazy("Indicator"), lazy("Weight"), lazy("Kept by"), lazy("Share"), lazy("Method"), lazy("Said by")
            ),
            "rows": [_of_file(figure) for figure in one.report["quality"] if figure["column"] is None],
        },
        "columns": _columns(one),
        "figures": {
            "title": both(lazy("Quality of each column")),
            "head": _head(lazy("Column"), lazy("Kept by"), lazy("Share"), lazy("Method"), lazy("Said by")),
            "parts": list(_by_indicator(one.report)),
        },
        "check": {"title": both(lazy("Check it yourself")), "rows": _checks(one), "notes": _notes()},
    }  # fmt: skip


def _file(one: Measured) -> list[dict[str, Any]]:
    declared, facts = one.report["declared"], parse(one.text)
    return [
        _fact(lazy("Asset"), one.title),
        _fact(lazy("Format"), facts.format),
        _fact(lazy("Size"), both(lazy("%(count)s bytes", count=whole(facts.size)))),
        _fact(lazy("Rows"), whole(facts.rows)),
        _fact(lazy("Columns"), whole(len(facts.columns))),
        _fact(
            lazy("Empty cells"),
            both(lazy("%(nulls)s of %(cells)s", nulls=whole(facts.nulls), cells=whole(facts.cells))),
        ),
        _fact(lazy("Duplicate rows"), whole(facts.duplicate_rows)),
        _fact(lazy("Columns with sensitive data"), whole(sum(kind is not None for kind in one.kinds))),
        _fact(lazy("Held against the declaration"), declared["digest"] if declared else both(lazy("none"))),
        _fact(lazy("Measured at"), moment(one.at)),
    ]


def _grade(grade: Mapping[str, Any]) -> dict[str, Any]:
    told = lazy(
        "The grade %(letter)s is the mean of the indicators that could be assessed, by their weights: %(assessed)s of "
        "all weights stand behind it. A from 0.98, B from 0.90, C from 0.75.",
        letter=grade["letter"],
        assessed=grade["assessed"],
    )
    return {
        "label": both(lazy("Grade")),
        "letter": grade["letter"],
        "score": grade["score"],
        "note": both(told),
    }


def _of_file(figure: Figure) -> list[Cell]:
    weight = WEIGHTS.get(figure["code"])
    return [_indicator(figure["code"]), "—" if weight is None else str(weight), *_told(figure)]


def _columns(one: Measured) -> dict[str, Any]:
    columns = one.report["columns"]
    rest = lazy(
        "The file has %(count)s columns. The first %(shown)s stand here, all of them in the attached report.",
        count=whole(len(columns)),
        shown=whole(MOST),
    )
    return {
        "title": both(lazy("Dictionary")),
        "head": _head(
            lazy("Column"), lazy("Type"), lazy("Empty"), lazy("Distinct"), lazy("Length"), lazy("Sensitive data")
        ),
        "rows": [
            _column(number, facts, kind)
            for number, (facts, kind) in enumerate(zip(columns[:MOST], one.kinds[:MOST], strict=True), start=1)
        ],
        "rest": both(rest) if len(columns) > MOST else None,
    }  # fmt: skip


def _column(number: int, facts: Mapping[str, Any], kind: Sensitive | None) -> list[Cell]:
    length = "—"
    if facts["longest"] is not None:
        length = f"{whole(facts['shortest'])}–{whole(facts['longest'])}"
    return [
        f"{number} · {facts['name']}",
        both(TYPE_LABELS[facts["type"]]),
        whole(facts["nulls"]),
        whole(facts["distinct"]),
        length,
        "—" if kind is None else both(LABELS[kind]),
    ]


def _by_indicator(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shown = {column["name"]: number for number, column in enumerate(report["columns"][:MOST], start=1)}
    figures = [figure for figure in report["quality"] if figure["column"] in shown]
    figures.sort(key=lambda figure: (figure["code"], shown[figure["column"]]))
    for code, found in groupby(figures, key=lambda figure: str(figure["code"])):
        yield {
            "label": _indicator(code),
            "rows": [[_short(shown[figure["column"]], figure["column"]), *_told(figure)] for figure in found],
        }


def _told(figure: Figure) -> list[Cell]:
    """Return a figure's share, how it was got and who says so; or alone, why there is none."""
    if "reason" in figure:
        return [both(lazy("not assessable: %(reason)s", reason=REASONS[figure["reason"]]))]
    part, every = figure["numerator"], figure["denominator"]
    return [
        f"{whole(part)} / {whole(every)}",
        percent(part, every),
        _word(METHODS, figure["method"]),
        _word(BY, figure["by"]),
    ]


def _checks(one: Measured) -> list[dict[str, Any]]:
    report = one.report
    engine = " · ".join(f"{name} {version}" for name, version in sorted(one.engine.items()))
    return [
        _fact(lazy("Digest of the report"), one.digest, mono=True),
        _fact(lazy("SHA-256 of the file"), report["file"]["digest"], mono=True),
        _fact(lazy("Digest of the content"), report["content_digest"], mono=True),
        _fact(lazy("Method"), f"{report['method']} · {report['content_rule']}", mono=True),
        _fact(lazy("Measured with"), engine, mono=True),
        _fact(lazy("Exchange"), one.exchange, mono=True),
        _fact(lazy("Entry in the ledger"), one.entry, mono=True),
    ]


def _notes() -> list[Pair]:
    return [
        both(lazy(
            "report.json is attached to this document: its SHA-256 is the digest of the report. Whoever has the file "
            "gets the same report on any machine by: qilu inspect FILE"
        )),
        both(lazy(
            "The exchange has sealed this document: its digital signature shows a change of any byte. Its certificate "
            "leads to the root that the exchange publishes at /authority/root.crt. The exchange is no licensed "
            "provider of electronic certification services, and unless another authority made the time stamp it says "
            "what the exchange's own clock said."
        )),
    ]  # fmt: skip


def _fact(label: object, value: Cell, *, mono: bool = False) -> dict[str, Any]:
    return {"label": both(label), "value": value, "mono": mono}


def _head(*labels: object) -> list[Pair]:
    return [both(label) for label in labels]


def _indicator(code: str) -> Pair:
    return {language: f"{code} {words}" for language, words in both(INDICATORS[code]).items()}


def _word(known: Mapping[str, object], word: str) -> Cell:
    return both(known[word]) if word in known else word


def _short(number: int, name: str) -> str:
    return f"{number} · {name if len(name) <= LONGEST else name[:LONGEST] + '…'}"
