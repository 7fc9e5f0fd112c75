"""Tests of the house rules: what is imported, what is never called, what every verb and page must have."""
