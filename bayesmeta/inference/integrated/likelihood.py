"""`study_log_likelihood`: studies given the parameters alone, their effects integrated out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import InapplicableError, SettingsError, listed
from bayesmeta.inference.blocks import CELLS
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.effects import NORMAL
from bayesmeta.inference.density.totals import log_totals_at
from bayesmeta.inference.integrated.integrand import STUDENT, Kind, StudyArms
from bayesmeta.inference.integrated.study import integrated_study
from bayesmeta.model import Design
from bayesmeta.model.limits import why_not_integrated


class _Rows(NamedTuple):
    """Binomial counts in the order of their studies: arms, and totals over levels as two each.

    Given the difference between its levels, a total on the logit's scale depends on the study effect
    as two binomial counts would that share its responders in any way; here, like its patients.
    """

    arm: Integers
    """Position of each one's arm, shape (row,)."""
    total: Integers
    """Position of its total, or -1, shape (row,)."""
    factor: Array
    """How far it is from the arm's predictor, in differences between the levels, shape (row,)."""
    events: Array
    n: Array


class _Arms(NamedTuple):
    """Arms in the order of their studies, as the compiled function needs them."""

    first: Integers
    """Position of each study's first arm, and the number of arms; shape (study + 1,)."""
    events: Array
    n: Array
    level: Array
    information: Array


class _Given(NamedTuple):
    """What the arms are given, draw by draw."""

    eta: Array
    """Linear predictor without effects, shape (draw, arm)."""
    spread: Array
    """Standard deviation of its own perturbation, shape (draw, arm), or (draw, 0) for none."""
    rho: Array
    """Overdispersion, shape (draw,)."""


class _Part(NamedTuple):
    """The study effects, or one of the distributions that theirs is a mixture of, draw by draw."""

    log_weight: Array
    """Logarithm of its probability, shape (draw,) or ()."""
    code: int
    tau: Array
    """Scale of the study effect, shape (draw, study)."""
    own: Array
    """The distribution's own parameter, shape (draw,)."""
    fixed: float


def study_log_likelihood(
    design: Design, variables: Mapping[str, Array], *, imputed: Sequence[str] | None = None
) -> Array:
    """Return the log probability of each study's events given the parameters.

    The effects of studies and arms and the missing values of imputed covariates are integrated out
    over the arms of a study together, by quadrature; binomial coefficients are included. Nothing is
    learnt from the arms of `design`, which may be those of studies left out of a fit. Known values of
    imputed covariates are given, not predicted.

    `variables` are the parameters, shape (..., own dims), `x_mean` and `x_sd` in the columns' own units.
    `imputed` names the columns that these are of, those that the fit imputed; where None, those that
    the model imputes and that lack values in these arms. Log probabilities have dims (..., study).
    """
    if design.totals.unknown.any():
        raise InapplicableError(
            f"Studies have no log likelihood: {why_not_integrated(design.spec, design.arms)}."
        )
    shape = np.shape(variables["mu"])
    flat = {
        name: np.asarray(values, dtype=np.float64).reshape(-1, *np.shape(values)[len(shape) :])
        for name, values in variables.items()
    }
    counts = _rows(design)
    arms, coefficients = _arms(design, counts)
    affine = _affine(design, flat, imputed)
    draws, studies = flat["mu"].size, arms.first.size - 1
    found = np.empty((draws, studies))
    rows = max(1, CELLS // max(len(counts.arm), 1))
    codes = np.array([design.spec.likelihood.code, design.spec.link.code])
    for first in range(0, draws, rows):
        block = {name: values[first : first + rows] for name, values in flat.items()}
        given = _given(design, block, affine, counts)
        each = [
            part.log_weight[..., None]
            + _studies(arms, given, codes, part.code, part.tau, part.own, part.fixed)
            for part in _parts(design, block)
        ]
        found[first : first + rows] = np.logaddexp.reduce(each) + _shared(design, block)
    return (found + coefficients).reshape(*shape, studies)


def _rows(design: Design) -> _Rows:
    """Return the binomial counts in order."""
    arms, totals = design.arms, design.totals
    events, n = arms.events.astype(np.float64), arms.n.astype(np.float64)
    total, factor = np.full(len(arms), -1), np.zeros(len(arms))
    events[totals.arm], n[totals.arm] = totals.events * (1 - totals.share), totals.first
    total[totals.arm], factor[totals.arm] = np.arange(totals.arm.size), -totals.share
    found = _Rows(
        np.concatenate([np.arange(len(arms)), totals.arm]),
        np.concatenate([total, np.arange(totals.arm.size)]),
        np.concatenate([factor, 1 - totals.share]),
        np.concatenate([events, totals.events * totals.share]),
        np.concatenate([n, totals.second]),
    )
    order = np.argsort(arms.study_index[found.arm], kind="stable")
    return _Rows(
        found.arm[order],
        found.total[order],
        found.factor[order],
        found.events[order],
        found.n[order],
    )


def _shared(design: Design, variables: Mapping[str, Array]) -> Array:
    """Return what two binomial counts lack of each study's totals, dims (draw, study).

    It depends on the difference between levels alone, so that any predictors will do.
    """
    totals, studies = design.totals, len(design.arms.studies)
    if not totals.arm.size:
        return np.zeros((1, studies))
    difference = coefficients_of(variables) @ totals.step.T
    first, second = -totals.share * difference, (1 - totals.share) * difference
    lack = log_totals_at(totals.rows, first, second)
    for share, n, theta in (
        (1 - totals.share, totals.first, first),
        (totals.share, totals.second, second),
    ):
        log_rate, log_rest = design.spec.link.log_rates(theta)
        lack = lack - totals.events * share * log_rate - (n - totals.events * share) * log_rest
    place = design.arms.study_index[totals.arm]
    return np.asarray(lack @ (place[:, None] == np.arange(studies)))


def _arms(design: Design, rows: _Rows) -> tuple[_Arms, Array]:
    """Return the arms in order, and the log binomial coefficients of each study."""
    spec, (events, n) = design.spec, rows[3:]
    study = design.arms.study_index[rows.arm]
    sizes = np.bincount(study)
    choose = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    choose = np.where(rows.total < 0, choose, 0.0)
    level = spec.link.theta((events + 0.5) / (n + 1))
    information = np.where(n > 0, (n + 1) * spec.link.information(level), 0.0)
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    coefficients = np.bincount(study, weights=choose)
    return _Arms(first, events, n, level, information), coefficients


@dataclass(frozen=True, eq=False)
class _Affine:
    """How arms' covariates follow from values that are not known."""

    matrix: Array
    """Coded covariates with missing values at their columns' centres, dims (arm, covariate)."""
    centre: Array
    """Those centres, in the columns' own units, shape (imputed,)."""
    slope: Array
    """Change per unit where a value is missing, else 0, dims (imputed, arm, covariate)."""


def _affine(
    design: Design, variables: Mapping[str, Array], imputed: Sequence[str] | None
) -> _Affine:
    coding, frame = design.coding, design.arms.frame
    lacking = [name for name in coding.covariates.impute if frame[name].isna().any()]
    names = tuple(lacking if imputed is None else imputed)
    _check_imputed(names, lacking, variables)
    matrix = design.matrix_at_centres
    centre = np.array([coding.centres[name] for name in names])
    slope = np.zeros((len(names), *matrix.shape))
    for i, name in enumerate(names):
        missing = frame[name].isna().to_numpy()
        # The columns are affine in the value, so that any step will do.
        step = max(1.0, abs(centre[i]))
        moved = frame.assign(**{name: frame[name].astype(float).fillna(centre[i] + step)})
        slope[i, missing] = (coding.matrix(moved) - matrix)[missing] / step
    return _Affine(matrix, centre, slope)


def _check_imputed(
    names: tuple[str, ...], lacking: list[str], variables: Mapping[str, Array]
) -> None:
    known = variables["x_mean"].shape[-1] if "x_mean" in variables else 0
    unexpected = [name for name in lacking if name not in names]
    if unexpected or (known != len(names) and lacking):
        raise SettingsError(
            f"`imputed` must name the {known} columns of `x_mean`, among them {listed(lacking)}, in which these "
            f"arms lack values; got {listed(names)}. Give those that the fit imputed."
        )


def _given(design: Design, variables: Mapping[str, Array], affine: _Affine, rows: _Rows) -> _Given:
    """Return predictors, perturbations and scales, arms in order."""
    spec, mu = design.spec, variables["mu"]
    level = mu[:, None] if spec.study_effects.pools else design.mu[0].kernel.a
    eta = np.broadcast_to(level, (mu.size, len(design.arms))).copy()
    variance = np.zeros(eta.shape)
    if spec.arm_effects is not None:
        variance += variables["tau_arm"][:, None] ** 2
    coefficients = coefficients_of(variables)
    if coefficients.shape[-1]:
        eta += coefficients @ affine.matrix.T
        for i, slope in enumerate(affine.slope):
            steep = coefficients @ slope.T
            eta += steep * (variables["x_mean"][:, i, None] - affine.centre[i])
            variance += (steep * variables["x_sd"][:, i, None]) ** 2
    rho = next((variables[name] for name in spec.likelihood.parameters), np.zeros(mu.shape))
    eta, spread = eta[:, rows.arm], np.sqrt(variance)[:, rows.arm]
    if design.totals.arm.size:
        eta = eta + rows.factor * (coefficients @ design.totals.step.T)[:, rows.total]
    return _Given(np.ascontiguousarray(eta), np.ascontiguousarray(spread), rho)


def _parts(design: Design, variables: Mapping[str, Array]) -> Iterator[_Part]:
    """Yield the parts of the distribution of study effects; there is one unless it is a mixture."""
    distribution, mu = design.spec.study_effects, variables["mu"]
    shape = (mu.size, len(design.arms.studies))
    if not distribution.pools:
        # Each level has the prior of mu: normal, Student or Cauchy.
        kernel = design.mu[0].kernel
        code = STUDENT if kernel.is_student_t else NORMAL
        yield _Part(np.zeros(()), code, np.full(shape, kernel.b), np.full(mu.shape, kernel.c), 0.0)
        return
    tau = np.zeros((mu.size, 1))
    if distribution.tau is not None:
        tau = variables["tau"]
        tau = tau[:, design.tau_of_study] if distribution.by else tau[:, None]
    parameters = {name: variables[name] for name in distribution.parameters}
    own = next(iter(parameters.values()), np.zeros(mu.shape))
    for weight, factor, part in distribution.mixture(**parameters):
        scaled = np.ascontiguousarray(np.broadcast_to(factor * tau, shape))
        yield _Part(np.log(weight), part.code, scaled, own, part.constants[0])


@compiled
def _studies(  # noqa: PLR0917
    arms: _Arms,
    given: _Given,
    codes: Integers,
    code: int,
    tau: Array,
    own: Array,
    fixed: float,
) -> Array:
    """Return the log likelihood of each study in each draw, without coefficients."""
    draws, studies = tau.shape
    found = np.empty((draws, studies))
    for d in range(draws):
        eta, spread = given.eta[d], given.spread[d]
        kind = Kind(codes[0], codes[1], given.rho[d])
        for s in range(studies):
            a, b = arms.first[s], arms.first[s + 1]
            those = StudyArms(
                eta[a:b],
                arms.events[a:b],
                arms.n[a:b],
                spread[a:b],
                arms.level[a:b],
                arms.information[a:b],
            )
            found[d, s] = integrated_study(those, kind, code, tau[d, s], own[d], fixed)
    return found
