"""A letter to a mail server, by the standard library: ``smtp://`` or ``smtps://user:password@host:port?from=…``.

``smtps`` speaks TLS from the first byte; ``smtp`` changes to TLS where the server offers it, and a password
never leaves without it, except to this machine.
"""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from market.config import is_loopback
from market.errors import Unavailable
from market.i18n import gettext as _

TIMEOUT_SECONDS: Final = 15.0


def deliver(url: str, base_url: str, to: str, subject: str, body: str) -> None:
    """Hand a letter to a mail server.

    Args:
        url: the setting ``MAIL_URL``.
        base_url: of the exchange, whose host stands in the sender's address where ``from`` does not.
        to: the address.
        subject: one line.
        body: plain text.

    Raises:
        Unavailable: the server does not answer or does not take the letter; nothing of it is in the message.
    """
    server = urlsplit(url)
    host = urlsplit(base_url).hostname or "localhost"
    letter = EmailMessage()
    letter["From"] = parse_qs(server.query).get("from", [f"exchange@{host}"])[0]
    letter["To"] = to
    letter["Subject"] = subject
    letter["Date"] = formatdate()
    letter["Message-ID"] = make_msgid(domain=host)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body)
    try:
        with _connected(server) as connection:
            _secure(connection, server, url)
            connection.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(
            "mail.unavailable", _("The mail server did not accept the email. Try again later.")
        ) from error


def _connected(server: SplitResult) -> smtplib.SMTP:
    host = server.hostname or "localhost"
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, server.port or 25, timeout=TIMEOUT_SECONDS)


def _secure(connection: smtplib.SMTP, server: SplitResult, url: str) -> None:
    """Change to TLS where it is offered, and say who we are."""
    connection.ehlo()
    hidden = server.scheme == "smtps"
    if not hidden and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
        hidden = True
    if server.username:
        if not hidden and not is_loopback(url):
            raise smtplib.SMTPNotSupportedError("the mail server offers no TLS: the password stays here")
        connection.login(unquote(server.username), unquote(server.password or ""))
