"""Answers about nested outcomes. In: a `Fit`. Out: rates and counts, nested in each draw."""
