"""Lines of output: sentences wrap where the page is narrower, rows of tables keep their columns."""

import re
from html import escape

GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
"""What stands between the columns of a row, or between a label and its text."""

CLAUSE = 2
"""Columns by which a sentence at the margin is set in from its second line on."""


def lines_html(text: str) -> str:
    """Return output as HTML."""
    lines = "".join(map(line_html, text.rstrip().splitlines()))
    return f'<div class="output"><div class="highlight"><pre>{lines}</pre></div></div>'


def line_html(line: str) -> str:
    """Return a line: a row of a table, or a sentence that wraps below its own beginning."""
    gaps = list(GAP.finditer(line))
    if len(gaps) > 1:
        return f'<span class="printed-row">{escape(line)}</span>'
    start = gaps[0].end() if gaps else len(line) - len(line.lstrip()) or CLAUSE
    return f'<span class="printed-sentence" style="--start: {start}ch">{escape(line)}</span>'
