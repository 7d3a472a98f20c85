"""Reading Chinese as its reader does: words in Latin letters are foreign to it, but for a few names."""

import re
from typing import Final

WORDS: Final = re.compile(r"[A-Za-z]{2,}")
CHOICES: Final = re.compile(r"请从以下各项中选择：[^。]*。")
"""The words of a closed list that a program must send, in the interface's own spelling."""
NAMES: Final = frozenset(
    {"CSV", "Parquet", "MiB", "UTF", "GB", "SHA", "UUID", "JSON", "Idempotency", "Key", "ASCII"}
    | {"name", "example", "org"}  # the address name@example.org
)
"""Formats and names that have no Chinese."""


def latin(sentence: str) -> set[str]:
    """Return the words in Latin letters that a Chinese sentence should not hold."""
    return set(WORDS.findall(CHOICES.sub("", sentence))) - NAMES
