"""The first schema: every table of the three rooms, the bonds between them and the search index."""

from typing import Any

import sqlalchemy as sa
from alembic import op

SEARCH = {
    "sqlite": [
        "CREATE VIRTUAL TABLE listing_search USING fts5("
        "listing_id UNINDEXED, tokens, tokenize = 'unicode61 remove_diacritics 0')"
    ],
    "postgresql": [
        "CREATE TABLE listing_search (listing_id uuid PRIMARY KEY, tokens tsvector NOT NULL)",
        "CREATE INDEX ix_listing_search_tokens ON listing_search USING gin (tokens)",
    ],
}
"""The search index, whose kind differs between the databases."""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _offer_text() -> list[sa.Column[Any]]:
    """Return the columns that the draft of a standing offer and the signed offer have in common."""
    return [
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("listing_number", sa.String(length=11), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("terms_digest", sa.String(length=64), nullable=False),
        sa.Column("template_digest", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=False),
        sa.Column("document_size", sa.Integer(), nullable=False),
        sa.Column("rendering", sa.Text(), nullable=False),
    ]


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "creation",
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("given_digest", sa.String(length=64), nullable=False),
        sa.Column("made_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_digest", name="pk_creation"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_due", "job", ["done_at", "due_at"], unique=False)
    op.create_index("ix_job_cause_id", "job", ["cause_id"], unique=False)
    op.create_table(
        "ledger_checkpoint",
        sa.Column(
            "size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_ledger_checkpoint"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_entry"),
        sa.UniqueConstraint("id", name="uq_ledger_entry_id"),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_account", "login_attempt", ["account", "at"], unique=False)
    op.create_index("ix_login_attempt_address", "login_attempt", ["address", "at"], unique=False)
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_event"),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column(
            "idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name="fk_ledger_leaf_entry_id_ledger_entry"
        ),
        sa.PrimaryKeyConstraint("idx", name="pk_ledger_leaf"),
        sa.UniqueConstraint("entry_id", name="uq_ledger_leaf_entry_id"),
    )
    op.create_table(
        "step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("object", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("given_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["ledger_entry.id"], name="bond_step", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint("object", "seq", name="uq_step_object_seq"),
    )
    op.create_index("ix_step_kind", "step", ["kind", "time"], unique=False)
    op.create_index("ix_step_organisation_id", "step", ["organisation_id"], unique=False)
    op.create_index("ix_step_user_id", "step", ["user_id"], unique=False)
    op.create_table(
        "step_image",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("table", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id"], ["step.id"], name="bond_step_image", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("step_id", "row_id", name="pk_step_image"),
    )
    op.create_index("ix_step_image_row_id", "step_image", ["row_id"], unique=False)
    op.create_table(
        "vault",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["step.id"], name="bond_vault", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("entry_id", "field", name="pk_vault"),
    )
    op.create_index("ix_vault_subject", "vault", ["subject"], unique=False)
    op.create_table(
        "access_grant",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("term_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetch_days", sa.Integer(), nullable=False),
        sa.Column("fetch_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("funded", sa.Boolean(), nullable=False),
        sa.Column("holds", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("transfer", sa.String(32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size > 0", name="ck_access_grant_size"),
        sa.CheckConstraint("(ordinal = 0) = (update_id IS NULL)", name="ck_access_grant_update"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_access_grant",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_grant"),
        sa.UniqueConstraint("number", "ordinal", name="uq_access_grant_number_ordinal"),
        sa.UniqueConstraint("trade_id", "digest", name="uq_access_grant_trade_id_digest"),
        sa.UniqueConstraint("trade_id", "ordinal", name="uq_access_grant_trade_id_ordinal"),
    )
    op.create_index("ix_access_grant_asset_id", "access_grant", ["asset_id"], unique=False)
    op.create_index("ix_access_grant_buyer_id", "access_grant", ["buyer_id"], unique=False)
    op.create_index("ix_access_grant_provider_id", "access_grant", ["provider_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=255), nullable=True),
        sa.Column("request_id", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_account",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("organisation_id", name="uq_account_organisation_id"),
        sa.UniqueConstraint("stripe_id", name="uq_account_stripe_id"),
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("terms_digest", sa.String(length=64), nullable=False),
        sa.Column("terms_sm3", sa.String(length=64), nullable=False),
        sa.Column("template_digest", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=False),
        sa.Column("document_size", sa.Integer(), nullable=False),
        sa.Column("rendering", sa.Text(), nullable=False),
        sa.Column("final_digest", sa.String(length=64), nullable=True),
        sa.Column("ending", sa.String(20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_contract",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
        sa.UniqueConstraint("number", name="uq_contract_number"),
    )
    op.create_index("ix_contract_asset_id", "contract", ["asset_id"], unique=False)
    op.create_index("ix_contract_buyer_id", "contract", ["buyer_id"], unique=False)
    op.create_index("ix_contract_provider_id", "contract", ["provider_id"], unique=False)
    op.create_table(
        "remark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("on_digest", sa.String(length=64), nullable=False),
        sa.Column("clause", sa.String(length=60), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=True),
        sa.Column("result_digest", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name="fk_remark_contract_id_contract"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_remark",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_remark"),
        sa.UniqueConstraint("contract_id", "place", name="uq_remark_contract_id_place"),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("parent_digest", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("terms_digest", sa.String(length=64), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=False),
        sa.Column("document_size", sa.Integer(), nullable=False),
        sa.Column("rendering", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("remark_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name="fk_version_contract_id_contract"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_version",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["remark_id"], ["remark.id"], name="fk_version_remark_id_remark"),
        sa.PrimaryKeyConstraint("id", name="pk_version"),
        sa.UniqueConstraint("contract_id", "seq", name="uq_version_contract_id_seq"),
    )
    op.create_table(
        "key",
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("holder", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_key",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_key"),
        sa.UniqueConstraint("public_key", name="uq_key_public_key"),
    )
    op.create_index("ix_key_purpose", "key", ["purpose", "organisation_id"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_certificate",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_certificate"),
        sa.UniqueConstraint("fingerprint", name="uq_certificate_fingerprint"),
    )
    op.create_index(
        "ix_certificate_organisation", "certificate", ["organisation_id", "made_at"], unique=False
    )
    op.create_table(
        "operation",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("processor", sa.String(32), nullable=False),
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("netted", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("means", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=True),
        sa.Column("proof_format", sa.String(length=4), nullable=True),
        sa.Column("stripe_id", sa.String(length=255), nullable=True),
        sa.Column("request_id", sa.String(length=255), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("payment_intent", sa.String(length=255), nullable=True),
        sa.Column("charge", sa.String(length=255), nullable=True),
        sa.Column("failure", sa.String(length=100), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount >= 0 AND fee >= 0 AND netted >= 0 AND (amount > 0 OR kind = 'transfer' AND netted > 0)"
            " AND (netted = 0 OR kind = 'transfer')",
            name="ck_operation_amount",
        ),
        sa.ForeignKeyConstraint(["source_id"], ["operation.id"], name="fk_operation_source_id_operation"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_operation",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_operation"),
        sa.UniqueConstraint(
            "settlement_id", "kind", "attempt", name="uq_operation_settlement_id_kind_attempt"
        ),
        sa.UniqueConstraint("payment_intent", name="uq_operation_payment_intent"),
        sa.UniqueConstraint("reference", name="uq_operation_reference"),
        sa.UniqueConstraint("stripe_id", name="uq_operation_stripe_id"),
    )
    op.create_index("ix_operation_number", "operation", ["number"], unique=False)
    op.create_index("ix_operation_organisation_id", "operation", ["organisation_id"], unique=False)
    op.create_index("ix_operation_planned_at", "operation", ["planned_at", "id"], unique=False)
    op.create_index(
        "uq_operation_moving",
        "operation",
        ["source_id", "kind"],
        unique=True,
        sqlite_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN')"),
        postgresql_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN')"),
    )
    op.create_index(
        "uq_operation_moved",
        "operation",
        ["source_id", "kind", "cause_id"],
        unique=True,
        sqlite_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN', 'OK')"),
        postgresql_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN', 'OK')"),
    )
    op.create_index(
        "uq_operation_paid",
        "operation",
        ["settlement_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'checkout' AND state = 'OK'"),
        postgresql_where=sa.text("kind = 'checkout' AND state = 'OK'"),
    )
    op.create_index(
        "uq_operation_payable",
        "operation",
        ["settlement_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'checkout' AND state IN ('PLANNED', 'OPEN')"),
        postgresql_where=sa.text("kind = 'checkout' AND state IN ('PLANNED', 'OPEN')"),
    )
    op.create_table(
        "chargeback",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("covered", sa.BigInteger(), nullable=False),
        sa.Column("borne", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(32), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_id", sa.String(length=255), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND withdrawn >= 0 AND withdrawn <= amount AND fee >= 0"
            " AND covered >= 0 AND borne >= 0 AND covered + borne <= withdrawn",
            name="ck_chargeback_amount",
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name="fk_chargeback_operation_id_operation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_chargeback",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chargeback"),
        sa.UniqueConstraint("stripe_id", name="uq_chargeback_stripe_id"),
    )
    op.create_index("ix_chargeback_number", "chargeback", ["number"], unique=False)
    op.create_index("ix_chargeback_operation_id", "chargeback", ["operation_id"], unique=False)
    op.create_index("ix_chargeback_state", "chargeback", ["state", "due_at"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("established_on", sa.String(length=10), nullable=False),
        sa.Column("operator", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accredited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_organisation",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    op.create_index("ix_organisation_state", "organisation", ["state", "applied_at"], unique=False)
    op.create_index(
        "uq_organisation_living_code",
        "organisation",
        ["credit_code"],
        unique=True,
        sqlite_where=sa.text("state IN ('APPLIED', 'VERIFIED', 'SUSPENDED')"),
        postgresql_where=sa.text("state IN ('APPLIED', 'VERIFIED', 'SUSPENDED')"),
    )
    op.create_table(
        "reconciliation",
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differences", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("lines", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name="ck_reconciliation_window"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_reconciliation",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation"),
        sa.UniqueConstraint("handle", name="uq_reconciliation_handle"),
    )
    op.create_index("ix_reconciliation_planned_at", "reconciliation", ["planned_at", "id"], unique=False)
    op.create_table(
        "trade",
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount >= 0", name="ck_trade_amount"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_trade",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_trade"),
        sa.UniqueConstraint("contract_id", name="uq_trade_contract_id"),
        sa.UniqueConstraint("handle", name="uq_trade_handle"),
        sa.UniqueConstraint("number", name="uq_trade_number"),
    )
    op.create_index("ix_trade_asset_id", "trade", ["asset_id"], unique=False)
    op.create_index("ix_trade_buyer_id", "trade", ["buyer_id"], unique=False)
    op.create_index("ix_trade_provider_id", "trade", ["provider_id"], unique=False)
    op.create_table(
        "user",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_user",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
    )
    op.create_table(
        "acceptance",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_acceptance",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_acceptance_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_acceptance"),
        sa.UniqueConstraint("trade_id", name="uq_acceptance_trade_id"),
    )
    op.create_table(
        "agreement",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("term_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_agreement",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_agreement_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_agreement"),
        sa.UniqueConstraint("trade_id", name="uq_agreement_trade_id"),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_api_token_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("digest", name="uq_api_token_digest"),
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"], unique=False)
    op.create_table(
        "asset",
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=True),
        sa.Column("authority_basis", sa.Text(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("notice_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["duplicate_of"], ["asset.id"], name="fk_asset_duplicate_of_asset"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_asset_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_asset",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_asset"),
        sa.UniqueConstraint("handle", name="uq_asset_handle"),
        sa.UniqueConstraint("number", name="uq_asset_number"),
    )
    op.create_index("ix_asset_drafted_at", "asset", ["drafted_at"], unique=False)
    op.create_index("ix_asset_provider", "asset", ["provider_id", "drafted_at"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name="fk_coverage_grant_id_access_grant"),
        sa.PrimaryKeyConstraint("grant_id", "start", name="pk_coverage"),
    )
    op.create_table(
        "credential",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_credential_user_id_user"),
        sa.PrimaryKeyConstraint("user_id", name="pk_credential"),
    )
    op.create_table(
        "dispute",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ruling", sa.String(32), nullable=True),
        sa.Column("ruling_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_dispute",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_dispute_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_dispute"),
        sa.UniqueConstraint("trade_id", name="uq_dispute_trade_id"),
    )
    op.create_table(
        "duty",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=False),
        sa.Column("deleted_on", sa.String(length=10), nullable=True),
        sa.Column("copies", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_duty",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_duty_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_duty"),
        sa.UniqueConstraint("trade_id", name="uq_duty_trade_id"),
    )
    op.create_table(
        "notice",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("side", sa.String(32), nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_notice",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_notice_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_trade_id", "notice", ["trade_id"], unique=False)
    op.create_table(
        "redress",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=True),
        sa.Column("chargeback_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND fee >= 0 AND fee <= amount"
            " AND (recovered IS NULL OR recovered >= 0 AND recovered <= amount - fee)",
            name="ck_redress_amount",
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_redress",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_redress_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_redress"),
    )
    op.create_index("ix_redress_trade_id", "redress", ["trade_id"], unique=False)
    op.create_index(
        "uq_redress_open",
        "redress",
        ["trade_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'CLOSED'"),
        postgresql_where=sa.text("state <> 'CLOSED'"),
    )
    op.create_table(
        "grant_usage",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("covered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_grant.id"], name="fk_grant_usage_grant_id_access_grant"
        ),
        sa.PrimaryKeyConstraint("grant_id", name="pk_grant_usage"),
    )
    op.create_table(
        "invitation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["invited_by"], ["user.id"], name="fk_invitation_invited_by_user"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_invitation_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_invitation",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_digest", name="uq_invitation_token_digest"),
    )
    op.create_index("ix_invitation_organisation_id", "invitation", ["organisation_id"], unique=False)
    op.create_table(
        "approval_rule",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("asks", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_approval_rule_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_approval_rule",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approval_rule"),
        sa.UniqueConstraint("organisation_id", name="uq_approval_rule_organisation_id"),
    )
    op.create_table(
        "approval",
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_approval_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_approval",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_approval_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
        sa.UniqueConstraint(
            "number", "organisation_id", "place", name="uq_approval_number_organisation_id_place"
        ),
    )
    op.create_table(
        "member",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_member_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_member",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_member_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
    )
    op.create_index("ix_member_organisation_id", "member", ["organisation_id"], unique=False)
    op.create_index(
        "uq_member_active",
        "member",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("state = 'ACTIVE'"),
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_table(
        "posting",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("chargeback_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("debit", sa.String(length=80), nullable=False),
        sa.Column("credit", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0 AND debit <> credit", name="ck_posting_amount"),
        sa.ForeignKeyConstraint(
            ["chargeback_id"], ["chargeback.id"], name="fk_posting_chargeback_id_chargeback"
        ),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"], name="fk_posting_operation_id_operation"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_posting",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_posting"),
    )
    op.create_index("ix_posting_credit", "posting", ["credit"], unique=False)
    op.create_index("ix_posting_debit", "posting", ["debit"], unique=False)
    op.create_index("ix_posting_number", "posting", ["number"], unique=False)
    op.create_index("ix_posting_operation_id", "posting", ["operation_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("first_byte_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name="fk_receipt_grant_id_access_grant"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_receipt",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        sa.UniqueConstraint("grant_id", name="uq_receipt_grant_id"),
    )
    op.create_table(
        "contract_timestamp",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", name="pk_contract_timestamp"),
    )
    op.create_table(
        "preparation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("base_digest", sa.String(length=64), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=False),
        sa.Column("room_begins", sa.Integer(), nullable=False),
        sa.Column("room_ends", sa.Integer(), nullable=False),
        sa.Column("to_sign", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_preparation"),
    )
    op.create_index("ix_preparation_expires_at", "preparation", ["expires_at"], unique=False)
    op.create_table(
        "session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_session_user_id_user"),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
        sa.UniqueConstraint("id", name="uq_session_id"),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_passkey_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"], unique=False)
    op.create_table(
        "totp",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_totp_user_id_user"),
        sa.PrimaryKeyConstraint("user_id", name="pk_totp"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_recovery_code_user_id_user"),
        sa.PrimaryKeyConstraint("digest", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ceremony", sa.String(32), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_challenge_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_challenge"),
    )
    op.create_index("ix_challenge_user_id", "challenge", ["user_id"], unique=False)
    op.create_table(
        "settlement",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("period_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("refund", sa.BigInteger(), nullable=False),
        sa.Column("charged_back", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND fee >= 0 AND refund >= 0 AND charged_back >= 0"
            " AND fee + refund + charged_back <= amount",
            name="ck_settlement_amount",
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_settlement",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_settlement_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_settlement"),
        sa.CheckConstraint(
            "ordinal > 0 AND (period_from IS NULL) = (period_until IS NULL)", name="ck_settlement_ordinal"
        ),
        sa.UniqueConstraint("trade_id", "ordinal", name="uq_settlement_trade_id_ordinal"),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("stamped", sa.Boolean(), nullable=False),
        sa.Column("assertion", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name="fk_signature_contract_id_contract"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_signature",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_signature"),
        sa.UniqueConstraint("contract_id", "role", name="uq_signature_contract_id_role"),
    )
    op.create_table(
        "revision",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_revision_asset_id_asset"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_revision",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("asset_id", "ordinal", name="uq_revision_asset_id_ordinal"),
    )
    op.create_index("ix_revision_digest", "revision", ["digest"], unique=False)
    op.create_table(
        "asset_update",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("comparison", sa.JSON(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_asset_update_asset_id_asset"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name="fk_asset_update_revision_id_revision"
        ),
        sa.ForeignKeyConstraint(["after_id"], ["revision.id"], name="fk_asset_update_after_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_asset_update",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_asset_update"),
        sa.UniqueConstraint("revision_id", name="uq_asset_update_revision_id"),
    )
    op.create_index("ix_asset_update_asset_id", "asset_update", ["asset_id"], unique=False)
    op.create_table(
        "declaration",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_declaration_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_declaration_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_declaration",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_declaration"),
        sa.UniqueConstraint("revision_id", "ordinal", name="uq_declaration_revision_id_ordinal"),
    )
    op.create_table(
        "inspection",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("report_digest", sa.String(length=64), nullable=True),
        sa.Column("content_digest", sa.String(length=64), nullable=True),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("engine", sa.JSON(), nullable=True),
        sa.Column("refusal", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_inspection_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_inspection_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_inspection",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inspection"),
        sa.UniqueConstraint("revision_id", "ordinal", name="uq_inspection_revision_id_ordinal"),
    )
    op.create_index("ix_inspection_content_digest", "inspection", ["content_digest"], unique=False)
    op.create_table(
        "correction",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=True),
        sa.Column("instead_of", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_correction_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_correction",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
        sa.UniqueConstraint("revision_id", "ordinal", name="uq_correction_revision_id_ordinal"),
    )
    op.create_table(
        "appeal",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("stops", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(32), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_appeal_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_appeal",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.UniqueConstraint("revision_id", "ordinal", name="uq_appeal_revision_id_ordinal"),
    )
    op.create_table(
        "sealed_report",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name="fk_sealed_report_inspection_id_inspection"
        ),
        sa.PrimaryKeyConstraint("inspection_id", "key", name="pk_sealed_report"),
    )
    op.create_table(
        "cleaning",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("recipe_digest", sa.String(length=64), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("result_digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("engine", sa.JSON(), nullable=False),
        sa.Column("cleaned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_cleaning_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_cleaning_revision_id_revision"),
        sa.ForeignKeyConstraint(["source_id"], ["revision.id"], name="fk_cleaning_source_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_cleaning",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cleaning"),
        sa.UniqueConstraint("revision_id", name="uq_cleaning_revision_id"),
    )
    op.create_table(
        "cleaning_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refusal", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_cleaning_request_asset_id_asset"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name="fk_cleaning_request_revision_id_revision"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cleaning_request"),
        sa.UniqueConstraint("asset_id", name="uq_cleaning_request_asset_id"),
    )
    op.create_table(
        "attestation",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("report_digest", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name="fk_attestation_certificate_id_certificate"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_attestation_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_attestation_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_attestation",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attestation"),
        sa.UniqueConstraint("revision_id", "ordinal", name="uq_attestation_revision_id_ordinal"),
        sa.UniqueConstraint(
            "revision_id", "statement_digest", name="uq_attestation_revision_id_statement_digest"
        ),
    )
    op.create_table(
        "measuring",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_measuring_revision_id_revision"),
        sa.PrimaryKeyConstraint("revision_id", name="pk_measuring"),
    )
    op.create_table(
        "fingerprint",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_fingerprint_revision_id_revision"),
        sa.PrimaryKeyConstraint("id", name="pk_fingerprint"),
        sa.UniqueConstraint("revision_id", name="uq_fingerprint_revision_id"),
    )
    op.create_table(
        "fingerprint_mark",
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "fingerprint_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["fingerprint_id"], ["fingerprint.id"], name="fk_fingerprint_mark_fingerprint_id_fingerprint"
        ),
        sa.PrimaryKeyConstraint("value", "fingerprint_id", name="pk_fingerprint_mark"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "listing",
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("sector", sa.String(32), nullable=False),
        sa.Column("benefit", sa.String(32), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("cost_basis", sa.Text(), nullable=True),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_listing_asset_id_asset"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_listing_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_listing_revision_id_revision"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_listing",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_listing"),
        sa.UniqueConstraint("handle", name="uq_listing_handle"),
        sa.UniqueConstraint("number", name="uq_listing_number"),
    )
    op.create_index("ix_listing_asset_id", "listing", ["asset_id"], unique=False)
    op.create_index("ix_listing_provider", "listing", ["provider_id", "drafted_at"], unique=False)
    op.create_index("ix_listing_public", "listing", ["state", "listed_at", "id"], unique=False)
    op.create_index("ix_listing_sector", "listing", ["sector", "state", "listed_at"], unique=False)
    op.create_table(
        "listing_offer",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_listing_offer_listing_id_listing"),
        sa.PrimaryKeyConstraint("listing_id", name="pk_listing_offer"),
    )
    op.create_table(
        "listing_sale",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_listing_sale_listing_id_listing"),
        sa.PrimaryKeyConstraint("listing_id", name="pk_listing_sale"),
    )
    op.create_table(
        "offer_draft",
        *_offer_text(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("listing_step_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_offer_draft_listing_id_listing"),
        sa.PrimaryKeyConstraint("id", name="pk_offer_draft"),
        sa.UniqueConstraint("listing_id", name="uq_offer_draft_listing_id"),
        sa.UniqueConstraint("number", name="uq_offer_draft_number"),
    )
    op.create_table(
        "standing_offer",
        *_offer_text(),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("stamped", sa.Boolean(), nullable=False),
        sa.Column("assertion", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_standing_offer_listing_id_listing"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_standing_offer",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_standing_offer"),
        sa.UniqueConstraint("handle", name="uq_standing_offer_handle"),
        sa.UniqueConstraint("number", name="uq_standing_offer_number"),
    )
    op.create_index("ix_standing_offer_listing", "standing_offer", ["listing_id", "state"], unique=False)
    op.create_index(
        "ix_standing_offer_provider", "standing_offer", ["provider_id", "signed_at"], unique=False
    )
    op.create_table(
        "request",
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("amends_id", sa.Uuid(), nullable=True),
        sa.Column("renews_id", sa.Uuid(), nullable=True),
        sa.Column("claims_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisation.id"], name="fk_request_buyer_id_organisation"),
        sa.ForeignKeyConstraint(["claims_id"], ["listing.id"], name="fk_request_claims_id_listing"),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_request_listing_id_listing"),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["standing_offer.id"], name="fk_request_offer_id_standing_offer"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_request_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_request",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_request"),
        sa.UniqueConstraint("claims_id", name="uq_request_claims_id"),
        sa.UniqueConstraint("contract_id", name="uq_request_contract_id"),
        sa.UniqueConstraint("number", name="uq_request_number"),
    )
    op.create_index("ix_request_buyer", "request", ["buyer_id", "requested_at"], unique=False)
    op.create_index("ix_request_handle", "request", ["handle"], unique=False)
    op.create_index("ix_request_listing_id", "request", ["listing_id"], unique=False)
    op.create_index("ix_request_offer_id", "request", ["offer_id"], unique=False)
    op.create_index("ix_request_provider", "request", ["provider_id", "requested_at"], unique=False)
    op.create_index("ix_request_renews_id", "request", ["renews_id"], unique=False)
    op.create_table(
        "waiver",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.Column("waived", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("established_on", sa.String(length=10), nullable=False),
        sa.Column("asked_on", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("authority_basis", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("waived > 0 AND waived <= listed", name="ck_waiver_amount"),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisation.id"], name="fk_waiver_buyer_id_organisation"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name="fk_waiver_provider_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_waiver",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waiver"),
        sa.UniqueConstraint("contract_id", name="uq_waiver_contract_id"),
        sa.UniqueConstraint("handle", name="uq_waiver_handle"),
    )
    op.create_index("ix_waiver_asked_at", "waiver", ["asked_at", "id"], unique=False)
    op.create_table(
        "tax_profile",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("bank", sa.String(length=100), nullable=False),
        sa.Column("bank_account", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_tax_profile_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_tax_profile",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tax_profile"),
        sa.UniqueConstraint("organisation_id", name="uq_tax_profile_organisation_id"),
    )
    op.create_table(
        "invoice",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("matter", sa.String(32), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("bank", sa.String(length=100), nullable=False),
        sa.Column("bank_account", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0 AND owed >= 0 AND owed <= amount", name="ck_invoice_amount"),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_invoice",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name="fk_invoice_trade_id_trade"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
    )
    op.create_index("ix_invoice_due_at", "invoice", ["due_at"], unique=False)
    op.create_index("ix_invoice_number", "invoice", ["number"], unique=False)
    op.create_index("ix_invoice_payer", "invoice", ["payer_id", "requested_at"], unique=False)
    op.create_index("ix_invoice_seller", "invoice", ["seller_id", "requested_at"], unique=False)
    op.create_index(
        "uq_invoice_live",
        "invoice",
        ["trade_id", "matter", "instalment"],
        unique=True,
        sqlite_where=sa.text("state <> 'REFUSED'"),
        postgresql_where=sa.text("state <> 'REFUSED'"),
    )
    op.create_table(
        "invoice_document",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("issued_on", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name="ck_invoice_document_amount"),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name="fk_invoice_document_invoice_id_invoice"
        ),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_invoice_document",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_document"),
        sa.UniqueConstraint("invoice_id", "place", name="uq_invoice_document_invoice_id_place"),
        sa.UniqueConstraint("number", name="uq_invoice_document_number"),
    )
    op.create_table(
        "bank_account",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("receiving", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("bank", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("institution", sa.String(length=200), nullable=True),
        sa.Column("supervised", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_bank_account",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bank_account"),
        sa.CheckConstraint(
            "NOT receiving OR institution IS NOT NULL AND supervised", name="ck_bank_account_supervised"
        ),
        sa.UniqueConstraint("handle", name="uq_bank_account_handle"),
    )
    op.create_index("ix_bank_account_state", "bank_account", ["state", "proposed_at"], unique=False)
    op.create_index(
        "uq_bank_account_live",
        "bank_account",
        ["organisation_id", "state"],
        unique=True,
        sqlite_where=sa.text("state <> 'CLOSED'"),
        postgresql_where=sa.text("state <> 'CLOSED'"),
    )
    op.create_table(
        "bank_statement",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_bank_statement",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bank_statement"),
        sa.UniqueConstraint("digest", name="uq_bank_statement_digest"),
    )
    op.create_index("ix_bank_statement_imported_at", "bank_statement", ["imported_at", "id"], unique=False)
    op.create_table(
        "bank_line",
        sa.Column("handle", sa.String(length=26), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("entry", sa.String(32), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("serial", sa.String(length=40), nullable=True),
        sa.Column("value_date", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("counterparty", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id", "id"],
            ["step_image.step_id", "step_image.row_id"],
            name="bond_bank_line",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bank_line"),
        sa.CheckConstraint("amount > 0", name="ck_bank_line_amount"),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> recorded_by", name="ck_bank_line_persons"
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name="fk_bank_line_operation_id_operation"
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statement.id"], name="fk_bank_line_statement_id_bank_statement"
        ),
    )
    op.create_index("ix_bank_line_operation_id", "bank_line", ["operation_id"], unique=False)
    op.create_index("ix_bank_line_state", "bank_line", ["state", "recorded_at"], unique=False)
    op.create_index(
        "uq_bank_line_serial",
        "bank_line",
        ["serial"],
        unique=True,
        sqlite_where=sa.text("state <> 'DISMISSED'"),
        postgresql_where=sa.text("state <> 'DISMISSED'"),
    )
    op.create_index(
        "uq_bank_line_order",
        "bank_line",
        ["operation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'RECORDED' AND entry <> 'arrived'"),
        postgresql_where=sa.text("state = 'RECORDED' AND entry <> 'arrived'"),
    )
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove every table."""
    op.execute("DROP TABLE listing_search")
    op.drop_table("bank_line")
    op.drop_table("bank_statement")
    op.drop_table("bank_account")
    op.drop_table("invoice_document")
    op.drop_index("uq_invoice_live", table_name="invoice")
    op.drop_index("ix_invoice_seller", table_name="invoice")
    op.drop_index("ix_invoice_payer", table_name="invoice")
    op.drop_index("ix_invoice_number", table_name="invoice")
    op.drop_index("ix_invoice_due_at", table_name="invoice")
    op.drop_table("invoice")
    op.drop_table("tax_profile")
    op.drop_index("ix_waiver_asked_at", table_name="waiver")
    op.drop_table("waiver")
    op.drop_index("ix_request_renews_id", table_name="request")
    op.drop_index("ix_request_provider", table_name="request")
    op.drop_index("ix_request_offer_id", table_name="request")
    op.drop_index("ix_request_listing_id", table_name="request")
    op.drop_index("ix_request_handle", table_name="request")
    op.drop_index("ix_request_buyer", table_name="request")
    op.drop_table("request")
    op.drop_index("ix_standing_offer_provider", table_name="standing_offer")
    op.drop_index("ix_standing_offer_listing", table_name="standing_offer")
    op.drop_table("standing_offer")
    op.drop_table("offer_draft")
    op.drop_table("listing_sale")
    op.drop_table("listing_offer")
    op.drop_index("ix_listing_sector", table_name="listing")
    op.drop_index("ix_listing_public", table_name="listing")
    op.drop_index("ix_listing_provider", table_name="listing")
    op.drop_index("ix_listing_asset_id", table_name="listing")
    op.drop_table("listing")
    op.drop_table("attestation")
    op.drop_table("appeal")
    op.drop_table("correction")
    op.drop_table("fingerprint_mark")
    op.drop_table("fingerprint")
    op.drop_table("measuring")
    op.drop_table("sealed_report")
    op.drop_table("cleaning_request")
    op.drop_table("cleaning")
    op.drop_index("ix_inspection_content_digest", table_name="inspection")
    op.drop_table("inspection")
    op.drop_table("declaration")
    op.drop_index("ix_asset_update_asset_id", table_name="asset_update")
    op.drop_table("asset_update")
    op.drop_index("ix_revision_digest", table_name="revision")
    op.drop_table("revision")
    op.drop_table("signature")
    op.drop_index("ix_preparation_expires_at", table_name="preparation")
    op.drop_table("preparation")
    op.drop_index("ix_reconciliation_planned_at", table_name="reconciliation")
    op.drop_table("reconciliation")
    op.drop_table("contract_timestamp")
    op.drop_table("settlement")
    op.drop_index("ix_challenge_user_id", table_name="challenge")
    op.drop_table("challenge")
    op.drop_index("ix_recovery_code_user_id", table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_table("totp")
    op.drop_index("ix_passkey_user_id", table_name="passkey")
    op.drop_table("passkey")
    op.drop_index("ix_session_user_id", table_name="session")
    op.drop_table("session")
    op.drop_table("receipt")
    op.drop_index("ix_posting_operation_id", table_name="posting")
    op.drop_index("ix_posting_number", table_name="posting")
    op.drop_index("ix_posting_debit", table_name="posting")
    op.drop_index("ix_posting_credit", table_name="posting")
    op.drop_table("posting")
    op.drop_index(
        "uq_member_active",
        table_name="member",
        sqlite_where=sa.text("state = 'ACTIVE'"),
        postgresql_where=sa.text("state = 'ACTIVE'"),
    )
    op.drop_index("ix_member_organisation_id", table_name="member")
    op.drop_table("member")
    op.drop_table("approval")
    op.drop_table("approval_rule")
    op.drop_index("ix_invitation_organisation_id", table_name="invitation")
    op.drop_table("invitation")
    op.drop_table("grant_usage")
    op.drop_index(
        "uq_redress_open",
        table_name="redress",
        sqlite_where=sa.text("state <> 'CLOSED'"),
        postgresql_where=sa.text("state <> 'CLOSED'"),
    )
    op.drop_index("ix_redress_trade_id", table_name="redress")
    op.drop_table("redress")
    op.drop_index("ix_notice_trade_id", table_name="notice")
    op.drop_table("notice")
    op.drop_table("duty")
    op.drop_table("dispute")
    op.drop_table("credential")
    op.drop_table("coverage")
    op.drop_index("ix_asset_provider", table_name="asset")
    op.drop_index("ix_asset_drafted_at", table_name="asset")
    op.drop_table("asset")
    op.drop_index("ix_api_token_user_id", table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("agreement")
    op.drop_table("acceptance")
    op.drop_table("user")
    op.drop_index("ix_trade_provider_id", table_name="trade")
    op.drop_index("ix_trade_buyer_id", table_name="trade")
    op.drop_index("ix_trade_asset_id", table_name="trade")
    op.drop_table("trade")
    op.drop_index("ix_chargeback_state", table_name="chargeback")
    op.drop_index("ix_chargeback_operation_id", table_name="chargeback")
    op.drop_index("ix_chargeback_number", table_name="chargeback")
    op.drop_table("chargeback")
    op.drop_index(
        "uq_organisation_living_code",
        table_name="organisation",
        sqlite_where=sa.text("state IN ('APPLIED', 'VERIFIED', 'SUSPENDED')"),
        postgresql_where=sa.text("state IN ('APPLIED', 'VERIFIED', 'SUSPENDED')"),
    )
    op.drop_index("ix_organisation_state", table_name="organisation")
    op.drop_table("organisation")
    op.drop_index(
        "uq_operation_payable",
        table_name="operation",
        sqlite_where=sa.text("kind = 'checkout' AND state IN ('PLANNED', 'OPEN')"),
        postgresql_where=sa.text("kind = 'checkout' AND state IN ('PLANNED', 'OPEN')"),
    )
    op.drop_index(
        "uq_operation_paid",
        table_name="operation",
        sqlite_where=sa.text("kind = 'checkout' AND state = 'OK'"),
        postgresql_where=sa.text("kind = 'checkout' AND state = 'OK'"),
    )
    op.drop_index(
        "uq_operation_moved",
        table_name="operation",
        sqlite_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN', 'OK')"),
        postgresql_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN', 'OK')"),
    )
    op.drop_index(
        "uq_operation_moving",
        table_name="operation",
        sqlite_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN')"),
        postgresql_where=sa.text("kind <> 'checkout' AND state IN ('PLANNED', 'OPEN')"),
    )
    op.drop_index("ix_operation_planned_at", table_name="operation")
    op.drop_index("ix_operation_organisation_id", table_name="operation")
    op.drop_index("ix_operation_number", table_name="operation")
    op.drop_table("operation")
    op.drop_index("ix_certificate_organisation", table_name="certificate")
    op.drop_table("certificate")
    op.drop_index("ix_key_purpose", table_name="key")
    op.drop_table("key")
    op.drop_table("version")
    op.drop_table("remark")
    op.drop_index("ix_contract_provider_id", table_name="contract")
    op.drop_index("ix_contract_buyer_id", table_name="contract")
    op.drop_index("ix_contract_asset_id", table_name="contract")
    op.drop_table("contract")
    op.drop_table("account")
    op.drop_index("ix_access_grant_provider_id", table_name="access_grant")
    op.drop_index("ix_access_grant_buyer_id", table_name="access_grant")
    op.drop_index("ix_access_grant_asset_id", table_name="access_grant")
    op.drop_table("access_grant")
    op.drop_index("ix_vault_subject", table_name="vault")
    op.drop_table("vault")
    op.drop_index("ix_step_image_row_id", table_name="step_image")
    op.drop_table("step_image")
    op.drop_index("ix_step_user_id", table_name="step")
    op.drop_index("ix_step_organisation_id", table_name="step")
    op.drop_index("ix_step_kind", table_name="step")
    op.drop_table("step")
    op.drop_table("ledger_leaf")
    op.drop_table("webhook_event")
    op.drop_index("ix_login_attempt_address", table_name="login_attempt")
    op.drop_index("ix_login_attempt_account", table_name="login_attempt")
    op.drop_table("login_attempt")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_checkpoint")
    op.drop_index("ix_job_cause_id", table_name="job")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_table("creation")
