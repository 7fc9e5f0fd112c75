"""Migrations of market.db, run by Alembic: one file a step in versions/. To add one: write it, raise
storage.database.VERSION, and change storage/tables.py to match (a test compares both)."""
