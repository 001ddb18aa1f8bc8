"""Dossiers: what a guideline asks, item by item, each with its number, file and hash."""
