"""Specification grids: every combination of choices, each fitted."""
