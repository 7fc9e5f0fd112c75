"""The first schema: last quotes, bars, equity, instruments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("instrument", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("bid", "bid_size", "ask", "ask_size")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("ts", "received")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bars",
        sa.Column("instrument", sa.Text, primary_key=True),
        sa.Column("interval", sa.Text, primary_key=True),
        sa.Column("ts", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("open", "high", "low", "close", "volume")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "equity",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("ts", sa.BigInteger, primary_key=True),
        sa.Column("equity", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "instruments",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("definition", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("market.db is disposable: remove it to go back")
