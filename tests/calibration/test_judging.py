"""Verdicts on results whose faults are planted."""

from collections.abc import Sequence

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.calibration import CaseResult, judge
from bayesmeta.calibration.judging import FALSE_ALARM
from bayesmeta.calibration.results import Tally, tally
from bayesmeta.calibration.trials import Predicted, Trial

EVEN = (0.5, 0.8, 0.95)


def trials(
    seed: int, sets: int = 400, *, high: float = 1.0, narrow: float = 1.0, divergent: float = 0.0
) -> Sequence[Trial]:
    """Trials whose ranks of tau are even to the power `high`, whose intervals are `narrow`."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(sets):
        rate = 0.5 + np.clip((rng.random() - 0.5) * narrow, -0.5, 0.5)
        ranks = {"mu": int(100 * rng.random()), "tau": int(100 * rng.random() ** high)}
        stopped = bool(rng.random() < divergent)
        predicted = {"": Predicted(rate, rate - 0.01, rate + 0.01, rng.random(), 0.3)}
        found.append(Trial(ranks, predicted, stopped, stopped))
    return found


def result(name: str, counts: Tally, *, judged: bool = True) -> CaseResult:
    return CaseResult(name, name.split("-")[0], judged, 1, counts, 1.0, {}, {})


def calibration(*planted: CaseResult) -> bm.Calibration:
    sound = [result(f"sound-{k}", tally(trials(k))) for k in range(5)]
    return bm.Calibration((*sound, *planted))


def test_sound_results_pass() -> None:
    found = calibration()
    assert found.ok
    assert found.comparisons == 5 * (2 + 6) + 2
    assert repr(found) == "Calibration(5 cases, 2,000 fits: ok)"


def test_a_quantity_off_by_a_little_fails_and_is_named() -> None:
    found = calibration(result("wrong-3", tally(trials(9, high=1.4))))
    assert not found.ok
    [row] = found.ranks[~found.ranks["ok"]].to_dict("records")
    assert (row["case"], row["quantity"]) == ("wrong-3", "tau")
    assert row["distance"] > 1
    assert not row["in_band"]
    assert row["p"] < FALSE_ALARM / found.comparisons


def test_intervals_that_are_too_narrow_fail() -> None:
    found = calibration(result("wrong-3", tally(trials(9, narrow=1.35))))
    failed = found.coverage[~found.coverage["ok"]]
    assert set(failed["case"]) == {"wrong-3"}
    assert set(failed["prediction"]) == {"rate", "responders_exact"}
    assert (failed["covered"] < failed["ci_prob"]).all()


def test_coverage_is_reported_but_not_judged_where_nothing_is_promised() -> None:
    found = calibration(result("held-3", tally(trials(9, narrow=1.35)), judged=False))
    assert found.ok
    held = found.coverage.query("case == 'held-3'")
    assert held["p"].isna().all()
    assert held.query("prediction == 'rate' and ci_prob == 0.95")["covered"].item() < 0.9
    assert "held-3" not in set(found.ranks["case"])


def test_divergences_in_one_part_fail() -> None:
    found = calibration(result("wrong-3", tally(trials(9, divergent=0.1))))
    assert set(found.fits.query("not ok")["part"]) == {"wrong", "all"}
    assert found.fits.query("part == 'wrong'")["divergent"].item() == pytest.approx(0.1, abs=0.05)


def test_tallies_of_blocks_add_up() -> None:
    every = trials(1, 60)
    assert tally(every[:13]) + tally(every[13:]) == tally(every)
    assert tally(every).sets == 60
    assert sum(tally(every).ranks["mu"]) == 60


def test_an_interval_of_responders_is_the_printed_one() -> None:
    # Up to the true count 3% of the probability, below it 2%: the 95% interval begins there.
    inside, below = (
        Trial({}, {"": predicted}, divergent=False, still_divergent=False)
        for predicted in (
            Predicted(0.5, 0.02, 0.03, 0.0, 0.3),
            Predicted(0.5, 0.01, 0.02, 0.0, 0.3),
        )
    )
    assert tally([inside]).covered["responders"] == (0, 0, 1)
    assert tally([below]).covered["responders"] == (0, 0, 0)


def test_each_of_several_outcomes_is_predicted_and_judged() -> None:
    def several(trial: Trial, **others: Predicted) -> Trial:
        [own] = trial.predicted.values()
        return Trial(trial.ranks, {"ORR": own} | others, divergent=False, still_divergent=False)

    sound, narrow = trials(1), trials(2, narrow=1.35)
    both = [several(one, CR=other.predicted[""]) for one, other in zip(sound, narrow, strict=True)]
    found = bm.Calibration((result("several-3", tally(both)),))
    assert set(found.coverage["prediction"]) == {
        f"{name}[{outcome}]"
        for name in ("rate", "responders", "responders_exact")
        for outcome in ("ORR", "CR")
    }
    assert found.comparisons == 2 + 2 * 6 + 2
    failed = found.coverage[~found.coverage["ok"]]
    assert set(failed["prediction"]) == {"rate[CR]", "responders_exact[CR]"}


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(bm.SettingsError, match="no results to judge"):
        judge([])
