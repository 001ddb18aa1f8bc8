"""What a folder of results holds, whatever made it: a fit, nested fits, a comparison or a grid."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmeta.comparison.averaging import AveragedRates, averaged_models, best_of, prediction_by
from bayesmeta.comparison.comparison_table import notes_of
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.errors import RunError
from bayesmeta.estimates.posterior import has_draws
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.estimates.words import evidence_wording, words_of
from bayesmeta.evidence import Arms, EvidenceTable, SurvivalArms, read_evidence
from bayesmeta.evidence.survival.columns import REPORTED
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit, load_fit
from bayesmeta.labels import LabelSource, as_labels
from bayesmeta.model import ModelSpec, parse_model
from bayesmeta.model.labelling import known_names
from bayesmeta.model.values import values_text
from bayesmeta.multiverse.files import load_grid
from bayesmeta.multiverse.results import GridResults, columns
from bayesmeta.rounding import Rates
from bayesmeta.runs import check_run, describe_run
from bayesmeta.runs.files import FIT, REPORTS, file_names
from bayesmeta.runs.manifest import Manifest
from bayesmeta.wording import Wording

TEXTS = dict.fromkeys(
    [
        "study",
        "arm",
        "outcome",
        "report",
        "left_out",
        "model",
        "error",
        "problems",
        "not_applicable",
        "weighted_by",
    ],
    str,
)
"""Columns of names, which may look like numbers."""


@dataclass(frozen=True, eq=False)
class SavedComparison:
    """The tables of a comparison that a folder holds, as `Comparison` has them.

    Columns of `evidence` but its counts are text. `plan` says how it was done: `seed`, `exact` (or
    PSIS), `settings`, and the `question` (profile, factor, cohort and probability of intervals).
    `predictions`, averaged over the models, are by outcome; there are none if no model has all its
    scores.
    """

    table: pd.DataFrame
    left_out: Mapping[str, LeftOut]
    evidence: Arms
    models: Mapping[str, ModelSpec]
    notes: tuple[str, ...]
    plan: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str
    predictions: Mapping[str, Prediction]
    not_applicable: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether no fit failed and the draws of all may be used."""
        return all(one.ok for one in self.left_out.values())

    @property
    def best(self) -> LeftOut | None:
        """The model that predicts best; None if none has all its scores."""
        name = best_of(self.table)
        return None if name is None else self.left_out[name]

    @property
    def question(self) -> Mapping[str, Any]:
        """What the fits were asked."""
        asked: Mapping[str, Any] = self.plan["question"]
        return asked

    @property
    def ci_prob(self) -> float:
        """Probability of the intervals."""
        return float(self.question["ci_prob"])

    @property
    def profile(self) -> str:
        """The covariate values that pooled rates are for, as they were asked; empty if none were."""
        return values_text(self.question["profile"] or {})


type SavedRun = Fit | SavedComparison | GridResults


def load_run(folder: Path) -> SavedRun:
    """Return what a folder holds."""
    if (folder / FIT).is_file():
        return load_fit(folder)
    if not folder.is_dir():
        raise RunError(f"There is no folder {folder}. Give that of a saved run.")
    found = describe_run(folder)
    kinds: dict[str, Callable[[Path, Manifest], SavedRun]] = {
        "comparison": _comparison,
        "grid": _grid,
    }
    if found.manifest.kind not in kinds:
        raise RunError(f"{folder} is a run of kind '{found.manifest.kind}', which has no figures.")
    problems = check_run(folder)
    if problems:
        raise RunError(
            f"{folder} is not finished, or changed since it was written: {problems[0]} Run the same again first."
        )
    try:
        return kinds[found.manifest.kind](folder, found.manifest)
    except (KeyError, ValueError, OSError) as error:
        raise RunError(f"{folder} cannot be read: {error}. Run the same again.") from error


def evidence_of_grid(folder: Path) -> EvidenceTable:
    """Return the table that a grid was run on, as it was kept."""
    names = folder / "inputs" / "text.json"
    text = json.loads(names.read_text(encoding="utf-8")) if names.is_file() else ()
    return read_evidence(folder / "inputs" / "evidence.csv", text=text)


def is_reliable(run: SavedRun) -> bool:
    """Return whether the draws behind a run may be used."""
    if has_draws(run):
        return diagnose(run).ok
    if isinstance(run, GridResults):
        return run.meets("diagnostics")
    return run.ok


def words_of_run(run: SavedRun, *, rates_per: int = 100, labels: LabelSource = None) -> Wording:
    """Return the scale of rates and the labels: those given, then those of models and evidence."""
    if has_draws(run):
        return words_of(run, rates_per=rates_per, labels=labels)
    given = as_labels(labels)
    if isinstance(run, GridResults):
        return Wording(Rates(rates_per), given)
    given.check(known_names(run.evidence, None))
    named = given.merged(spec.labels for spec in run.models.values())
    return evidence_wording(run.evidence, named, rates_per)


def _comparison(folder: Path, manifest: Manifest) -> SavedComparison:
    tables = {
        name: _read(folder / f"{name}.csv")
        for name in ("comparison", "studies", "arms", "influence", "fits")
    }
    outcomes = tuple(dict.fromkeys(tables["arms"].get("outcome", ())))
    evidence = _evidence(folder / "inputs", outcomes)
    labels = dict(zip(evidence.frame["study"], evidence.display_labels, strict=True))
    names = [str(name) for name in tables["comparison"]["model"]]
    files = file_names(manifest.identity["models"])
    reasons = _reasons(tables["comparison"])
    question = manifest.identity["question"]
    left_out = {name: _left_out(name, tables, labels) for name in names if name not in reasons}
    return SavedComparison(
        table=tables["comparison"],
        left_out=left_out,
        evidence=evidence,
        models={name: _model(folder, files[name]) for name in names},
        notes=notes_of(tables["comparison"], left_out),
        plan=manifest.identity,
        versions=manifest.versions,
        created=manifest.created,
        predictions=dict(
            kept_predictions(
                folder,
                tables["comparison"],
                outcomes,
                words=words_of_outcome(evidence),
                time=question.get("time"),
            )
        ),
        not_applicable=reasons,
    )


def _reasons(table: pd.DataFrame) -> dict[str, str]:
    """Return why models do not apply, by name."""
    if "not_applicable" not in table:
        return {}
    told = table[table["not_applicable"] != ""]
    return dict(zip(map(str, told["model"]), map(str, told["not_applicable"]), strict=True))


def _evidence(inputs: Path, outcomes: tuple[str, ...]) -> Arms:
    """Return the arms of a comparison; nothing is fitted to them, so that covariates stay text."""
    frame, excluded = (
        pd.read_csv(inputs / name, dtype=str, keep_default_na=False)
        for name in ("arms.csv", "excluded.csv")
    )
    selection = json.loads((inputs / "selection.json").read_text(encoding="utf-8"))
    if (inputs / REPORTS).is_file():
        return _survival(frame, excluded, selection, inputs / REPORTS)
    counts = {
        name: pd.to_numeric(frame[name]).astype("Int64" if name in outcomes else "int64")
        for name in (*(outcomes or ("events",)), "n")
    }
    return Arms(frame.assign(**counts), excluded, selection, outcomes=outcomes)


def _survival(
    frame: pd.DataFrame, excluded: pd.DataFrame, selection: Mapping[str, Any], file: Path
) -> SurvivalArms:
    """Return arms of survival with what they report."""
    reports = pd.read_csv(file, dtype=str, keep_default_na=False)
    arms, left_out, reported = (_with_numbers(one) for one in (frame, excluded, reports))
    return SurvivalArms(arms, left_out, selection, reports=reported)


def _with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what is reported of survival as numbers."""
    names = [name for name in REPORTED if name in frame]
    return frame.assign(**{name: _exact(frame[name]) for name in names})


def _exact(texts: "pd.Series[str]") -> "pd.Series[Any]":
    """Return numbers as they are written, to the last digit; whole ones stay whole."""
    found = pd.to_numeric(texts)
    # Before pandas 3.1, to_numeric rounded the last digit of some fractions.
    return found if found.dtype.kind == "i" else texts.replace("", "nan").astype(float)


def kept_predictions(
    folder: Path,
    table: pd.DataFrame,
    outcomes: Sequence[str] = (),
    *,
    words: OutcomeWords = SURVIVAL_WORDS,
    time: float | None = None,
) -> Iterator[tuple[str, Prediction]]:
    """Yield the averaged prediction of each outcome that was kept, every number as it was."""
    for outcome in outcomes or ("",):
        of = f"_{outcome}" if outcome else ""
        files = [folder / f"{name}{of}.csv" for name in ("prediction", "prediction_rate")]
        if all(file.is_file() for file in files):
            weights, profile = averaged_models(table)
            rates = AveragedRates(*map(_numbers, files))
            yield outcome, prediction_by(weights, profile, rates, words=words, time=time)


def _numbers(file: Path) -> pd.DataFrame:
    # Read as numbers at once, the last digit may differ from what was written.
    table: pd.DataFrame = pd.read_csv(file, dtype=str).astype(float)
    return table.set_index(table.columns[0])


def _read(file: Path) -> pd.DataFrame:
    table = pd.read_csv(file, dtype=TEXTS, keep_default_na=False, na_values=[""])
    names = [name for name in TEXTS if name in table]
    return table.assign(**{name: table[name].fillna("") for name in names})


def _left_out(model: str, tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str]) -> LeftOut:
    own = {
        name: table[table["model"] == model].drop(columns="model").reset_index(drop=True)
        for name, table in tables.items()
        if name != "comparison"
    }
    # Times of fits are not kept in tables.
    return LeftOut(
        model, own["studies"], own["arms"], own["influence"], own["fits"], float("nan"), {}, labels
    )


def _model(folder: Path, name: str) -> ModelSpec:
    """Return a model that was compared, whatever release wrote it."""
    text = (folder / f"inputs/models/{name}.toml").read_text(encoding="utf-8")
    return parse_model(text, name, warn=False)


def _grid(folder: Path, manifest: Manifest) -> GridResults:
    grid = load_grid(folder / "inputs" / "grid.toml")
    table = pd.read_parquet(folder / "results.parquet", engine="pyarrow")
    kinds = {name: kind for name, kind in columns(above=True).items() if name in table}
    fits = int(table.loc[table["key"] != "", "key"].drop_duplicates().size)
    return GridResults(
        grid, table.astype(kinds), int(manifest.identity["seed"]), fits, float("nan")
    )
