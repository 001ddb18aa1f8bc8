"""What a trial's decisions are worth under a design prior, which need not be that of its analysis.

The design prior says which true rates are expected; the analysis prior decides on the data. Counts
and rates have a joint distribution under the design prior, from which all follows by enumeration.
"""

from dataclasses import dataclass

import numpy as np

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.planning.counts import posterior_tail, posteriors
from bayesmeta.planning.difference import Betas, difference_above
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.success import Success

MOST_CERTAIN = 1.0


@dataclass(frozen=True)
class BayesianCharacteristics:
    """Bayesian operating characteristics of a trial, averaged over a design prior.

    Here "rate" is the rate of a single arm, or the difference of two. Where the null's condition
    asks for low rates, all signs are reversed.

    Parameters
    ----------
    null, alternative : float
        Rates, or differences, that the characteristics are about.
    success : float
        P(success): the assurance.
    true_null, true_alternative : float
        P(rate <= null) and P(rate > alternative) by the design prior alone.
    false_success : float or None
        P(rate <= null | success): how probably a success is a false one; None where none succeeds.
    missed : float or None
        P(rate > alternative | failure): how probably a failure misses an effect; None where all
        succeed.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> flat, design = bm.BetaMixture([1], a=[1], b=[1]), bm.BetaMixture([1], a=[8], b=[12])
    >>> trial = bm.SingleArmTrial(40, flat, "P(rate > 0.35) > 0.9")
    >>> found = trial.bayesian_characteristics(design, alternative=0.5)
    >>> round(found.success, 2), round(found.false_success, 2), round(found.missed, 2)
    (0.38, 0.03, 0.03)
    """

    null: float
    alternative: float
    success: float
    true_null: float
    true_alternative: float
    false_success: float | None
    missed: float | None


@dataclass(frozen=True, eq=False)
class JointDesign:
    """Counts and rates under a design prior.

    Parameters
    ----------
    null, alternative : float
        Rates, or differences.
    counts : array
        Probability of each count, of the shape of a trial's `successes`.
    at_null, beyond : array
        P(rate <= null) and P(rate > alternative) after each count, of the same shape.
    """

    null: float
    alternative: float
    counts: Array
    at_null: Array
    beyond: Array

    def characteristics(self, successes: Flags) -> BayesianCharacteristics:
        """Return the characteristics of a trial that succeeds at these counts."""
        success = _mean(self.counts, successes)
        failure = _mean(self.counts, ~successes)
        false = _mean(self.counts * self.at_null, successes)
        missed = _mean(self.counts * self.beyond, ~successes)
        every = np.ones_like(successes)
        return BayesianCharacteristics(
            self.null,
            self.alternative,
            success,
            _mean(self.counts * self.at_null, every),
            _mean(self.counts * self.beyond, every),
            min(false / success, MOST_CERTAIN) if success > 0 else None,
            min(missed / failure, MOST_CERTAIN) if failure > 0 else None,
        )


def _mean(weights: Array, counts: Flags) -> float:
    return min(float(weights[counts].sum()), MOST_CERTAIN)


def alternative_of(success: Success, alternative: float | None) -> float:
    """Return the rate, or difference, that failure should not miss, after checking it.

    Where None it is the threshold farthest from the null value on its side, which is the null value
    itself where it is the only one.
    """
    null = success.null
    above = null.direction == ">"
    if alternative is None:
        values = [e.threshold for e in success.conditions if e.direction == null.direction]
        return max(values) if above else min(values)
    if not is_number(alternative) or not null.lowest < alternative < 1:
        raise SettingsError(
            f"`alternative` must be a {null.subject} between {null.lowest} and 1, both excluded; got {alternative!r}. "
            "Write 35% as 0.35."
        )
    if alternative != null.threshold and (alternative > null.threshold) != above:
        side = "above" if above else "below"
        raise SettingsError(
            f"`alternative` must not lie {'below' if above else 'above'} the null value of {null.threshold:g}, where "
            f"`success` does not point; got {alternative:g}. Give one {side} it."
        )
    return float(alternative)


def single_arm_design(
    design: BetaMixture, n: int, success: Success, alternative: float
) -> JointDesign:
    """Return counts and rates of a single arm of n patients."""
    null, above = success.null_value, success.null.direction == ">"
    return JointDesign(
        null,
        alternative,
        design.pmf(n),
        posterior_tail(design, n, null, above=not above),
        posterior_tail(design, n, alternative, above=above),
    )


def two_arm_design(
    treated: tuple[BetaMixture, int],
    control: tuple[BetaMixture, int],
    success: Success,
    alternative: float,
) -> JointDesign:
    """Return counts and differences of two arms, each a design prior and its patients."""
    rate, other_rate = (Betas(*posteriors(design, n)) for design, n in (treated, control))
    above = {
        value: difference_above(rate, other_rate, value)
        for value in {success.null_value, alternative}
    }
    null, other = above[success.null_value], above[alternative]
    up = success.null.direction == ">"
    # No patients have one count, 0, whatever is believed of their rate.
    counts = [design.pmf(n) if n else np.ones(1) for design, n in (treated, control)]
    return JointDesign(
        success.null_value,
        alternative,
        np.outer(counts[1], counts[0]),
        1 - null if up else null,
        other if up else 1 - other,
    )
