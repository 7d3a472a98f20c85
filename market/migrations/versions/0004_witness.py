"""Witnesses and mirrors: what they cosigned, and what this exchange cosigns and holds for others."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for cosignatures of our heads, for heads of others, and for what contradicts them."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ledger_cosignature",
        sa.Column("size", number, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["ledger_checkpoint.size"], name="fk_ledger_cosignature_size_ledger_checkpoint"
        ),
        sa.PrimaryKeyConstraint("size", "key", name="pk_ledger_cosignature"),
    )
    op.create_table(
        "ledger_witnessed",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("since", number, autoincrement=False, nullable=False),
        sa.Column("size", number, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("origin", "since", name="pk_ledger_witnessed"),
    )
    op.create_table(
        "ledger_contradiction",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("origin", "digest", name="pk_ledger_contradiction"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("ledger_contradiction")
    op.drop_table("ledger_witnessed")
    op.drop_table("ledger_cosignature")
