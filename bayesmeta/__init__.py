"""Bayesian hierarchical meta-analysis of response rates.

>>> import bayesmeta as bm
>>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
>>> fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
>>> bm.diagnose(fit).ok
True
>>> prediction = bm.predict(fit, n=40, profile={"regimen_class": "ven_hma"}, seed=2)
>>> float(prediction.probability(rate_above=0.2)) > 0.9
True

Names are loaded when they are first used, so that importing the package is quick.

**Architecture.** Data flow one way. Each step returns a frozen value, which the next step takes::

    evidence    read_evidence -> EvidenceTable -> select -> Arms
    model       load_model -> ModelSpec;  make_design(ModelSpec, Arms) -> Design
    inference   fit -> Fit (draws) or QuadratureFit
    estimates   posterior_of(fit) -> rates of a profile -> summary, predict, contrast, ...
    plots, report, cli   tables -> figures, text, JSON, documents

One outcome and several nested outcomes take the same steps: `Arms.outcomes` distinguishes them.
Results have a dimension or a column ``outcome`` only where there are several. Draws and quadrature
answer through one interface, `estimates.posterior`. Survival takes the same steps from `read_survival`
on: `SurvivalArms` are arms with landmarks and medians, and the `curve` of a model says how these follow.

The rooms, in the order in which they may import each other (``tests/test_rooms.py``):

=====================  =====================================================================
`runs`                 files, written whole or not at all; jobs, each done once; resuming
`priors`               distributions of parameters
`evidence`             tables, their rules, selection of arms
`model`                specifications, formulas, TOML files, coding
`inference`            compiled densities, sampling, quadrature, diagnosis
`estimates`            everything that is computed from one fit
`calibration`          simulation-based calibration of the model family
`sensitivity`          influence of priors
`marginal_likelihood`  bridge sampling
`planning`             trials that borrow from a fit
`comparison`           held-out prediction, comparison of models, validation
`multiverse`           specification grids
`plots`                figures, each with the table behind it
`report`               text, JSON and documents
`selfcheck`            tests of an installation
`cli`                  commands: options, one call, one writer
=====================  =====================================================================

The walk of ``events``, from a file to an estimate:

 1. `evidence.reading`: `read_evidence` takes a file or a frame
 2. `evidence.cells`: its cells, as text
 3. `evidence.checks`: whole numbers that keep every rule
 4. `evidence.table`: the frame of an `EvidenceTable`
 5. `evidence.selection`: rows that the rules keep
 6. `evidence.arms`: `Arms.events`
 7. `model.design`: `Design.arms`
 8. `inference.density.coordinates`: `density_data` makes arrays
 9. `inference.density.studies`: the arms of a study
10. `inference.density.likelihoods`: the likelihood of one count
11. `inference.draws`: ``observed_data`` of a `Fit`
12. `estimates.forest_table`: a row of a forest plot

The walk of ``spec``:

 1. `model.files`: `load_model` reads a `ModelSpec`
 2. `inference.sampling`: `fit` takes it
 3. `model.design`: `Design.spec`, with default priors filled in
 4. `inference.targets`: which compiled density
 5. `inference.density.coordinates`: its parts as codes, its priors as shapes
 6. `inference.draws`: names and dimensions of its variables
 7. `inference.result`: `Fit.spec`
 8. `inference.saved`: the model file of a saved run
 9. `estimates.profile_rates`: rates of a profile

Where to add what:

- a rule of evidence: `evidence.checks`, or `evidence.count_rules` if it drops rows; of numbers that
  contradict each other, `evidence.contradictions`;
- a format of evidence: a file in `evidence` that returns `Cells`, and its branch in `evidence.sources`;
- a prior: a class in `priors`, named in ``FAMILIES``;
- a distribution of study effects: a class in `model.effects`, named in ``DISTRIBUTIONS``, and its
  branch in `inference.density.effects`;
- a distribution of exchangeable levels: a class in `model.level_effects`, named in
  ``LEVEL_DISTRIBUTIONS``; where its standardised effects have no prior's shape, its branch in
  `inference.density.levels`;
- a likelihood: a class in `model.likelihoods`, named in ``LIKELIHOODS``, and its branches in
  `inference.density.likelihoods` and `inference.integrated.integrand`;
- an estimate: a file in `estimates` that asks `posterior_of`;
- a figure: a file in `plots`; a command: a function in `cli`;
- what several outcomes lack, or totals over levels: a line of ``SEVERAL_OUTCOMES`` or ``TOTALS`` in
  `model.limits`, with its reason;
- what a guideline asks: a file in ``report/dossier/mappings``; what answers it: a function of
  `report.dossier.plan_answers` or `report.dossier.fit_answers`, under the name that the file gives it;
- an old name: `deprecated`.

The R package ``bayesmeta`` on CRAN is another: it pools estimates with standard errors in the
normal-normal model (Röver 2020, doi:10.18637/jss.v093.i06), where this package models counts.
"""

from typing import Any

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Return a public name, loaded when it is first used; of release 0.1.0, what replaces it."""
    from bayesmeta.deprecated import RENAMED, replacement

    if name in RENAMED:
        return replacement(name)
    if name in __all__ or name.startswith("_"):
        return _public(name)
    from bayesmeta import plots
    from bayesmeta.errors import nearest

    figures = [f"plots.{one}" for one in plots.__all__]
    # A name of this module that is like it goes before the name of a figure.
    hints = [nearest(name, names, label="Names") for names in (__all__, figures)]
    hint = next((one for one in hints if one.startswith("Did you mean")), hints[0])
    # With its name but not this module, so that Python adds no hint of its own.
    raise AttributeError(f"bayesmeta has no '{name}'. {hint}", name=name)


__version__ = "0.2.0"
