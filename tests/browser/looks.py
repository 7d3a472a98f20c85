"""The ways in which a page is looked at: language, with or without scripts, and the size of the window."""

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import ViewportSize

from tests.conftest import CI

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
NARROW: Final[ViewportSize] = {"width": 360, "height": 740}


@dataclass(frozen=True)
class Look:
    """One way to look.

    Attributes:
        language: ``zh`` or ``en``.
        scripts: whether pages may run JavaScript.
        wide: a desk's screen; else a telephone's.
    """

    language: str
    scripts: bool
    wide: bool

    @property
    def window(self) -> ViewportSize:
        return WIDE if self.wide else NARROW

    @property
    def locale(self) -> str:
        return "zh-CN" if self.language == "zh" else "en-GB"

    def __str__(self) -> str:
        return (
            f"{self.language}, {self.window['width']} px, {'with' if self.scripts else 'without'} JavaScript"
        )


PAIRS: Final = [
    Look("zh", scripts=False, wide=False),
    Look("zh", scripts=True, wide=True),
    Look("en", scripts=False, wide=True),
    Look("en", scripts=True, wide=False),
]
"""Four looks in which any two settings meet: language, size of the window, with or without scripts."""
OPPOSITE: Final = [Look("zh", scripts=False, wide=False), Look("en", scripts=True, wide=True)]
"""Two looks that differ in everything: each language, each size and each way with scripts is met once."""

STORIES: Final = OPPOSITE if CI else OPPOSITE[1:]
"""In which looks a whole trade is carried."""

TOURS: Final = OPPOSITE if CI else OPPOSITE[:1]
"""In which looks everything else that takes long is looked at; outside of CI the whole trade takes the other one."""
