"""Labels from a file: TOML with a table ``[labels]``, or CSV with columns column, value, label."""

import csv
import io
import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from bayesmeta.errors import SpecError
from bayesmeta.labels import Labels

__all__ = ["LabelSource", "as_labels", "labels_of_csv"]

type LabelSource = Labels | Mapping[str, Mapping[str, str]] | str | PathLike[str] | None

FIELDS = ("column", "value", "label")
"""Columns of a table of labels."""


def as_labels(source: LabelSource) -> Labels:
    """Return labels given as they are, as a mapping, or as the path of a file; none where None."""
    if source is None:
        return Labels()
    if isinstance(source, Labels):
        return source
    if not isinstance(source, str | PathLike):
        return Labels(source)
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SpecError(f"`labels`: no file {path}. Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"`labels`: {path} can't be read as UTF-8 text: {error}.") from error
    try:
        return _of_toml(text) if path.suffix.lower() == ".toml" else labels_of_csv(text)
    except SpecError as error:
        raise SpecError(f"{path.name}: {error}") from error


def labels_of_csv(text: str) -> Labels:
    """Return the labels of a table: column, value (blank for the column itself) and label."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != FIELDS:
        raise SpecError(
            f"`labels` is a table with the columns {', '.join(FIELDS)}; got "
            f"{', '.join(reader.fieldnames or ()) or 'none'}. Or give TOML."
        )
    names: dict[str, dict[str, str]] = {}
    for row in reader:
        column, value, label = ((row[name] or "").strip() for name in FIELDS)
        if value in names.setdefault(column, {}):
            raise SpecError(
                f"`labels` has '{value}' of '{column}' twice, again in line {reader.line_num}. Keep one."
            )
        names[column][value] = label
    return Labels(names)


def _of_toml(text: str) -> Labels:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"`labels` is not valid TOML: {error}. Correct that place.") from error
    if "labels" not in content:
        raise SpecError("`labels` has no table [labels], such as [labels.regimen]. Add it.")
    return Labels(content["labels"])
