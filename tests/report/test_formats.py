"""Formats of reports: nothing in a name is markup, nothing is fetched, and files can be read again."""

import base64
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest
from report_reading import HOSTILE, everything

from bayesmeta.errors import SettingsError
from bayesmeta.report.document import Document, Items, Section, Table, Text
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.rendering.pieces import COMMAND

pytestmark = pytest.mark.stored

NAMES = (
    "one",
    "zeros",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("bundled", "sixty", "whole")),
)
OWN_SCRIPTS = 1

Written = Callable[[str, str], str]


class Page(HTMLParser):
    """Tags with their attributes, and text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.inside = ""
        self.goes_on = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        # Where a line may end, and where a command is named, the text goes on.
        self.goes_on = tag == "wbr" or (tag == "code" and self.inside in ("p", "li", "td"))
        self.inside = self.inside if self.goes_on else tag

    def handle_endtag(self, tag: str) -> None:
        self.goes_on = tag == "code" and self.inside != "code"
        self.inside = self.inside if self.goes_on else ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("style", "script"):
            return
        if self.goes_on:
            self.text[-1] += data
        else:
            self.text.append(data)
        self.goes_on = False

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


@pytest.fixture(scope="module")
def hostile_page(hostile: Document) -> Page:
    return Page(FORMATS["html"](hostile).decode())


@pytest.mark.slow
def test_names_stay_text_in_html(hostile: Document, hostile_page: Page) -> None:
    assert len(hostile_page.having("script")) == OWN_SCRIPTS
    assert all("onerror" not in attributes for _, attributes in hostile_page.tags)
    assert not hostile_page.having("b")
    assert len(hostile_page.having("img")) == len(list(hostile.figures))
    read = set(hostile_page.text)
    said = {COMMAND.sub(r"\1", text) for text in everything(hostile) if text.strip()}
    alts = {figure.alt for figure in hostile.figures}
    assert set(HOSTILE) <= said
    assert said - alts <= read
    assert {str(image["alt"]) for image in hostile_page.having("img")} == alts


def test_names_stay_text_in_svg(hostile_page: Page) -> None:
    for image in hostile_page.having("img"):
        kind, _, content = str(image["src"]).partition(";base64,")
        if kind == "data:image/svg+xml":
            tags = Page(base64.b64decode(content).decode()).tags
            assert {"script", "img", "foreignobject"}.isdisjoint(tag for tag, _ in tags)


def test_names_stay_text_in_json(hostile: Document) -> None:
    content = json.loads(FORMATS["json"](hostile))
    assert content["title"] == hostile.title
    [arms] = [
        block
        for section in content["sections"]
        for block in section["blocks"]
        if block.get("caption") == "Arms that were used"
    ]
    assert [row["study"] for row in arms["rows"]] == list(HOSTILE[:9])


def test_names_stay_text_in_markdown(hostile: Document) -> None:
    """As pandoc, an independent reader, sees it: no raw HTML, no code, no mathematics of names."""
    text = FORMATS["md"](hostile).decode()
    unfenced = re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", text)
    bare = re.sub(r"\\.", "", COMMAND.sub("", unfenced))
    assert "<" not in bare
    assert "`" not in bare
    assert "\n\n\n" not in bare.replace("\n\n\n\n", "\n\n")
    # Mathematics is the model's alone.
    assert bare.count("$$") == 2 * len(re.findall(r"(?m)^\$\$.*\$\$$", unfenced))


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("pandoc") is None, reason="needs pandoc: apt install pandoc, or pandoc.org"
)
def test_word_files_hold_the_names(hostile: Document) -> None:
    content = FORMATS["docx"](hostile)
    with zipfile.ZipFile(BytesIO(content)) as file:
        page = file.read("word/document.xml").decode()
        names = file.namelist()
    text = "".join(Page(page).text)
    for name in HOSTILE[:9]:
        assert " ".join(name.split()) in text
    assert sum(name.endswith(".png") for name in names) == len(list(hostile.figures))


def test_only_commands_of_the_reports_own_are_code() -> None:
    text = "`bayesmeta sensitivity` does, or `--quick`; `ls` and `bayesmeta <b>` do not."
    document = Document("Title", "", (Section("Section", (Text(text),)),), "made")
    page, source = (FORMATS[form](document).decode() for form in ("html", "md"))
    assert (
        "<code>bayesmeta sensitivity</code> does, or <code>--quick</code>; `ls` and `bayesmeta &lt;b&gt;`"
        in page
    )
    assert r"`bayesmeta sensitivity` does, or `--quick`; \`ls\` and \`bayesmeta \<b\>\`" in source


def test_columns_of_markdown_are_as_wide_to_each_other_as_their_text() -> None:
    table = Table("Caption", pd.DataFrame({"n": ["1"], "name": ["x" * 20], "note": ["y " * 40]}))
    text = FORMATS["md"](Document("Title", "", (Section("Section", (table,)),), "made")).decode()
    assert f"| {'-' * 2}: | {'-' * 20} | {'-' * 30} |" in text


def test_an_entry_that_begins_like_a_list_is_text_in_markdown() -> None:
    entries = Items(("1. first", "2) second", "2.5 of 3"))
    text = FORMATS["md"](Document("Title", "", (Section("Section", (entries,)),), "made")).decode()
    assert "* 1\\. first\n* 2\\) second\n* 2.5 of 3" in text


def test_a_workbook_holds_every_table_and_the_numbers_of_every_figure(
    documents: dict[str, Document],
) -> None:
    document = documents["one"]
    content = FORMATS["xlsx"](document)
    book = openpyxl.load_workbook(BytesIO(content))
    assert book.sheetnames == ["Contents", *document.labels.values()]
    about = [
        row for row in book["Contents"].iter_rows(values_only=True) if row[0] in book.sheetnames
    ]
    assert len(about) == len(document.labels)
    for block, label in document.labels.items():
        rows = list(book[label].iter_rows(values_only=True))
        frame = block.frame if isinstance(block, Table) else block.plot.table
        headings = ["" if name is None else name for name in rows[0]]
        assert headings[-len(frame.columns) :] == list(map(str, frame.columns))
        assert len(rows) == len(frame) + 1
        if not isinstance(block, Table):
            numbers = frame.select_dtypes("number")
            for i, name in enumerate(rows[0]):
                if name in numbers.columns:
                    written = pd.Series([row[i] for row in rows[1:]], dtype="float64")
                    expected = numbers[name].to_numpy(np.float64)
                    known = np.isfinite(expected)
                    # A sheet holds sixteen digits.
                    np.testing.assert_allclose(written[known], expected[known], rtol=1e-15)
    assert FORMATS["xlsx"](document) == content


@pytest.mark.parametrize("form", ["md", "json", "html"])
def test_word_files_need_pandoc_and_others_don_t(
    documents: dict[str, Document], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("PATH", "")
    assert FORMATS[form](documents["one"])
    with pytest.raises(SettingsError, match=r"made by pandoc, which is not installed\. Install it"):
        FORMATS["docx"](documents["one"])


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing(written: Written, name: str) -> None:
    text = written(name, "html")
    page = Page(text)
    for tag, attributes in page.tags:
        for attribute in ("src", "href", "srcset", "data", "action"):
            address = attributes.get(attribute)
            assert address is None or address.startswith(("data:", "#")), (tag, address)
    assert "url(" not in text.partition("<body>")[0]
    [policy] = [one["content"] for one in page.having("meta") if one.get("http-equiv")]
    assert str(policy).startswith("default-src 'none'; img-src data:;")
    assert "sha256-" in str(policy)
    assert len(text) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_links_of_the_contents_lead_to_sections(written: Written, name: str) -> None:
    page = Page(written(name, "html"))
    links = [str(one["href"]).removeprefix("#") for one in page.having("a")]
    assert links == [one["id"] for one in page.having("section")]
    assert len(set(links)) == len(links) > 8


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_the_same_run_makes_the_same_bytes(
    documents: dict[str, Document], written: Written, form: str
) -> None:
    assert FORMATS[form](documents["one"]).decode() == written("one", form)


@pytest.mark.parametrize("name", NAMES)
def test_markdown_tables_have_as_many_cells_in_each_row(
    documents: dict[str, Document], written: Written, name: str
) -> None:
    runs = re.findall(r"(?m)(?:^\|.*\|\n)+", written(name, "md"))
    tables = [
        block
        for section in documents[name].sections
        for block in section.blocks
        if isinstance(block, Table)
    ]
    assert len(runs) == len(tables)
    for rows, table in zip(runs, tables, strict=True):
        lines = rows.splitlines()
        assert len(lines) == len(table.rows) + 2
        cells = {len(re.findall(r"(?<!\\)\|", line)) - 1 for line in lines}
        assert cells == {len(table.columns)}


@pytest.mark.parametrize("name", NAMES)
def test_json_holds_tables_and_the_data_of_figures(
    documents: dict[str, Document], written: Written, name: str
) -> None:
    content = json.loads(written(name, "json"))
    blocks = [block for section in content["sections"] for block in section["blocks"]]
    figures = {block["name"]: block["data"] for block in blocks if block["kind"] == "figure"}
    for figure in documents[name].figures:
        assert len(figures[figure.name]) == len(figure.plot.table)
        assert set(figures[figure.name][0]) == set(map(str, figure.plot.table.columns))
    ours = [
        block.rows
        for section in documents[name].sections
        for block in section.blocks
        if isinstance(block, Table)
    ]
    theirs = [
        [list(row.values()) for row in block["rows"]]
        for block in blocks
        if block["kind"] == "table"
    ]
    assert theirs == ours


@pytest.mark.slow
def test_a_whole_report_can_be_sent_by_mail(
    documents: dict[str, Document], written: Written
) -> None:
    refitted = {"sensitivity", "predictive_checks", "leave_one_out"}
    assert refitted <= {figure.name for figure in documents["whole"].figures}
    assert len(written("whole", "html").encode()) < 3_000_000
