"""Files that people hold: each format gives back what was written, and a sheet hides nothing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import bayesmeta as bm
from bayesmeta.evidence.template import COLUMNS, template
from bayesmeta.spelling import folded
from bayesmeta.spreadsheets import sheet_name, workbook_of

NAMES = st.text("abcÄüß ,;\"'=+-é", min_size=1, max_size=8).map(str.strip).filter(folded)
TABLES = st.lists(
    st.tuples(
        NAMES,
        st.integers(0, 9),
        st.integers(9, 300),
        st.one_of(st.none(), st.decimals(18, 99, places=1)),
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda row: folded(row[0]),
)


def csv_of(separator: str, decimal: str, encoding: str) -> Callable[[pd.DataFrame, Path], object]:
    def write(frame: pd.DataFrame, folder: Path) -> Path:
        file = folder / "table.csv"
        file.write_bytes(frame.to_csv(index=False, sep=separator, decimal=decimal).encode(encoding))
        return file

    return write


def xlsx(frame: pd.DataFrame, folder: Path) -> Path:
    file = folder / "table.xlsx"
    file.write_bytes(workbook_of({"Evidence": frame}))
    return file


def by_pandas(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_excel(folder / "table.xlsx", index=False)
    return folder / "table.xlsx"


def parquet(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


FORMATS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "commas": csv_of(",", ".", "utf-8"),
    "semicolons": csv_of(";", ",", "utf-8-sig"),
    "tabs of Excel": csv_of("\t", ",", "utf-16"),
    "UTF-16, big end first": lambda frame, folder: _big_end(frame, folder),
    "Latin-1": csv_of(";", ".", "latin-1"),
    "xlsx": xlsx,
    "parquet": parquet,
    "pandas": lambda frame, _: frame,
    "polars": lambda frame, _: pl.from_pandas(frame),
    "arrow": lambda frame, _: pa.Table.from_pandas(frame),
}


def _big_end(frame: pd.DataFrame, folder: Path) -> Path:
    file = folder / "table.csv"
    file.write_bytes(b"\xfe\xff" + frame.to_csv(index=False).encode("utf-16-be"))
    return file


@pytest.mark.parametrize("form", FORMATS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=TABLES)
def test_every_format_gives_back_what_was_written(form: str, rows: list, tmp_path: Path) -> None:
    frame = pd.DataFrame(rows, columns=["study", "events", "n", "age"])
    frame["age"] = frame["age"].astype("float64")
    read = bm.read_evidence(FORMATS[form](frame, tmp_path))  # type: ignore[arg-type]
    assert read.frame["study"].tolist() == frame["study"].tolist()
    assert read.frame[["events", "n"]].to_numpy().tolist() == frame[["events", "n"]].to_numpy().tolist()  # fmt: skip
    if frame["age"].notna().any():
        pd.testing.assert_series_equal(
            read.frame["age"].reset_index(drop=True), frame["age"], check_exact=True
        )


def test_pandas_writes_what_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "events": [1, 2], "n": [9, 8], "since": [2019, 2020]})  # fmt: skip
    read = bm.read_evidence(by_pandas(frame, tmp_path))
    assert read.frame["since"].tolist() == [2019, 2020]


def test_survival_takes_the_same_road(tmp_path: Path) -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "median": [8.2, "NR"], "n": [57, 12]})
    for form in ("semicolons", "tabs of Excel", "xlsx"):
        read = bm.read_survival(FORMATS[form](frame, tmp_path), time_unit="months")  # type: ignore[arg-type]
        assert read.frame["median"].tolist() == [8.2, float("inf")]
    polars = pl.DataFrame({"trial": ["a"], "median": [8.2], "n": [57]})
    read = bm.read_survival(polars, columns={"trial": "study"}, time_unit="weeks")
    assert read.frame["study"].tolist() == ["a"]


def test_studies_that_are_numbers_stay_whole_beside_missing_ones() -> None:
    frame = pl.DataFrame({"study": [2019, 2020], "events": [1, 2], "n": [9, 8], "ref": [7, None]})
    read = bm.read_evidence(frame, text=["ref"])
    assert read.frame["study"].tolist() == ["2019", "2020"]
    assert read.frame["ref"].tolist()[0] == "7"


def test_a_lazy_frame_is_to_be_collected() -> None:
    with pytest.raises(bm.EvidenceError, match=r"got LazyFrame\. Give its \.collect\(\)\."):
        bm.read_evidence(pl.LazyFrame({"study": ["a"]}))  # type: ignore[arg-type]


def test_both_directions_of_columns_mean_the_same() -> None:
    frame = pd.DataFrame({"trial": ["a"], "responders": [1], "total": [9]})
    own = {"study": "trial", "events": "responders", "n": "total"}
    turned = {"trial": "study", "responders": "events", "total": "n"}
    both = [bm.read_evidence(frame, columns=columns) for columns in (own, turned)]
    assert both[0].hash == both[1].hash
    assert both[0].reading == both[1].reading == {"columns": own}


def test_latin_1_is_told_with_a_character_to_look_at(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("study,events,n\nLee,1,9\nMüller,2,9\n".encode("latin-1"))
    (found,) = bm.read_evidence(tmp_path / "a.csv").findings
    assert (found.kind, found.rows) == ("encoding", ())
    assert "line 3 holds 'ü'" in found.text


# Sheets


@pytest.fixture
def book() -> openpyxl.Workbook:
    found = openpyxl.Workbook()
    for row in (["study", "events", "n", "since"], ["a", 1, 9, 2019], ["b", 2, 8, 2020]):
        found.active.append(row)
    return found


def read(book: openpyxl.Workbook, folder: Path, **options: object) -> bm.EvidenceTable:
    book.save(folder / "book.xlsx")
    return bm.read_evidence(folder / "book.xlsx", **options)  # type: ignore[arg-type]


def test_the_only_sheet_with_studies_is_read_and_a_hidden_one_where_it_is_named(
    book: openpyxl.Workbook, tmp_path: Path
) -> None:
    book.create_sheet("Notes", 0)["A1"] = "how this was made"
    hidden = book.copy_worksheet(book["Sheet"])
    hidden.title, hidden.sheet_state, hidden["A2"] = "Old", "hidden", "z"
    visible = read(book, tmp_path)
    assert visible.frame["study"].tolist() == ["a", "b"]
    [told] = visible.findings
    assert told.text == "hidden sheets have a column 'study', too, and are not read: Old"
    named = read(book, tmp_path, sheet="Old")
    assert not named.findings
    assert named.frame["study"].tolist() == ["z", "b"]
    assert named.reading == {"sheet": "Old"}


def test_hidden_rows_and_columns_are_read_and_told(book: openpyxl.Workbook, tmp_path: Path) -> None:
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["D"].hidden = True
    found = [one.text for one in read(book, tmp_path).findings]
    assert found == [
        "rows of the sheet are hidden, and are read: 3",
        "columns of the sheet are hidden, and are read: D",
    ]


def test_blank_rows_and_columns_do_not_count(book: openpyxl.Workbook, tmp_path: Path) -> None:
    book.active.insert_rows(3, 2)
    book.active["K9"] = " "
    table = read(book, tmp_path)
    assert list(table.frame.index) == ["row 1 (sheet row 2)", "row 2 (sheet row 5)"]
    assert table.covariates == ("since",)


def test_totals_under_the_rows_are_told(book: openpyxl.Workbook, tmp_path: Path) -> None:
    book.active.append([])
    book.active.append(["Total", 3, 17])
    with pytest.raises(
        bm.EvidenceError, match=r"'Total' \(row 3 \(sheet row 5\)\) is named like a"
    ):
        read(book, tmp_path)


def test_a_column_of_dates_is_text(book: openpyxl.Workbook, tmp_path: Path) -> None:
    for row in (2, 3):
        book.active.cell(row, 4, date(2026, 1, row))
    assert read(book, tmp_path).frame["since"].tolist() == ["2026-01-02", "2026-01-03"]


@pytest.mark.parametrize(
    ("value", "form", "events"),
    [(0.763, "0.0%", 29), (0.76, "0%", 29), (76.3, "General", 29), (50, "0.00", 19)],
)
def test_a_percentage_is_read_as_its_cell_shows_it(
    book: openpyxl.Workbook, tmp_path: Path, value: float, form: str, events: int
) -> None:
    for column, cell in zip("ABCD", ("a", None, 38, value), strict=True):
        book.active[f"{column}2"] = cell
    book.active["D2"].number_format = form
    book.active["D3"] = 25
    assert read(book, tmp_path, rate="since").frame["events"].tolist() == [events, 2]


# What is written


def test_the_template_is_read_when_it_is_filled(tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"
    file.write_bytes(template())
    book = openpyxl.load_workbook(file)
    sheet = book["Evidence"]
    assert [cell.value for cell in sheet[1]] == [column.name for column in COLUMNS]
    assert all(cell.comment for cell in sheet[1])
    checks = {str(one.sqref): one for one in sheet.data_validations.dataValidation}
    assert checks["N2:N2000"].formula1 == '"yes,no"'
    assert checks["D2:D2000"].type == "whole"
    sheet.append(["1-2", None, "ORR", 3, 10])
    sheet.append(["b", None, "ORR", None, 38, 76.3])
    book.save(file)
    table = bm.read_evidence(file, rate="percent_reported")
    assert table.frame["events"].tolist() == [3, 29]
    assert table.frame["derivation"].tolist() == ["reported", "from_percent"]
    assert table.findings == ()


def test_arms_are_written_and_read(table: bm.EvidenceTable, tmp_path: Path) -> None:
    arms = table.select(outcome="CR", venetoclax="yes")
    arms.to_excel(tmp_path / "arms.xlsx")
    again = bm.read_evidence(tmp_path / "arms.xlsx", sheet="arms", text=["ref"]).select()
    assert again.counts.tolist() == arms.counts.tolist()
    assert list(again.labels) == list(arms.labels)
    assert openpyxl.load_workbook(tmp_path / "arms.xlsx").sheetnames == ["arms", "excluded", "selection"]  # fmt: skip
    first = (tmp_path / "arms.xlsx").read_bytes()
    with pytest.raises(bm.RunError, match=r"arms\.xlsx exists\. Choose another file"):
        arms.to_excel(tmp_path / "arms.xlsx")
    arms.to_excel(tmp_path / "arms.xlsx", force=True)
    assert (tmp_path / "arms.xlsx").read_bytes() == first
    with pytest.raises(bm.SettingsError, match=r"`path` must be called \.xlsx"):
        arms.to_excel(tmp_path / "arms.csv")


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(workbook_of({"x": pd.DataFrame({"name": ["=1+2", "+a", "@b"]})}))
    cells = openpyxl.load_workbook(file)["x"]["A"][1:]
    assert [(cell.value, cell.data_type) for cell in cells] == [("=1+2", "s"), ("+a", "s"), ("@b", "s")]  # fmt: skip


def test_names_of_sheets_are_allowed_and_differ() -> None:
    taken: set[str] = set()
    for name in ("a/b:c", "A b c", "x" * 40, "x" * 41, "'"):
        taken.add(sheet_name(name, taken))
    assert taken == {"a b c", "A b c 2", "x" * 31, "x" * 29 + " 2", "Sheet"}
