"""Indicators: the measured figures about which a listing can promise something.

Their words are the contract's own (:class:`contracts.vocabulary.Indicator`), so that what is promised,
signed and measured is one thing. Shares are exact fractions: compared exactly, shown as decimal text
rounded down. The measures are modelled on GB/T 36344-2018 (codes as open implementations list them: 0201
element completeness, 0304 uniqueness); no conformity is claimed.
"""

from fractions import Fraction

from contracts.facts import Threshold
from contracts.vocabulary import Indicator, Operator
from market.inspection.report import Report

_DIGITS = 6


def measure(report: Report, indicator: Indicator, field: str | None = None) -> Fraction | None:
    """Return a measured figure.

    Args:
        report: the inspection.
        indicator: which figure.
        field: the column it is about; None for the whole file.

    Returns:
        A count or a share; None when the file has no such column, or no filled cell in it.
    """
    if field is None:
        match indicator:
            case Indicator.ROWS:
                return Fraction(report.rows)
            case Indicator.COLUMNS:
                return Fraction(len(report.columns))
            case Indicator.COMPLETENESS:
                return 1 - Fraction(report.nulls, report.cells)
            case Indicator.UNIQUENESS:
                return 1 - Fraction(report.duplicate_rows, report.rows)
    column = next((column for column in report.columns if column.name == field), None)
    if column is None:
        return None
    match indicator:
        case Indicator.COMPLETENESS:
            return 1 - Fraction(column.nulls, report.rows)
        case Indicator.UNIQUENESS:
            filled = report.rows - column.nulls
            return Fraction(column.distinct, filled) if filled else None
        case _:
            return None


def holds(promise: Threshold, report: Report) -> bool:
    """Tell whether the measured figure keeps a promise; exact, nothing is rounded."""
    measured = measure(report, promise.indicator, promise.field)
    if measured is None:
        return False
    promised = Fraction(promise.value)
    match promise.operator:
        case Operator.AT_LEAST:
            return measured >= promised
        case Operator.AT_MOST:
            return measured <= promised
        case Operator.EQUAL:
            return measured == promised


def shown(measured: Fraction | None) -> str:
    """Write a figure as decimal text: counts whole, shares with six digits rounded down, ``-`` for none."""
    if measured is None:
        return "-"
    if measured.denominator == 1:
        return str(measured.numerator)
    scaled = measured.numerator * 10**_DIGITS // measured.denominator
    return f"{scaled // 10**_DIGITS}.{scaled % 10**_DIGITS:0{_DIGITS}d}"
