"""Venues on loopback for tests, one file each, and the plug by which the contract suite takes them (`plug.py`)."""
