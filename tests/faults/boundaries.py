"""The three boundaries of the product where the world can fail, and one failure at a chosen call.

Nothing of the product is replaced: the database fails in its driver, files fail in the operating system's
calls (those below one folder), and the payment platform fails on the wire.
"""

import builtins
import errno
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from sqlalchemy import Engine, event
from werkzeug.test import Client

PLATFORM: Final = "http://localhost:9"
"""Where the exchange believes its payment platform to be; nothing listens there."""


class Boundary(ABC):
    """Counts the calls over a boundary and lets one of them fail.

    Attributes:
        ways: the ways in which a call can fail here.
        calls: how many calls there were since :meth:`watch`.
    """

    ways: tuple[str, ...]

    def __init__(self) -> None:
        self.calls = 0
        self.failed = False
        self._watching = False
        self._at: range = range(0)
        self._way = ""

    def watch(self, at: int = 0, way: str = "") -> None:
        """Count from now on, and let the call of this number fail once (none when 0)."""
        self.calls, self.failed, self._watching = 0, False, True
        name, _, times = way.partition(" x")
        self._at, self._way = range(at, at + int(times or 1)) if at else range(0), name

    def rest(self) -> None:
        """Stop counting and failing."""
        self._watching = False

    def _next(self) -> str:
        """Count one call and return how it fails, or an empty text."""
        if not self._watching:
            return ""
        self.calls += 1
        if self.calls not in self._at:
            return ""
        self.failed = True
        return self._way

    @abstractmethod
    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand at the boundary until the patch is undone."""


class Statements(Boundary):
    """Every statement: on SQLite the disk fails, on PostgreSQL the connection is gone."""

    ways = ("fails",)

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def install(self, patch: pytest.MonkeyPatch) -> None:
        event.listen(self._engine, "do_execute", self._execute)
        event.listen(self._engine, "do_executemany", self._execute)

    def _execute(self, cursor: Any, _statement: str, _parameters: Any, _context: Any) -> None:
        if self._next():
            lose(self._engine, cursor.connection)


class Commits(Boundary):
    """Every commit: it fails, or it was done and its answer is lost."""

    ways = ("fails", "answer lost")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def install(self, patch: pytest.MonkeyPatch) -> None:
        real = self._engine.dialect.do_commit

        def commit(connection: Any) -> None:
            way = self._next()
            if way != "fails":
                real(connection)
            if way:
                lose(self._engine, connection.dbapi_connection)

        patch.setattr(self._engine.dialect, "do_commit", commit)


def lose(engine: Engine, connection: Any) -> None:
    """Fail as the driver does when the database is gone."""
    if engine.dialect.name == "sqlite":
        raise engine.dialect.loaded_dbapi.OperationalError("disk I/O error")
    connection.close()
    raise engine.dialect.loaded_dbapi.OperationalError("the connection is lost")


class Files(Boundary):
    """Every open, read, write, fsync, rename, new folder and removal below one folder.

    A write fails in its middle: half of it is in the file, and no space is left.
    """

    ways = ("fails",)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = str(folder.resolve()) + os.sep

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for name in ("open", "mkdir", "unlink", "rename", "replace", "fsync"):
            patch.setattr(os, name, self._failing(getattr(os, name)))
        opening = self._opening(io.open)
        patch.setattr(io, "open", opening)
        patch.setattr(builtins, "open", opening)

    def fail(self, way: int = errno.EIO) -> None:
        """Raise if it is this call's turn."""
        if self._next():
            raise OSError(way, os.strerror(way))

    def half(self) -> bool:
        """Tell whether this write is to end in the middle."""
        return bool(self._next())

    def _failing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(place: Any, *arguments: Any, **named: Any) -> Any:
            if self._ours(place):
                self.fail()
            return real(place, *arguments, **named)

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(place: Any, *arguments: Any, **named: Any) -> Any:
            if not self._ours(place):
                return real(place, *arguments, **named)
            self.fail()
            return File(real(place, *arguments, **named), self)

        return call

    def _ours(self, place: Any) -> bool:
        if not self._watching:
            return False
        if isinstance(place, int):
            place = Path(f"/proc/self/fd/{place}").readlink()
        return str(os.path.abspath(os.fspath(place))).startswith(self._folder)


class File:
    """An open file whose reads and writes are calls over the boundary."""

    def __init__(self, real: Any, files: Files) -> None:
        self._real = real
        self._files = files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *error: object) -> None:
        self._real.close()

    def read(self, *arguments: Any) -> Any:
        self._files.fail()
        return self._real.read(*arguments)

    def write(self, data: Any) -> Any:
        if self._files.half():
            self._real.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._real.write(data)


class Wire(Boundary):
    """Every call to the payment platform, which answers in this process.

    ``unsent``: it never arrives. ``lost``: it is done and the answer is lost. ``refused``: the platform
    fails before it does anything. With ``x4`` all the client's own repetitions fail as well.

    Calls to anybody else pass: another test of this process may keep an exchange that listens.

    Attributes:
        platform: answers; set it before the first call.
    """

    ways = ("unsent", "lost", "refused", "unsent x4", "lost x4", "refused x4")
    platform: Client

    def install(self, patch: pytest.MonkeyPatch) -> None:
        real = requests.adapters.HTTPAdapter.send

        def send(adapter: Any, request: requests.PreparedRequest, **how: Any) -> requests.Response:
            ours = (request.url or "").startswith(f"{PLATFORM}/")
            return self._send(request) if ours else real(adapter, request, **how)

        patch.setattr(requests.adapters.HTTPAdapter, "send", send)

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        way = self._next()
        if way == "unsent":
            raise requests.ConnectTimeout("no way to the platform")
        if way == "refused":
            return self._response(request, 500, b'{"error": {"type": "api_error", "message": "later"}}')
        answer = self.platform.open(
            request.path_url, method=request.method, data=request.body or b"", headers=dict(request.headers)
        )
        if way == "lost":
            raise requests.ReadTimeout("no answer in time")
        return self._response(request, answer.status_code, answer.data, dict(answer.headers))

    def _response(
        self,
        request: requests.PreparedRequest,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        made = requests.Response()
        made.status_code, made.raw, made.request, made.url = (
            status,
            io.BytesIO(body),
            request,
            request.url or "",
        )
        made.headers.update(headers or {})
        return made


BOUNDARIES: Final = ("statements", "commits", "files", "wire")
