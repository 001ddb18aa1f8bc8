"""Directives whose commands and code run at each build, so that what a page shows is current.

`file` writes a file into the folder of its page, `command` runs the command line there, `picture`
shows a figure that a command wrote, and `python` runs code, all of a page in one namespace.
"""

import ast
import contextlib
import io
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from bayesmeta.cli import app
from bayesmeta.plots import Plot
from making.lines import lines_html

ROOT = Path(__file__).parents[2]

FOLDERS: dict[str, tempfile.TemporaryDirectory[str]] = {}
"""The folder of each page in which its commands run."""

SPACES: dict[str, dict[str, Any]] = {}
"""The namespace of each page."""


class Live(SphinxDirective):
    """What the directives share."""

    has_content = True

    @property
    def folder(self) -> Path:
        """The folder of the page."""
        docname = self.env.docname
        if docname not in FOLDERS:
            FOLDERS[docname] = tempfile.TemporaryDirectory()
        return Path(FOLDERS[docname].name)

    def block(self, text: str, language: str) -> nodes.Node:
        """Return a block of code."""
        return nodes.literal_block(text, text, language=language)

    def output(self, text: str) -> nodes.Node:
        """Return a block of what was printed."""
        return nodes.raw("", lines_html(text), format="html")

    def image(self, name: str, alt: str) -> tuple[Path, nodes.Node]:
        """Return where a figure of the page is kept, and the node that shows it."""
        path = f"made/live/{self.env.docname.replace('/', '-')}-{name}.png"
        (Path(self.env.srcdir) / path).parent.mkdir(parents=True, exist_ok=True)
        shown = nodes.container("", nodes.image(uri=f"/{path}", alt=alt), classes=["drawn"])
        return Path(self.env.srcdir) / path, shown


class File(Live):
    """Write a file, or take it from the repository, and show it."""

    required_arguments = 1
    option_spec: ClassVar = {"from": directives.unchanged_required, "hidden": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the block of the file, with its name."""
        text = "\n".join(self.content) + "\n"
        if "from" in self.options:
            text = (ROOT / self.options["from"]).read_text(encoding="utf-8")
        (self.folder / self.arguments[0]).write_text(text, encoding="utf-8")
        if "hidden" in self.options:
            return []
        caption = nodes.paragraph("", "", nodes.literal(text=self.arguments[0]))
        return [caption, self.block(text.rstrip(), "text")]


class Command(Live):
    """Run command lines of the package, and show each with its output."""

    option_spec: ClassVar = {"exit": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Return the blocks of commands and outputs."""
        return [node for line in self.content for node in self._one(line)]

    def _one(self, line: str) -> list[nodes.Node]:
        printed, told = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(told),
            contextlib.chdir(self.folder),
        ):
            code = exit_code(shlex.split(line, comments=True)[1:])
        if code != self.options.get("exit", 0):
            raise ExtensionError(
                f"{self.get_location()}: {line}: {told.getvalue()}{printed.getvalue()}"
            )
        text = (printed.getvalue() + (told.getvalue() if code else "")).rstrip()
        shown = [self.block(line, "bash")]
        if not text:
            return shown
        return [*shown, self.output(text)]


class Picture(Live):
    """Show a figure that a command of the page wrote."""

    required_arguments = 1
    has_content = False
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the image."""
        written = self.folder / self.arguments[0]
        kept, node = self.image(written.stem, self.options["alt"])
        shutil.copyfile(written, kept)
        return [node]


class Python(Live):
    """Run code, and show it with what it prints and the value of its last line."""

    option_spec: ClassVar = {"alt": directives.unchanged, "hidden": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the block of the code, and its output."""
        code = "\n".join(self.content)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
                value = evaluated(code, SPACES.setdefault(self.env.docname, {}))
        except Exception as error:
            raise ExtensionError(
                f"{self.get_location()}: {type(error).__name__}: {error}"
            ) from error
        shown = [] if "hidden" in self.options else [self.block(code, "python")]
        if text := printed.getvalue().rstrip():
            shown.append(self.output(text))
        return [*shown, *self._value(value)]

    def _value(self, value: Any) -> list[nodes.Node]:
        if value is None:
            return []
        if isinstance(value, Plot):
            path, node = self.image(str(self.lineno), self.options.get("alt", repr(value)))
            value.save(path, dpi=150)
            return [node]
        if isinstance(value, pd.DataFrame):
            return [nodes.raw("", table_html(value), format="html")]
        return [self.output(repr(value))]


def table_html(frame: pd.DataFrame, *, index: bool = False) -> str:
    """Return a table that scrolls where the page is narrower."""
    text = frame.to_html(
        index=index, border=0, classes="table numbers", na_rep="", float_format="{:.4g}".format
    )
    return f'<div class="pst-scrollable-table-container">{text}</div>'


def exit_code(words: list[str]) -> int:
    """Run a command of the package in this process, and return its exit code."""
    try:
        app(words, prog_name="bayesmeta")
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def evaluated(code: str, namespace: dict[str, Any]) -> Any:
    """Run code, and return the value of its last line, where that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<page>", "exec"), namespace)  # noqa: S102
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<page>", "eval"), namespace)  # noqa: S307


def forget(app: Sphinx, _document: nodes.document) -> None:
    """Forget what a page has made, once it is read; a process that reads pages ends without notice."""
    docname = app.env.docname
    SPACES.pop(docname, None)
    if docname in FOLDERS:
        FOLDERS.pop(docname).cleanup()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.connect("doctree-read", forget)
    for name, directive in (
        ("file", File),
        ("command", Command),
        ("picture", Picture),
        ("python", Python),
    ):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
