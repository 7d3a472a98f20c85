"""The files of ``market/deployment`` do what the README says of them: run, not read."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from ledger import note
from market import db, migrations
from market.app import create_app
from market.cli import qilu
from market.config import STRIPE, Settings
from market.demo.client import wait_for
from market.migrations import rights
from market.rules import book
from tests import machine, ports
from tests.conftest import postgres_server, settings_for, sqlite_urls
from tests.house.source import ROOT
from tests.postgres import Urls

FOLDER = ROOT / "market" / "deployment"
NAME = "exchange.example"
UNITS = ("qilu.service", "qilu-worker.service")


def text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


# PostgreSQL


@pytest.mark.postgresql
def test_the_roles_can_do_their_work_and_no_more(tmp_path: Path) -> None:
    psql = machine.ensure("psql", "postgresql-client", lane="postgresql")
    server = postgres_server()
    found = re.search(r"host=(\S+)", server.urls("postgres").app)
    assert found is not None
    where = found[1]
    tag = f"d{ports.one()}"  # the server is shared, and roles belong to all of it
    (tmp_path / "roles.sql").write_text(re.sub(r"\bqilu(?=_owner|_app|\b)", tag, text("roles.sql")))
    command = [psql, "-v", "ON_ERROR_STOP=1", "-h", where, "-U", "postgres", "-f", tmp_path / "roles.sql"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    try:
        urls = Urls(
            app=f"postgresql+psycopg://{tag}_app@/{tag}?host={where}",
            owner=f"postgresql+psycopg://{tag}_owner@/{tag}?host={where}",
        )
        migrations.upgrade(settings_for(urls, tmp_path))
        engine = db.engine_for(urls.app)
        with engine.connect() as connection:
            assert list(rights.excess(connection)) == []
        engine.dispose()
        with psycopg.connect(f"host={where} dbname={tag} user={tag}_app") as connection:
            for refused in (
                "CREATE TABLE mine (id int)",
                "CREATE SCHEMA mine",
                "CREATE TEMPORARY TABLE m ()",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(refused)
                connection.rollback()
    finally:
        with psycopg.connect(f"host={where} dbname=postgres user=postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {tag} WITH (FORCE)")
            connection.execute(f"DROP ROLE {tag}_owner")
            connection.execute(f"DROP ROLE {tag}_app")


# settings


def test_the_example_of_settings_is_complete_once_the_blanks_are_filled(tmp_path: Path) -> None:
    values = dict(
        line.split("=", 1) for line in text("secrets.env").splitlines() if line and not line.startswith("#")
    )
    blank = {name for name, value in values.items() if not value}
    assert blank == {"SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "LEDGER_SIGNING_KEY"}
    filled = {
        **values,
        "QILU_HOME": str(tmp_path),
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "STRIPE_SECRET_KEY": "sk_live_0123456789",
        "STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
        "LEDGER_SIGNING_KEY": note.generate(values["LEDGER_ORIGIN"]).secret_text(),
    }
    Settings.load(filled).demand_all()


# systemd


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_start_commands_that_exist_from_where_the_page_puts_them(unit: str) -> None:
    lines = dict(line.split("=", 1) for line in text(unit).splitlines() if re.match(r"[A-Z]\w+=", line))
    program, command, *options = lines["ExecStart"].split()
    assert program == f"{lines['WorkingDirectory']}/.venv/bin/qilu"
    known = {option for parameter in qilu.commands[command].params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
    assert lines["Environment"] == f"QILU_HOME=/var/lib/{lines['StateDirectory']}"
    assert int(lines["TimeoutStopSec"]) > 30  # what a gentle stop may take
    assert text(unit).startswith(f"# Goes to /etc/systemd/system/{unit}")


@pytest.mark.sqlite
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_no_fault_with_the_units(unit: str, tmp_path: Path) -> None:
    checker = machine.ensure("systemd-analyze", "systemd", lane="sqlite")
    (tmp_path / unit).write_text(text(unit).replace("/opt/qilu/.venv/bin/qilu", "/bin/true"))
    done = subprocess.run(
        [checker, "verify", tmp_path / unit], capture_output=True, text=True, check=False, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if unit in line]
    assert (done.returncode, own) == (0, [])


# nginx


def nginx(folder: Path) -> Path:
    """Return the program, out of Debian's package without installing it: its installation would start it."""
    if found := shutil.which("nginx"):
        return Path(found)
    machine.ensure("apt-get", "apt", lane="sqlite")
    folder.mkdir()
    fetch = ["apt-get", *machine.APT, "download", "-qq", "nginx"]
    with machine.alone():
        if subprocess.run(fetch, cwd=folder, check=False, capture_output=True, timeout=600).returncode != 0:
            update = ["apt-get", *machine.APT, "update", "-qq"]
            subprocess.run(update, check=True, capture_output=True, timeout=1800)
            subprocess.run(fetch, cwd=folder, check=True, capture_output=True, timeout=600)
    package = next(folder.glob("nginx_*.deb"))
    subprocess.run(["dpkg", "-x", package, folder], check=True, timeout=60)
    return folder / "usr" / "sbin" / "nginx"


def certify(folder: Path) -> None:
    """Write a certificate of our own for the example's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextmanager
def exchange(home: Path) -> Iterator[int]:
    """A public exchange that listens on this machine, as behind a proxy; yields its port."""
    settings = settings_for(
        sqlite_urls(home), home, BASE_URL=f"https://{NAME}", STRIPE_API_BASE=STRIPE,
        STRIPE_SECRET_KEY="sk_live_0123456789", SECRET_KEY="0123456789abcdef0123456789abcdef",
        MAIL_URL="smtp://mail.example",
    )  # fmt: skip
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
        app.extensions["engine"].dispose()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str


def answered(caller: http.client.HTTPConnection, method: str, path: str, **headers: str) -> Answer:
    """Ask once under the exchange's name and hang up."""
    with closing(caller):
        caller.request(method, path, headers={"Host": NAME, **headers})
        found = caller.getresponse()
        return Answer(found.status, dict(found.headers), found.read().decode())


def listens(port: int) -> bool | None:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0 or None


@contextmanager
def proxy(folder: Path, behind: int) -> Iterator[tuple[int, int]]:
    """nginx with our file, on ports of this machine; yields those of http and https."""
    plain = ports.several(2)
    secure = plain + 1
    certify(folder)
    site = (
        text("nginx.conf")
        .replace("/etc/ssl/qilu", str(folder))
        .replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    )
    site = re.sub(r"listen \[::\]:\d+.*\n", "", site)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443", f"listen 127.0.0.1:{secure}"
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; user root; events {{}}\n"
        f"http {{ access_log {folder}/access.log; {temporary}\n{site}\n}}\n"
    )
    program, file, log = nginx(folder / "package"), folder / "nginx.conf", folder / "error.log"
    command = [str(program), "-p", str(folder), "-c", str(file), "-e", str(log)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stderr
    assert "[emerg]" not in checked.stderr
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(secure), "nginx", seconds=60)
        yield plain, secure
    finally:
        running.terminate()
        running.wait(60)


@pytest.mark.sqlite
def test_nginx_carries_people_to_the_exchange(tmp_path: Path) -> None:
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with exchange(tmp_path) as behind, proxy(tmp_path, behind) as (plain, secure):

        def ask(path: str, method: str = "GET", **headers: str) -> Answer:
            caller = http.client.HTTPSConnection("127.0.0.1", secure, context=unchecked, timeout=60)
            return answered(caller, method, path, **headers)

        front = ask("/", Accept="text/html", **{"Accept-Language": "zh"})
        assert front.status == 200
        assert "齐鲁" in front.body
        assert front.headers["Strict-Transport-Security"]
        assert re.fullmatch(r"[0-9a-f]{32}", front.headers["X-Request-Id"])
        assert ask("/metrics").status == 404
        assert ask("/readyz").status in {200, 503}
        assert ask("/api/v1/trades/7Q2M8K4TNX3/delivery").status == 401
        for secret in ("/password/", "/invitations/", "/api/v1/invitations/"):
            assert ask(f"{secret}aZ3-aZ3-aZ3-aZ3-aZ3").status in {404, 405}
        too_much = str(book().value("upload.max_bytes") + 2 * 1024 * 1024)
        assert ask("/assets", "POST", **{"Content-Length": too_much}).status == 413

        moved = answered(http.client.HTTPConnection("127.0.0.1", plain, timeout=60), "GET", "/docs?lang=zh")
        assert (moved.status, moved.headers["Location"]) == (301, f"https://{NAME}/docs?lang=zh")
        kept = (tmp_path / "access.log").read_text() + (tmp_path / "error.log").read_text()
        assert "GET /readyz" in kept
        assert "aZ3" not in kept
