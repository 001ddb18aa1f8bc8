"""Commands that reports print select the same arms and make the same draws."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_reading import printed_command, run

import bayesmeta as bm
from bayesmeta.model import to_toml
from bayesmeta.report.document import Code, Document
from bayesmeta.report.saved_runs import load_run
from bayesmeta.report.sections.redo import redo_section
from bayesmeta.report.writing import document_of

pytestmark = [pytest.mark.stored, pytest.mark.slow]

SELECTIONS: dict[str, dict[str, Any]] = {
    "condition": {"where": "venetoclax == 'yes' and n >= 20"},
    "columns": {"venetoclax": "yes", "design": ["phase1", "phase2", "retrospective"]},
    "either, and columns": {"where": "n > 40 or design == 'phase2'", "venetoclax": "yes"},
    "mapping": {"where": {"venetoclax": "yes"}, "hma": ["aza", "dec"]},
    "whole": {"venetoclax": "yes", "parts": "whole"},
    "strata": {"strata": "prior_hma"},
    "derivations": {"derivations": ["reported", "from_sum"]},
    "all": {"overlaps": "keep", "include": "all", "mixed": True},
}
QUICK = bm.SamplerSettings(chains=2, warmup=120, draws=100, target_accept=0.85)


def again(folder: Path, section: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a person does: save the model file, and run the command."""
    monkeypatch.chdir(folder)
    [model, command] = [block.text for block in section.blocks if isinstance(block, Code)]
    (folder / "model.toml").write_text(model, encoding="utf-8")
    assert run(*printed_command(Document("", "", (section,), ""))) in (0, 1)
    assert command.endswith("--out runs/again")


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_the_printed_command_makes_the_same_draws(
    table: bm.EvidenceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    arms = table.select(outcome="ORR", **SELECTIONS[name])
    fit = bm.fit(bm.load_model("pooled"), arms, seed=7, settings=QUICK)
    again(tmp_path, redo_section(fit), monkeypatch)
    found = bm.load_fit(tmp_path / "runs" / "again")
    assert found.arms.hash == arms.hash
    assert found.arms.excluded["study"].tolist() == arms.excluded["study"].tolist()
    assert found.settings == fit.settings
    assert found.draws.identical(fit.draws)


@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
@pytest.mark.parametrize("file", ["mine.csv", "a table.txt"])
def test_a_file_of_ones_own_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    (tmp_path / file).write_text("study,events,n,site\na,3,10,it's\nb,4,12,x\nc,9,20,it's\n")
    monkeypatch.chdir(tmp_path)
    arms = bm.read_evidence(file).select(site="it's")
    fit = bm.fit(bm.load_model("pooled"), arms, seed=7, settings=QUICK)
    again(tmp_path, redo_section(fit), monkeypatch)
    assert bm.load_fit(tmp_path / "runs" / "again").draws.identical(fit.draws)


@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_a_file_is_read_again_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_text(
        'study,xi,n,code,age group,age\na,3,10,1,ND,"61,5"\nb,4,12,2,RR,?\nc,9,20,3x,RR,"70,5"\n'
    )
    monkeypatch.chdir(tmp_path)
    table = bm.read_evidence(
        "mine.csv", columns={"events": "xi"}, text=["code"], missing=["?"], decimal=","
    )
    arms = table.select(**{"age group": ["ND", "RR"]})
    fit = bm.fit(bm.load_model("pooled"), arms, seed=7, settings=QUICK)
    again(tmp_path, redo_section(fit), monkeypatch)
    assert bm.load_fit(tmp_path / "runs" / "again").arms.hash == arms.hash


@pytest.mark.slow
def test_a_nested_fit_is_made_again(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = bm.load_fit(runs["nested"])
    again(tmp_path, redo_section(fit), monkeypatch)
    found = bm.load_fit(tmp_path / "runs" / "again")
    assert found.provenance.arms_hash == fit.provenance.arms_hash
    assert found.draws.identical(fit.draws)


@pytest.mark.slow
def test_a_comparison_is_made_again(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings of the command; those of the library may be others."""
    saved = load_run(runs["compare"])
    words = printed_command(document_of(runs["compare"]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for name, spec in saved.models.items():
        (tmp_path / "models" / f"{name}.toml").write_text(to_toml(spec), encoding="utf-8")
    assert run(*words, "--workers", "1", "--fail-on", "nothing") == 0
    found = load_run(tmp_path / "runs" / "again")
    assert found.evidence.hash == saved.evidence.hash
    assert found.question == saved.question
    assert found.plan["seed"] == saved.plan["seed"]
    assert found.models == saved.models
    both = [one.table.set_index("model").sort_index() for one in (saved, found)]
    assert np.allclose(both[0]["elpd"], both[1]["elpd"], atol=0.5)
