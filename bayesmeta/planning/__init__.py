"""Priors for the next trial, decision rules, and their operating characteristics."""
