"""Reports and runs that several tests read: each is made once."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

import pandas as pd
import pytest
from report_reading import HOSTILE
from survival_examples import example_arms, survival_model

import bayesmeta as bm
from bayesmeta.report.document import Document
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import FitResults, fit_results
from bayesmeta.report.options import Options
from bayesmeta.report.rendering import FORMATS
from bayesmeta.report.writing import document_of


class Made[T](dict[str, T]):
    """What each maker makes, once, when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], T]]) -> None:
        super().__init__()
        self.makers = makers

    def __missing__(self, name: str) -> T:
        self[name] = self.makers[name]()
        return self[name]


QUESTION, QUICK = bm.Question(rate_above=0.4), Options(refits=False)


@pytest.fixture(scope="session")
def results(pooled_fits: dict[str, bm.Fit], regimen_fit: bm.Fit) -> dict[str, FitResults]:
    """What is told of the pooled model of each set, and of regimens; nothing is fitted again."""
    fits = {**pooled_fits, "regimen": regimen_fit}
    found = {name: fit_results(fit, QUESTION, QUICK) for name, fit in fits.items()}
    return {**found, "whole": found["regimen"]}


@pytest.fixture(scope="session")
def documents(results: dict[str, FitResults], runs: Mapping[str, Path]) -> dict[str, Document]:
    """The report of each set, without refits; of a saved run of regimens also the whole one."""
    makers = {name: partial(fit_document, found) for name, found in results.items()}
    saved = {"regimen": QUICK, "whole": None}
    makers |= {name: partial(_of_regimens, runs, asked) for name, asked in saved.items()}
    return Made(makers)


def _of_regimens(runs: Mapping[str, Path], options: Options | None) -> Document:
    return document_of(runs["fit"], QUESTION, options)


@pytest.fixture(scope="session")
def written(documents: dict[str, Document]) -> Callable[[str, str], str]:
    """Return the text of a document in a format."""
    return cache(lambda name, form: FORMATS[form](documents[name]).decode())


@pytest.fixture(scope="session")
def hostile() -> Document:
    """The report of a fit in which every name is markup."""
    frame = pd.DataFrame(
        {
            "study": HOSTILE,
            "label": HOSTILE,
            "arm": HOSTILE[::-1],
            "events": range(10),
            "n": 20,
            "regimen": [HOSTILE[0], HOSTILE[1]] * 5,
            "note": HOSTILE,
            "derivation": HOSTILE,
            "orr_definition": HOSTILE,
            "default_include": ["yes"] * 9 + ["no"],
            "exclusion_reason": HOSTILE[1],
        }
    )
    spec = bm.ModelSpec(
        HOSTILE[0],
        HOSTILE[1] + HOSTILE[9],
        covariates=bm.Covariates("regimen", {"regimen": HOSTILE[0]}),
    )
    arms = bm.read_evidence(frame).select()
    quick = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    return fit_document(fit_results(bm.fit(spec, arms, seed=1, settings=quick), QUESTION, QUICK))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, regimen_fit: bm.Fit) -> Mapping[str, Path]:
    """The folders of a fit, a comparison, a grid, a nested fit and one of survival, small ones."""
    parent = tmp_path_factory.mktemp("runs")
    makers = {
        "fit": regimen_fit.save,
        "compare": _compared,
        "grid": _grid,
        "nested": _nested,
        "survival": _survival,
    }
    return Made({kind: partial(_folder, parent / kind, make) for kind, make in makers.items()})


def _folder(folder: Path, make: Callable[[Path], object]) -> Path:
    make(folder)
    return folder


def _compared(folder: Path) -> None:
    quick = bm.SamplerSettings(chains=4, warmup=300, draws=500)
    models = [bm.load_model(name) for name in ("pooled", "common_effect", "regimen")]
    arms = bm.load_evidence("rr_aml_venetoclax").select(
        outcome="CR", where="venetoclax == 'yes' or n > 40", parts="whole"
    )
    bm.compare(models, arms, seed=3, method="psis", cohort=25, settings=quick, out=folder, progress=False)  # fmt: skip


def _grid(folder: Path) -> None:
    grid = bm.SpecificationGrid(
        "small",
        outcomes=["CR"],
        inclusion={"primary": {"where": "venetoclax == 'yes'"}},
        study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()},
        priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}},
        seed=11,
    )
    bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), out=folder, progress=False)


def _nested(folder: Path) -> None:
    ask = {"venetoclax": "yes", "by_definition": "keep", "where": "n >= 40"}
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcomes=["ORR", "CR_CRi"], **ask)
    # The report fits it again for each prior, with as many draws.
    few = bm.SamplerSettings(warmup=400, draws=400)
    bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few).save(folder)


def _survival(folder: Path) -> None:
    few = bm.SamplerSettings(chains=2, warmup=500, draws=1000)
    bm.fit(survival_model(), example_arms(), seed=1, settings=few).save(folder)


@pytest.fixture(scope="session")
def document_of_kind(runs: Mapping[str, Path]) -> Callable[[str], Document]:
    """Return the whole report of a comparison, a grid or another fit; each is made once."""
    return cache(lambda kind: document_of(runs[kind]))


@pytest.fixture(scope="session")
def reviewed_fit() -> bm.Fit:
    """Return the fit of the pooled model whose dossiers are written."""
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    return bm.fit(bm.load_model("pooled"), arms, seed=1)


@pytest.fixture(scope="session")
def exact_prior() -> bm.MapPrior:
    """Return a prior from a posterior that needs no draws."""
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    return bm.map_prior(exact, components=1)
