"""How tests read dossiers: rows, the cells that numbers refer to, and hashes."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import bayesmeta as bm

LISTS = {"arms.csv", "model.toml", "model.txt"}
"""Files that answer as a whole, and not by a number in them."""


def content(folder: Path, stem: str = "dossier") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    return found


def cells(file: Path, number: dict[str, Any]) -> list[str]:
    """Return the cells of a CSV file that a number refers to, as they are written."""
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    return [
        row[number["column"]]
        for row in rows
        if all(same(row[name], value) for name, value in number["row"].items())
    ]


def same(text: str, value: Any) -> bool:
    """Return whether a cell holds a value, every digit of it."""
    if value is None:
        return text == ""
    if isinstance(value, bool | str):
        return text == str(value)
    return text != "" and float(text) == value


def check_rows(folder: Path, stem: str = "dossier") -> None:
    """Check that each row has what it refers to, and each file the hash that the rows give."""
    rows = content(folder, stem)["rows"]
    for row in rows:
        if row["state"] != "answered":
            assert row["file"] == row["sha256"] == ""
            assert row["numbers"] == []
            assert row["answer"]
            continue
        file = folder / row["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == row["sha256"]
        assert row["numbers"] or row["file"] in LISTS, row["source"]
        for number in row["numbers"]:
            [cell] = cells(file, number)
            assert same(cell, number["value"]), (row["source"], number)


def check_manifest(folder: Path) -> None:
    hashes = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    assert set(hashes) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, found in hashes.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == found


def row_of(written: bm.WrittenDossier, source: str) -> Any:
    rows = written.rows[written.rows["source"] == source]
    return rows.iloc[0]


def numbers_of(written: bm.WrittenDossier, source: str) -> dict[str, Any]:
    rows = [row for row in content(written.path)["rows"] if row["source"] == source]
    return {one["label"]: one["value"] for one in rows[0]["numbers"]}
