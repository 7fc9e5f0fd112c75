"""Strategies and their indicators: the same code in backtest, paper and live. To add one: a file here, a line in
catalog.py, a test."""
