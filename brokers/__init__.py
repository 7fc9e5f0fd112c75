"""Brokers talk to venues: one folder each, found by name in registry.py. They may import core, never storage,
tui or one another. To add one: its folder, its simulator in tests/simulators, its frames in tests/data.
"""
