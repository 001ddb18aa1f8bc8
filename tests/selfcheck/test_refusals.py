"""Bad input of the self-check: refused as it should be, and what is not refused so fails."""

from dataclasses import replace
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.selfcheck.bad_input import CASES, BadInput, check_refusal


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused(case: BadInput, tmp_path: Path) -> None:
    found = check_refusal(case, tmp_path)
    assert found.ok, found.detail
    assert found.detail == f"refused with {case.error.__name__}"
    assert case.says


def judged(case: BadInput, folder: Path) -> str:
    found = check_refusal(case, folder)
    assert not found.ok
    return found.detail


def test_what_is_accepted_fails(tmp_path: Path) -> None:
    case = replace(CASES[0], text="study,events,n\na,3,10\nb,2,10\n")
    assert judged(case, tmp_path) == "it was accepted"


def test_another_error_fails(tmp_path: Path) -> None:
    detail = judged(replace(CASES[0], error=bm.SpecError), tmp_path)
    assert detail.startswith("not SpecError but EvidenceError: table.csv: `events` must lie")


def test_another_message_fails(tmp_path: Path) -> None:
    detail = judged(replace(CASES[0], says="the moon"), tmp_path)
    assert detail.startswith("the message does not say 'the moon': EvidenceError")


def test_an_error_that_is_none_of_ours_is_passed_on(tmp_path: Path) -> None:
    def broken(_: Path) -> object:
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError, match="by zero"):
        check_refusal(replace(CASES[0], call=broken), tmp_path)


@pytest.mark.parametrize("name", ["made", "table.csv"])
def test_a_file_that_is_left_or_changed_fails(name: str, tmp_path: Path) -> None:
    def writing(folder: Path) -> object:
        (folder / name).write_text("new")
        raise bm.EvidenceError("table.csv (line 3)")

    detail = judged(replace(CASES[0], call=writing), tmp_path)
    assert detail == "it changed files; refused with EvidenceError"
