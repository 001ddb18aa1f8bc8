"""Reports and runs that several tests read: each is made once."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from report_reading import HOSTILE

import bayesmeta as bm
from bayesmeta.report.document import Document
from bayesmeta.report.fit_report import fit_document
from bayesmeta.report.fit_results import FitResults, Options, fit_results
from bayesmeta.report.rendering import FORMATS

QUESTION, QUICK = bm.Question(rate_above=0.4), Options(refits=False)


@pytest.fixture(scope="session")
def results(pooled_fits: dict[str, bm.Fit], regimen_fit: bm.Fit) -> dict[str, FitResults]:
    """What is told of the pooled model of each set, and of regimens; nothing is fitted again."""
    fits = {**pooled_fits, "regimen": regimen_fit}
    return {name: fit_results(fit, QUESTION, QUICK) for name, fit in fits.items()}


@pytest.fixture(scope="session")
def documents(results: dict[str, FitResults]) -> dict[str, Document]:
    return {name: fit_document(found) for name, found in results.items()}


@pytest.fixture(scope="session")
def written(documents: dict[str, Document]) -> Callable[[str, str], str]:
    """Return the text of a document in a format."""
    made: dict[tuple[str, str], str] = {}

    def text(name: str, form: str) -> str:
        if (name, form) not in made:
            made[name, form] = FORMATS[form](documents[name]).decode()
        return made[name, form]

    return text


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
def runs(tmp_path_factory: pytest.TempPathFactory, regimen_fit: bm.Fit) -> dict[str, Path]:
    """The folders of a fit, a comparison, a grid and a nested fit, small ones."""
    folder = tmp_path_factory.mktemp("runs")
    table = bm.load_evidence("rr_aml_venetoclax")
    quick = bm.SamplerSettings(chains=4, warmup=300, draws=500)
    regimen_fit.save(folder / "fit")
    models = [bm.load_model(name) for name in ("pooled", "common_effect", "independent")]
    arms = table.select(outcome="CR", where="venetoclax == 'yes' or n > 40", parts="whole")
    bm.compare(models, arms, seed=3, method="psis", cohort=25, settings=quick, out=folder / "compare", progress=False)  # fmt: skip
    grid = bm.SpecificationGrid(
        "small",
        outcomes=["CR"],
        inclusion={"primary": {"where": "venetoclax == 'yes'"}},
        study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()},
        priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}},
        seed=11,
    )
    bm.run_grid(grid, table, out=folder / "grid", progress=False)
    ask = {"venetoclax": "yes", "by_definition": "keep", "where": "n >= 40"}
    nested = table.select(outcomes=["ORR", "CR_CRi"], **ask)
    settings = bm.SamplerSettings(warmup=400, draws=1000)
    joint = bm.fit(bm.load_model("pooled"), nested, seed=1, settings=settings)
    joint.save(folder / "nested")
    return {name: folder / name for name in ("fit", "compare", "grid", "nested")}
