"""How notebooks show a result: what it prints, and below it the table that it holds."""

import html
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Shown", "html_of"]


class Shown:
    """A result that notebooks show by its sentence over its table; each class says which it is."""

    shown: ClassVar[str] = "table"
    """Attribute that holds the table; empty where there is none."""

    def _shown_table(self) -> "pd.DataFrame | None":
        """Return the table."""
        found: pd.DataFrame | None = getattr(self, self.shown) if self.shown else None
        return found

    def _repr_html_(self) -> str:
        return html_of(repr(self), self._shown_table())


def html_of(text: str, table: "pd.DataFrame | None" = None) -> str:
    """Return text, escaped, as a paragraph, or line by line; below it a table as pandas shows it."""
    tag = "pre" if "\n" in text else "p"
    # Pages of notebooks set other letters, in which columns do not stand below their headings.
    style = ' style="font-family: monospace"' if tag == "pre" else ""
    # None where the user's options of pandas ask for no HTML.
    below = table._repr_html_() if table is not None else None  # type: ignore[operator]
    return f"<{tag}{style}>{html.escape(text)}</{tag}>{below or ''}"
