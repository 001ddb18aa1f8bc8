"""Formats of a report: each takes a `Document` and returns bytes. They compute nothing."""

from collections.abc import Callable, Mapping

from bayesmeta.report.document import Document
from bayesmeta.report.rendering.html import as_html
from bayesmeta.report.rendering.json import as_json
from bayesmeta.report.rendering.markdown import as_docx, as_markdown
from bayesmeta.report.rendering.xlsx import as_workbook

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[Document], bytes]] = {
    "html": as_html,
    "md": as_markdown,
    "json": as_json,
    "docx": as_docx,
    "xlsx": as_workbook,
}
"""By the suffix of a file."""
