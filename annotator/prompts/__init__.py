"""Prompts as data: numbered files, immutable once used."""
