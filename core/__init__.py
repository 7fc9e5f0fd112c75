"""The core thinks: it knows no venue, no database, no screen. It may import the standard library, msgspec, structlog
and, in strategies and backtest only, numpy. Add a noun in domain, a rule in trading, a wait in runtime.
"""
