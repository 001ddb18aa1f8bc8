"""The pages of the site: each public name stands on one page of the API, and figures have an example."""

import importlib
import re
from collections import Counter
from html import escape
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / ".docs"
PAGES = [
    path
    for path in DOCS.rglob("*.*")
    if path.suffix in {".md", ".rst"} and "made" not in path.parts
]


def listed() -> Counter[str]:
    """Return how often each name stands in the lists of the API, by its full name."""
    names: Counter[str] = Counter()
    for path in (DOCS / "api").glob("*.rst"):
        module = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"\.\. currentmodule:: (\S+)", line):
                module = found[1]
            elif found := re.match(r"\.\. py:data:: (\S+)$", line):
                names[found[1]] += 1
            elif module and (found := re.match(r"   (\w+)$", line)):
                names[f"{module}.{found[1]}"] += 1
    return names


def test_each_public_name_stands_on_one_page() -> None:
    public = [f"bayesmeta.{name}" for name in bm.__all__ if name != "plots"]
    figures = [f"bayesmeta.plots.{name}" for name in bm.plots.__all__]
    found = listed()
    assert {name for name, times in found.items() if times > 1} == set()
    assert set(found) == {*public, *figures}


@pytest.mark.parametrize("name", [name for name in bm.plots.__all__ if name[0].islower()])
def test_each_figure_has_an_example_for_the_gallery(name: str) -> None:
    assert f"bm.plots.{name}(" in getattr(bm.plots, name).__doc__


def test_larger_examples_of_the_gallery_are_of_figures() -> None:
    larger = {path.stem: path.read_text(encoding="utf-8") for path in DOCS.glob("gallery/*.py")}
    assert larger, "Which folder has them?"
    assert [name for name, code in larger.items() if f"bm.plots.{name}(" not in code] == []
    assert set(larger) <= set(bm.plots.__all__)


def test_sentences_of_output_wrap_and_rows_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    line_html = importlib.import_module("making.lines").line_html
    row = "  tau   0.42  0.32  <0.01"
    assert line_html(row) == f'<span class="printed-row">{escape(row)}</span>'
    for sentence, start in (
        ("Priors     mu ~ Normal(0, 1): typical rate", 11),
        ("           u ~ Normal(0, tau)", 11),
        ("Saved in runs/mine; random seed 1.", 2),
        ("", 2),
    ):
        expected = f'<span class="printed-sentence" style="--start: {start}ch">{sentence}</span>'
        assert line_html(sentence) == expected


def test_each_command_stands_on_the_page_of_commands() -> None:
    shown = re.findall(
        r"^bayesmeta (.+) --help$", (DOCS / "api" / "commands.md").read_text(), flags=re.MULTILINE
    )
    groups = [each for each in app.registered_groups if not each.hidden]
    commands = [each for each in app.registered_commands if not each.hidden]
    inside = [
        f"{group.name or group.typer_instance.info.name} {each.name}"
        for group in groups
        for each in group.typer_instance.registered_commands
    ]
    names = [group.name or group.typer_instance.info.name for group in groups]
    assert sorted(shown) == sorted([*(each.name for each in commands), *names, *inside])


def test_no_page_names_a_file_that_is_not_there() -> None:
    named = re.compile(r"`((?:bayesmeta|tests|models|\.ci)/[\w./-]+)`")
    wrong = [
        f"{path.relative_to(DOCS)}: {name}"
        for path in PAGES
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert wrong == []


def test_what_is_made_is_not_kept() -> None:
    assert "/.docs/made/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_each_public_name_has_an_example() -> None:
    public = [(name, getattr(bm, name)) for name in bm.__all__ if name != "plots"]
    public += [(name, getattr(bm.plots, name)) for name in bm.plots.__all__]
    # Errors are raised, and constants have no docstring of their own.
    shown = [
        (name, one)
        for name, one in public
        if callable(one) and not (isinstance(one, type) and issubclass(one, BaseException))
    ]
    assert [name for name, one in shown if ">>> " not in (one.__doc__ or "")] == []
