"""What dossiers tell of a fit and its evidence, as tables and as the file of its model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import pandas as pd

from bayesmeta.estimates.posterior import AnyFit, outcomes_of
from bayesmeta.estimates.prior_sensitivity import prior_sensitivity
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.summary import summary
from bayesmeta.evidence.columns import DERIVATION, INFERRED
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.model import OwnModel, to_toml
from bayesmeta.model.coding import Profile
from bayesmeta.report.dossier.answering import Tables, pairs
from bayesmeta.report.sections.selection import texts_of
from bayesmeta.wording import Wording

NOT_TOLD = ("labels", "table_outcomes", "reading")
"""What a selection keeps that says nothing of which rows were asked for."""


@dataclass(frozen=True, eq=False)
class FitFacts:
    """A fit, the profile asked for, the outcomes told of (none where there is one), and their tables."""

    fit: AnyFit
    profile: Profile | None
    outcomes: tuple[str, ...]
    words: Wording

    @property
    def label(self) -> str:
        """The profile in words."""
        return profile_label(self.fit.coding, self.profile)

    @property
    def draws(self) -> Fit | None:
        """The fit, if it has draws."""
        return self.fit if isinstance(self.fit, Fit) else None

    @cached_property
    def tables(self) -> Tables:
        """All tables, those of results among them."""
        return Tables(dict(self._frames()))

    @cached_property
    def texts(self) -> dict[str, str]:
        """Files that are text."""
        spec = self.fit.spec
        if isinstance(spec, OwnModel):
            return {"model.txt": f"{spec.definition}\n"}
        return {"model.toml": to_toml(spec)}

    def _frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        arms = self.fit.arms
        yield "arms", arms.frame
        yield "excluded", arms.excluded
        yield "evidence", pairs(dict(self._counts()))
        yield "outcomes", self._outcomes()
        rules = arms.excluded["rule"].astype(str) if len(arms.excluded) else pd.Series(dtype=str)
        yield "exclusions", _counted(rules, "rule")
        asked = {k: _told(v) for k, v in arms.selection.items() if k not in NOT_TOLD}
        yield "selection", pairs({name: text for name, text in asked.items() if text})
        yield from self._derivations(arms.frame)
        yield "provenance", pairs(dict(self._provenance()))
        yield "summary", pd.DataFrame(summary(self.fit, profiles=self.profiles))
        if self.draws is not None:
            checked = diagnose(self.draws).table
            yield "diagnostics", checked.rename_axis("parameter").reset_index()
            yield from self.of_draws(self.draws)

    @property
    def profiles(self) -> Sequence[Profile]:
        """The profiles whose rates are told."""
        return [self.profile or {}]

    def of_draws(self, fit: Fit) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the tables that need draws."""
        if not isinstance(fit.spec, OwnModel) and fit.spec.study_effects.tau is not None:
            yield (
                "tau_prior",
                self.by_outcome(
                    lambda name: prior_sensitivity(fit, outcome=name, profile=self.profile)
                ),
            )

    def _counts(self) -> Iterator[tuple[str, int]]:
        arms = self.fit.arms
        yield "studies", len(arms.studies)
        yield "arms", len(arms.frame)
        yield "patients", int(arms.frame["n"].sum())
        yield "rows left out", len(arms.excluded)

    def _outcomes(self) -> pd.DataFrame:
        frame, names = self.fit.arms.frame, outcomes_of(self.fit)
        columns = {name: name for name in names} or {self.outcome_name: "events"}
        rows = [
            {
                "outcome": name,
                "arms": int(frame[column].notna().sum()),
                "responders": int(frame[column].sum()),
                "patients": int(frame["n"][frame[column].notna()].sum()),
            }
            for name, column in columns.items()
        ]
        return pd.DataFrame(rows)

    @property
    def outcome_name(self) -> str:
        """The one outcome of the selection."""
        return str(self.fit.arms.selection.get("outcome") or "response")

    def _derivations(self, frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield how counts were derived; of several outcomes, how many of each are inferred."""
        if DERIVATION in frame:
            ways = texts_of(frame, DERIVATION).replace("", "not stated")
            yield "derivations", _counted(ways, "derivation")
        elif INFERRED in frame:
            rows = [
                (name, "inferred", int((inferred_counts(frame, name) & frame[name].notna()).sum()))
                for name in outcomes_of(self.fit)
            ]
            yield "derivations", pd.DataFrame(rows, columns=["outcome", "derivation", "rows"])

    def _provenance(self) -> Iterator[tuple[str, Any]]:
        arms, draws = self.fit.arms, self.draws
        # No times: the same inputs make the same bytes.
        if draws is None:
            definition = "".join(self.texts.values())
            yield "method", "quadrature"
            yield "version of bayesmeta", version("bayesmeta")
            yield "SHA-256 of the model", sha256(definition.encode()).hexdigest()
        else:
            origin = draws.provenance
            yield "method", f"MCMC ({origin.engine})"
            yield "random seed", origin.seed
            yield from ((f"version of {name}", found) for name, found in origin.versions.items())
            yield "SHA-256 of the model", origin.spec_hash
        yield "SHA-256 of the arms", arms.hash
        yield "SHA-256 of the table", str(arms.selection.get("table_hash", "not kept"))

    def by_outcome(self, table: Callable[[str | None], pd.DataFrame]) -> pd.DataFrame:
        """Return a table of each outcome, one below the other, with its name if there are several."""
        if not outcomes_of(self.fit):
            return pd.DataFrame(table(None))
        found = [pd.DataFrame(table(name)).assign(outcome=name) for name in self.outcomes]
        return pd.concat(found, ignore_index=True)


def _counted(values: "pd.Series[str]", name: str) -> pd.DataFrame:
    # By count, then by name, so that ties have one order.
    counts = values.value_counts().rename_axis(name).rename("rows").reset_index()
    return counts.sort_values(["rows", name], ascending=[False, True], ignore_index=True)


def _told(value: Any) -> str:
    """Return the value of an option of a selection; empty where it was not given."""
    if value is None or value is False:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_told(each)}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
