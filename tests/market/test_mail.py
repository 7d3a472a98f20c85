"""Letters: to standard output without a mail server, else by SMTP to a server that these tests run."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from structlog.testing import capture_logs

from market import mail
from market.config import Settings, SettingsError
from market.db import transaction
from market.errors import Unavailable

VALUES = {"organisation": "泉城 & 数据", "link": "http://localhost:8080/i/x", "until": "明天"}


class Postman(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a client needs to leave a letter."""

    server: "PostOffice"

    def handle(self) -> None:
        self._say("220 post office")
        while line := self.rfile.readline().decode().strip():
            self.server.heard.append(line)
            command = line.split(" ")[0].upper()
            if command == "EHLO":
                self._say("250-post office\r\n250 AUTH PLAIN")
            elif command == "AUTH":
                self._say("235 welcome")
            elif command == "RCPT" and self.server.full:
                self._say("452 mailbox full")
            elif command == "DATA":
                self._say("354 go on")
                self.server.letters.append(self._letter())
                self._say("250 taken")
            else:
                self._say("221 bye" if command == "QUIT" else "250 fine")

    def _letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class PostOffice(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Postman)
        self.heard: list[str] = []
        self.letters: list[bytes] = []
        self.full = False

    def url(self, scheme: str = "smtp", user: str = "", query: str = "") -> str:
        return f"{scheme}://{user}127.0.0.1:{self.server_address[1]}{query}"

    def letter(self) -> EmailMessage:
        (only,) = self.letters
        found = message_from_bytes(only, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as office:
        threading.Thread(target=office.serve_forever, daemon=True).start()
        yield office
        office.shutdown()


def use(exchange: Flask, url: str) -> None:
    settings: Settings = exchange.extensions["settings"]
    exchange.extensions["settings"] = replace(settings, mail_url=url)


def test_without_a_server_a_letter_is_printed_in_the_language_of_the_exchange_and_not_logged(
    exchange: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as written:
        mail.send("zhao@example.org", "invitation", **VALUES)
    letter = capsys.readouterr().out
    assert "\nTo: zhao@example.org\nSubject: " in letter
    assert "邀请" in letter
    assert "泉城 & 数据" in letter
    assert "http://localhost:8080/i/x" in letter
    mine = [line for line in written if line["event"] == "mail.sent"]
    assert mine == [{"event": "mail.sent", "log_level": "info", "message": "invitation"}]


def test_a_letter_goes_to_the_server_and_not_to_the_log(exchange: Flask, office: PostOffice) -> None:
    use(exchange, office.url(user="qilu:p%40ss@", query="?from=desk@exchange.example"))
    with capture_logs() as written:
        mail.send("zhao@example.org", "invitation", language="en", **VALUES)
    letter = office.letter()
    assert letter["To"] == "zhao@example.org"
    assert letter["From"] == "desk@exchange.example"
    assert "Invitation" in letter["Subject"]
    assert "泉城 & 数据 invites you" in letter.get_content()
    (sign_in,) = [line for line in office.heard if line.startswith("AUTH PLAIN")]
    assert base64.b64decode(sign_in.split()[2]) == b"\0qilu\0p@ss"
    assert "localhost:8080/i/x" not in str(written)
    assert "p@ss" not in str(written)


def test_the_sender_is_named_after_the_exchange(exchange: Flask, office: PostOffice) -> None:
    use(exchange, office.url())
    mail.send("zhao@example.org", "invitation", **VALUES)
    assert office.letter()["From"] == "exchange@localhost"


def test_a_server_that_refuses_or_is_not_there_is_said(exchange: Flask, office: PostOffice) -> None:
    office.full = True
    use(exchange, office.url())
    with pytest.raises(Unavailable) as refused:
        mail.send("zhao@example.org", "invitation", **VALUES)
    assert refused.value.code == "mail.unavailable"
    office.shutdown()
    office.server_close()
    with pytest.raises(Unavailable):
        mail.send("zhao@example.org", "invitation", **VALUES)
    assert office.letters == []


def test_a_letter_is_never_sent_inside_a_transaction(exchange: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError):
        mail.send("zhao@example.org", "invitation", **VALUES)


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtps:secret"])
def test_a_wrong_address_stops_the_start_without_being_repeated(exchange: Flask, url: str) -> None:
    settings = replace(exchange.extensions["settings"], mail_url=url)
    with pytest.raises(SettingsError, match="MAIL_URL") as refused:
        settings.demand("secret_key")
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(settings).replace("secret_key", "").replace("_secret", "")
