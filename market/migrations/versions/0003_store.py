"""The log's store: full tiles beside the signed heads, on PostgreSQL what the sequencer has seen, and runs of fsck.

Entries from before this revision name no writer; a sequencer looks at everything once when it starts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WITH_WRITER = "writer IS NOT NULL"


def upgrade() -> None:
    """Make room; the next publishing fills in the tiles that there are already."""
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name="pk_ledger_tile"),
    )
    op.create_table(
        "ledger_mark",
        sa.Column("id", NUMBER, sa.Identity(always=True), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_mark"),
    )
    op.create_table(
        "fsck_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", NUMBER, nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fsck_run"),
    )
    op.create_index("ix_fsck_run_began_at", "fsck_run", ["began_at"], unique=False)
    op.add_column("ledger_entry", sa.Column("writer", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_ledger_entry_writer",
        "ledger_entry",
        ["writer"],
        sqlite_where=sa.text(WITH_WRITER),
        postgresql_where=sa.text(WITH_WRITER),
    )


def downgrade() -> None:
    """Take it back: all of it can be computed from the entries."""
    op.drop_index("ix_ledger_entry_writer", table_name="ledger_entry")
    with op.batch_alter_table("ledger_entry") as table:
        table.drop_column("writer")
    op.drop_index("ix_fsck_run_began_at", table_name="fsck_run")
    op.drop_table("fsck_run")
    op.drop_table("ledger_mark")
    op.drop_table("ledger_tile")
