"""Commands for a party's own machine: keys in files that sign through the exchange's API.

What a command needs is imported when it runs.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

FAILED: Final = 1
REASONS: Final = ("lost", "compromised", "left", "replaced")

_exchange = click.option(
    "--exchange", required=True, envvar="QILU_EXCHANGE", metavar="URL",
    help="Address of the exchange, or from QILU_EXCHANGE.",
)  # fmt: skip
_token = click.option(
    "--token", required=True, envvar="QILU_TOKEN",
    help="API token made for reading and for contracts; better from QILU_TOKEN, where no list of processes shows it.",
)  # fmt: skip
_key = click.option(
    "--key", "file", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The key: PEM, or PKCS#12.",
)  # fmt: skip
_password = click.option(
    "--password", envvar="QILU_KEY_PASSWORD", help="Opens the key's file; better from QILU_KEY_PASSWORD."
)
_device = click.option("--device", required=True, help="What the page of keys calls it.")


def _asking(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command name the exchange and the token."""
    return _exchange(_token(command))


@click.group("keys")
def keys() -> None:
    """Sign contracts by a key of your own, on your own machine."""


@keys.command("request")
@_asking
@_key
@_password
@_device
def request(exchange: str, token: str, file: Path, password: str | None, device: str) -> None:
    """Have a certificate issued for a key; a P-256 key is made where there is no such file."""
    from market import signer

    with _said():
        there = signer.Exchange(exchange, token)
        key = signer.load(file, password) if file.exists() else signer.make(file, password)
        _tell(signer.request(there, key, device))


@keys.command("register")
@_asking
@_key
@_password
@_device
def register(exchange: str, token: str, file: Path, password: str | None, device: str) -> None:
    """Enter a certificate of another authority, which lies beside its key with those above it."""
    from market import signer

    with _said():
        _tell(signer.register(signer.Exchange(exchange, token), signer.load(file, password), device))


@keys.command("list")
@_asking
def listed(exchange: str, token: str) -> None:
    """List your organisation's keys, the newest first."""
    from market import signer

    with _said():
        there, path = signer.Exchange(exchange, token), signer.PATH
        while path:
            page = there.get(path)
            for item in page["items"]:
                _tell(item)
            path = f"{signer.PATH}?cursor={page['next']}" if page["next"] else ""


@keys.command("revoke")
@_asking
@click.argument("key")
@click.option("--reason", required=True, type=click.Choice(REASONS), help="Why; it stands in the list.")
def revoke(exchange: str, token: str, key: str, reason: str) -> None:
    """Take the key with the id KEY out of use; what it signed before stays."""
    from market import signer

    with _said():
        _tell(signer.Exchange(exchange, token).post(f"{signer.PATH}/{key}/revocation", {"reason": reason}))


@keys.command("sign")
@_asking
@_key
@_password
@click.argument("contract")
@click.option(
    "--document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The document as you read it; fetched, and asked about, otherwise.",
)  # fmt: skip
@click.option(
    "--offer", is_flag=True, help="CONTRACT is the number of a standing offer that you have drafted."
)
def sign(
    exchange: str, token: str, file: Path, password: str | None, contract: str, document: Path | None,
    offer: bool,
) -> None:  # fmt: skip
    """Sign CONTRACT, after checking that what the exchange prepared is the document you read."""
    from market import signer

    with _said():
        there, key = signer.Exchange(exchange, token), signer.load(file, password)
        kind = signer.OFFER if offer else signer.CONTRACT
        read = document.read_bytes() if document else _fetched(there, kind, contract)
        made = signer.sign(there, contract, key, read, kind)
        print(f"signed {contract}: {made['state']}\nledger entry {made['entry_id']}")


@keys.command("certificate")
@_asking
@_key
@_password
def certificate(exchange: str, token: str, file: Path, password: str | None) -> None:
    """Print the certificate that the exchange has for a key, and those above it, as PEM."""
    from market import signer

    with _said():
        print(signer.certificates_of(signer.Exchange(exchange, token), signer.load(file, password)), end="")


@dataclass(frozen=True)
class Signing:
    """By what ``qilu inspect`` signs what it measured; by nothing where there is no key."""

    key: Path | None
    certificate: Path | None
    password: str | None

    def attest(self, file: Path, document: dict[str, Any]) -> None:
        """Write the signed inspection beside the measured file and say where, if there is a key."""
        if self.key is None:
            return
        from market import signer, statement_file

        with _said():
            own = signer.load(self.key, self.password)
            if self.certificate is not None:
                own = signer.with_certificates(own, self.certificate)
            written = statement_file.write(file, document, own)
            print(f"signed: {written}", file=sys.stderr)


def attesting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``qilu inspect`` sign what it measured."""

    @functools.wraps(command)
    def taken(
        *args: Any, key: Path | None, certificate: Path | None, password: str | None, **more: Any
    ) -> Any:
        return command(*args, signing=Signing(key, certificate, password), **more)

    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        _password,
        click.option(
            "--certificate", type=path, help="Its certificate, PEM; else what stands in the key's file."
        ),
        click.option("--key", type=path, help="Sign what was measured by this key: FILE.attestation.json."),
    ):
        taken = option(taken)
    return taken


def _fetched(there: Any, kind: str, number: str) -> bytes:
    """Fetch the document into the present folder and let a person read it before they go on."""
    content: bytes = there.fetch(f"/api/v1/{kind}/{number}/document.pdf")
    file = Path(f"{kind.removesuffix('s')}-{number}.pdf")
    file.write_bytes(content)
    click.confirm(f"The document is in {file}. Have you read it, and do you sign it?", abort=True, err=True)
    return content


def _tell(item: dict[str, Any]) -> None:
    until = item["valid_until"][:10]
    print(f"{item['state']:8} {item['id']}  {item['fingerprint']}  until {until}  {item['device']}")


@contextmanager
def _said() -> Iterator[None]:
    """Say in one line what was refused."""
    from market.signer import SignerError

    try:
        yield
    except SignerError as error:
        print(error, file=sys.stderr)
        sys.exit(FAILED)
