"""Re-identification: how small the groups are that a few harmless columns make together. Child alone.

k is the size of the smallest group of rows that agree in every quasi-identifier. Groups are told apart by
64 bits of mixed cell values, so any two of n groups fall together with a chance of about n^2 / 2^65.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from market.inspection.sensitive.classes import Sensitive, is_quasi_identifier
from market.inspection.sensitive.hints import says
from market.inspection.tally import Tally, Values

_QUASI = (
    "出生日期", "生日", "出生年", "性别", "年龄", "邮编", "邮政编码", "区县", "行政区划", "户籍",
    "籍贯", "民族", "职业", "婚姻", "学历", "住所",
    "birth", "birthday", "birth date", "date of birth", "dob", "birthdate", "sex", "gender", "age",
    "zip", "zipcode",
    "postcode", "postal code", "district", "county", "ethnicity", "nationality", "occupation",
    "marital", "education",
)  # fmt: skip


@dataclass(frozen=True)
class K:
    """How well rows hide among each other.

    Attributes:
        k: rows of the smallest group; 0 when there are no rows.
        groups: how many groups there are.
        rows_below: rows in groups smaller than the rule asks for.
    """

    k: int
    groups: int
    rows_below: int


def quasi(names: Sequence[str], kinds: Mapping[str, Sensitive]) -> tuple[str, ...]:
    """Return the columns that may name people together, in the table's order.

    Args:
        names: all columns' names.
        kinds: the class found or declared for a column.
    """
    return tuple(
        name for name in names if (is_quasi_identifier(kinds[name]) if name in kinds else says(name, _QUASI))
    )


def mixed(columns: Sequence[Values]) -> Values:
    """Return one value a row that is equal where all columns are; empty cells agree with each other.

    Args:
        columns: the cell values of each quasi-identifier, row by row; at least one.
    """
    found = columns[0].copy()
    for column in columns[1:]:
        found = _mix(found) + column
    return found


def k_of(parts: Iterable[Tally], rows: int, rule: int) -> K:
    """Return how small the groups are.

    Args:
        parts: how often each mixed value stands among all rows, but for 0.
        rows: how many rows there are.
        rule: the least size of a group that is asked for, in rows.
    """
    k, groups, below, counted = rows, 0, 0, 0
    for part in parts:
        if len(part):
            sizes = part.counts
            k, groups = min(k, int(sizes.min())), groups + len(sizes)
            below, counted = below + int(sizes[sizes < rule].sum()), counted + part.total
    zero = rows - counted
    if zero:
        k, groups, below = min(k, zero), groups + 1, below + (zero if zero < rule else 0)
    return K(k, groups, below)


def _mix(values: Values) -> Values:
    """Spread values over 64 bits (the finaliser of SplitMix64), so that adding another column keeps pairs apart."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
