"""What a review tells of a fit: results beside what dossiers tell, and what was found besides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from bayesmeta.estimates.contrasts import contrasts_with_reference
from bayesmeta.estimates.forest_table import forest_numbers
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.evidence.columns import STUDY
from bayesmeta.evidence.risk_of_bias import STUDY as JUDGED
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.report.dossier.fit_tables import FitFacts
from bayesmeta.report.dossier.given import Given
from bayesmeta.sensitivity.unreported import without_results


@dataclass(frozen=True, eq=False)
class ReviewFacts(FitFacts):
    """A fit with the results that a review reports of it, and those that were given besides."""

    given: Given = field(default_factory=Given)

    @property
    def profiles(self) -> Sequence[Profile]:
        """The profiles whose rates are told: those of the levels, too."""
        return default_profiles(self.fit.coding, self.profile)

    def _frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        yield from super()._frames()
        yield "without_results", pd.DataFrame({STUDY: list(without_results(self.fit.arms))})
        given = self.given
        if given.judgements is not None:
            frame = given.judgements.frame
            yield "risk_of_bias", frame[frame[JUDGED].isin(list(map(str, self.fit.arms.studies)))]
        if given.selection is not None:
            yield "missing_studies", given.selection.table
            yield "tipping_points", given.selection.tipping_points
        if given.bias is not None:
            yield "bias_models", given.bias.table
        if given.certainty is not None:
            yield "certainty", given.certainty

    def of_draws(self, fit: Fit) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the tables that need draws."""
        yield from super().of_draws(fit)
        if fit.settings.arm_draws:
            yield (
                "forest",
                self.by_outcome(
                    lambda name: forest_numbers(fit, outcome=name, profile=self.profile).table
                ),
            )
        if fit.coding.factors:
            yield "contrasts", self.by_outcome(lambda name: _contrasts(fit, name, self.profile))


def _contrasts(fit: Fit, outcome: str | None, profile: Profile | None) -> pd.DataFrame:
    found = contrasts_with_reference(fit, outcome=outcome, profile=profile, ci_prob=0.95)
    return pd.concat([one.table.assign(factor=one.factor) for one in found], ignore_index=True)
