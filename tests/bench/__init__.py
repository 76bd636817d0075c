"""Measurements, run by hand: `python -m tests.bench build`. pytest collects nothing here."""
