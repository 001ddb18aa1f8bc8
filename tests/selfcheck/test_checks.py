"""Checks that pass, fail and end in an error; and all of them as one."""

import math
import warnings
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.selfcheck import Check, SelfCheck, run_selfcheck, this_environment
from bayesmeta.selfcheck.checks import Finding, Task, performed, tried_twice, within
from bayesmeta.selfcheck.running import TASKS


def passing(_: Path) -> Finding:
    return Finding(ok=True, detail="as it should be")


def failing(_: Path) -> Finding:
    return Finding(ok=False, detail="2 rather than 1")


def broken(_: Path) -> Finding:
    raise KeyError("gone")


def test_a_check_is_what_its_work_found(tmp_path: Path) -> None:
    check = performed(Task("group", "name", failing, "It holds."), tmp_path)
    assert (check.group, check.name, check.ok) == ("group", "name", False)
    assert check.detail == "2 rather than 1"
    assert check.requirement == "It holds."
    assert check.seconds >= 0


def test_an_error_is_a_failed_check_and_the_others_go_on() -> None:
    ended: list[Check] = []
    tasks = [Task("g", str(k), work, "") for k, work in enumerate((broken, passing, failing))]
    found = run_selfcheck(tasks, ended=ended.append)
    assert [check.ok for check in found.checks] == [False, True, False]
    assert found.checks[0].detail == "KeyError: 'gone'"
    assert [check.name for check in found.failed] == ["0", "2"]
    assert not found.ok
    assert tuple(ended) == found.checks


def test_nothing_checked_is_nothing_shown() -> None:
    assert not SelfCheck(this_environment(), (), 0.0).ok


def test_an_interrupt_ends_it() -> None:
    def interrupted(_: Path) -> Finding:
        raise KeyboardInterrupt("pressed")

    with pytest.raises(KeyboardInterrupt, match="pressed"):
        run_selfcheck([Task("g", "n", interrupted, "")])


def test_each_check_has_a_folder_of_its_own_which_is_removed() -> None:
    seen: list[Path] = []

    def writing(folder: Path) -> Finding:
        assert list(folder.iterdir()) == []
        (folder / "file").touch()
        seen.append(folder)
        return Finding(ok=True, detail="")

    assert run_selfcheck([Task("g", name, writing, "") for name in "ab"]).ok
    assert seen[0] != seen[1]
    assert not any(folder.exists() for folder in seen)


def test_notes_on_made_up_evidence_are_not_shown(tmp_path: Path) -> None:
    def noting(_: Path) -> Finding:
        warnings.warn("a note", bm.EvidenceWarning, stacklevel=1)
        return Finding(ok=True, detail="")

    assert performed(Task("g", "n", noting, ""), tmp_path).ok


@pytest.mark.parametrize(
    ("wrong", "ok", "tries"), [((), True, [1]), ((1,), True, [1, 2]), ((1, 2), False, [1, 2])]
)
def test_what_is_random_is_tried_with_a_second_seed(
    *, wrong: tuple[int, ...], ok: bool, tries: list[int]
) -> None:
    seeds: list[int] = []

    def work(seed: int) -> Finding:
        seeds.append(seed)
        return Finding(seed not in wrong, f"seed {seed}")

    found = tried_twice(work)
    assert (found.ok, seeds) == (ok, tries)
    assert ("another seed" in found.detail) == (len(tries) == 2)


def test_all_that_is_promised_is_checked() -> None:
    groups = [task.group for task in TASKS]
    assert set(groups) == {
        "installation",
        "references",
        "bad input",
        "reproducibility",
        "interruption",
    }
    assert groups.count("references") >= 3
    assert groups.count("bad input") >= 10
    assert len({(task.group, task.name) for task in TASKS}) == len(TASKS)
    assert all(task.requirement.endswith(".") for task in TASKS)


@pytest.mark.parametrize(
    ("obtained", "ok"), [(1.0, True), (1.1, True), (0.9, True), (1.2, False), (math.nan, False)]
)
def test_numbers_are_compared_within_a_tolerance(*, obtained: float, ok: bool) -> None:
    assert within("rate", 1.0, obtained, 0.11).ok is ok
