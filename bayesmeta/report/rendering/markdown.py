"""A report as Markdown, and as a Word file that pandoc makes of it where it is installed."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bayesmeta.errors import RunError, SettingsError, shortened
from bayesmeta.plots.pages import Plot
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
from bayesmeta.report.rendering.pieces import data_uri, with_commands

DPI = 200
"""Of figures in Word files."""

NO_DATE = {"SOURCE_DATE_EPOCH": "315532800"}
"""Tells pandoc to write 1980-01-01, the first date that the format holds, for the time of day: the same
report has the same bytes."""

Address = Callable[[str, Plot], str]
"""Where an image stands, by the name of the figure and the figure."""

NARROWEST, WIDEST = 3, 30
"""Widths of the columns of tables, in dashes."""

_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
"""The beginning of what would be an entry of a numbered list."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~$^&-])")


def as_markdown(document: Document) -> bytes:
    """Return the report as Markdown with its figures inside; text is escaped."""
    return _markdown(document, lambda _, plot: data_uri(plot)).encode()


def _markdown(document: Document, address: Address) -> str:
    """Return the report as Markdown, with images at the addresses given."""
    alarm = document.warning
    verdict = f"**{_escaped(alarm)}**" if alarm else _escaped(document.verdict)
    facts = [f"{_escaped(name)}: {_escaped(text)}" for name, text in document.facts.items()]
    head = [f"# {_escaped(document.heading)}", *facts, *([verdict] if verdict else [])]
    return "\n\n".join([*head, *_body(document, address), _escaped(document.made)]) + "\n"


def _body(document: Document, address: Address) -> Iterator[str]:
    labels = document.labels
    for heading, section in zip(document.headings, document.sections, strict=True):
        yield f"## {_escaped(heading)}"
        yield from (_block(block, labels.get(block, ""), address) for block in section.blocks)


def _block(block: Block, label: str, address: Address) -> str:
    match block:
        case Text(text, tone):
            return f"**{_escaped(text)}**" if tone == "warning" else _escaped(text)
        case Items(entries):
            return "\n".join(f"* {_escaped(entry)}" for entry in entries)
        case Table():
            return _table(block, label)
        case Figure(name, plot, alt, caption):
            image = f"![{_escaped(alt)}]({address(name, plot)})"
            return f"{image}\n\n{label}. {_escaped(caption)}."
        case Formulas(lines):
            return "\n\n".join(f"$${line}$$" for line in lines)
        case Code(text):
            return _fenced(text)


def _table(table: Table, label: str) -> str:
    dashes = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(_widths(table), table.numeric, strict=True)
    ]
    head = [_row(table.columns), _row(dashes, escape=False)]
    return "\n".join(
        [f"{label}. {_escaped(table.caption)}", "", *head, *(_row(row) for row in table.rows)]
    )


def _widths(table: Table) -> list[int]:
    """Return how wide columns are to each other, which pandoc reads from the dashes below headings."""
    longest = (max(map(len, cells)) for cells in zip(table.columns, *table.rows, strict=True))
    return [min(max(NARROWEST, one), WIDEST) for one in longest]


def _row(cells: list[str], *, escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _fenced(text: str) -> str:
    """Return text between fences longer than any within it."""
    longest = max([len(found) for found in re.findall("`+", text)], default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _escaped(text: str) -> str:
    """Return text on one line in which nothing is markup but the report's own commands."""
    pieces = with_commands(
        " ".join(text.split()), lambda plain: _MARKUP.sub(r"\\\1", plain), "`{}`".format
    )
    return _NUMBERED.sub(r"\1\\\2", "".join(pieces))


def pandoc() -> str:
    """Return the program that makes Word files."""
    found = shutil.which("pandoc")
    if found is None:
        raise SettingsError(
            "A report in docx is made by pandoc, which is not installed. Install it (pandoc.org), or choose "
            "html or md."
        )
    return found


def as_docx(document: Document) -> bytes:
    """Return the report as a Word file, made by pandoc of its Markdown."""
    program = pandoc()
    with tempfile.TemporaryDirectory() as folder:

        def address(name: str, plot: Plot) -> str:
            (Path(folder) / f"{name}.png").write_bytes(plot.png(dpi=DPI))
            return f"{name}.png"

        source, target = Path(folder) / "report.md", Path(folder) / "report.docx"
        source.write_text(_markdown(document, address), encoding="utf-8")
        # Images have captions of their own, which pandoc would make of what they say to the blind.
        command = [
            program,
            "--from=markdown-implicit_figures",
            "--to=docx",
            f"--output={target}",
            str(source),
        ]
        done = subprocess.run(  # noqa: S603 - a fixed command; texts are in a file
            command,
            cwd=folder,
            env={**os.environ, **NO_DATE},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise RunError(f"pandoc could not make the report: {shortened(done.stderr.strip())}")
        return target.read_bytes()
