"""Malformed files of spreadsheet programs, registries and reviews are refused like bad tables."""

import re
from pathlib import Path

import pytest
from bad_files import CASES
from corpus import Refuse, check_message


@pytest.mark.parametrize("name", CASES)
def test_file(name: str, refused: Refuse, tmp_path_factory: pytest.TempPathFactory) -> None:
    case = CASES[name]
    file: Path = tmp_path_factory.mktemp("bad") / case.file
    file.write_bytes(case.content())
    importing = case.options == ("import",)
    command = ["evidence", "import" if importing else "check", str(file)]
    options = ["--out", "table.csv"] if importing else list(case.options)
    told = refused([*command, *options])
    named = () if "--rate" in told or importing else (re.escape(case.file),)
    check_message(told, [*named, *case.message])


def test_the_corpus_of_files_is_large() -> None:
    assert len(CASES) >= 40
