"""The table that `summary` returns: numbers for code, and the same text on every screen."""

import html
from typing import Any

import pandas as pd

from bayesmeta.estimates.summary_text import Heading, summary_blocks
from bayesmeta.wording import Wording

__all__ = ["SummaryTable", "headed"]

NEEDED = {"inferred", "quantity", "profile", "scale", "mean", "sd", "median", "lower", "upper"}
"""Columns without which it is another table, which prints as any does."""


class SummaryTable(pd.DataFrame):
    """A DataFrame that prints as `bayesmeta fit` does; what is taken from it is a plain DataFrame."""

    _metadata = ["heading"]  # noqa: RUF012 - what pandas asks of a subclass
    heading: Heading

    @property
    def words(self) -> Wording:
        """How its rates and names are written."""
        return self.heading.words

    def __repr__(self) -> str:
        heading = getattr(self, "heading", None)
        if heading is None or not set(self.columns) >= NEEDED:
            return super().__repr__()
        return "\n".join(summary_blocks(self, heading))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


def headed(table: pd.DataFrame, heading: Heading) -> SummaryTable:
    """Return a table as a summary under its heading."""
    found = SummaryTable(table)
    found.heading = heading
    return found
