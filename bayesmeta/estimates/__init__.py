"""Answers of a fit: tables and predictions, each number with its Monte-Carlo standard error."""
