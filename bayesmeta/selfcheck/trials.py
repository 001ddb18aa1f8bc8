"""Trials with beta-mixture priors against what RBesT 1.9-0 finds: decisions, errors, and sizes.

The mixtures are those of RBesT's own documentation. Its boundary of one arm is the last count before the
decision changes; here it is the first after it.
"""

from pathlib import Path

from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import mixed
from bayesmeta.planning.sample_size import Method, effective_sample_size
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import parse_success
from bayesmeta.planning.two_arms import TwoArmTrial
from bayesmeta.selfcheck.checks import Compared, Finding, Task, same, within

GROUP = "references"
HISTORY = BetaMixture((0.62, 0.38), (19.2, 3.5), (57.8, 9.4))
TREATED = BetaMixture((1,), (0.5,), (1,))
ROBUST = mixed(HISTORY, BetaMixture((1,), (1,), (1,)), 0.2)
"""A MAP prior, that of a treated arm, and the first with a vague component of weight 0.2."""

PROBABILITY, RELATIVE = 1e-10, 1e-5
"""Largest error of a probability, and of a size as a share of it; Morita's is a search."""

ONE_ARM = "P(rate > 0.3) > 0.975"
ONE_ARM_BOUNDARY = 28
ONE_ARM_SUCCESS = {
    0.2: 3.02051939719917e-06,
    0.3: 0.00477269500140104,
    0.4: 0.177861732776926,
    0.5: 0.740520998405173,
}
ONE_ARM_EXPECTED = 0.138550470143594
"""Of 60 patients with the robust prior: `decision1S_boundary`, `oc1S` by true rate, and `pos1S`."""

TWO_ARMS = "P(rate - control > 0) > 0.95"
TWO_ARMS_BOUNDARY = (10, 11, 12, 13, 15, 17, 18)
TWO_ARMS_SUCCESS = {
    (0.1, 0.1): 3.03013918945679e-05,
    (0.25, 0.25): 0.0197400815813453,
    (0.5, 0.5): 0.387946038506925,
    (0.6, 0.3): 0.865452444676914,
}
TWO_ARMS_EXPECTED = 0.32336668580572
"""Of 24 and 6 patients: smallest number of treated responders, by those of control, `oc2S`, `pos2S`."""

SIZES: dict[Method, float] = {"elir": 37.0270334, "moment": 26.30230735, "morita": 62.94412418}
"""Of the MAP prior: `ess` by method."""


def check_one_arm(_: Path) -> Finding:
    """Compare the decision and the errors of one arm with those of RBesT."""
    trial = SingleArmTrial(60, ROBUST, parse_success(ONE_ARM))
    success = trial.operating_characteristics(list(ONE_ARM_SUCCESS))["success"]
    return _finding(
        same("smallest number of responders", str(ONE_ARM_BOUNDARY), str(trial.boundary)),
        *(
            within(f"success at a true rate of {rate}", expected, found, PROBABILITY)
            for (rate, expected), found in zip(ONE_ARM_SUCCESS.items(), success, strict=True)
        ),
        within(
            "success over the prior", ONE_ARM_EXPECTED, trial.probability_of_success(), PROBABILITY
        ),
    )


def check_two_arms(_: Path) -> Finding:
    """Compare the decisions and the errors of two arms with those of RBesT."""
    trial = TwoArmTrial(24, 6, TREATED, HISTORY, parse_success(TWO_ARMS))
    smallest = trial.boundary["smallest"]
    return _finding(
        *(
            same(f"smallest number, {control} of control", str(expected), str(found))
            for control, (expected, found) in enumerate(
                zip(TWO_ARMS_BOUNDARY, smallest, strict=True)
            )
        ),
        *(
            within(
                f"success at true rates of {rate} and {control}",
                expected,
                trial.operating_characteristics([rate], [control])["success"].item(),
                PROBABILITY,
            )
            for (rate, control), expected in TWO_ARMS_SUCCESS.items()
        ),
        within(
            "success over the priors",
            TWO_ARMS_EXPECTED,
            trial.probability_of_success(),
            PROBABILITY,
        ),
    )


def check_sizes(_: Path) -> Finding:
    """Compare effective sample sizes with those of RBesT."""
    return _finding(
        *(
            within(
                f"{method} (patients)",
                expected,
                effective_sample_size(HISTORY, method=method),
                RELATIVE * expected,
            )
            for method, expected in SIZES.items()
        )
    )


def _finding(*compared: Compared) -> Finding:
    """Return whether all numbers are as they should be, and the largest error of them."""
    errors = [
        abs(float(one.obtained) - float(one.expected))
        for one in compared
        if one.tolerance is not None
    ]
    return Finding(
        all(one.ok for one in compared),
        f"{len(compared)} numbers, largest difference {max(errors):.0e}",
        compared,
    )


TRIALS = (
    Task(
        GROUP,
        "trial of one arm by RBesT",
        check_one_arm,
        "The decision of a trial of one arm with a robust prior, and its probabilities of success, are those "
        "of RBesT 1.9-0.",
    ),
    Task(
        GROUP,
        "trial of two arms by RBesT",
        check_two_arms,
        "The decisions of a trial of two arms whose control borrows, and their probabilities of success, are "
        "those of RBesT 1.9-0.",
    ),
    Task(
        GROUP,
        "effective sample sizes by RBesT",
        check_sizes,
        "Effective sample sizes of a MAP prior by ELIR, moments and Morita's method are those of RBesT 1.9-0.",
    ),
)
"""Checks of plans against another program."""
