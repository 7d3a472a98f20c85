"""A PostgreSQL server for the tests: the distribution's own, in a temporary folder, on a unix socket.

It is started by the first test that asks for it (workers agree by a file lock) and stopped when the run
ends. Two roles, as in real life: ``qilu_owner`` migrates, ``qilu_app`` serves and owns nothing; what they may do
comes out of ``market/deployment/roles.sql`` itself. The schema is migrated once into a template; every test gets a
copy of its own by ``CREATE DATABASE … TEMPLATE``.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests import machine
from tests.house.source import ROOT

EMPTY = "qilu_empty"
TEMPLATE = "qilu_template"
ROLES = ROOT / "market" / "deployment" / "roles.sql"
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
}
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")


@dataclass(frozen=True)
class Urls:
    """How to reach one database: as the application and as its owner."""

    app: str
    owner: str


class Server:
    """The server of one test run.

    Args:
        folder: short path (a unix socket lies in it) shared by all workers of the run.
        options: settings that differ from those of the tests.
    """

    def __init__(self, folder: Path, **options: str) -> None:
        self._folder = folder
        self._settings = {**OPTIONS, **options}
        self._data = folder / "data"
        self._socket = folder / "socket"
        self._template_ready = folder / "template.ready"

    def start(self, migrate: Callable[[Urls], None]) -> None:
        """Start the server and migrate the template, unless another worker has done so.

        Args:
            migrate: brings the database of these addresses to the newest schema.
        """
        with self._alone():
            if self._template_ready.exists():
                return
            self._make_cluster()
            self.resume()
            with psycopg.connect(self._address("postgres", "postgres"), autocommit=True) as connection:
                connection.execute("CREATE ROLE qilu_owner LOGIN CREATEDB")
                connection.execute("CREATE ROLE qilu_app LOGIN")
                create(connection, EMPTY, "template0")
                with psycopg.connect(self._address(EMPTY, "postgres"), autocommit=True) as inside:
                    inside.execute(_inside())
                create(connection, TEMPLATE, EMPTY)
            migrate(self.urls(TEMPLATE))
            self._template_ready.touch()

    def resume(self) -> None:
        """Start the server on the data that are there, such as after `stop`, which lets it recover."""
        self._run(
            "pg_ctl", "start", "-w", "-D", self._data, "-l", self._folder / "log", "-o", self._options()
        )

    @contextmanager
    def database(self, *, migrated: bool = True, like: Urls | None = None) -> Iterator[Urls]:
        """Yield a fresh database and drop it afterwards.

        Args:
            migrated: a copy of the template; else an empty one.
            like: a copy of this database instead, to which nobody is connected.
        """
        name = f"t_{uuid.uuid4().hex}"
        source = make_url(like.owner).database if like else TEMPLATE if migrated else EMPTY
        with psycopg.connect(self._address("postgres", "postgres"), autocommit=True) as connection:
            create(connection, name, str(source))
            try:
                yield self.urls(name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def superuser(self, urls: Urls) -> Iterator[psycopg.Connection]:
        """Yield a connection to a database as the server's superuser, each statement committed at once."""
        database = str(make_url(urls.owner).database)
        with psycopg.connect(self._address(database, "postgres"), autocommit=True) as connection:
            yield connection

    def urls(self, database: str) -> Urls:
        """Return the addresses of a database for both roles."""
        where = f"/{database}?host={self._socket}"
        return Urls(
            app=f"postgresql+psycopg://qilu_app@{where}", owner=f"postgresql+psycopg://qilu_owner@{where}"
        )

    def stop(self) -> None:
        """Stop the server if it runs; nothing in it is worth keeping."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", self._data, "-m", "immediate")

    def _make_cluster(self) -> None:
        self._socket.mkdir()
        self._folder.chmod(0o755)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres") if _binary("initdb") else _install()
            for folder in (self._folder, self._socket):
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._run(
            "initdb",
            "-D",
            self._data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
            "-N",
        )

    def _options(self) -> str:
        settings = {**self._settings, "unix_socket_directories": str(self._socket)}
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def _address(self, database: str, role: str) -> str:
        return f"host={self._socket} dbname={database} user={role}"

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of the server's programs, as the unprivileged user when we are root (it refuses root)."""
        path = _binary(program)
        if path is None:
            raise RuntimeError(
                "no PostgreSQL server here: install the package postgresql, or use --lane sqlite"
            )
        prefix = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        )
        command = [*prefix, str(path), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{done.stdout}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def create(connection: psycopg.Connection, name: str, source: str) -> None:
    """Make a database like another, which brings the rights inside along, but not those on the database itself."""
    connection.execute(f"CREATE DATABASE {name} OWNER qilu_owner TEMPLATE {source} STRATEGY file_copy")
    for line in ROLES.read_text("utf-8").splitlines():
        if " ON DATABASE qilu " in line:
            connection.execute(line.replace(" DATABASE qilu ", f" DATABASE {name} "))


def _inside() -> str:
    """Return what the file of roles does inside the new database."""
    return ROLES.read_text("utf-8").split("\\connect qilu\n")[1]


def _binary(program: str) -> Path | None:
    """Find a server program on PATH or where Debian keeps it, newest version first."""
    if found := shutil.which(program):
        return Path(found)
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    return kept[-1] if kept else None


def _install() -> pwd.struct_passwd:
    """Install Debian's package without letting it start a cluster of its own; return its user."""
    if not CREATE_CLUSTER.exists():
        CREATE_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        CREATE_CLUSTER.write_text("create_main_cluster = false\n")
    machine.install("postgresql", lane="postgresql")
    return pwd.getpwnam("postgres")
