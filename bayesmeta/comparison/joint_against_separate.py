"""`joint_against_separate`: what a joint model of nested outcomes buys over a model of each."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.jobs import fitted
from bayesmeta.comparison.left_out import LeftOut, gathered
from bayesmeta.comparison.plan import make_plan
from bayesmeta.comparison.questions import asked_question, check_profile
from bayesmeta.errors import EvidenceError, SamplingError, SettingsError, SpecError, listed
from bayesmeta.evidence import Arms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Binomial, Design, ModelSpec, make_design
from bayesmeta.model.coding import Profile
from bayesmeta.runs import Failed, Outcome, Runner
from bayesmeta.shown import Shown

JOINT, SEPARATE = "joint", "separate"
"""How the two kinds of models are called in tables."""

FEWEST = 2
CI_PROB = 0.95
COHORT = 1


@dataclass(frozen=True, eq=False, repr=False)
class JointComparison(Shown):
    """A joint model of nested outcomes beside one model per outcome, study by study left out.

    Made by `joint_against_separate`.

    Parameters
    ----------
    model : str
        Name of the joint model.
    arms : DataFrame
        One row per arm, outcome and `model` (``"joint"`` or ``"separate"``): `log_score` (the log
        probability of its count given all other studies) with `mcse_log_score`, `crps`, prediction
        intervals and `pit`; see `LeftOut.arms`.
    studies : DataFrame
        One row per study: the joint model's `elpd` of all its counts together, with `mcse_elpd`, and
        `ok`, whether the diagnostics of every fit without it hold.
    widths : DataFrame
        One row per outcome: width of the 95% interval of the rate of a new study (`new_study_joint`,
        `new_study_separate`, probability) and of the typical rate, with all studies.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = {"study": ["a", "b"] * 2, "outcome": ["ORR"] * 2 + ["CR"] * 2}
    >>> rows |= {"events": [21, 9, 13, 2], "n": [45, 43] * 2}
    >>> arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    >>> model, few = bm.load_model("pooled"), bm.SamplerSettings(chains=2, warmup=200, draws=400)
    >>> found = bm.joint_against_separate(model, arms, seed=1, settings=few)
    >>> found.ok
    True
    >>> found.studies[["study", "ok"]]
      study    ok
    0     a  True
    1     b  True
    """

    model: str
    arms: pd.DataFrame
    studies: pd.DataFrame
    widths: pd.DataFrame

    @property
    def ok(self) -> bool:
        """Whether the draws of all fits may be used."""
        return bool(self.studies["ok"].all() and self.widths["ok"].all())

    @property
    def table(self) -> pd.DataFrame:
        """The two kinds of models side by side, one row per outcome.

        Columns: `outcome`, `arms`; `elpd_joint` and `elpd_separate`, sums of log scores;
        `elpd_diff`, joint less separate, and its standard error `se_diff` over studies; `crps_joint`
        and `crps_separate` (mean, patients); `inside_95_joint` and `inside_95_separate` (share of
        arms), and `expected_95_joint` and `expected_95_separate`, those to be expected under each model;
        `width_95_joint` and `width_95_separate` (mean width of the 95% prediction intervals as a
        share of n).
        """
        width = (self.arms["upper_95"] - self.arms["lower_95"]) / self.arms["n"]
        each = self.arms.assign(width_95=width).groupby("outcome", sort=False)
        return pd.DataFrame([_side_by_side(outcome, rows) for outcome, rows in each])

    def __repr__(self) -> str:
        found = ", ".join(
            f"{row['outcome']} {row['elpd_diff']:+.1f} (SE {row['se_diff']:.1f})"
            for row in self.table.to_dict("records")
        )
        trouble = "" if self.ok else "; NOT RELIABLE: see studies and widths"
        return f"JointComparison({self.model}: elpd, joint less separate: {found}{trouble})"


def joint_against_separate(  # noqa: PLR0913 - one argument for each thing asked, all but two by name
    spec: ModelSpec,
    arms: Arms,
    *,
    seed: int,
    separate: ModelSpec | None = None,
    profile: Profile | None = None,
    settings: SamplerSettings | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> JointComparison:
    """Return what a joint model of nested outcomes buys over a model of each outcome by itself.

    Each study is predicted from all others by fits without it, of the joint model and of a model of
    each outcome that it reports. The same counts are scored for both.

    Parameters
    ----------
    spec : ModelSpec
        The joint model.
    arms : Arms
        What was observed.
    seed : int
        Random seed; results do not depend on the number of workers.
    separate : ModelSpec, optional
        The model of each outcome; where None, with the covariates and link of `spec`, normal study
        effects and default priors.
    profile : mapping, optional
        What `widths` are for; what is left out stands at the reference level or the centre.
    settings : SamplerSettings, optional
        Of every fit; 4 chains of 400 + 1,000 draws where None.
    workers, executor, progress
        As of `leave_one_study_out`.

    Returns
    -------
    JointComparison
        With `table`, `arms`, `studies` and `widths`.

    Raises
    ------
    SettingsError, SpecError
        If an argument is of the wrong kind.
    EvidenceError
        If an outcome is reported by fewer than two studies.
    SamplingError
        If a fit stops.

    References
    ----------
    Gneiting & Raftery 2007, doi:10.1198/016214506000001437 (log score, CRPS).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = {"study": ["a", "b", "c"] * 2, "outcome": ["ORR"] * 3 + ["CR"] * 3}
    >>> rows |= {"events": [21, 9, 24, 13, 2, 14], "n": [45, 43, 55] * 2}
    >>> arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    >>> model, few = bm.load_model("pooled"), bm.SamplerSettings(chains=2, warmup=200, draws=400)
    >>> found = bm.joint_against_separate(model, arms, seed=1, settings=few)
    >>> found.table[["outcome", "arms", "inside_95_joint", "inside_95_separate"]].round(1)
      outcome  arms  inside_95_joint  inside_95_separate
    0     ORR     3              1.0                 1.0
    1      CR     3              1.0                 1.0
    >>> bool((found.table["elpd_diff"].abs() < 1).all())
    True
    """
    designs = _designs(spec, arms, separate)
    question = asked_question(profile, None, cohort=COHORT, ci_prob=CI_PROB)
    check_profile(question, designs)
    plan = make_plan(seed, settings, question)
    runner = Runner(workers=workers, executor=executor, progress=progress)
    outcomes = fitted(designs, plan, runner)
    _check_done(outcomes)
    joint, *apart = (gathered(designs[name], found) for name, found in outcomes.items())
    each = dict(zip(arms.outcomes, apart, strict=True))
    rows = [joint.arms.assign(model=JOINT)]
    rows += [one.arms.assign(model=SEPARATE, outcome=name) for name, one in each.items()]
    ok = pd.concat([one.fits for one in (joint, *apart)]).groupby("left_out")["ok"].all()
    studies = joint.studies[["study", "elpd", "mcse_elpd"]]
    studies = studies.assign(ok=studies["study"].map(ok).astype(bool))
    widths = [_widths(name, joint, one, ok=bool(ok[""])) for name, one in each.items()]
    return JointComparison(
        spec.name, pd.concat(rows, ignore_index=True), studies, pd.DataFrame(widths)
    )


def _designs(spec: ModelSpec, arms: Arms, separate: ModelSpec | None) -> dict[str, Design]:
    """Return the design of the joint model, and then that of the separate model of each outcome."""
    if not isinstance(spec, ModelSpec):
        raise SpecError(f"`spec` must be a ModelSpec; got {type(spec).__name__}.")
    if not isinstance(arms, Arms) or len(arms.outcomes) == 1:
        raise SettingsError(
            f"`arms` must be Arms of several outcomes; got {arms!r}. Make them by select(outcomes=[...])."
        )
    if not isinstance(separate, ModelSpec | None):
        raise SpecError(f"`separate` must be a ModelSpec; got {type(separate).__name__}.")
    joint = make_design(spec, arms)
    each = separate or ModelSpec(
        spec.name, covariates=spec.covariates, likelihood=Binomial(spec.link)
    )
    own = {name: joint.arms.of(name) for name in arms.outcomes}
    few = [name for name, one in own.items() if one.frame["study"].nunique() < FEWEST]
    if few:
        raise EvidenceError(
            f"Leaving studies out needs two studies of each outcome or more; not so of {listed(few)}. Leave it out."
        )
    apart = {f"{SEPARATE} {name}": make_design(each, one, warn=False) for name, one in own.items()}
    return {JOINT: joint, **apart}


def _check_done(outcomes: Mapping[str, Mapping[str, Outcome]]) -> None:
    for model, found in outcomes.items():
        for study, one in found.items():
            if isinstance(one, Failed):
                of = f"without '{study}'" if study else "to all studies"
                raise SamplingError(f"The {model} fit {of} failed: {one.message}")


def _widths(outcome: str, joint: LeftOut, apart: LeftOut, *, ok: bool) -> dict[str, Any]:
    """Return the widths of intervals of one outcome with all studies, joint and separate."""
    row: dict[str, Any] = {"outcome": outcome}
    own = joint.influence[joint.influence["outcome"] == outcome]
    for quantity in ("new study", "typical rate"):
        for model, table in ((JOINT, own), (SEPARATE, apart.influence)):
            wanted = (table["left_out"] == "") & (table["quantity"] == quantity)
            [whole] = table[wanted].to_dict("records")
            name = quantity.removesuffix(" rate").replace(" ", "_")
            row[f"{name}_{model}"] = whole["upper"] - whole["lower"]
    return row | {"ok": ok}


def _side_by_side(outcome: object, rows: pd.DataFrame) -> dict[str, Any]:
    own = {name: rows[rows["model"] == name].set_index("arm") for name in (JOINT, SEPARATE)}
    difference = own[JOINT]["log_score"] - own[SEPARATE]["log_score"]
    by_study = difference.groupby(own[JOINT]["study"]).sum()
    found: dict[str, Any] = {"outcome": outcome, "arms": len(difference)}
    found |= {f"elpd_{name}": one["log_score"].sum() for name, one in own.items()}
    found["elpd_diff"] = difference.sum()
    found["se_diff"] = float(np.sqrt(len(by_study) * by_study.var(ddof=1)))
    for column in ("crps", "inside_95", "expected_95", "width_95"):
        found |= {f"{column}_{name}": one[column].mean() for name, one in own.items()}
    return found
