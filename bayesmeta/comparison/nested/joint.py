"""`joint_against_separate`: what a joint model of nested outcomes buys over a model of each."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.jobs import Runner
from bayesmeta.comparison.nested.fits import (
    JOINT,
    SEPARATE,
    joint_fit,
    predict_held_out,
    separate_fit,
)
from bayesmeta.comparison.plans import SETTINGS
from bayesmeta.comparison.requests import check_settings
from bayesmeta.errors import EvidenceError, SamplingError, SettingsError, SpecError, listed
from bayesmeta.estimates.nested.rates import nested_rates
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.evidence import Arms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Binomial, Design, ModelSpec, make_design, model_hash
from bayesmeta.model.coding import Profile
from bayesmeta.numeric import check_seed
from bayesmeta.runs import Failed, Finished, Job, job_key

__all__ = ["JointComparison", "joint_against_separate"]

FEWEST = 2
CI_PROB = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class JointComparison:
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
    >>> rows = {"study": ["a", "b", "c"] * 2, "outcome": ["ORR"] * 3 + ["CR"] * 3}
    >>> rows |= {"events": [21, 9, 24, 13, 2, 14], "n": [45, 43, 55] * 2}
    >>> arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    >>> model, few = bm.load_model("pooled"), bm.SamplerSettings(chains=2, draws=1000)
    >>> found = bm.joint_against_separate(model, arms, seed=1, settings=few)
    >>> found.studies.set_index("study")["elpd"].idxmin(), found.ok
    ('b', True)
    >>> found.widths[["outcome", "new_study_joint", "new_study_separate"]].round(1).tail(1)
      outcome  new_study_joint  new_study_separate
    1      CR              0.5                 0.8
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
        own = self.arms.assign(
            width=(self.arms["upper_95"] - self.arms["lower_95"]) / self.arms["n"]
        )
        return pd.DataFrame(
            [_side_by_side(outcome, rows) for outcome, rows in own.groupby("outcome", sort=False)]
        )

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
    >>> model, few = bm.load_model("pooled"), bm.SamplerSettings(chains=2, draws=1000)
    >>> found = bm.joint_against_separate(model, arms, seed=1, settings=few)
    >>> found.table[["outcome", "arms", "inside_95_joint", "inside_95_separate"]].round(1)
      outcome  arms  inside_95_joint  inside_95_separate
    0     ORR     3              1.0                 1.0
    1      CR     3              1.0                 1.0
    >>> bool((found.table["elpd_diff"].abs() < 1).all())
    True
    """
    designs = _designs(spec, arms, separate)
    joint = designs[0]
    check_settings(settings)
    seed, chosen = check_seed(seed), settings or SETTINGS
    runner = Runner(workers=workers, executor=executor, progress=progress)
    cores = chosen.cores if workers == 1 and executor is None else 1
    own = SamplerSettings(**{**asdict(chosen), "arm_draws": False, "cores": cores})
    with_patients = joint.arms.frame.loc[joint.arms.n > 0, "study"]
    studies = [str(study) for study in dict.fromkeys(with_patients)]
    jobs = [_job(study, designs, seed, own) for study in studies]
    outcomes = runner.run(jobs)
    done = [_finished(outcomes[job.name], job.name).value for job in jobs]
    rows = [row for one in done for row in one["arms"]]
    scores = [{name: one[name] for name in ("study", "elpd", "mcse_elpd", "ok")} for one in done]
    widths = _widths(designs, profile, seed, own)
    return JointComparison(spec.name, pd.DataFrame(rows), pd.DataFrame(scores), widths)


Designs = tuple[Design, Mapping[str, Design]]


def _designs(spec: ModelSpec, arms: Arms, separate: ModelSpec | None) -> Designs:
    """Return the design of the joint model, and that of the separate model of each outcome."""
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
    few = [name for name in arms.outcomes if joint.arms.of(name).frame["study"].nunique() < FEWEST]
    if few:
        raise EvidenceError(
            f"Leaving studies out needs two studies of each outcome or more; not so of {listed(few)}. Leave it out."
        )
    return joint, {
        name: make_design(each, joint.arms.of(name), warn=False) for name in arms.outcomes
    }


def _job(study: str, designs: Designs, seed: int, settings: SamplerSettings) -> Job:
    joint, separate = designs
    key = job_key(
        kind="joint against separate",
        model=model_hash(joint.spec),
        separate=tuple(model_hash(design.spec) for design in separate.values()),
        arms=joint.arms.hash,
        left_out=study,
        seed=seed,
        settings={name: value for name, value in asdict(settings).items() if name != "cores"},
    )
    return Job(f"without {study}", key, predict_held_out, (joint, separate, study, seed, settings))


def _finished(outcome: Finished | Failed, name: str) -> Finished:
    if isinstance(outcome, Failed):
        raise SamplingError(f"The fit {name} failed: {outcome.message}")
    return outcome


def _widths(
    designs: Designs, profile: Profile | None, seed: int, settings: SamplerSettings
) -> pd.DataFrame:
    """Return the width of intervals with all studies, joint and separate, one row per outcome."""
    joint, separate = designs
    fit, ok = joint_fit(joint, seed, settings, ())
    rates, rows = nested_rates(fit, profile), []
    typical = rates.typical
    for level, (outcome, design) in enumerate(separate.items()):
        apart, usable = separate_fit(design, seed, settings, ())
        alone = profile_rates(apart, profile)
        rows.append(
            {
                "outcome": outcome,
                f"new_study_{JOINT}": _distribution_width(rates.distribution(outcome)),
                f"new_study_{SEPARATE}": _distribution_width(alone.new_study()),
                f"typical_{JOINT}": _draws_width(typical[..., level]),
                f"typical_{SEPARATE}": _draws_width(alone.typical),
                "ok": ok and usable,
            }
        )
    return pd.DataFrame(rows)


def _distribution_width(distribution: DrawnRates) -> float:
    low, high = (distribution.rate.quantile(p).value for p in _bounds())
    return high - low


def _draws_width(draws: Any) -> float:
    low, high = np.quantile(draws, _bounds())
    return float(high - low)


def _bounds() -> Sequence[float]:
    return (1 - CI_PROB) / 2, (1 + CI_PROB) / 2


def _side_by_side(outcome: object, rows: pd.DataFrame) -> dict[str, Any]:
    own = {name: rows[rows["model"] == name].set_index("arm") for name in (JOINT, SEPARATE)}
    difference = own[JOINT]["log_score"] - own[SEPARATE]["log_score"]
    by_study = difference.groupby(own[JOINT]["study"]).sum()
    found: dict[str, Any] = {"outcome": outcome, "arms": len(difference)}
    found |= {f"elpd_{name}": one["log_score"].sum() for name, one in own.items()}
    found["elpd_diff"] = difference.sum()
    found["se_diff"] = float(np.sqrt(len(by_study) * by_study.var(ddof=1)))
    for column, label in (
        ("crps", "crps"),
        ("inside_95", "inside_95"),
        ("expected_95", "expected_95"),
        ("width", "width_95"),
    ):
        found |= {f"{label}_{name}": one[column].mean() for name, one in own.items()}
    return found
