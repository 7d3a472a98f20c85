"""Databases that can be put back to what they were: a file that is copied, a database that is cloned."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import sqlite_urls
from tests.postgres import Server, Urls


class File:
    """An SQLite file in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._file, self._kept = folder / "qilu.db", folder / "kept.db"
        self.url = sqlite_urls(folder).app

    def keep(self) -> None:
        """Copy the file; the last connection has put everything into it."""
        shutil.copy(self._file, self._kept)

    def back(self) -> str:
        """Copy it back."""
        for file in (self._file.with_name("qilu.db-wal"), self._file.with_name("qilu.db-shm")):
            file.unlink(missing_ok=True)
        shutil.copy(self._kept, self._file)
        return self.url

    def close(self) -> None:
        """Nothing is held open."""


class Cloned:
    """A PostgreSQL database, and the clone of it that is used."""

    def __init__(self, server: Server) -> None:
        self._server, self._first, self._clone = server, ExitStack(), ExitStack()
        self._kept: Urls = self._first.enter_context(server.database())
        self.url = self._kept.app

    def keep(self) -> None:
        """The first one is not touched from now on."""

    def back(self) -> str:
        """Drop the clone and make another."""
        self._clone.close()
        self._clone = ExitStack()
        return self._clone.enter_context(self._server.database(like=self._kept)).app

    def close(self) -> None:
        """Drop both."""
        self._clone.close()
        self._first.close()
