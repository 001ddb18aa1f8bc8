"""What people call the levels, columns and outcomes that tables name for machines."""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import SpecError, listed

__all__ = ["OUTCOME", "LabelSource", "Labels", "as_labels", "labels_of_csv"]

OUTCOME = "outcome"
"""The column whose values are outcomes."""

ITSELF = ""
"""The value under which a column has its own label."""

_END = r"(?= \((?:reference|centre|last year)\)|[,;:)]|\.?$|\. )"
"""What ends the value of a covariate in a sentence."""

_SHARE = r"([^,;()=]+?):(\d+(?:\.\d+)?(?:e-\d+)?)(?=\+|[,;)]|\.?$|\. )"
"""A level with its share, of a mixture of levels such as ``DEC:0.6+AZA:0.4``."""


@dataclass(frozen=True)
class Labels:
    """Labels of columns, levels and outcomes, used wherever people read.

    Parameters
    ----------
    names : mapping
        By column, its values with their labels, such as ``{"regimen": {"DEC": "decitabine"}}``. Outcomes
        are the values of ``"outcome"``; the label of a column itself stands under ``""``.

    Raises
    ------
    SpecError
        If it is not a mapping of mappings of text, a label is blank, or two values share one.

    Examples
    --------
    >>> labels = Labels({"regimen": {"DEC": "decitabine", "AZA": "azacitidine"}})
    >>> labels.text("regimen=DEC, age=65")
    'regimen=decitabine, age=65'
    >>> labels.text("regimen=DEC:0.6+AZA:0.4, age=65")
    'regimen=0.6 of decitabine and 0.4 of azacitidine, age=65'
    """

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.names, Mapping):
            raise SpecError(
                f"`labels` must map columns to their labels; got {self.names!r}. Write such as "
                '{"regimen": {"DEC": "decitabine"}}.'
            )
        for column, values in self.names.items():
            _check(column, values)

    def of(self, column: str, value: str) -> str:
        """Return the label of a value of a column, or the value where it has none."""
        return value if value == ITSELF else self.names.get(column, {}).get(value, value)

    def outcome(self, name: str) -> str:
        """Return the label of an outcome, or its name where it has none."""
        return self.of(OUTCOME, name)

    def about(self, outcome: str | None, text: str, sign: str = ": ") -> str:
        """Return text that begins with the outcome it is about; of the only one, with a capital."""
        if outcome:
            return f"{self.outcome(outcome)}{sign}{text}"
        return f"{text[:1].upper()}{text[1:]}"

    def column(self, name: str) -> str:
        """Return the label of a column, or its name where it has none."""
        return self.names.get(name, {}).get(ITSELF, name)

    def knows(self, column: str) -> bool:
        """Return whether any value of a column has a label."""
        return column in self.names

    @property
    def table(self) -> dict[str, dict[str, str]]:
        """The labels as plain mappings, for files."""
        return {name: dict(values) for name, values in self.names.items()}

    def over(self, other: "Labels") -> "Labels":
        """Return these labels, and those of `other` where these have none."""
        columns = dict.fromkeys((*other.names, *self.names))
        return Labels(
            {name: {**other.names.get(name, {}), **self.names.get(name, {})} for name in columns}
        )

    def merged(self, others: Iterable["Labels"]) -> "Labels":
        """Return these labels, then those of each of `others` where none before has any."""
        return reduce(Labels.over, others, self)

    def text(self, text: str) -> str:
        """Return a text with labels in place of ``column[level]`` and ``column=level``."""
        for column in self.names:
            if column != OUTCOME:
                text = self._of_column(column, text)
        return text

    def _of_column(self, column: str, text: str) -> str:
        name = rf"(?<![\w.]){re.escape(column)}"
        text = re.sub(rf"{name}\[([^\[\]]+)\]", lambda found: self.of(column, found[1]), text)
        text = re.sub(
            rf"{name}=({_SHARE}(?:\+{_SHARE})+)",
            lambda found: f"{self.column(column)}={self._mixture(column, found[1])}",
            text,
        )
        return re.sub(
            rf"{name}=(.*?){_END}",
            lambda found: f"{self.column(column)}={self.of(column, found[1])}",
            text,
        )

    def _mixture(self, column: str, shares: str) -> str:
        each = re.findall(rf"\+?{_SHARE}", shares)
        return " and ".join(f"{share} of {self.of(column, level)}" for level, share in each)

    def among(self, known: Mapping[str, Iterable[str]]) -> "Labels":
        """Return the labels of columns and values that are there."""
        there = {column: {ITSELF, *map(str, values)} for column, values in known.items()}
        found = {
            column: {value: label for value, label in values.items() if value in there[column]}
            for column, values in self.names.items()
            if column in there
        }
        return Labels({column: values for column, values in found.items() if values})

    def check(self, known: Mapping[str, Iterable[str]]) -> None:
        """Raise if a column or value that has a label is not among those there are.

        Raises
        ------
        SpecError
            If a label is of something that is not there.
        """
        for column, values in self.names.items():
            if column not in known:
                raise SpecError(
                    f"`labels` names the column '{column}', which is not there. There are: {listed(known)}."
                )
            there = list(map(str, known[column]))
            for value in values:
                if value not in (ITSELF, *there):
                    what = "an outcome" if column == OUTCOME else f"a level of '{column}'"
                    raise SpecError(
                        f"`labels` names '{value}', which is not {what}. {_there(there)} "
                        "Correct the label, or leave it out."
                    )


def _there(names: list[str]) -> str:
    # A blank is a value that is not known.
    known = [name for name in names if name]
    return f"There are: {listed(known)}." if known else "There is none."


def _check(column: object, values: Any) -> None:
    if not isinstance(values, Mapping) or not values:
        raise SpecError(
            f"`labels` of '{column}' must map its values to labels; got {values!r}. Write such as "
            '{"DEC": "decitabine"}.'
        )
    for value, label in values.items():
        if not isinstance(value, str) or not isinstance(label, str) or not label.strip():
            raise SpecError(
                f"`labels` of '{column}' must be text that is not blank; got {value!r}: {label!r}."
            )
    own = [label for value, label in values.items() if value != ITSELF]
    twice = [label for label in dict.fromkeys(own) if own.count(label) > 1]
    if twice:
        raise SpecError(
            f"`labels` gives two values of '{column}' one label: {listed(twice)}. Give each a different one."
        )


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
        raise SpecError(f"`labels`: {path} cannot be read as UTF-8 text: {error}.") from error
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
