"""Fixtures of the tests of bad input."""

import shutil

import pytest
from corpus import HERE, Workspace

import bayesmeta as bm


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copy(HERE / "evidence.csv", folder)
    (folder / "notes.txt").write_text("not a run\n")
    (folder / "empty").mkdir()
    (folder / "other").mkdir()
    (folder / "other" / "keep.txt").write_text("keep me\n")
    (folder / "planned").mkdir()
    (folder / "planned" / "prior.json").write_text("keep me\n")
    table = bm.read_evidence(folder / "evidence.csv")
    settings = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    spec = bm.ModelSpec("run", covariates=bm.Covariates("regimen + age", {"regimen": "mono"}))
    run = bm.fit(spec, table.select(), seed=1, settings=settings)
    pooled = bm.fit(bm.load_model("pooled"), table.select(), seed=1, settings=settings)
    run.save(folder / "run")
    pooled.save(folder / "pooled")
    return Workspace(folder, table, run, pooled)
