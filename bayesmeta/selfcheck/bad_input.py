"""Bad input is refused with the right error and a message that names the fault; no file is left."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bayesmeta.errors import (
    BayesmetaError,
    EvidenceError,
    ProfileError,
    RunError,
    SettingsError,
    SpecError,
)
from bayesmeta.estimates.predict import predict
from bayesmeta.evidence import load_evidence, read_evidence
from bayesmeta.inference.result import Fit, load_fit
from bayesmeta.inference.sampling import fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec, load_model
from bayesmeta.selfcheck.checks import Compared, Finding, Task, same
from bayesmeta.selfcheck.quadrature import bundled

SHORT = SamplerSettings(warmup=100, draws=100)


@dataclass(frozen=True)
class BadInput:
    """Something that must be refused."""

    name: str
    error: type[BayesmetaError]
    says: str
    """What the message must say."""
    call: Callable[[Path], object]
    """What is given the input, in a folder of its own."""
    file: str = ""
    text: str = ""
    """What a file in that folder holds; ``{folder}`` in it stands for the folder."""


def check_refusal(case: BadInput, folder: Path) -> Finding:
    """Give a bad input to what must refuse it."""
    if case.file:
        text = case.text.replace("{folder}", folder.as_posix())
        (folder / case.file).write_text(text, encoding="utf-8")
    before = contents(folder)
    try:
        case.call(folder)
    except BayesmetaError as error:
        finding = _judged(case, error)
    else:
        accepted = (same("error", case.error.__name__, "none"),)
        finding = Finding(ok=False, detail="it was accepted", compared=accepted)
    kept = contents(folder) == before
    files = same("files", "not changed", "not changed" if kept else "changed")
    detail = finding.detail if kept else f"it changed files; {finding.detail}"
    return Finding(finding.ok and kept, detail, (*finding.compared, files))


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return every file below a folder with its bytes, every folder with None."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def _judged(case: BadInput, error: BayesmetaError) -> Finding:
    told = f"{type(error).__name__}: {error}"
    named, said = type(error) is case.error, case.says in str(error)
    compared = (
        same("error", case.error.__name__, type(error).__name__),
        Compared("message", f"says {case.says}", str(error), said),
    )
    if not named:
        return Finding(ok=False, detail=f"not {case.error.__name__} but {told}", compared=compared)
    if not said:
        detail = f"the message does not say '{case.says}': {told}"
        return Finding(ok=False, detail=detail, compared=compared)
    return Finding(ok=True, detail=f"refused with {type(error).__name__}", compared=compared)


def _table(name: str, says: str, text: str) -> BadInput:
    return BadInput(f"a table {name}", EvidenceError, says, _read, "table.csv", text)


def _read(folder: Path) -> object:
    return read_evidence(folder / "table.csv").select()


def _model(name: str, says: str, text: str) -> BadInput:
    text = f"schema = 2\n{text}"
    return BadInput(f"a model {name}", SpecError, says, _fit_model, "model.toml", text)


def _fit_model(folder: Path) -> object:
    return _fit(load_model(folder / "model.toml"), "CR")


def _fit(spec: ModelSpec, outcome: str) -> Fit:
    return fit(spec, bundled(outcome), seed=1, settings=SHORT, progress=False)


def _condition(folder: Path) -> object:
    code = _CODE.replace("{folder}", folder.as_posix())
    return load_evidence("rr_aml_venetoclax").select(outcome="ORR", where=code)


def _prediction(_: Path, *, level: str = "ven_hma", n: Any = 40) -> object:
    found = _fit(load_model("regimen"), "ORR")
    return predict(found, n=n, profile={"regimen_class": level}, seed=1)


def _save(folder: Path) -> None:
    _fit(load_model("pooled"), "CR").save(folder)


_CODE = "__import__('pathlib').Path('{folder}/made').touch()"
_HEADER = "study,events,n\n"

CASES = (
    _table("with more responders than patients", "(line 3)", f"{_HEADER}a,3,10\nb,12,10\n"),
    _table("with a percentage", "'35%'", f"{_HEADER}a,3,10\nb,35%,10\n"),
    _table("with a study twice", "(line 3)", f"{_HEADER}a,3,10\na,3,10\n"),
    _table("with other separators", "not separated by commas", "study|events|n\na|3|10\n"),
    _table("without a column of patients", "'n' is missing", "study,events\na,3\n"),
    _model("with a key misspelt", "Did you mean 'mu'", '[priors]\nmuu = "Normal(0, 1.5)"\n'),
    _model(
        "whose tau may be negative",
        "Use HalfNormal",
        '[study_effects]\ndistribution = "normal"\ntau = "Normal(0, 1)"\n',
    ),
    _model("with code as its formula", "__import__", f'[covariates]\nformula = "{_CODE}"\n'),
    BadInput("a condition with code", EvidenceError, "__import__", _condition),
    BadInput(
        "a profile with a level that no arm has",
        ProfileError,
        "Did you mean 'ven_hma'",
        partial(_prediction, level="ven_hmma"),
    ),
    BadInput(
        "a new cohort of NaN patients",
        SettingsError,
        "`n` must be a whole number",
        partial(_prediction, n=float("nan")),
    ),
    BadInput("a folder that holds no run", RunError, "is not a saved run", load_fit),
    BadInput(
        "a run saved over other files", RunError, "not changed", _save, "report.txt", "a report"
    ),
)
"""What is given, and how it must be refused."""

BAD_INPUT = tuple(
    Task(
        "bad input",
        case.name,
        partial(check_refusal, case),
        f"{case.name[0].upper()}{case.name[1:]} is refused with an error that names the fault, and "
        "changes no file.",
    )
    for case in CASES
)
"""Checks of refusals."""
