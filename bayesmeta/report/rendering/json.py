"""A report for machines: the same sections, with the numbers behind each figure."""

import json
from collections.abc import Mapping
from typing import Any

from bayesmeta.report.document import (
    Block,
    Code,
    Document,
    Figure,
    Formulas,
    Items,
    Section,
    Table,
    Text,
)
from bayesmeta.report.machine import records


def as_json(document: Document) -> bytes:
    """Return the report as JSON: sections of blocks, each with its `kind`."""
    content = {
        "title": document.heading,
        "facts": dict(document.facts),
        "warning": document.warning,
        "verdict": "" if document.warning else document.verdict,
        "made": document.made,
        "sections": [_section(section, document.labels) for section in document.sections],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _section(section: Section, labels: Mapping[Block, str]) -> dict[str, Any]:
    blocks = [
        _block(block) | ({"label": labels[block]} if block in labels else {})
        for block in section.blocks
    ]
    return {"title": section.title, "appendix": section.appendix, "blocks": blocks}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(text, tone):
            return {"kind": "text", "text": text, "tone": tone}
        case Items(entries):
            return {"kind": "items", "items": list(entries)}
        case Table():
            rows = [dict(zip(block.columns, row, strict=True)) for row in block.rows]
            return {"kind": "table", "caption": block.caption, "rows": rows}
        case Figure(name, plot, alt, caption):
            said = {"name": name, "caption": caption, "alt": alt}
            return {"kind": "figure", **said, "data": records(plot.table)}
        case Formulas(lines):
            return {"kind": "formulas", "latex": list(lines)}
        case Code(text):
            return {"kind": "code", "text": text}
