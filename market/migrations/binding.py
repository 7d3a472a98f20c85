"""The one list of what the database itself enforces, and its DDL for SQLite and PostgreSQL.

* A stateful row is *sealed* once its step is written: INSERT and UPDATE are refused when ``step_id``
  already exists in ``step``; its id never changes; DELETE, REPLACE and TRUNCATE are refused. The
  deferred foreign key (``step_id``, ``id``) -> ``step_image`` refuses, at commit, a row that no step lists.
* ``step_image`` and ``vault`` are sealed the same way, ``step`` -> ``ledger_entry`` is a deferred foreign
  key, and an entry demands its step: no step without entry, no entry without step.
* What a contract says changes only while it is on the table: from acceptance or the first signature on, terms, policy
  and documents stay as they are, whatever step wants to change them; the file in force does once it is there.
* An opening leaves the vault only when it is a person's (it has a subject) and an ``opening.erased`` leaf lists it.
* The ledger's index is always one more than the largest (else ``INSERT OR REPLACE`` slips past).
* On PostgreSQL a seal sees only what its transaction sees, which may be older than the step; so at commit every row
  must name a step of its own transaction. SQLite has one writer, who sees everything.

A function of a trigger names the one schema that it looks into, and temporary tables after it: else whoever fires it
chooses by ``search_path``, or by a temporary table, which ``step`` is asked.

Migrations drop these triggers, change tables, and create them again from here; batch mode would lose
them silently. A test lists every trigger after each upgrade and downgrade.
"""

from sqlalchemy import Connection, inspect, text

STATEFUL = (
    "organisation", "user", "member", "invitation", "key", "certificate", "approval_rule", "approval",
    "asset", "revision", "asset_update", "declaration", "inspection", "correction", "appeal",
    "cleaning", "attestation", "listing",
    "contract", "version", "remark", "signature", "request", "standing_offer", "waiver",
    "account", "operation", "chargeback", "posting", "reconciliation",
    "bank_account", "bank_statement", "bank_line",
    "trade", "agreement", "settlement", "acceptance", "dispute", "notice", "duty", "redress",
    "tax_profile", "invoice", "invoice_document",
    "access_grant", "receipt",
)  # fmt: skip
"""Tables whose every change is a step."""

APPEND_ONLY = (
    "step", "step_image", "vault", "posting", "signature", "version", "remark", "receipt", "revision",
    "approval", "correction", "attestation", "invoice_document", "bank_statement", "waiver",
    "ledger_entry", "ledger_leaf", "ledger_checkpoint", "ledger_cosignature", "ledger_witnessed",
    "ledger_contradiction", "ledger_tile", "ledger_mark", "log_timestamp",
    "contract_timestamp",
)  # fmt: skip
"""Tables whose rows are never changed or removed."""

ERASABLE = ("vault",)
"""Append-only tables from which a row goes when a leaf says so, and not otherwise."""

SEALED_BY = {"step_image": "step_id", "vault": "entry_id"}
"""Tables that may grow for a step only until the step is written."""

ON_THE_TABLE = ("REQUESTED", "OFFERED")
"""States of a contract in which the next version may still change what it says."""

AGREED = (
    "number", "model", "version", "provider_id", "buyer_id", "asset_id", "terms", "terms_digest", "terms_sm3",
    "template_digest", "policy", "policy_digest", "document_digest", "document_size", "rendering",
)  # fmt: skip
"""What a contract says: it never changes once it is off the table. State, ending and the file in force do."""

SCHEMA = "public"
"""Where the tables are on PostgreSQL; ``market/deployment/roles.sql`` gives it to the owner."""

WRITER = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
"""The transaction at work, as :mod:`ledger.store` writes it beside an entry."""

MESSAGE_SEALED = "sealed: the step is already written"
MESSAGE_FROZEN = "append-only: rows are never changed or removed"
MESSAGE_AGREED = "agreed: what the contract says changes no more"
MESSAGE_ERASED = "an opening goes only when it is personal and an opening.erased leaf lists it"
MESSAGE_ENTRY = "an entry needs its step"
MESSAGE_INDEX = "the index must be the next one"
MESSAGE_WRITER = "an entry names the transaction that writes it"
MESSAGE_FOREIGN = "the step belongs to another transaction"


def create(connection: Connection) -> None:
    """Create every trigger (and on PostgreSQL its functions) whose table this revision has."""
    present = set(inspect(connection).get_table_names())
    for table, statement in statements(connection.dialect.name):
        if table is None or table in present:
            connection.execute(text(statement))


def drop(connection: Connection) -> None:
    """Drop every trigger, so that a migration can change tables."""
    for name, table in existing(connection):
        where = "" if connection.dialect.name == "sqlite" else f' ON "{table}"'
        connection.execute(text(f"DROP TRIGGER {name}{where}"))


def existing(connection: Connection) -> list[tuple[str, str]]:
    """Return (trigger, table) of every trigger in the database, sorted."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
        )
    return sorted((name, table) for name, table in connection.execute(text(query)))


def frozen() -> list[str]:
    """Return every table from which nothing is removed."""
    return sorted({*STATEFUL, *APPEND_ONLY} - {*ERASABLE})


def sealed() -> dict[str, str]:
    """Return table -> column that names the step, for every table sealed by its step."""
    return {**dict.fromkeys(STATEFUL, "step_id"), **SEALED_BY}


def statements(dialect: str) -> list[tuple[str | None, str]]:
    """Return (table or None, DDL) of all functions and triggers for "sqlite" or "postgresql"."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[tuple[str | None, str]]:
    made: list[tuple[str | None, str]] = []
    for table, column in sealed().items():
        condition = f"EXISTS (SELECT 1 FROM step WHERE id = NEW.{column})"  # noqa: S608 - names of this list
        made.append(_sqlite_trigger(f"{table}_sealed_insert", "INSERT", table, condition, MESSAGE_SEALED))
    for table in STATEFUL:
        if table not in APPEND_ONLY:
            condition = "EXISTS (SELECT 1 FROM step WHERE id = NEW.step_id) OR NEW.id IS NOT OLD.id"
            made.append(_sqlite_trigger(f"{table}_sealed_update", "UPDATE", table, condition, MESSAGE_SEALED))
    for table in APPEND_ONLY:
        made.append(_sqlite_trigger(f"{table}_no_update", "UPDATE", table, "1", MESSAGE_FROZEN))
    for table in frozen():
        made.append(_sqlite_trigger(f"{table}_no_delete", "DELETE", table, "1", MESSAGE_FROZEN))
    made.append(
        _sqlite_trigger("vault_erased_only", "DELETE", "vault", _not_erased(_SQLITE_LISTS), MESSAGE_ERASED)
    )
    made.append(
        _sqlite_trigger("contract_agreed", "UPDATE", "contract", _rewritten("IS NOT"), MESSAGE_AGREED)
    )
    needs = "NOT EXISTS (SELECT 1 FROM step WHERE id = NEW.id)"
    made.append(_sqlite_trigger("ledger_entry_needs_step", "INSERT", "ledger_entry", needs, MESSAGE_ENTRY))
    gap = "NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM ledger_leaf)"
    made.append(_sqlite_trigger("ledger_leaf_next", "INSERT", "ledger_leaf", gap, MESSAGE_INDEX))
    return made


_ID = " || '-' || ".join(
    f"substr(OLD.entry_id, {first}, {count})" for first, count in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
_SQLITE_LISTS = f"""instr(CAST(ledger_entry.leaf AS TEXT), '["' || {_ID} || '","' || OLD.field || '"]') > 0"""
_POSTGRESQL_LISTS = (
    """position(convert_to('["' || OLD.entry_id || '","' || OLD.field || '"]', 'UTF8')"""
    " IN ledger_entry.leaf) > 0"
)
"""Whether a leaf, which is canonical JSON, names the opening in ``erased``: no other part of it has this form."""


def _rewritten(differs: str) -> str:
    """Whether an update changes what a contract says after it left the table, or the file that is in force."""
    states = ", ".join(f"'{state}'" for state in ON_THE_TABLE)
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in AGREED)
    replaced = f"OLD.final_digest IS NOT NULL AND NEW.final_digest {differs} OLD.final_digest"
    return f"(OLD.state NOT IN ({states}) AND ({changed})) OR ({replaced})"


def _not_erased(lists: str) -> str:
    return (
        "OLD.subject IS NULL OR NOT EXISTS (SELECT 1 FROM step JOIN ledger_entry ON ledger_entry.id = step.id "  # noqa: S608
        f"WHERE step.kind = 'opening.erased' AND {lists})"
    )


def _sqlite_trigger(name: str, act: str, table: str, condition: str, message: str) -> tuple[str, str]:
    return (
        table,
        f'CREATE TRIGGER {name} BEFORE {act} ON "{table}" WHEN {condition} '
        f"BEGIN SELECT RAISE(ABORT, '{table}: {message}'); END",
    )


def _postgresql() -> list[tuple[str | None, str]]:
    made: list[tuple[str | None, str]] = [
        _function("qilu_frozen", "", MESSAGE_FROZEN),
        _function("qilu_needs_step", "NOT EXISTS (SELECT 1 FROM step WHERE id = NEW.id)", MESSAGE_ENTRY),
        _function(
            "qilu_next",
            "NEW.idx IS DISTINCT FROM (SELECT coalesce(max(idx), -1) + 1 FROM ledger_leaf)",
            MESSAGE_INDEX,
        ),
        _function("qilu_sealed_step", "EXISTS (SELECT 1 FROM step WHERE id = NEW.step_id)", MESSAGE_SEALED),
        _function("qilu_sealed_entry", "EXISTS (SELECT 1 FROM step WHERE id = NEW.entry_id)", MESSAGE_SEALED),
        _function("qilu_moved", "NEW.id IS DISTINCT FROM OLD.id", MESSAGE_FROZEN),
        _function("qilu_agreed", _rewritten("IS DISTINCT FROM"), MESSAGE_AGREED),
        _function("qilu_erased_only", _not_erased(_POSTGRESQL_LISTS), MESSAGE_ERASED, keeps="OLD"),
        _function("qilu_writer", f"NEW.writer IS DISTINCT FROM {WRITER}", MESSAGE_WRITER),
        _function("qilu_own_step", _not_own("step_id"), MESSAGE_FOREIGN),
        _function("qilu_own_entry", _not_own("entry_id"), MESSAGE_FOREIGN),
    ]
    for table, column in sealed().items():
        what = column.removesuffix("_id")
        made.append(_postgresql_trigger(f"{table}_sealed_insert", "INSERT", table, f"qilu_sealed_{what}"))
        made.append(_postgresql_at_commit(f"{table}_own_{what}", table, f"qilu_own_{what}"))
    for table in STATEFUL:
        if table not in APPEND_ONLY:
            made.append(_postgresql_trigger(f"{table}_sealed_update", "UPDATE", table, "qilu_sealed_step"))
            made.append(_postgresql_trigger(f"{table}_same_id", "UPDATE", table, "qilu_moved"))
    for table in APPEND_ONLY:
        made.append(_postgresql_trigger(f"{table}_no_update", "UPDATE", table, "qilu_frozen"))
    for table in frozen():
        made.append(_postgresql_trigger(f"{table}_no_delete", "DELETE", table, "qilu_frozen"))
    for table in sorted({*frozen(), *ERASABLE}):
        made.append(
            _postgresql_trigger(f"{table}_no_truncate", "TRUNCATE", table, "qilu_frozen", each="STATEMENT")
        )
    made.append(_postgresql_trigger("contract_agreed", "UPDATE", "contract", "qilu_agreed"))
    made.append(_postgresql_trigger("vault_erased_only", "DELETE", "vault", "qilu_erased_only"))
    made.append(_postgresql_trigger("ledger_entry_needs_step", "INSERT", "ledger_entry", "qilu_needs_step"))
    made.append(_postgresql_trigger("ledger_entry_writer", "INSERT", "ledger_entry", "qilu_writer"))
    made.append(_postgresql_trigger("ledger_leaf_next", "INSERT", "ledger_leaf", "qilu_next"))
    return made


def _not_own(column: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.{column} AND writer = {WRITER})"  # noqa: S608


def _function(name: str, condition: str, message: str, *, keeps: str = "NEW") -> tuple[None, str]:
    refusal = (
        "RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', "
        f"MESSAGE = TG_TABLE_NAME || ': {message}';"
    )
    body = f"IF {condition} THEN {refusal} END IF; RETURN {keeps};" if condition else refusal
    return (
        None,
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {SCHEMA}, pg_temp AS $$ BEGIN {body} END $$",
    )


def _postgresql_trigger(
    name: str, act: str, table: str, function: str, *, each: str = "ROW"
) -> tuple[str, str]:
    return (
        table,
        f'CREATE TRIGGER {name} BEFORE {act} ON "{table}" FOR EACH {each} EXECUTE FUNCTION {function}()',
    )


def _postgresql_at_commit(name: str, table: str, function: str) -> tuple[str, str]:
    return (
        table,
        f'CREATE CONSTRAINT TRIGGER {name} AFTER INSERT OR UPDATE ON "{table}" '
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {function}()",
    )
