"""Storage remembers: the order journal, the market archive, tapes and settings files. It may import core alone.

- journal.py: what must survive. writer.py is its one writing thread, chain.py the hash chain and its proof,
  projection.py the rows that guard each send, schema.py tables and migrations of journal.db, ballast.py the room it
  gives up when the disk is full.
- archive.py: what is comfortable to have. database.py and tables.py open market.db, migrations/ shapes it.
- tape.py: recorded market data. tape_layouts.py reads foreign layouts, tape_own.py ours, recorder.py writes it.
- settings.py: TOML and environment -> core.config.Settings. settings_text.py writes it, places.py says where it lies.
- files.py: private modes, no symlinks, no foreign owners.

A stored thing is added as one table, one migration and one method on the port in core/ports.py.
"""
