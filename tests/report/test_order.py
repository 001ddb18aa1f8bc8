"""Reports of every kind: results first, numbered tables and figures, nothing twice."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from report_reading import everything

from bayesmeta.report.document import Document, Figure, Items, Table, Text
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.rendering.pieces import shown_width

pytestmark = pytest.mark.stored

MAIN = {
    "fit": ["Summary", "Results", "Evidence", "Model", "Priors", "Sensitivity", "Validation"],
    "whole": ["Summary", "Results", "Evidence", "Model", "Priors", "Sensitivity", "Validation"],
    "survival": ["Summary", "Results", "Evidence", "Model", "Priors", "Sensitivity", "Validation"],
    "nested": ["Summary", "Results", "Evidence", "Model", "Priors", "Sensitivity", "Validation"],
    "compare": ["Summary", "Results", "Evidence", "Models", "Sensitivity", "Validation"],
    "grid": ["Summary", "Results", "Evidence", "Choices"],
}
APPENDIX = ["Appendix A: Diagnostics", "Appendix B: Checklists", "Appendix C: Reproducibility"]
LIMITS = "Limitations"

OF_FITS = {"fit": "one", "whole": "whole"}
"""Reports of fits: of one study without refits, and of regimens with them."""

KINDS = (
    "fit",
    *(
        pytest.param(kind, marks=pytest.mark.slow)
        for kind in ("whole", "nested", "survival", "compare", "grid")
    ),
)


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> tuple[str, Document]:
    """Return the report of each kind of run, and the kind."""
    if request.param in OF_FITS:
        return request.param, request.getfixturevalue("documents")[OF_FITS[request.param]]
    return request.param, request.getfixturevalue("document_of_kind")(request.param)


def test_results_come_first_and_diagnostics_in_the_appendix(made: tuple[str, Document]) -> None:
    kind, document = made
    assert list(document.headings) == [*MAIN[kind], LIMITS, *APPENDIX]


@pytest.mark.parametrize("form", ["html", "md"])
def test_tables_and_figures_are_numbered_in_their_order(
    made: tuple[str, Document], written: Callable[[str, str], str], form: str
) -> None:
    kind, document = made
    known = kind in OF_FITS
    page = written(OF_FITS[kind], form) if known else FORMATS[form](document).decode()
    bold = r"<strong>{} (\d+)\.</strong>" if form == "html" else r"(?m)^{} (\d+)\. "
    blocks = [block for one in document.sections for block in one.blocks]
    for word, kind in (("Table", Table), ("Figure", Figure)):
        numbers = list(map(int, re.findall(bold.format(word), page)))
        count = sum(isinstance(block, kind) for block in blocks)
        assert numbers == list(range(1, count + 1))
        assert numbers
    if form == "html":
        ids = re.findall(r'id="((?:table|figure)-\d+)"', page)
        assert len(set(ids)) == len(ids) == len(document.labels)


def test_nothing_is_said_or_shown_twice(made: tuple[str, Document]) -> None:
    _, document = made
    blocks = [block for one in document.sections for block in one.blocks]
    said = Counter(block.text for block in blocks if isinstance(block, Text))
    said += Counter(
        entry for block in blocks if isinstance(block, Items) for entry in block.entries
    )
    assert [text for text, times in said.items() if times > 1] == []
    tables = Counter(str(block.rows) for block in blocks if isinstance(block, Table))
    assert max(tables.values()) == 1
    assert document.warning not in said
    assert document.verdict not in said


def test_letters_of_figures_are_twelve_pixels_at_least(made: tuple[str, Document]) -> None:
    _, document = made
    for figure in document.figures:
        plotted = figure.plot.figure
        letters = [
            text.get_fontsize()
            for axes in plotted.axes
            for text in axes.texts
            if text.get_text().strip()
        ]
        assert letters
        scale = shown_width(figure.plot) / plotted.get_figwidth()
        assert min(letters) * scale * 96 / 72 >= 12 - 1e-9


def test_nothing_is_predicted(made: tuple[str, Document]) -> None:
    """The word of statistics is to predict."""
    _, document = made
    assert [text for text in everything(document) if re.search(r"\bfore(tell|told)", text)] == []
