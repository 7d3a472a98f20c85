"""The edge: what a token may be used for is a list of scopes; passwords are reset by mail."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READ = ("read",)
ALL = (
    "read", "members:write", "assets:write", "listings:write", "contracts:write", "payments:write",
    "delivery:read", "trades:write", "operate:write",
)  # fmt: skip
"""The scopes of this revision; a token that might act before may do all of it afterwards."""


def upgrade() -> None:
    """Change what the first schema had."""
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("scopes", sa.JSON(), nullable=True))
    tokens = sa.table("api_token", sa.column("scope", sa.String()), sa.column("scopes", sa.JSON()))
    op.execute(tokens.update().values(scopes=list(READ)))
    op.execute(tokens.update().where(tokens.c.scope == "act").values(scopes=list(ALL)))
    with op.batch_alter_table("api_token") as table:
        table.alter_column("scopes", existing_type=sa.JSON(), nullable=False)
        table.drop_column("scope")
        table.add_column(sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "password_reset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_password_reset_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_password_reset"),
        sa.UniqueConstraint("digest", name="uq_password_reset_digest"),
    )
    op.create_index("ix_password_reset_user_id", "password_reset", ["user_id"], unique=False)
    op.execute("DELETE FROM login_attempt")  # locks of a quarter of an hour
    with op.batch_alter_table("login_attempt") as table:
        table.add_column(sa.Column("way", sa.String(32), nullable=False))


def downgrade() -> None:
    """Take it back: a token may act if it may do anything but look; one that was revoked is gone."""
    op.execute("DELETE FROM login_attempt")
    with op.batch_alter_table("login_attempt") as table:
        table.drop_column("way")
    op.drop_index("ix_password_reset_user_id", table_name="password_reset")
    op.drop_table("password_reset")
    op.execute("DELETE FROM api_token WHERE revoked_at IS NOT NULL")
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("scope", sa.String(length=8), nullable=True))
    tokens = sa.table("api_token", sa.column("scope", sa.String()), sa.column("scopes", sa.JSON()))
    op.execute(tokens.update().values(scope="act"))
    only_read = sa.cast(tokens.c.scopes, sa.String()) == json.dumps(list(READ))
    op.execute(tokens.update().where(only_read).values(scope="read"))
    with op.batch_alter_table("api_token") as table:
        table.alter_column("scope", existing_type=sa.String(length=8), nullable=False)
        table.drop_column("scopes")
        table.drop_column("revoked_at")
