"""Strategies and their indicators: the same code in backtest, paper and live. Add a file here and a line in catalog.py."""
