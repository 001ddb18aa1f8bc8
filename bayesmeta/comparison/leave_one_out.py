"""`leave_one_study_out`: each study predicted from all others."""

from concurrent.futures import Executor
from typing import Literal

from bayesmeta.comparison.jobs import fitted
from bayesmeta.comparison.left_out import LeftOut, gathered
from bayesmeta.comparison.plan import make_plan
from bayesmeta.comparison.questions import (
    asked_question,
    check_arms,
    check_profile,
    check_spec,
)
from bayesmeta.errors import SamplingError
from bayesmeta.estimates.survival_times import time_of
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec, make_design
from bayesmeta.model.coding import Profile
from bayesmeta.model.limits import check_integrated
from bayesmeta.runs import Failed, Runner


def leave_one_study_out(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    spec: ModelSpec,
    arms: Arms,
    *,
    seed: int,
    method: Literal["exact", "psis"] = "exact",
    profile: Profile | None = None,
    factor: str | None = None,
    ci_prob: float = 0.95,
    time: float | None = None,
    settings: SamplerSettings | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> LeftOut:
    """Return how a model predicts each study from all others, and the influence of each.

    The unit left out is the study: its score is the joint probability of its arms' counts given all
    other studies, with its own effect integrated out. The model stays that of the whole evidence,
    with its coding of covariates; a coefficient that only the study left out informs has its prior.
    Studies without patients are not left out.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed.
    arms : Arms
        What was observed.
    seed : int
        Random seed; results do not depend on the number of workers.
    method : {"exact", "psis"}
        Leave out each study by a refit; or by Pareto smoothed importance sampling (PSIS) from the fit
        of the whole evidence, with a refit where the estimated tail shape (`pareto_k`) is above 0.7 or
        the Monte-Carlo error of the score above 0.025. A refit whose error is above that is done
        again with more draws.
    profile : mapping, optional
        Covariate values that pooled rates are for; others stand at the reference or the centre.
    factor : str, optional
        Factor whose levels are compared with the first one, study by study left out.
    ci_prob : float
        Probability of the equal-tailed intervals of `LeftOut.influence`.
    time : float, optional
        Of survival only, the months after which patients are alive; 12 where None.
    settings : SamplerSettings, optional
        Of each fit; 4 chains of 400 + 1,000 draws where None.
    workers : int
        Worker processes; scripts need the guard ``if __name__ == "__main__":`` for several.
    executor : concurrent.futures.Executor, optional
        Where to fit instead, such as the executor of a Dask client.
    progress : bool, optional
        Show progress; where None, only where a person watches.

    Returns
    -------
    LeftOut
        Tables `studies`, `arms`, `influence` and `fits`. A fit that fails is recorded there and
        does not stop the others.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    EvidenceError
        If there are fewer than two studies with patients.
    ProfileError
        If the profile cannot be coded.
    SpecError
        If the model does not fit the arms.
    SamplingError
        If the fit of the whole evidence fails.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4.
    Merkle, Furr & Rabe-Hesketh 2019, doi:10.1007/s11336-019-09679-0 (the unit left out, and its
    integrated likelihood).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.leave_one_study_out(bm.load_model("pooled"), arms, seed=1, method="psis")
    >>> round(found.elpd), int(found.arms["inside_95"].sum()), len(found.arms)
    (-42, 13, 14)
    """
    check_spec(spec)
    check_arms(arms)
    check_integrated(spec, arms)
    time = time_of(time, survival=isinstance(arms, SurvivalArms))
    question = asked_question(profile, factor, ci_prob=ci_prob, time=time)
    plan = make_plan(seed, settings, question, method=method)
    designs = {spec.name: make_design(spec, arms)}
    check_profile(question, designs)
    runner = Runner(workers=workers, executor=executor, progress=progress)
    outcomes = fitted(designs, plan, runner)[spec.name]
    whole = outcomes[""]
    if isinstance(whole, Failed):
        raise SamplingError(f"The fit of the whole evidence failed: {whole.message}")
    return gathered(designs[spec.name], outcomes)
