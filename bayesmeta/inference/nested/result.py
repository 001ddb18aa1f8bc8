"""What a fit of nested outcomes leaves behind: the draws and everything needed to reproduce them."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

import xarray as xr

from bayesmeta.errors import RunError
from bayesmeta.evidence import Arms
from bayesmeta.inference.result import Provenance, load_saved
from bayesmeta.inference.saved import Contents, write_run
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model.coding import Coding
from bayesmeta.model.nested import NestedDesign, NestedSpec
from bayesmeta.runs.whole_folder import whole_folder

__all__ = ["NestedFit", "load_nested_fit"]


@dataclass(frozen=True, eq=False, repr=False)
class NestedFit:
    """Posterior draws of a joint model of nested outcomes.

    Made by `bayesmeta.fit` from a `NestedSpec`. ArviZ's summaries, diagnostics and plots work on
    `draws`.

    Parameters
    ----------
    spec : NestedSpec
        What was assumed.
    arms : Arms
        What was observed; arms with missing covariates are among its excluded rows.
    settings : SamplerSettings
        How the sampler ran.
    draws : xarray.DataTree
        Groups posterior, sample_stats, log_likelihood, posterior_predictive, prior,
        prior_predictive, observed_data and constant_data. The posterior holds `mu` and `tau` (dim
        level: the outcomes outermost first), `beta` (level, covariate), `correlation` (pair), `u`
        (study, level) and `theta` (arm, level): predictors of the ratio of each outcome to the one
        around it, log-odds unless the link is another.
    provenance : Provenance
        Seed, versions, hashes and times.
    coding : Coding
        How covariates are coded.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_nested_model("nested/pooled"), arms, seed=1, settings=few)
    >>> fit.outcomes, bm.diagnose(fit).ok
    (('ORR', 'CR'), True)
    >>> fit.posterior["tau"].median(("chain", "draw")).round(1).values.tolist()  # log-odds
    [0.8, 0.4]
    """

    spec: NestedSpec
    arms: Arms
    settings: SamplerSettings
    draws: xr.DataTree
    provenance: Provenance = field(kw_only=True)
    coding: Coding = field(kw_only=True)

    @cached_property
    def design(self) -> NestedDesign:
        """The model on its arms, with the coding of its covariates."""
        return NestedDesign(self.spec, self.arms, self.coding)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes outermost first."""
        return self.arms.outcomes

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior group as a Dataset."""
        return self.draws["posterior"].to_dataset()

    def save(self, folder: str | PathLike[str], *, force: bool = False) -> None:
        """Write the fit to `folder`, whole or not at all; `bayesmeta.load_nested_fit` reads it back.

        Parameters
        ----------
        folder : path
            A folder that does not exist yet.
        force : bool
            Replace a saved run that stands there.

        Raises
        ------
        RunError
            If the folder exists, or can't be written.
        """
        with whole_folder(folder, force=force) as partial:
            self.write(partial)

    def write(self, folder: Path) -> None:
        """Write the files of the fit into an empty folder that exists."""
        origin = asdict(self.provenance)
        found = Contents(self.spec, self.arms, self.settings, self.draws, origin, self.coding)
        write_run(found, folder)

    def __repr__(self) -> str:
        sizes = self.draws["posterior"].sizes
        return (
            f"NestedFit({self.spec!r}, {self.arms!r}, {sizes['chain']} chains of {sizes['draw']} draws, "
            f"seed {self.provenance.seed})"
        )


def load_nested_fit(folder: str | PathLike[str]) -> NestedFit:
    """Return a fit of nested outcomes that was saved by `NestedFit.save`.

    Parameters
    ----------
    folder : path
        The folder it was saved in.

    Returns
    -------
    NestedFit
        The same draws, model, arms and provenance.

    Raises
    ------
    RunError
        If the folder is no saved run of nested outcomes, was written by another version of the
        format, or a file is missing or not as it was written.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcomes=["ORR", "CR"], venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> fit = bm.fit(bm.load_nested_model("nested/pooled"), arms, seed=1, settings=few)
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     fit.save(f"{folder}/run")
    ...     again = bm.load_nested_fit(f"{folder}/run")
    >>> again.posterior.equals(fit.posterior), again.provenance == fit.provenance
    (True, True)
    """
    found = load_saved(folder)
    if not isinstance(found, NestedFit):
        raise RunError(
            f"{folder} is a run of one outcome, not of nested outcomes. Read it by load_fit."
        )
    return found
