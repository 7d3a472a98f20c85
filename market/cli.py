"""The command line: one function a command; what a command needs is imported when it runs."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from market import backup_commands, cleaning_commands, comparison_commands, key_commands, signing_commands

if TYPE_CHECKING:
    from market.config import Settings

WRONG_USAGE = 2
FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="qilu")
def qilu() -> None:
    """Run a data exchange: serve it, look after it, and check what it did."""


@qilu.command()
@click.option("--once", is_flag=True, help="Carry one trade in a fresh folder on free ports, then stop.")
@click.option(
    "--home", type=click.Path(path_type=Path), help="Folder of the exchange; QILU_HOME or .qilu otherwise."
)
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trade this CSV or Parquet file.",
)
@click.option(
    "--port", type=click.IntRange(1, 65534), default=8080, show_default=True, help="Port of the server."
)
@click.option("--dual", is_flag=True, help="Two exchanges, each the witness and mirror of the other.")
def demo(once: bool, home: Path | None, data: Path | None, port: int, dual: bool) -> None:
    """Carry one whole trade through a running exchange, verify its evidence, and keep serving."""
    from market.demo import DemoEnded, DemoFailed, run

    try:
        run(home or _settings().home, port=None if once else port, data=data, once=once, dual=dual)
    except DemoFailed as error:
        _fail(str(error))
    except DemoEnded as ended:
        print("\nstopped before the evidence was verified", file=sys.stderr)
        sys.exit(ended.status)


@qilu.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="TCP port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="PostgreSQL only."
)
def serve(port: int, host: str, processes: int) -> None:
    """Serve pages, the API and the ledger's files; on SQLite do the jobs too."""
    from market.serve import serve as run

    run(_settings(), host=host, port=port, processes=processes)


@qilu.command()
def worker() -> None:
    """Do jobs and publish checkpoints (PostgreSQL; on SQLite the server does it)."""
    from market.serve import work

    work(_settings())


@qilu.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8081, show_default=True, help="TCP port.")
def sandbox(port: int) -> None:
    """Run the stand-in for the payment platform: test money, this machine only.

    Its pay page takes Stripe's test cards, Alipay and WeChat Pay. /_sandbox/... makes troubles on demand.
    """
    from market.sandbox import main as run

    settings = _settings()
    settings.demand("stripe_webhook_secret")
    webhook = f"{settings.base_url}/webhooks/stripe"
    run(port, settings.home / "sandbox", webhook, settings.stripe_webhook_secret)


@qilu.group()
def db() -> None:
    """The schema of the database."""


@db.command("upgrade")
@click.argument("revision", default="head")
def db_upgrade(revision: str) -> None:
    """Bring the schema to REVISION (the newest by default)."""
    from market import migrations

    migrations.upgrade(_settings(), revision)


@db.command("downgrade")
@click.argument("revision")
@click.confirmation_option(prompt="Tables and what is in them may be removed. Go on?")
def db_downgrade(revision: str) -> None:
    """Take the schema back to REVISION; "base" empties the database."""
    from market import migrations

    migrations.downgrade(_settings(), revision)


@db.command("check")
def db_check() -> None:
    """Compare the database with the models; exit 1 when they differ."""
    from market.doctor import schema_faults

    faults = schema_faults(_settings())
    for fault in faults:
        print(fault)
    print("the schema is the newest" if not faults else f"{len(faults)} differences")
    sys.exit(FAILED if faults else 0)


@qilu.group()
def user() -> None:
    """People."""


@user.command("create-operator")
@click.option("--name-zh", required=True, help="Registered Chinese name of the operator.")
@click.option("--name-en", required=True, help="Name of the operator in English.")
@click.option("--credit-code", required=True, help="统一社会信用代码, 18 characters.")
@click.option(
    "--established-on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Day of establishment."
)
@click.option("--person", required=True, help="Name of the first person.")
@click.option("--email", required=True, help="Address that the person signs in by.")
@click.option("--phone", required=True, help="Telephone number.")
@click.password_option("--password", envvar="QILU_PASSWORD", help="Asked for, or from QILU_PASSWORD.")
def create_operator(
    name_zh: str, name_en: str, credit_code: str, established_on: datetime,
    person: str, email: str, phone: str, password: str,
) -> None:  # fmt: skip
    """Found the exchange: its operator's organisation and first person."""
    from market.app import create_app
    from market.db import transaction
    from market.governance import guard
    from market.participants import passwords, service
    from market.participants.application import Application

    settings = _settings()
    settings.demand("ledger_signing_key")
    application = Application(
        name_zh=name_zh, name_en=name_en, credit_code=credit_code, established_on=established_on.date(),
        email=email.lower(), person=person, phone=phone, roles=frozenset(),
    )  # fmt: skip
    hashed = passwords.hashed(password)
    with create_app(settings).app_context():
        guard.look_once()
        with transaction() as session:
            organisation, step = service.create_operator(session, application, hashed)
    print(f"{organisation.name_zh} {organisation.id}\nledger entry {step.id}")


@user.command("reset-second-factor")
@click.option("--email", required=True, help="Address that the person signs in by.")
@click.confirmation_option(
    prompt="Whoever knows this person's password can then sign in. Have they shown you who they are?"
)
def reset_second_factor(email: str) -> None:
    """Take a person's lost second factors away; sessions and tokens end, and an entry is written."""
    from market.app import create_app
    from market.db import engine, transaction
    from market.governance import guard
    from market.participants import enrolling

    settings = _settings()
    settings.demand("ledger_signing_key")
    with create_app(settings).app_context():
        guard.look_once()
        with transaction() as session:
            step = enrolling.reset(session, email.lower())
        engine().dispose()
    print(f"the second factors are gone; sessions and tokens ended\nledger entry {step.id}")


@qilu.group()
def ledger() -> None:
    """The log of everything that happened."""


@ledger.command("fsck")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A published log to look at from its files alone, such as a mirror; needs --key or --policy.",
)
@click.option(
    "--database",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An SQLite file to look at instead of this exchange's, such as a backup's; with --folder, both.",
)
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="The log's public key; may be repeated.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The log's and its witnesses' keys, and the quorum asked for (C2SP tlog-policy).",
)
def ledger_fsck(
    folder: Path | None, database: Path | None, keys: tuple[str, ...], policy: Path | None
) -> None:
    """Hold the log against itself and against the rows of the database; exit 1 on any fault."""
    from market.doctor import copies

    if folder is None and database is None:
        from market.doctor import checkup

        found = checkup(_settings())
        count = f"{len(found.faults)} faults" if found.faults else "no faults"
        lines = [*found.faults, *found.gone, f"{found.entries} entries, {count}"]
        well = not found.faults
    else:
        well, lines = copies.examine(folder, database, keys, policy, _settings)
    for line in lines:
        print(line)
    sys.exit(0 if well else FAILED)


for command in key_commands.COMMANDS:
    ledger.add_command(command)


@ledger.command("introduce")
def ledger_introduce() -> None:
    """Print the lines by which other exchanges witness this one's log, and trust its witness."""
    from market.app import create_app
    from market.witnessing import introduction

    settings = _settings()
    settings.demand("ledger_signing_key", "secret_key")
    app = create_app(settings)
    with app.app_context():
        for line in introduction.lines():
            print(line)
    app.extensions["engine"].dispose()


@qilu.group()
def contracts() -> None:
    """Model contract texts."""


@contracts.command("lint")
def contracts_lint() -> None:
    """Check every model contract text; exit 1 on any fault."""
    from contracts.lint import lint

    found = lint()
    for fault in found:
        print(fault)
    print("no faults" if not found else f"{len(found)} faults")
    sys.exit(FAILED if found else 0)


@qilu.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--declared",
    "said",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the provider declared: own JSON, a data contract (ODCS 3) or a Table Schema; a report under a"
    " declaration needs the same one.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@click.option("--sql", "dialect", type=click.Choice(["duckdb", "spark"]), help="The SQL that confirms it.")
@signing_commands.attesting
def inspect(
    file: Path, said: Path | None, as_json: bool, dialect: str | None, signing: signing_commands.Signing
) -> None:
    """Measure a FILE (CSV, JSON lines, Excel, Parquet) as the exchange does: the same bytes give the same report."""
    from rich.console import Console
    from rich.progress import Progress

    from market.inspection import confirm
    from market.inspection.declared import document as declarations
    from market.inspection.declared import wording
    from market.inspection.declared.faults import Invalid
    from market.inspection.explain import explain
    from market.inspection.formats import CSV
    from market.inspection.printing import lines
    from market.inspection.service import Refusal, document

    console = Console(stderr=True)
    bar = Progress(transient=True, console=console, disable=not console.is_terminal)
    try:
        with bar:
            task = bar.add_task(file.name, total=1000)
            taken = declarations.read(said.read_bytes())[0] if said else None
            declared = taken.declared if taken else None
            report = document(file, lambda done: bar.update(task, completed=done), declared)
    except Invalid as invalid:
        _fail("; ".join(f"{fault.path or said}: {wording.explain(fault)}" for fault in invalid.faults))
    except Refusal as refusal:
        _fail(f"{refusal.code}: {explain(refusal.code, refusal.facts)}")
    for note in taken.notes if taken else ():
        click.echo(f"{note.path}: {wording.explain(note)}", err=True)
    signing.attest(file, report)
    if dialect:
        if report["file"]["media_type"] != CSV:
            _fail("SQL is written for delimited text (CSV) only; save the file as CSV")
        text = confirm.Text.of(file, report)
        print("".join(f"{statement};\n\n" for statement in confirm.statements(text, dialect)), end="")
        return
    if as_json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for line in lines(report):
        print(line)


@qilu.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Keys to trust, got elsewhere.",
)
def verify(bundle: Path, trust: Path | None) -> None:
    """Check an evidence bundle (a folder or its .zip) offline; one line a check, exit 1 on any failure."""
    from market.verify import main as run

    sys.exit(run(bundle, trust, sys.stdout))


for command in (*backup_commands.COMMANDS, *cleaning_commands.COMMANDS, *comparison_commands.COMMANDS):
    qilu.add_command(command)

signing_commands.keys.add_command(key_commands.keys_authority)
qilu.add_command(signing_commands.keys)


@qilu.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Look whether the exchange can listen there.")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
def doctor(port: int | None, as_json: bool) -> None:
    """Look at settings, machine, database and ledger, and say what to do about each fault; exit 1 on any."""
    from market.doctor import examine

    findings = list(examine(_settings(), port))
    if as_json:
        print(json.dumps([finding.row() for finding in findings], ensure_ascii=False, indent=2))
    else:
        width = max(len(finding.subject) for finding in findings)
        for finding in findings:
            print(f"{'ok' if finding.well else 'FAIL':4}  {finding.subject:{width}}  {finding.text}")
    sys.exit(0 if all(finding.well for finding in findings) else FAILED)


def _settings() -> "Settings":
    from market.config import Settings

    return Settings.load()


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(FAILED)


def main() -> None:
    """Run the command line; a fault that a person can mend is one line, not a traceback."""
    from market.config import SettingsError
    from market.errors import MarketError
    from market.governance.archive import BackupError

    try:
        qilu()
    except (SettingsError, MarketError, BackupError) as error:
        _fail(str(error))


if __name__ == "__main__":
    main()
