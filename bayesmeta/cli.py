"""The command line: parse, call, print.

Exit codes: 0 done; 1 done, but the diagnostics failed; 2 bad input; 3 interrupted.
"""

import json
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

import bayesmeta as bm
from bayesmeta.errors import BayesmetaError, ProfileError
from bayesmeta.evidence import Arms, EvidenceTable

__all__ = ["main"]

OK, DIAGNOSTICS_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3
BUNDLED = "rr_aml_venetoclax"
DEMO_FOLDER = Path("runs/demo")

app = typer.Typer(
    help="Bayesian hierarchical meta-analysis of response rates.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
evidence_app = typer.Typer(help="Look at evidence tables and check them.", no_args_is_help=True)
app.add_typer(evidence_app, name="evidence")

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Evidence = Annotated[str, typer.Option("--evidence", help="A bundled table or a CSV file.")]
Outcome = Annotated[
    str | None, typer.Option(help="Outcome; may be left out where the table has one.")
]
Where = Annotated[
    str | None, typer.Option(help="Condition, such as \"venetoclax == 'yes' and n >= 20\".")
]
Parts = Annotated[
    Literal["parts", "whole"], typer.Option(help="Of an arm and its parts, take these.")
]
Strata = Annotated[str | None, typer.Option(help="Take the levels of this stratum as rows.")]
Derivations = Annotated[
    str | None, typer.Option(help="Keep counts had in these ways, joined by commas.")
]
Overlaps = Annotated[
    Literal["resolve", "keep"], typer.Option(help="Cohorts that may share patients.")
]
Include = Annotated[
    Literal["default", "all"], typer.Option(help="Leave out studies marked 'no', or keep all.")
]
Mixed = Annotated[bool, typer.Option("--mixed", help="Keep counts of mixed populations.")]
Interval = Annotated[float, typer.Option("--ci", help="Probability of the intervals.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a saved run.")]
Profile = Annotated[
    list[str] | None, typer.Option("--profile", help="covariate=value; once per covariate.")
]


def _exits(command: Callable[..., int]) -> Callable[..., NoReturn]:
    """Return the command leaving with its exit code, and errors told in one line."""

    @wraps(command)
    def leaving(*arguments: Any, **options: Any) -> NoReturn:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", bm.EvidenceWarning)
                warnings.showwarning = _show_warning
                code = command(*arguments, **options)
        except BayesmetaError as error:
            print(f"Error: {error}", file=sys.stderr)
            code = BAD_INPUT
        except KeyboardInterrupt:
            print("Interrupted; nothing was left half written.", file=sys.stderr)
            code = INTERRUPTED
        raise typer.Exit(code)

    return leaving


@app.command()
@_exits
def demo(
    out: Annotated[Path | None, typer.Option(help="Folder for the run.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> int:
    """Show the whole job on the bundled evidence: regimens in relapsed or refractory AML."""
    from bayesmeta.report import text

    folder = out or DEMO_FOLDER
    replace = force or out is None
    _check_out(folder, force=replace)
    arms = bm.load_evidence(BUNDLED).select(outcome="ORR", venetoclax="yes")
    fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
    diagnostics, table = bm.diagnose(fit), bm.summary(fit)
    prediction = bm.predict(fit, n=40, profile={"regimen_class": "ven_hma"}, seed=2)
    saved = _save(fit, folder, force=replace, figure=True)
    if as_json:
        _print_json(
            _fit_json(fit, diagnostics, table, saved)
            | {"prediction": _prediction_json(prediction, 0.95, [])}
        )
        return _code(diagnostics)
    rates = text.rate_table(table)
    rates.insert(0, "regimen", rates.pop("profile").str.removeprefix("regimen_class="))
    studies = arms.frame.groupby("regimen_class")["study"].nunique()
    rates.insert(1, "studies", [studies[regimen] for regimen in rates["regimen"]])
    _print(
        _warning(diagnostics),
        text.evidence_lines(arms),
        text.model_lines(fit.spec, fit.design),
        text.diagnosis_lines(diagnostics, fit),
        "",
        "Overall response by class of regimen: median and 95% interval",
        text.table_text(rates, indent=2),
        "  typical: the median study; mean: averaged over studies; new study: where its true rate lies.",
        f"  {text.rate_precision(table)}",
        f"  {text.heterogeneity_line(table)}",
        "",
        "A new cohort of 40 patients on venetoclax and a hypomethylating agent",
        [
            f"  {line}"
            for line in text.prediction_lines(
                prediction, 0.95, [("rate_above", 0.5), ("events_at_least", 24)]
            )
        ],
        "",
        f"Saved in {saved}: the draws (draws.nc), model, evidence, provenance and forest.png.",
    )
    return _code(diagnostics)


@evidence_app.command("list")
@_exits
def evidence_list(as_json: Json = False) -> int:
    """List the bundled tables."""
    tables = {name: bm.load_evidence(name) for name in bm.bundled_evidence()}
    if as_json:
        _print_json(
            [
                {"name": name, "rows": len(table), "hash": table.hash}
                for name, table in tables.items()
            ]
        )
    else:
        _print([repr(table) for table in tables.values()])
    return OK


@evidence_app.command("show")
@_exits
def evidence_show(
    evidence: Annotated[str, typer.Argument(help="A bundled table or a CSV file.")] = BUNDLED,
    outcome: Outcome = None,
    where: Where = None,
    parts: Parts = "parts",
    strata: Strata = None,
    derivations: Derivations = None,
    overlaps: Overlaps = "resolve",
    include: Include = "default",
    mixed: Mixed = False,
    as_json: Json = False,
) -> int:
    """Show the outcomes of a table; or, with --outcome, the arms selected and the rows left out."""
    from bayesmeta.report import text

    table = _table(evidence)
    if outcome is None and len(table.outcomes) > 1:
        outcomes = table.outcomes.reset_index()
        _print_json(_records(outcomes)) if as_json else _print(
            repr(table), text.table_text(outcomes, indent=2)
        )
        return OK
    arms = _select(
        table, outcome, where, parts, strata, derivations, overlaps, include, mixed=mixed
    )
    kept = arms.frame.assign(arm=arms.labels)[["arm", "events", "n"]]
    left_out = arms.excluded[["study", "arm", "stratum", "events", "n", "rule"]]
    if as_json:
        _print_json(
            {
                "selection": arms.selection,
                "arms": _records(arms.frame),
                "excluded": _records(arms.excluded),
            }
        )
    else:
        _print(
            text.evidence_lines(arms),
            text.table_text(kept, indent=2),
            "Left out",
            text.table_text(left_out, indent=2),
        )
    return OK


@evidence_app.command("check")
@_exits
def evidence_check(
    file: Annotated[Path, typer.Argument(help="A CSV file with study, events, n.")],
    as_json: Json = False,
) -> int:
    """Check a table of one's own: every rule, with the place of each break."""
    table = bm.read_evidence(file)
    if as_json:
        _print_json(
            {"ok": True, "rows": len(table), "covariates": table.covariates, "hash": table.hash}
        )
    else:
        _print(
            f"{table!r}: no problem found.", f"Covariates: {', '.join(table.covariates) or 'none'}."
        )
    return OK


@app.command()
@_exits
def fit(
    model: Annotated[
        str, typer.Argument(help="A model file (.toml) or a bundled model, such as 'regimen'.")
    ],
    seed: Annotated[
        int, typer.Option(help="Source of all randomness; the same seed gives the same result.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the run.")],
    evidence: Evidence = BUNDLED,
    outcome: Outcome = None,
    where: Where = None,
    parts: Parts = "parts",
    strata: Strata = None,
    derivations: Derivations = None,
    overlaps: Overlaps = "resolve",
    include: Include = "default",
    mixed: Mixed = False,
    chains: Annotated[int, typer.Option(help="Independent chains.")] = 4,
    warmup: Annotated[int, typer.Option(help="Draws per chain that adapt the sampler.")] = 600,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept.")] = 3000,
    target_accept: Annotated[
        float, typer.Option(help="Acceptance the step size is adapted to.")
    ] = 0.9,
    ci: Interval = 0.95,
    cohort: Annotated[int, typer.Option(help="Patients of the new cohort.")] = 40,
    force: Force = False,
    as_json: Json = False,
) -> int:
    """Fit a model, print its summary and save the run."""
    from bayesmeta.estimates.summary import check_ci_prob, check_cohort
    from bayesmeta.report import text

    _check_out(out, force=force)
    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    settings = bm.SamplerSettings(
        chains=chains, warmup=warmup, draws=draws, target_accept=target_accept
    )
    spec = bm.load_model(model)
    arms = _select(
        _table(evidence), outcome, where, parts, strata, derivations, overlaps, include, mixed=mixed
    )
    result = bm.fit(spec, arms, seed=seed, settings=settings)
    diagnostics, table = bm.diagnose(result), bm.summary(result, ci_prob=ci, cohort=cohort)
    saved = _save(result, out, force=force, figure=False)
    if as_json:
        _print_json(_fit_json(result, diagnostics, table, saved))
        return _code(diagnostics)
    _print(
        _warning(diagnostics),
        text.evidence_lines(result.arms),
        text.model_lines(spec, result.design),
        text.diagnosis_lines(diagnostics, result),
        "",
        f"Parameters (log-odds; {ci:.0%} interval)",
        text.table_text(text.parameter_table(table), indent=2),
        "",
        f"Rates: median and {ci:.0%} interval",
        text.table_text(text.rate_table(table), indent=2),
        f"  {text.rate_precision(table)}",
        "",
        f"Saved in {saved}.",
    )
    return _code(diagnostics)


@app.command()
@_exits
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    n: Annotated[int, typer.Option("--n", help="Patients of the cohort.")],
    profile: Profile = None,
    study: Annotated[
        str | None, typer.Option(help="Predict a further cohort of this study.")
    ] = None,
    rate_above: Annotated[float | None, typer.Option(help="Print P(rate > this).")] = None,
    rate_below: Annotated[float | None, typer.Option(help="Print P(rate < this).")] = None,
    at_least: Annotated[int | None, typer.Option(help="Print P(responders >= this).")] = None,
    at_most: Annotated[int | None, typer.Option(help="Print P(responders <= this).")] = None,
    ci: Interval = 0.95,
    as_json: Json = False,
) -> int:
    """Predict the response of a new cohort from a saved run."""
    from bayesmeta.report import text

    result = bm.load_fit(run)
    diagnostics = bm.diagnose(result)
    # No seed is needed: intervals and probabilities are integrals, and no draws are printed.
    prediction = bm.predict(result, n=n, profile=_profile(profile), study=study, seed=0)
    pairs = [
        ("rate_above", rate_above),
        ("rate_below", rate_below),
        ("events_at_least", at_least),
        ("events_at_most", at_most),
    ]
    asked = [(name, value) for name, value in pairs if value is not None]
    if as_json:
        _print_json(_prediction_json(prediction, ci, asked) | {"diagnostics_ok": diagnostics.ok})
    else:
        _print(_warning(diagnostics), text.prediction_lines(prediction, ci, asked))
    return _code(diagnostics)


def main() -> None:
    """Run the command line and leave with its exit code."""
    app()


def _show_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    """Print our own warnings as notes; others are for developers."""
    if issubclass(category, bm.EvidenceWarning):
        print(f"Note: {message}", file=sys.stderr)


def _table(evidence: str) -> EvidenceTable:
    return (
        bm.load_evidence(evidence)
        if evidence in bm.bundled_evidence()
        else bm.read_evidence(evidence)
    )


def _select(
    table: EvidenceTable,
    outcome: str | None,
    where: str | None,
    parts: Literal["parts", "whole"],
    strata: str | None,
    derivations: str | None,
    overlaps: Literal["resolve", "keep"],
    include: Literal["default", "all"],
    *,
    mixed: bool,
) -> Arms:
    ways = None if derivations is None else [way.strip() for way in derivations.split(",")]
    return table.select(
        outcome=outcome,
        where=where,
        parts=parts,
        strata=strata,
        derivations=ways,
        overlaps=overlaps,
        include=include,
        mixed=mixed,
    )


def _profile(pairs: list[str] | None) -> dict[str, str] | None:
    if not pairs:
        return None
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not name or not equals:
            raise ProfileError(f"`--profile` is written covariate=value; got '{pair}'.")
    names = [name for name, _, _ in split]
    if len(set(names)) < len(names):
        raise ProfileError(
            f"`--profile` gives a covariate twice: {', '.join(pairs)}. Give each once."
        )
    return {name.strip(): value.strip() for name, _, value in split}


def _check_out(folder: Path, *, force: bool) -> None:
    """Check the folder before the work rather than after it."""
    from bayesmeta.inference.folders import check_folder

    check_folder(folder, force=force)


def _save(result: bm.Fit, folder: Path, *, force: bool, figure: bool) -> Path:
    from bayesmeta.inference.folders import whole_folder
    from bayesmeta.inference.storage import write_fit

    with whole_folder(folder, force=force) as partial:
        write_fit(result, partial)
        if figure:
            bm.plots.forest(result).save(partial / "forest.png")
    return folder


def _code(diagnostics: bm.Diagnostics) -> int:
    return OK if diagnostics.ok else DIAGNOSTICS_FAILED


def _warning(diagnostics: bm.Diagnostics) -> list[str]:
    return (
        []
        if diagnostics.ok
        else ["NOT RELIABLE: the diagnostics failed; do not use these numbers."]
    )


def _print(*blocks: str | list[str]) -> None:
    """Print lines and lists of lines."""
    for block in blocks:
        for line in [block] if isinstance(block, str) else block:
            print(line)


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def _fit_json(
    result: bm.Fit, diagnostics: bm.Diagnostics, table: Any, saved: Path
) -> dict[str, Any]:
    return {
        "diagnostics_ok": diagnostics.ok,
        "problems": [str(problem) for problem in diagnostics.problems],
        "model": result.spec.name,
        "arms": len(result.arms),
        "studies": len(result.arms.studies),
        "events": int(result.arms.events.sum()),
        "n": int(result.arms.n.sum()),
        "seed": result.provenance.seed,
        "seconds": result.provenance.seconds,
        "summary": _records(table),
        "saved": str(saved),
    }


def _prediction_json(
    prediction: bm.Prediction, ci: float, asked: list[tuple[str, Any]]
) -> dict[str, Any]:
    probabilities = {name: prediction.probability(**{name: value}) for name, value in asked}
    return {
        "n": prediction.n,
        "profile": prediction.profile,
        "study": prediction.study,
        "ci_prob": ci,
        "interval": json.loads(prediction.interval(ci).to_json(orient="index")),
        "pmf": prediction.law.pmf(prediction.n).tolist(),
        "probabilities": {
            name: {
                "at": value,
                "probability": float(probabilities[name]),
                "mcse": probabilities[name].mcse,
            }
            for name, value in asked
        },
    }


def _records(table: Any) -> Any:
    return json.loads(table.to_json(orient="records", double_precision=15))
