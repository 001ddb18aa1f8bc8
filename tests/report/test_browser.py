"""Reports in a real browser, at the widths of a desk and of a phone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api
from report_reading import run

CHROMIUM = Path("/usr/bin/chromium")
KINDS = ("fit", "compare", "grid", "nested", "survival")
WIDTHS = (1280, 390)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.stored,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM}: apt install chromium"),
]

COLUMN = """(heading) => {
  const at = heading.cellIndex;
  return [...heading.closest("table").tBodies[0].rows].map((row) => row.cells[at].textContent);
}"""

PLAY = """(texts) => {
  const table = document.querySelector("table");
  const cut = [...table.tBodies[0].rows];
  cut.forEach((row, i) => i < texts.length ? row.cells[1].textContent = texts[i] : row.remove());
}"""
"""Puts texts into the second column of the first table."""


WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => !one.parentElement.closest(".wide, pre, svg, math"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""
"""What is wider than the window, outside of what scrolls."""

SMALL = """() => [...document.querySelectorAll("h1, h2, p, li, a, dt, dd, th, td, caption, figcaption, code")]
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 12).map((one) => one.outerHTML.slice(0, 80))"""

TOLD = """() => [...document.querySelectorAll(".wide, pre")]
  .map((one) => [one.scrollWidth > one.clientWidth + 1, one.previousElementSibling.checkVisibility()])"""
"""Of each block that may scroll: whether it does, and whether a line above says so."""

SHRUNK = """() => [...document.images]
  .filter((one) => one.getBoundingClientRect().width < 96 * parseFloat(one.style.width) - 1)
  .map((one) => one.alt)"""


@pytest.fixture(scope="module")
def reports(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for kind in KINDS:
        quick = ["--quick"] if kind in ("fit", "survival") else []
        assert run("report", runs[kind], *quick, "--out", folder / f"{kind}.html") in (0, 1)
    return {kind: folder / f"{kind}.html" for kind in KINDS}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, reports: dict[str, Path]) -> Iterator[Callable[[str, int], Any]]:
    """Return what opens a report at a width, and holds that nothing was said or fetched."""
    said: list[str] = []
    fetched: list[str] = []
    pages = []

    def opening(kind: str, width: int) -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(reports[kind].as_uri())
        pages.append(page)
        return page

    yield opening
    for page in pages:
        page.close()
    assert said == []
    files = [address for address in fetched if not address.startswith("data:")]
    assert len(files) == len(pages)
    assert all(address.startswith("file:") for address in files)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_its_window_and_shows_its_figures(
    opened: Callable[[str, int], Any], kind: str, width: int
) -> None:
    page = opened(kind, width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    images = page.evaluate("[...document.images].map((one) => [one.naturalWidth, one.alt])")
    assert images
    assert all(wide > 0 and alt for wide, alt in images)
    captions = page.evaluate(
        "[...document.querySelectorAll('caption')].map((one) => one.getBoundingClientRect().right)"
    )
    assert max(captions) <= width


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_phone_what_is_wide_scrolls_and_says_so(
    opened: Callable[[str, int], Any], kind: str
) -> None:
    page = opened(kind, min(WIDTHS))
    assert page.evaluate(WIDER) == []
    assert page.evaluate(SMALL) == []
    told = page.evaluate(TOLD)
    assert told
    assert all(scrolls == cue for scrolls, cue in told)
    assert any(scrolls for scrolls, _ in told)
    assert page.evaluate(SHRUNK) == []


@pytest.mark.parametrize("kind", KINDS)
def test_rules_by_which_rows_were_left_out_are_read_without_scrolling(
    opened: Callable[[str, int], Any], kind: str
) -> None:
    page = opened(kind, max(WIDTHS))
    inside = page.evaluate(
        "[...document.querySelectorAll('.wide')].filter((one) => one.innerText.includes('. Rows left out'))"
        ".map((one) => one.scrollWidth <= one.clientWidth)"
    )
    assert all(inside)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_numbers_are_sorted_as_numbers(
    opened: Callable[[str, int], Any], kind: str
) -> None:
    page = opened(kind, 1280)
    column, sign = {
        "fit": ("sd", float),
        "compare": ("elpd", float),
        "grid": ("rank", float),
        "nested": ("n", float),
        "survival": ("sd", float),
    }[kind]
    # Not by role: the sign of sorting, which a style adds, is a part of the button's name.
    button = page.locator("thead [role=button]", has_text=re.compile(f"^{column}$")).first
    heading = button.locator("xpath=..")
    values = [sign(text) for text in heading.evaluate(COLUMN)]
    assert len(set(values)) > 1
    for state, turned in (("ascending", False), ("descending", True)):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == state
        assert list(map(sign, heading.evaluate(COLUMN))) == sorted(values, reverse=turned)


@pytest.mark.parametrize(
    ("texts", "ascending"),
    [
        (["10", "9", "", "\u22122", "-30", "1,000", "-"], ["-30", "\u22122", "9", "10", "1,000", "", "-"]),
        (["9% (1 to 3)", "10% (2 to 4)", ""], ["9% (1 to 3)", "10% (2 to 4)", ""]),
        (["b10", "b9", "a"], ["a", "b9", "b10"]),
        (["1e-3", "-0.5", "0", "2"], ["-0.5", "0", "1e-3", "2"]),
    ],
)  # fmt: skip
def test_signs_and_blanks_are_sorted_as_people_read_them(
    opened: Callable[[str, int], Any], texts: list[str], ascending: list[str]
) -> None:
    page = opened("fit", 1280)
    page.evaluate(PLAY, texts)
    heading = page.locator("thead th").nth(1)
    heading.get_by_role("button").click()
    assert heading.evaluate(COLUMN) == ascending
    heading.get_by_role("button").click()
    known = [text for text in ascending if text not in ("", "-")]
    assert heading.evaluate(COLUMN) == [*known[::-1], *ascending[len(known) :]]
    page.locator("thead th").first.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_printed(opened: Callable[[str, int], Any], kind: str) -> None:
    content = opened(kind, 1280).pdf(prefer_css_page_size=True)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 2


def test_buttons_are_reached_by_keyboard(opened: Callable[[str, int], Any]) -> None:
    page = opened("fit", 1280)
    heading = page.locator("thead [role=button]").first.locator("xpath=..")
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    assert page.evaluate("document.querySelectorAll('thead button').length") == 0, (
        "is not printed again"
    )


def test_only_columns_that_have_an_order_are_sorted(opened: Callable[[str, int], Any]) -> None:
    page = opened("fit", 1280)
    texts = page.evaluate(
        "[...document.querySelectorAll('[role=button]')].map((one) => one.textContent.trim())"
    )
    assert texts
    assert all(texts)
    tables = page.evaluate(
        "[...document.querySelectorAll('table:not(.sortable)')].map((one) => one.caption.textContent)"
    )
    assert any(one.endswith(". Versions") for one in tables)
    assert any(". BARG" in one for one in tables)
    assert page.locator("table:not(.sortable) [role=button]").count() == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("where", "width"), [(":not(.broad):not(.broadest)", 688), ("", 1016)])
def test_printed_tables_fit_the_page_and_short_cells_are_whole(
    opened: Callable[[str, int], Any], kind: str, where: str, width: int
) -> None:
    page = opened(kind, width)
    page.emulate_media(media="print")
    assert page.evaluate(f"[...document.querySelectorAll('.wide{where} > table')].length")
    cut = page.evaluate(
        f"[...document.querySelectorAll('.wide{where} > table')]"
        ".filter((one) => one.getBoundingClientRect().right > innerWidth + 1)"
        ".map((one) => one.caption.textContent)"
    )
    assert cut == []
    broken = page.evaluate(
        f"[...document.querySelectorAll('.wide{where} td')].filter((one) => one.textContent.length <= 16)"
        ".filter((one) => { const range = document.createRange(); range.selectNodeContents(one);"
        " return new Set([...range.getClientRects()].map((each) => each.top)).size > 1; })"
        ".map((one) => one.textContent)"
    )
    assert broken == []
