"""What a review has besides its fit: judgements, and results on missing studies, bias and certainty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.posterior import AnyFit, has_draws, outcomes_of
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.model.coding import Profile
from bayesmeta.sensitivity.bias_sensitivity import BiasSensitivity
from bayesmeta.sensitivity.certainty import certainty
from bayesmeta.sensitivity.refit_rows import At, refit_rows
from bayesmeta.sensitivity.selection import Selection

BANDS = ("low", "high", "typical", "new_study", "missing_evidence", "ok", "judgement")
"""Columns by which a table of `certainty` is known."""

SAME = 1e-9
"""Largest difference of a rate (probability) from that of the fit; files have fewer digits."""


@dataclass(frozen=True, eq=False)
class Given:
    """Judgements and results that were given; None where one was not."""

    judgements: RiskOfBias | None = None
    selection: Selection | None = None
    bias: BiasSensitivity | None = None
    certainty: pd.DataFrame | None = None

    def check(self, fit: AnyFit, profile: Profile | None) -> None:
        """Raise unless each is what it should be, and of this fit and profile."""
        if self.judgements is not None:
            judged_studies(fit.arms, self.judgements)
        for name, found, kind in (
            ("selection", self.selection, Selection),
            ("bias_sensitivity", self.bias, BiasSensitivity),
        ):
            if found is not None:
                _check_kind(name, found, kind)
                _check_one_outcome(name, fit)
                _check_profile(name, found.profile, profile_label(fit.coding, profile))
                [(_, own)] = refit_rows(lambda: fit, fit, At(profile, found.ci_prob, None))
                _check_same(name, found.table.iloc[0].to_dict(), own)
        if self.certainty is not None:
            _check_certainty(self.certainty, fit, profile)


def _check_kind(name: str, found: object, kind: type) -> None:
    if not isinstance(found, kind):
        raise SettingsError(
            f"`{name}` must be a {kind.__name__}; got {type(found).__name__}. Make one by bm.{name}."
        )


def _check_one_outcome(name: str, fit: AnyFit) -> None:
    if outcomes_of(fit):
        raise SettingsError(
            f"`{name}` is of one outcome, and the fit of several. Leave it out, or review the fit of one outcome."
        )


def _check_profile(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise SettingsError(
            f"`{name}` is for {found}, and the review for {wanted}. Give both the same `profile`."
        )


def _check_same(name: str, found: Mapping[Any, Any], own: Mapping[str, Any]) -> None:
    for rate in ("typical", "new_study"):
        if not np.isclose(found[rate], own[rate], rtol=0, atol=SAME):
            raise SettingsError(
                f"`{name}` is of another fit: its {rate} is {found[rate]:.6g}, and that of this fit {own[rate]:.6g}. Make it from "
                "this fit, with the same `profile`."
            )


def _check_certainty(found: object, fit: AnyFit, profile: Profile | None) -> None:
    columns = list(found.columns) if isinstance(found, pd.DataFrame) else []
    if not isinstance(found, pd.DataFrame) or found.empty or not {*BANDS} <= {*columns}:
        raise SettingsError(
            f"`certainty` must be a table as bm.certainty returns it; got {type(found).__name__}"
            f"{f' with columns {columns}' if columns else ''}."
        )
    _check_one_outcome("certainty", fit)
    bands = list(zip(found["low"].astype(float), found["high"].astype(float), strict=True))
    if not has_draws(fit):
        raise SettingsError(
            "`certainty` is of a fit with draws; this one was made by quadrature. Leave it out."
        )
    own = certainty(fit, bands=bands, profile=profile)
    for mine, theirs in zip(own.to_dict("records"), found.to_dict("records"), strict=True):
        _check_same("certainty", theirs, {str(name): value for name, value in mine.items()})
