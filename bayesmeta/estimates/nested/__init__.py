"""Answers about nested outcomes. In: a `NestedFit`. Out: rates and counts, nested in each draw."""
