"""Letters to people: texts from ``templates/email``, handed to the mail server of the setting ``MAIL_URL``.

Without that setting each letter is printed on standard output, where whoever tries the exchange out reads it; a
public exchange does not start so, since a service's standard output is kept as a log and letters hold secrets. A
letter is sent after the transaction, never inside; whoever asks for one must not depend on it: either a job sends it
and tries again, or what it says is shown on a page too.
"""

import sys

import structlog
from flask import render_template
from flask_babel import force_locale

from market import config, db
from market.i18n import language as readers_language
from market.mail import smtp

log = structlog.get_logger()


def send(to: str, message: str, *, language: str | None = None, **values: object) -> None:
    """Write a letter and hand it over.

    Args:
        to: the address.
        message: folder under ``templates/email`` with ``subject.txt`` and ``body.txt``.
        language: "zh" or "en"; that of the request, or of the setting ``LOCALE``, when None.
        values: what fills the texts.

    Raises:
        Unavailable: the mail server does not take it; try again later.
        RuntimeError: a transaction is open.
    """
    db.outside()
    with force_locale(language or readers_language()):
        subject = render_template(f"email/{message}/subject.txt", **values).strip()
        body = render_template(f"email/{message}/body.txt", **values)
    settings = config.current()
    if settings.mail_url:
        smtp.deliver(settings.mail_url, settings.base_url, to, subject, body)
    else:
        sys.stdout.write(f"\nTo: {to}\nSubject: {subject}\n\n{body}\n")
        sys.stdout.flush()
    log.info("mail.sent", message=message)
