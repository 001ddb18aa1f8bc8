"""Malformed workbooks, archives, Parquet files and registry records, made when a test asks for one.

Each entry has the name of the file, a function of its bytes, the options of the command that is to
refuse it, and the patterns that its message must match.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

HEADER = ["study", "events", "n", "regimen"]
ROWS = [["alpha", 3, 10, "aza"], ["beta", 7, 20, "dec"], ["gamma", 4, 15, "aza"]]


@dataclass(frozen=True)
class BadFile:
    """A file that must be refused."""

    file: str
    content: Callable[[], bytes]
    message: tuple[str, ...]
    options: tuple[str, ...] = ()


def workbook(change: Callable[[Any], object] = lambda _: None, rows: list[Any] | None = None) -> Callable[[], bytes]:  # fmt: skip
    """Return what makes a workbook of a sound table, which `change` spoils."""

    def make() -> bytes:
        book = openpyxl.Workbook()
        for row in [HEADER, *ROWS] if rows is None else rows:
            book.active.append(row)
        change(book)
        written = io.BytesIO()
        book.save(written)
        return written.getvalue()

    return make


def sheet(change: Callable[[Any], object]) -> Callable[[], bytes]:
    return workbook(lambda book: change(book.active))


def cell(place: str, value: object) -> Callable[[], bytes]:
    return sheet(lambda own: own.__setitem__(place, value))


def archive(change: Callable[[str, bytes], bytes | None], extra: Mapping[str, bytes] | None = None) -> Callable[[], bytes]:  # fmt: skip
    """Return what makes a workbook with parts changed, left out (None) or added."""

    def make() -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(workbook()())) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for part in old.namelist():
                content = change(part, old.read(part))
                if content is not None:
                    new.writestr(part, content)
            for name, content in (extra or {}).items():
                new.writestr(name, content)
        return out.getvalue()

    return make


def same(_: str, content: bytes) -> bytes:
    return content


def in_part(ending: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda part, content: content.replace(old, new, 1) if part.endswith(ending) else content


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def zipped(**parts: bytes) -> Callable[[], bytes]:
    """Return what makes an archive; in names, two underscores stand for a dot."""

    def make() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in parts.items():
                new.writestr(name.replace("__", ".").replace("_", "-"), content)
        return out.getvalue()

    return make


def hide(book: Any) -> None:
    book.create_sheet("Cover")
    book.worksheets[0].sheet_state = "hidden"


def twice(book: Any) -> None:
    own = book.copy_worksheet(book.worksheets[0])
    own.title = "Update"


def neither(book: Any) -> None:
    book.create_sheet("Other")["A1"] = "trial"
    book.worksheets[0]["A1"] = "trial"


def parquet(**columns: list[Any]) -> Callable[[], bytes]:
    def make() -> bytes:
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out)
        return out.getvalue()

    return make


def text(content: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: content.encode(encoding)


def damaged_in_the_middle() -> bytes:
    content = bytearray(workbook()())
    # Of the first sheet, not of the directory at the end.
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        start = whole.getinfo("xl/worksheets/sheet1.xml").header_offset + 80
    content[start : start + 60] = b"\xff" * 60
    return bytes(content)


SIZE = {"groupId": "A", "value": "23"}


def measure(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Response",
        "paramType": "NUMBER",
        "unitOfMeasure": "participants",
        "groups": [{"id": "A", "title": "Drug"}],
        "denoms": [{"units": "Participants", "counts": [SIZE]}],
        "classes": classes("9"),
        **changes,
    }


def classes(value: str, group: str = "A") -> list[Any]:
    return [{"categories": [{"measurements": [{"groupId": group, "value": value}]}]}]


def study(*measures: dict[str, Any], **sections: Any) -> Callable[[], bytes]:
    content = {
        "protocolSection": {"identificationModule": {"nctId": "NCT00000001"}},
        "resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": list(measures)}},
        **sections,
    }
    return lambda: json.dumps(content).encode()


DATA = (
    b"Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,Experimental cases,"
    b"Experimental N,Control cases,Control N\n1,1,Response,,Lee 2019,2019,%s,10,2,12\n"
)
SETTINGS = (
    b"Analysis group,Analysis number,Analysis name,Data type,Experimental group label,Control group "
    b"label\n1,1,Response,%s,Drug,Placebo\n"
)
SOUND = SETTINGS % b"Dichotomous"


IMPORT = ("import",)
PERCENT = "study,n,orr\nalpha,38,76.3\nbeta,26,%s\n"

CASES: Mapping[str, BadFile] = {
    # Sheets
    "merged cells": BadFile("a.xlsx", sheet(lambda own: own.merge_cells("A2:A3")), ("merged cells", "A2:A3", "Unmerge")),
    "merged rows of counts": BadFile("a.xlsx", sheet(lambda own: own.merge_cells("B2:C2")), ("merged cells; not so B2:C2", "`n`")),
    "formula with an error": BadFile("a.xlsx", cell("B3", "#REF!"), ("formula must have a value; not so in B3 \\(#REF!\\)", "Correct the formula")),
    "division by zero in a covariate": BadFile("a.xlsx", cell("D4", "#DIV/0!"), ("D4 \\(#DIV/0!\\)",)),
    "formula never computed": BadFile("a.xlsx", cell("B3", "=1+2"), ("computed; not so B3", "save it again")),
    "date made of 1-2": BadFile("a.xlsx", cell("B3", date(2026, 2, 1)), ("a date among other values", "1-2 or 3/4", "B3 \\(2026-02-01\\)", "as text")),
    "dates throughout": BadFile("a.xlsx", workbook(rows=[HEADER[:3], *[[name, n, date(2026, 1, n)] for name, n in (("a", 3), ("b", 4))]]), ("`n` must be a whole number", "'2026-01-03'")),
    "date in a covariate": BadFile("a.xlsx", cell("D2", date(2026, 4, 3)), ("D2 \\(2026-04-03\\)", "type the value again")),
    "only the hidden sheet has the table": BadFile("a.xlsx", workbook(hide), ("is empty: no visible sheet", "Hidden: 'Sheet'", "`--sheet`")),
    "two sheets with studies": BadFile("a.xlsx", workbook(twice), ("several sheets", "'Sheet', 'Update'", "`--sheet`")),
    "no sheet with studies": BadFile("a.xlsx", workbook(neither), ("several sheets", "'Sheet', 'Other'")),
    "sheet that is not there": BadFile("a.xlsx", workbook(), ("has no sheet 'Shet'. Did you mean 'Sheet'",), ("--sheet", "Shet")),
    "blank workbook": BadFile("a.xlsx", workbook(rows=[]), ("is empty: no visible sheet",)),
    "header alone": BadFile("a.xlsx", workbook(rows=[HEADER]), ("has a header but no rows", "sheet 'Sheet'")),
    "title above the header": BadFile("a.xlsx", workbook(rows=[["Table 1"], HEADER, *ROWS]), ("sheet row 1 is not a header; sheet row 2 looks like one", "Delete what stands above")),
    "other names of columns": BadFile("a.xlsx", workbook(rows=[["Author", "Responders", "Total"], *[row[:3] for row in ROWS]]), ("'study' is missing", "study=Author and events=Responders and n=Total")),
    "names of columns in another language": BadFile("a.xlsx", workbook(rows=[["Auteur", "Réponses", "Effectif"], *[row[:3] for row in ROWS]]), ("'study' is missing", "those that have other names", "such as study=NAME")),
    "column without a name": BadFile("a.xlsx", cell("D1", None), ("every column needs a name; not so column 4",)),
    "column twice, and a count that is none": BadFile("a.xlsx", workbook(rows=[["study", "events", "n", "n"], ["a", "x", 9, 9]]), ("2 rules are broken", "n occurs more than once", "'x'")),
    "row of totals without a name": BadFile("a.xlsx", workbook(rows=[HEADER, *ROWS, [], [None, 14, 45]]), ("`study` must not be blank", "row 4 \\(sheet row 6\\)")),
    "cell in the last row of all": BadFile("a.xlsx", cell("A1048576", "x"), ("reaches to row 1,048,576", "Delete the rows")),
    "cell in the last column of all": BadFile("a.xlsx", cell("XFD1", "x"), ("reaches to column 16,384", "Delete the columns")),
    "text for a count": BadFile("a.xlsx", cell("B2", "three"), ("`events`", "row 1 \\(sheet row 2\\): 'three'")),
    "half a responder": BadFile("a.xlsx", cell("B2", 2.5), ("`events`", "'2.5'")),
    "more responders than patients": BadFile("a.xlsx", cell("B2", 30), ("between 0 and `n`", "30 of 10")),
    "truth for a count": BadFile("a.xlsx", cell("B2", True), ("`events`", "'True'")),
    # Archives
    "zip bomb": BadFile("a.xlsx", archive(same, {"xl/worksheets/sheet9.xml": b" " * (64 * 2**20)}), ("unpacks to", "33,554,432 bytes")),
    "thousands of parts": BadFile("a.xlsx", archive(same, {f"xl/media/{i}": b"" for i in range(2_100)}), ("2,1\\d\\d parts",)),
    "entities": BadFile("a.xlsx", archive(in_part("sheet1.xml", b"<worksheet", LAUGHS + b"<worksheet")), ("declares XML entities", "sheet1.xml")),
    "entities in the workbook": BadFile("a.xlsx", archive(in_part("xl/workbook.xml", b"<workbook", LAUGHS + b"<workbook")), ("declares XML entities", "xl/workbook.xml")),
    "entities in UTF-16": BadFile("a.xlsx", archive(lambda part, content: LAUGHS.decode().encode("utf-16") if part.endswith("styles.xml") else content), ("declares XML entities", "styles.xml")),
    "half a workbook": BadFile("a.xlsx", lambda: workbook()()[:2_000], ("cannot be read as a workbook", "BadZipFile")),
    "damaged workbook": BadFile("a.xlsx", damaged_in_the_middle, ("cannot be read as a workbook",)),
    "archive of something else": BadFile("a.xlsx", zipped(notes__txt=b"x"), ("no workbook \\(.xlsx\\)",)),
    "text called a workbook": BadFile("a.xlsx", text("study,events,n\na,1,2\n"), ("cannot be read as a workbook",)),
    "workbook with a password": BadFile("a.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("old form \\(.xls\\), or has a password",)),
    "nothing called a workbook": BadFile("a.xlsx", lambda: b"", ("cannot be read as a workbook",)),
    "workbook without its sheet": BadFile("a.xlsx", archive(lambda part, content: None if part.endswith("sheet1.xml") else content), ("cannot be read as a workbook|is empty",)),
    "sheet that is no XML": BadFile("a.xlsx", archive(in_part("sheet1.xml", b"<row", b"<<row")), ("cannot be read as a workbook",)),
    # Parquet, text and options
    "text called Parquet": BadFile("a.parquet", text("study,events,n\na,1,2\n"), ("cannot be read as Parquet",)),
    "half a Parquet file": BadFile("a.parquet", lambda: parquet(study=["a"], events=[1], n=[2])()[:40], ("cannot be read as Parquet",)),
    "Parquet of other columns": BadFile("a.parquet", parquet(trial=["a"], responders=[1], total=[2]), ("events=responders and n=total",)),
    "Parquet with lists": BadFile("a.parquet", parquet(study=["a"], events=[[1, 2]], n=[9]), ("`events` must be a whole number",)),
    "sheet of a text": BadFile("a.csv", text("study,events,n\na,1,2\n"), ("`--sheet` has no effect on a.csv",), ("--sheet", "One")),
    "half a character of UTF-16": BadFile("a.csv", lambda: b"\xff\xfe" + "study,events,n\na,1,2".encode("utf-16-le")[:-1], ("not UTF-16",)),
    "neither UTF-8 nor Latin-1": BadFile("a.csv", lambda: b"study,events,n\na\x81,1,2\n", ("not UTF-8", "CSV UTF-8")),
    "percentage of no count": BadFile("a.csv", text(PERCENT % "47"), ("row 2 \\(line 3\\): beta, 47% of 26", "12 are 46.15% and 13 are 50.00%"), ("--rate", "orr")),
    "percentage above 100": BadFile("a.csv", text(PERCENT % "147"), ("percentages from 0 to 100", "'147'"), ("--rate", "orr")),
    "percentage and no patients": BadFile("a.csv", text("study,n,orr\na,,50\n"), ("`n` must not be missing",), ("--rate", "orr")),
    "neither percentage nor count": BadFile("a.csv", text(PERCENT % ""), ("`events` must not be missing; not so in row 2 \\(line 3\\): blank",), ("--rate", "orr")),
    "shares for percentages": BadFile("a.csv", text("study,n,orr\na,38,0.763\nb,26,0.5\n"), ("look like shares",), ("--rate", "orr")),
    "no column of percentages": BadFile("a.csv", text(PERCENT % "50"), ("`--rate` names 'or', which is not a column. Did you mean 'orr'",), ("--rate", "or")),
    "two columns of percentages": BadFile("a.csv", text("study,n,orr,percent_reported\na,10,50,50\n"), ("'percent_reported' besides 'orr'",), ("--rate", "orr")),
    # Registries
    "registry: no JSON": BadFile("a.json", text("<clinical_study/>"), ("is not JSON",), IMPORT),
    "registry: deep JSON": BadFile("a.json", text("[" * 100_000), ("is not JSON",), IMPORT),
    "registry: no study": BadFile("a.json", text('{"FullStudiesResponse": {}}'), ("no study of ClinicalTrials.gov",), IMPORT),
    "registry: nothing": BadFile("a.json", text('{"studies": []}'), ("no study of ClinicalTrials.gov",), IMPORT),
    "registry: no results": BadFile("a.json", study(hasResults=False, resultsSection={}), ("NCT00000001 has no results",), IMPORT),
    "registry: means alone": BadFile("a.json", study(measure(paramType="MEAN", unitOfMeasure="mmHg")), ("no outcome of participants", "Response"), IMPORT),
    "registry: eyes": BadFile("a.json", study(measure(typeUnitsAnalyzed="Eyes")), ("no outcome of participants",), IMPORT),
    "registry: percentage among participants": BadFile("a.json", study(measure(classes=classes("30.4"))), ("mixes participants and percentages", "unit 'participants' and the value '30.4'"), IMPORT),
    "registry: participants in percent": BadFile("a.json", study(measure(paramType="COUNT_OF_PARTICIPANTS", unitOfMeasure="percentage of participants")), ("mixes participants and percentages", "count participants"), IMPORT),
    "registry: more than all": BadFile("a.json", study(measure(classes=classes("24"))), ("between 0 and `n`", "24 of 23"), IMPORT),
    "registry: no denominator": BadFile("a.json", study(measure(denoms=[])), ("`n`",), IMPORT),
    "registry: group without a name": BadFile("a.json", study(measure(classes=classes("9", "B"))), ("not as the API writes it", "'B'"), IMPORT),
    "registry: Kaplan-Meier": BadFile("a.json", study(measure(unitOfMeasure="percentage of participants", classes=classes("61.7"))), ("no percentage is that of a whole number",), IMPORT),
    # Reviews
    "review: no archive": BadFile("a.zip", text("study,events,n\n"), ("cannot be read as a zip archive",), IMPORT),
    "review: another archive": BadFile("a.zip", zipped(notes__txt=b"x"), ("no data package of a Cochrane review", "data-rows.csv"), IMPORT),
    "review: without settings": BadFile("a.zip", zipped(CD1_data_rows__csv=DATA % b"3"), ("it has no \\*-overall-estimates-and-settings.csv",), IMPORT),
    "review: diagnostic tests": BadFile("a.zip", zipped(CD1_parameters__csv=b"x"), ("diagnostic tests",), IMPORT),
    "review: continuous": BadFile("a.zip", zipped(CD1_data_rows__csv=DATA % b"3", CD1_overall_estimates_and_settings__csv=SETTINGS % b"Continuous"), ("no dichotomous outcome", "of Continuous"), IMPORT),
    "review: columns missing": BadFile("a.zip", zipped(CD1_data_rows__csv=b"Study\nLee\n", CD1_overall_estimates_and_settings__csv=SOUND), ("has no column 'Analysis group'",), IMPORT),
    "review: more than all": BadFile("a.zip", zipped(CD1_data_rows__csv=DATA % b"11", CD1_overall_estimates_and_settings__csv=SOUND), ("11 of 10",), IMPORT),
    "review: no UTF-8": BadFile("a.zip", zipped(CD1_data_rows__csv=b"\xff", CD1_overall_estimates_and_settings__csv=SOUND), ("cannot be read",), IMPORT),
    "review: bomb": BadFile("a.zip", zipped(CD1_data_rows__csv=b" " * (40 * 2**20)), ("unpacks to",), IMPORT),
}  # fmt: skip
