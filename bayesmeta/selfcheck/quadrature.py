"""Draws and left-out studies against the deterministic posterior, on bundled evidence and hard cases."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bayesmeta.comparison.leave_one_out import leave_one_study_out
from bayesmeta.estimates.verify import LARGEST_DISTANCE, LARGEST_Z, Verification, verify
from bayesmeta.evidence import Arms, load_evidence, read_evidence
from bayesmeta.inference.sampling import fit
from bayesmeta.model import load_model
from bayesmeta.selfcheck.checks import Compared, Finding, Task, tried_twice, within

GROUP = "references"
AGREE = (
    f"agree with quadrature within {LARGEST_Z:.0f} Monte-Carlo standard errors, and predictive "
    f"probabilities within a total variation of {LARGEST_DISTANCE}."
)
EACH_STUDY, ALL_STUDIES = 0.05, 0.1
"""Largest error of the log predictive density of a study left out, and of their sum."""


def bundled(outcome: str) -> Arms:
    """Return the venetoclax arms of the bundled evidence with an outcome."""
    return load_evidence("rr_aml_venetoclax").select(outcome=outcome, venetoclax="yes")


def none_respond() -> Arms:
    """Return six studies without a responder: a posterior with a long tail on one side."""
    n = [10, 12, 20, 25, 33, 18]
    frame = pd.DataFrame({"study": [f"study {k}" for k in range(len(n))], "events": 0, "n": n})
    return read_evidence(frame).select()


def check_draws(arms: Callable[[], Arms], model: str, _: Path) -> Finding:
    """Compare the draws of a fit with the posterior by quadrature; see `verify` for the limits."""
    chosen = arms()

    def with_seed(seed: int) -> Finding:
        found = verify(fit(load_model(model), chosen, seed=seed, progress=False))
        return Finding(
            found.ok,
            f"largest difference {found.largest_z:.1f} of 4 Monte-Carlo errors, predictive total variation "
            f"{found.total_variation:.4f} of 0.02",
            beside(found),
        )

    return tried_twice(with_seed)


def beside(found: Verification) -> tuple[Compared, ...]:
    """Return each statistic of the draws beside that by quadrature, within 4 MCSE."""
    rows = (
        within(
            f"{row['quantity']}, {row['statistic']}",
            row["exact"],
            row["mcmc"],
            LARGEST_Z * row["mcse"],
        )
        for row in found.table.to_dict("records")
    )
    distance = found.total_variation
    return (*rows, within("predictive total variation", 0.0, distance, LARGEST_DISTANCE))


def check_left_out(arms: Callable[[], Arms], model: str, _: Path) -> Finding:
    """Compare the scores of studies left out by refits with those by quadrature."""
    spec, chosen = load_model(model), arms()
    exact = fit(spec, chosen, method="quadrature").posterior.log_predictive_left_out()

    def with_seed(seed: int) -> Finding:
        found = leave_one_study_out(spec, chosen, seed=seed, progress=False)
        error = found.studies["elpd"].to_numpy() - exact
        each, together = float(np.abs(error).max()), abs(float(error.sum()))
        return Finding(
            each <= EACH_STUDY and together <= ALL_STUDIES,
            f"{len(exact)} studies, largest error {each:.3f} of {EACH_STUDY}, of the sum {together:.3f} of "
            f"{ALL_STUDIES}",
            (
                *(
                    within(f"elpd of study {study}", truth, truth + gap, EACH_STUDY)
                    for study, truth, gap in zip(chosen.studies, exact, error, strict=True)
                ),
                within("elpd, sum", exact.sum(), (exact + error).sum(), ALL_STUDIES),
            ),
        )

    return tried_twice(with_seed)


QUADRATURE = (
    Task(
        GROUP,
        "draws of ORR, pooled",
        partial(check_draws, partial(bundled, "ORR"), "pooled"),
        f"Draws of model pooled for ORR of the bundled evidence {AGREE}",
    ),
    Task(
        GROUP,
        "draws of CR, common effect",
        partial(check_draws, partial(bundled, "CR"), "common_effect"),
        f"Draws of model common_effect for CR of the bundled evidence {AGREE}",
    ),
    Task(
        GROUP,
        "draws where none respond",
        partial(check_draws, none_respond, "pooled"),
        f"Draws of model pooled for six studies without a responder {AGREE}",
    ),
    Task(
        GROUP,
        "studies of CR left out one by one",
        partial(check_left_out, partial(bundled, "CR"), "pooled"),
        "The log predictive density (elpd) of each study left out by a refit, and their sum, are those by "
        f"quadrature, within {EACH_STUDY} and {ALL_STUDIES}.",
    ),
)
"""Checks against the deterministic posterior."""
