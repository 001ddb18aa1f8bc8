"""A report as a workbook: its tables, and the table behind each figure, each on a sheet of its own."""

import pandas as pd

from bayesmeta.report.document import Document, Figure, Table
from bayesmeta.spreadsheets import text_cells, workbook_of

CONTENTS = "Contents"


def as_workbook(document: Document) -> bytes:
    """Return the tables and figures of a report; the first sheet says what each sheet holds."""
    labels = document.labels
    sheets: dict[str, pd.DataFrame] = {}
    about = [("", document.heading), *document.facts.items(), ("", document.warning)]
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                sheets[labels[block]] = text_cells(block.frame)
            elif isinstance(block, Figure):
                sheets[labels[block]] = block.plot.table
            else:
                continue
            about.append((labels[block], f"{section.title}: {block.caption}"))
    told = [row for row in (*about, ("", document.made)) if row[1]]
    return workbook_of({CONTENTS: pd.DataFrame(told, columns=["sheet", "content"]), **sheets})
