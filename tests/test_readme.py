"""The README: its code runs, its commands work, and its numbers are those of a run."""

import re
import shlex
from pathlib import Path

import pytest

from bayesmeta.cli import app
from notebooks import NUMBER, differences

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def commands_of_the_readme() -> list[str]:
    lines = [line for text in blocks("") for line in text.splitlines()]
    return [line for line in lines if line.startswith("uv run bayesmeta ")]


BEGINNINGS = {
    "predict runs/nested": "A cohort of ",
    "plan ": "MAP prior",
    "contrast runs/hma": "Contrasts of prior_hma",
}
"""How the output of a command begins, of which a block shows the first lines."""


def check_output(command: str, printed: str) -> None:
    """Hold a block to the output of its command within Monte-Carlo error: chains differ by processor."""
    for part, beginning in BEGINNINGS.items():
        if f"bayesmeta {part}" in command:
            [shown] = [text for text in blocks("") if text.startswith(beginning)]
            lines = shown.splitlines()
            found = printed[printed.index(beginning) :].splitlines()[: len(lines)]
            assert differences(shown.strip(), "\n".join(found)) == []


def run(command: str) -> int:
    """Run a command line in this process and return its exit code."""
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(shlex.split(command.removeprefix("uv run "))[1:])
    return int(left.value.code)


@pytest.mark.slow
def test_the_python_example_runs() -> None:
    scope: dict[str, object] = {}
    for example in blocks("python"):
        exec(compile(example, "README.md", "exec"), scope)  # noqa: S102
    assert len(scope["forest"].table) > 28
    assert scope["summary"]["quantity"].iloc[0] == "mu"


@pytest.mark.slow
@pytest.mark.stored("README.md")
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_the_commands_run_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    [table] = blocks("csv")
    (tmp_path / "mine.csv").write_text(table)
    (tmp_path / "newer.csv").write_text(f"{table}Delta 2022,high,7,19,high\n")
    commands = commands_of_the_readme()[1:4]
    assert [run(command) for command in commands] == [0, 0, 0]
    # The last, selfcheck, has a test of its own.
    for command in commands_of_the_readme()[4:-1]:
        # Weighted draws, and few of them, do for whether the command works.
        quick = " --method psis --draws 300 --workers 1 --fail-on nothing"
        models = command.replace("models/", str(ROOT / "models")) + quick
        assert run(models if " compare " in command else command) == 0, command
        check_output(command, capsys.readouterr().out)


def test_the_first_commands_are_those_of_the_check_script() -> None:
    first = blocks("")[0]
    assert [line.split("  ")[0].strip() for line in first.splitlines()] == [
        "uv run bayesmeta demo",
        "uv run pytest",
    ]
    everything = 'uv run pytest -m "slow or not slow"'
    assert f"`{everything}`" in README
    assert f"\n{everything} " in (ROOT / ".ci" / "run").read_text()


@pytest.mark.slow
def test_the_numbers_are_those_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within 2 points: the largest Monte-Carlo error of a bound is 0.4, and each is rounded."""
    monkeypatch.chdir(tmp_path)
    assert run("bayesmeta demo") == 0
    printed = capsys.readouterr().out
    [shown] = [text.strip() for text in blocks("") if text.startswith("Overall response")]
    lines = printed[printed.index("Overall response") :].splitlines()[: len(shown.splitlines())]
    found = "\n".join(lines)
    assert differences(NUMBER.sub("0", shown), NUMBER.sub("0", found)) == []
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(found), strict=True)
    assert [(one, other) for one, other in pairs if abs(float(one) - float(other)) > 2] == []
    assert {"draws.nc", "forest.png"} <= {
        path.name for path in (tmp_path / "runs" / "demo").iterdir()
    }
    assert len(printed.splitlines()) < 45


def anchors(path: Path) -> set[str]:
    """Return the names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    parts = [link.partition("#") for link in links]
    assert [file for file, _, _ in parts if not (ROOT / file).exists()] == []
    assert [
        anchor for file, _, anchor in parts if anchor and anchor not in anchors(ROOT / file)
    ] == []
