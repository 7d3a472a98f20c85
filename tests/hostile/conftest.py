"""The seeded exchange of the authorisation matrix: every address has its object and its right person."""

from tests.authorisation.conftest import world

__all__ = ["world"]
