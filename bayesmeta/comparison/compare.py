"""`compare`: models held against each other on the same arms, by what they predict."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from os import PathLike
from typing import Any, Literal

from bayesmeta.comparison.comparison import Comparison, compared
from bayesmeta.comparison.jobs import fitted
from bayesmeta.comparison.left_out import gathered
from bayesmeta.comparison.plan import Plan, make_plan
from bayesmeta.comparison.questions import (
    applicable,
    asked_question,
    check_arms,
    check_profile,
    profile_asked,
    profiles_answered,
    same_rows,
)
from bayesmeta.comparison.weights import DEFAULT, Weighting, WeightsMethod, check_method
from bayesmeta.errors import SpecError, listed
from bayesmeta.estimates.survival_times import time_of
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec, model_hash
from bayesmeta.model.coding import Profile
from bayesmeta.model.files import to_toml
from bayesmeta.runs import Runner, open_run
from bayesmeta.runs.files import REPORTS, file_names


def compare(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    models: Sequence[ModelSpec],
    arms: Arms,
    *,
    seed: int,
    method: Literal["exact", "psis"] = "exact",
    rows: Literal["same", "common"] = "same",
    profile: Profile | None = None,
    factor: str | None = None,
    cohort: int = 40,
    ci_prob: float = 0.95,
    time: float | None = None,
    marginal: bool = True,
    weights: WeightsMethod = DEFAULT,
    settings: SamplerSettings | None = None,
    out: str | PathLike[str] | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
    figures: Callable[[Comparison], Mapping[str, bytes]] | None = None,
) -> Comparison:
    """Compare models by what each predicts of every study from all others.

    Each model is fitted to the whole evidence and without each study in turn; see
    `leave_one_study_out`. The differences say which model predicts a new study best, not which is
    true.

    Parameters
    ----------
    models : sequence of ModelSpec
        What is assumed; a model that these arms cannot tell is a row with the reason.
    arms : Arms
        What was observed.
    seed : int
        Random seed; results do not depend on the number of workers.
    method : {"exact", "psis"}
        How studies are left out; see `leave_one_study_out`.
    rows : {"same", "common"}
        Where a covariate is missing: refuse, or compare models on the arms that all can use.
    profile : mapping, optional
        Covariate values that pooled rates and the new cohort are of, in the models that have them.
    factor : str, optional
        Factor whose levels are compared with the first one, in the models that have it.
    cohort : int
        Patients of the new cohort whose response is predicted; see `Comparison.prediction`.
    ci_prob : float
        Probability of the equal-tailed intervals.
    time : float, optional
        Of survival only, the months after which patients of the new cohort are alive; 12 where None.
    marginal : bool
        Whether to compute log marginal likelihoods.
    weights : {"pseudo_bma_plus", "stacking", "dirichlet_stacking"}
        How models are weighted, in the table and in the averaged prediction; see Notes. The same
        `out` with another method needs no new fits; nor does `Comparison.weighted`.
    settings : SamplerSettings, optional
        Of each fit; 4 chains of 400 + 1,000 draws where None.
    out : path, optional
        Folder that keeps fits and tables; what it holds of this comparison is not done again.
    workers : int
        Worker processes; scripts need the guard ``if __name__ == "__main__":`` for several.
    executor : concurrent.futures.Executor, optional
        Where to fit instead, such as the executor of a Dask client.
    progress : bool, optional
        Show progress; where None, only where a person watches.
    figures : callable, optional
        From the comparison to figures, files by name, which `out` keeps, too.

    Returns
    -------
    Comparison
        `table` with one row per model, the tables behind it, and the averaged `prediction`.

    Raises
    ------
    SpecError
        If a model does not fit the arms, two have one name, or they cannot use the same arms.
    SettingsError
        If an argument is out of its range.
    EvidenceError
        If there are fewer than two studies with patients.
    ProfileError
        If the profile cannot be coded.
    RunError
        If `out` cannot be written, is in use, or holds something else.

    Notes
    -----
    Weights are for averaging predictions. They are not probabilities that models are true.

    ``"pseudo_bma_plus"``: each weight is proportional to exp(elpd), averaged over Bayesian bootstrap
    samples of the studies. A model that predicts much worse has no weight.

    ``"stacking"``: the weights maximise the log score of the averaged prediction of the studies left
    out. A model that is worse by itself may have weight, because it complements another. With few
    studies the weights are unstable.

    ``"dirichlet_stacking"``: stacking with a Dirichlet prior on the weights, at the posterior mode.
    The prior favours equal weights and counts as one study: with K models its parameters are
    1 + 1/K. Every model keeps some weight.

    The default is chosen by simulation: six models, six truths about studies, 300 sets of 10, 30 and
    100 studies each. By pseudo-BMA+, the expected log score of a held-out study is higher than by
    stacking, by 0.028 nats with 10 studies (standard error 0.003) and by 0.004 with 30 (0.001), and
    lower by 0.001 with 100 (0.0002). It is higher than by stacking with the prior by 0.003 with 30
    (0.0004) and by 0.002 with 100 (0.0002), and lower by 0.004 with 10 (0.001). Where studies are
    many and no model describes them, prefer stacking; where they are few, stacking with the prior.

    Intervals of weights are quantiles over Bayesian bootstrap samples of the studies. They are often
    wide: few studies do not determine weights.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.
    Yao, Vehtari, Simpson & Gelman 2018, doi:10.1214/17-BA1091 (stacking, pseudo-BMA+).
    Rubin 1981, doi:10.1214/aos/1176345338 (Bayesian bootstrap).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> models = [bm.load_model("pooled"), bm.load_model("common_effect")]
    >>> found = bm.compare(models, arms, seed=1, method="psis", marginal=False)
    >>> found.table["model"].tolist()
    ['pooled', 'common_effect']
    """
    check_arms(arms)
    named = _named(models)
    usable, reasons = applicable(named, arms)
    designs = same_rows(usable, arms, rows)
    time = time_of(time, survival=isinstance(arms, SurvivalArms))
    question = asked_question(profile, factor, cohort=cohort, ci_prob=ci_prob, time=time)
    check_profile(question, designs)
    plan = make_plan(seed, settings, question, method=method, marginal=marginal)
    check_method(weights)
    weighting = Weighting(weights, plan.seed, ci_prob)
    evidence = next(iter(designs.values())).arms
    with _folder(out, named, evidence, plan) as folder:
        runner = Runner(folder=folder, workers=workers, executor=executor, progress=progress)
        outcomes = fitted(designs, plan, runner)
        left_out = {name: gathered(designs[name], own) for name, own in outcomes.items()}
        about, answers = profile_asked(question, designs), profiles_answered(question, designs)
        found = compared(
            left_out,
            evidence,
            about,
            weighting,
            answers=answers,
            not_applicable=reasons,
            time=question.time,
        )
        if folder is not None:
            drawn = {} if figures is None else figures(found)
            for name, content in {**found.files(), **drawn}.items():
                folder.write(name, content)
    return found


def _named(models: Sequence[ModelSpec]) -> dict[str, ModelSpec]:
    if isinstance(models, Mapping | str) or not isinstance(models, Sequence) or not models:
        raise SpecError(
            f"`models` must be a list of ModelSpec; got {models!r}. Write [load_model('pooled'), ...]."
        )
    wrong = [type(one).__name__ for one in models if not isinstance(one, ModelSpec)]
    if wrong:
        raise SpecError(
            f"`models` must hold ModelSpec; got {listed(wrong)}. Make them by load_model."
        )
    names = [one.name for one in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(
            f"Models are distinguished by name; {listed(twice)} occurs again. Rename one."
        )
    return {one.name: one for one in models}


def _reports(arms: Arms) -> dict[str, str]:
    """Return the file of what arms report of survival; none of response rates."""
    if not isinstance(arms, SurvivalArms):
        return {}
    return {REPORTS: arms.reports.to_csv(index=False, lineterminator="\n")}


def _folder(
    out: str | PathLike[str] | None, models: Mapping[str, ModelSpec], arms: Arms, plan: Plan
) -> Any:
    if out is None:
        return nullcontext()
    identity = {
        "models": {name: model_hash(spec) for name, spec in models.items()},
        "arms": arms.hash,
        "exact": plan.exact,
        "marginal": plan.marginal,
        **plan.as_json(),
    }
    files = file_names(models)
    texts = {f"models/{files[name]}.toml": to_toml(spec) for name, spec in models.items()}
    texts |= {
        "arms.csv": arms.frame.to_csv(index=False, lineterminator="\n"),
        **_reports(arms),
        "excluded.csv": arms.excluded.to_csv(index=False, lineterminator="\n"),
        "selection.json": json.dumps(dict(arms.selection), indent=1, default=str),
    }
    return open_run(out, kind="comparison", identity=identity, texts=texts)
