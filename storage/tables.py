"""The shape of market.db as SQLAlchemy tables: what comfort remembers. Decimals are TEXT, times INTEGER ns UTC. Only
database.py and the migrations import this, late: it brings SQLAlchemy with it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, MetaData, Table, Text

METADATA = MetaData()

QUOTES = Table(
    "quotes",
    METADATA,
    Column("instrument", Text, primary_key=True),
    Column("bid", Float, nullable=False),
    Column("bid_size", Float, nullable=False),
    Column("ask", Float, nullable=False),
    Column("ask_size", Float, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

BARS = Table(
    "bars",
    METADATA,
    Column("instrument", Text, primary_key=True),
    Column("interval", Text, primary_key=True),
    Column("ts", BigInteger, primary_key=True),
    Column("open", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("close", Float, nullable=False),
    Column("volume", Float, nullable=False),
    sqlite_with_rowid=False,
)

SPANS = Table(
    "spans",
    METADATA,
    Column("instrument", Text, primary_key=True),
    Column("interval", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What a venue was asked for in full: a bar that is not there does not exist. Spans of one series never touch."""

EQUITY = Table(
    "equity",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("ts", BigInteger, primary_key=True),
    Column("equity", Text, nullable=False),
    sqlite_with_rowid=False,
)

INSTRUMENTS = Table(
    "instruments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("definition", Text, nullable=False),
    sqlite_with_rowid=False,
)
