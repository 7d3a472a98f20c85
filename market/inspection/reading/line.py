"""The line on which a row of delimited text begins, looked up only once the row is found to be at fault."""

import csv
import io

MOST = 10_000_000
"""Rows that are looked through; of a later one its number is told instead, with no empty line counted."""


def line_of(row: int, text: io.TextIOWrapper, delimiter: str, longest: int) -> int:
    """Return the line, from 1, on which a row begins.

    Args:
        row: counted from 1, the header included and empty lines left out.
        text: the whole text from its beginning, line ends as they are; it is closed.
        delimiter: one character.
        longest: characters of a line that are held at once.
    """
    if row > MOST:
        return row
    csv.field_size_limit(longest)
    begins = 1
    with text:
        reader = csv.reader(iter(lambda: text.readline(longest + 1), ""), delimiter=delimiter)
        try:
            for record in reader:
                row -= bool(record)
                if row < 1:
                    break
                begins = reader.line_num + 1
        except csv.Error:  # the row at fault is the one that is too long
            return begins
    return begins
