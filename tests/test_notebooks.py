"""The notebooks run from top to bottom, show what is kept in them, and what they claim holds."""

from pathlib import Path

import nbformat
import pytest

from notebooks import CLAIMS, NOTEBOOKS, claims_of, differences, executed, images, text


def test_there_are_notebooks() -> None:
    assert "01_first_fit.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_kept_executed_and_without_tests(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(images(cell) for cell in code)
    assert [cell.source for cell in code if "assert " in cell.source] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_claims_are_about_cells_that_are_there(path: Path) -> None:
    cells = {cell["id"] for cell in nbformat.read(path, as_version=4).cells}
    assert claims_of(path).keys() <= cells


def test_claims_are_about_notebooks_that_are_there() -> None:
    assert {file.stem for file in CLAIMS.iterdir()} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.slow
@pytest.mark.stored("notebooks/*.ipynb", "tests/notebook_claims/*")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_current(path: Path, tmp_path: Path) -> None:
    kept = nbformat.read(path, as_version=4).cells
    found = executed(path, tmp_path, claims=True).cells
    for before, now in zip(kept, found, strict=True):
        assert images(before) == images(now), now.source
        assert differences(text(before), text(now)) == [], now.source
    assert not [
        output
        for cell in found
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]


@pytest.mark.parametrize(
    ("kept", "found", "same"),
    [
        ("rate 0.52 (0.41 to 0.63)", "rate 0.53 (0.40  to 0.63)", True),
        ("rate 0.52", "rate 0.72", False),
        ("n = 915", "n = 1,400", False),
        ("ven_hma 20", "ven_ldac 20", False),
        ("-1.2e-05", "-1.3e-05", True),
    ],
)
def test_outputs_are_compared_by_rounding(kept: str, found: str, *, same: bool) -> None:
    assert (differences(kept, found) == []) == same
