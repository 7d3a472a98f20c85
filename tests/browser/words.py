"""What buttons, links and fields are called in each language, from the catalogues that the product ships."""

import tomllib
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import market.translations
from market.catalog import sectors

FOLDER: Final = Path(str(market.translations.__file__)).parent
CLAUSES: Final = FOLDER.parent.parent / "templates" / "contracts" / "styles" / "bilingual-1" / "words.toml"
"""Purposes and acts as contracts name them, which stand on pages of listings too."""


class Words:
    """The words of one language.

    Args:
        language: ``zh`` or ``en``.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        with (FOLDER / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
            self._catalogue: Catalog = read_po(file)
        tables = tomllib.loads(CLAUSES.read_text())
        words = [*tables["purpose"].values(), *tables["action"].values(), *sectors.NAMES.values()]
        self._clauses: dict[str, str] = {word["en"]: word["zh"] for word in words}

    def __call__(self, english: str, **blanks: object) -> str:
        """Return a sentence of the pages in this language.

        Args:
            english: as it stands in the source; a sentence that the catalogue lacks fails the test.
            blanks: what fills its ``%(name)s``.
        """
        if english in self._clauses:
            return self._clauses[english] if self.language == "zh" else english
        found = self._catalogue.get(english)
        assert found is not None, f"no page says {english!r} any more"
        assert found.string, f"{english!r} has no Chinese"
        text = str(found.string) if self.language == "zh" else english
        return text % blanks if blanks else text
