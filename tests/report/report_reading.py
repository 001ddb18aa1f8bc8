"""How tests read reports, and how they run the commands that reports print."""

import re
import shlex
from collections.abc import Iterator

import pandas as pd
import pytest

from bayesmeta.cli import app
from bayesmeta.report.document import Block, Code, Document, Figure, Items, Section, Table, Text

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=1>',
    "a|b|c",
    "`ls` and ```",
    "$x$ $$y$$",
    "{{7*7}} {% x %}",
    "</style></title><b>",
    "&lt;&amp;",
    "line\nbreak",
    r"\# *a* _b_ [c](http://d.example)",
)
"""Names that are markup in one format or another."""

AGAIN = re.compile(r"bayesmeta (?:fit|compare|grid) .*")


def run(*arguments: object) -> int:
    """Run a command line in this process and return its exit code."""
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(map(str, arguments)))
    return int(left.value.code)


def section(document: Document, title: str) -> Section:
    [found] = [one for one in document.sections if one.title == title]
    return found


def table(document: Document, title: str, caption: str) -> pd.DataFrame:
    """Return the cells of the only table whose caption begins so."""
    found = [
        block
        for block in section(document, title).blocks
        if isinstance(block, Table) and block.caption.startswith(caption)
    ]
    [only] = found
    return pd.DataFrame(only.rows, columns=only.columns)


def sentences(document: Document, title: str) -> list[str]:
    """Return the paragraphs and items of a section."""
    return [text for block in section(document, title).blocks for text in _sentences(block)]


def everything(document: Document) -> Iterator[str]:
    """Yield every text of a document that a reader sees as text."""
    yield from (document.title, document.warning, document.made)
    for one in document.sections:
        yield one.title
        for block in one.blocks:
            yield from _sentences(block)
            if isinstance(block, Table):
                yield block.caption
                yield from (cell for row in [block.columns, *block.rows] for cell in row)
            if isinstance(block, Figure):
                yield block.alt
            if isinstance(block, Code):
                yield block.text


def percentages(text: str) -> list[str]:
    """Return the percentages of a text, with the decimals that they are written with."""
    return re.findall(r"[<>]?\d+(?:\.\d+)?%", text)


def as_finely(shown: list[str], *rates: float) -> list[str]:
    """Return rates in percent, each with the decimals of the percentage shown in its place."""
    decimals = [len(one.rstrip("%").partition(".")[2]) for one in shown]
    return [_percentage(rate, own) for rate, own in zip(rates, decimals, strict=True)]


def _percentage(rate: float, decimals: int) -> str:
    text = f"{100 * rate:.{decimals}f}"
    if rate > 0 == float(text):
        return f"<{10**-decimals:.{decimals}f}%"
    return (
        f">{100 - 10**-decimals:.{decimals}f}%" if rate < 1 and float(text) == 100 else f"{text}%"
    )


def printed_command(document: Document) -> list[str]:
    """Return the words of the command by which a report is made again, after `bayesmeta`."""
    codes = [
        block.text for one in document.sections for block in one.blocks if isinstance(block, Code)
    ]
    [command] = [text for text in codes if AGAIN.fullmatch(text)]
    return shlex.split(command)[1:]


def _sentences(block: Block) -> list[str]:
    match block:
        case Text(text):
            return [text]
        case Items(entries):
            return list(entries)
    return []
