"""Keys, erasure, time stamps, drills: the operator's own acts on the log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the time stamps of outside authorities; erasure and keys need triggers and entries alone."""
    op.create_table(
        "log_timestamp",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", "authority", name="pk_log_timestamp"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("log_timestamp")
