"""A report for machines: the same sections, with the numbers behind each figure."""

import json
from typing import Any

from bayesmeta.report.document import (
    Block,
    Code,
    Document,
    Figure,
    Formulas,
    Items,
    Table,
    Text,
)
from bayesmeta.report.machine import records

__all__ = ["as_json"]


def as_json(document: Document) -> bytes:
    """Return the report as JSON: sections of blocks, each with its `kind`."""
    content = {
        "title": document.title,
        "warning": document.warning,
        "made": document.made,
        "sections": [
            {"title": section.title, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(text, tone):
            return {"kind": "text", "text": text, "tone": tone}
        case Items(entries):
            return {"kind": "items", "items": list(entries)}
        case Table():
            rows = [dict(zip(block.columns, row, strict=True)) for row in block.rows]
            return {"kind": "table", "caption": block.caption, "rows": rows}
        case Figure(name, plot, alt):
            return {"kind": "figure", "name": name, "alt": alt, "data": records(plot.table)}
        case Formulas(lines):
            return {"kind": "formulas", "latex": list(lines)}
        case Code(text):
            return {"kind": "code", "text": text}
