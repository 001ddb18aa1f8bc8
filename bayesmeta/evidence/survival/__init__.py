"""Survival tables: landmarks and medians of treatment arms, their checks, and their selection."""
