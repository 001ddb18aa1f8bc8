"""What a shell shows of the command line: completion of words, and help in colours."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.bundled import all_models
from bayesmeta.cli import app
from bayesmeta.cli.colours import coloured


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return what bash is offered after a line; a blank at its end begins a new word."""

    def offered(line: str) -> list[str]:
        words = line.split()
        monkeypatch.setenv("_BAYESMETA_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - (not line.endswith(" "))))
        with pytest.raises(SystemExit, match="0"):
            app([], prog_name="bayesmeta")
        return capsys.readouterr().out.split()

    return offered


def test_commands_are_offered(completed) -> None:
    names = [str(one.name) for one in app.registered_commands]
    assert sorted(completed("bayesmeta ")) == sorted([*names, "evidence"])
    assert completed("bayesmeta pre") == ["predict"]
    assert completed("bayesmeta evidence s") == ["show"]


def test_options_and_their_words_are_offered(completed) -> None:
    assert completed("bayesmeta selfcheck --re") == ["--report"]
    assert completed("bayesmeta report run --format d") == ["docx"]


@pytest.mark.parametrize("command", ["fit", "compare", "validate"])
def test_bundled_models_are_offered(command: str, completed) -> None:
    assert completed(f"bayesmeta {command} ") == list(all_models())
    assert completed(f"bayesmeta {command} pool") == ["pooled"]
    # Of anything else, bash completes names of files.
    assert completed(f"bayesmeta {command} mine.to") == []


@pytest.mark.parametrize(
    "line",
    [
        "bayesmeta fit pooled --evidence ",
        "bayesmeta evidence show rr",
        "bayesmeta evidence outcomes ",
    ],
)
def test_bundled_tables_are_offered(line: str, completed) -> None:
    assert completed(line) == ["rr_aml_venetoclax"]


def test_names_are_known_without_loading_numbers() -> None:
    code = (
        "import sys; from bayesmeta.bundled import all_models, evidence_names; "
        "print(len(all_models()), evidence_names(), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{len(all_models())} {bm.bundled_evidence()} False\n"
    assert set(bm.bundled_models()) < set(all_models())
    assert [bm.load_model(name).name for name in all_models()] == list(all_models())


def test_completion_is_installed_where_the_shell_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(SystemExit, match="0"):
        app(["--install-completion", "bash"], prog_name="bayesmeta")
    assert "bash completion installed in" in capsys.readouterr().out
    script = tmp_path / ".bash_completions" / "bayesmeta.sh"
    assert "complete -o default -F _bayesmeta_completion bayesmeta" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


HELP = """Usage: bayesmeta fit [OPTIONS]

  Fit a model: it is saved.

Options:
  -o, --out <path>  Folder.
                    more: text
  --ci <float>      Probability.

Commands:
  leave-one-out  Leave out.
"""


def test_headings_and_names_are_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = coloured(HELP)
    marked = [line for line in shown.splitlines() if "\x1b" in line]
    assert marked == [
        "\x1b[1mUsage:\x1b[0m bayesmeta fit [OPTIONS]",
        "\x1b[1mOptions:\x1b[0m",
        "  \x1b[36m-o, --out\x1b[0m <path>  Folder.",
        "  \x1b[36m--ci\x1b[0m <float>      Probability.",
        "\x1b[1mCommands:\x1b[0m",
        "  \x1b[36mleave-one-out\x1b[0m  Leave out.",
    ]
    assert re.sub(r"\x1b\[\d*m", "", shown) == HELP
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured(HELP) == HELP


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["evidence", "--help"]])
def test_a_file_gets_help_without_colours(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    with pytest.raises(SystemExit, match="0"):
        app(arguments)
    printed = capsys.readouterr().out
    assert printed.startswith("Usage:")
    assert "\x1b" not in printed
