"""Saved runs: lossless, whole or absent, and refused when they are not what was written."""

import hashlib
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.netcdf import read_tree, write_tree
from bayesmeta.runs.files import whole_folder

ODD_NAMES = [
    'a, "quoted" study',
    "naïve — 试验",
    "<script>alert(1)</script>",
    "$x_1$ 'and' \\n",
    "007",
    "NaN",
]


@pytest.fixture(scope="module")
def small_fit(quick: bm.SamplerSettings) -> bm.Fit:
    frame = pd.DataFrame(
        {
            "study": [*ODD_NAMES, "left out"],
            "events": [1, 2, 3, 4, 5, 6, 2],
            "n": [10, 11, 12, 13, 14, 15, 9],
            "age": [61.123456789012345, 1 / 3, 70, 1e-300, 48, 66, None],
            "regimen": ["a", "b", "a", "b", "a", "b", "a"],
        }
    )
    with pytest.warns(bm.EvidenceWarning, match="left out"):
        return bm.fit(
            bm.ModelSpec("odd 'name'", covariates=bm.Covariates("age + regimen", {"regimen": "a"})),
            bm.read_evidence(frame).select(),
            seed=1,
            settings=quick,
        )


def assert_same(one: bm.Fit, other: bm.Fit) -> None:
    assert one.draws.identical(other.draws)
    pd.testing.assert_frame_equal(one.arms.frame, other.arms.frame)
    pd.testing.assert_frame_equal(one.arms.excluded, other.arms.excluded)
    assert one.arms.selection == other.arms.selection
    assert (one.spec, one.settings, one.provenance) == (
        other.spec,
        other.settings,
        other.provenance,
    )


def test_saving_and_loading_is_identity(
    tmp_path: Path, small_fit: bm.Fit, regimen_fit: bm.Fit
) -> None:
    for i, fit in enumerate((small_fit, regimen_fit)):
        fit.save(tmp_path / str(i))
        assert_same(bm.load_fit(tmp_path / str(i)), fit)


def test_a_loaded_fit_answers_like_the_fit(tmp_path: Path, small_fit: bm.Fit) -> None:
    small_fit.save(tmp_path / "run")
    loaded = bm.load_fit(tmp_path / "run")
    pd.testing.assert_frame_equal(bm.summary(loaded), bm.summary(small_fit))
    assert loaded.design.coding.names == small_fit.design.coding.names


def test_a_run_is_text_and_netcdf(tmp_path: Path, small_fit: bm.Fit) -> None:
    small_fit.save(tmp_path / "deep" / "run")
    files = {path.name for path in (tmp_path / "deep" / "run").iterdir()}
    assert files == {
        "draws.nc",
        "model.toml",
        "coding.json",
        "arms.csv",
        "excluded.csv",
        "fit.json",
    }
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "run"]


@pytest.mark.slow
def test_an_existing_run_is_kept_unless_forced(
    tmp_path: Path, small_fit: bm.Fit, pooled_fit: bm.Fit
) -> None:
    small_fit.save(tmp_path / "run")
    with pytest.raises(
        bm.RunError, match=r"run exists. Choose another folder, or replace it with force=True"
    ):
        pooled_fit.save(tmp_path / "run")
    assert_same(bm.load_fit(tmp_path / "run"), small_fit)
    pooled_fit.save(tmp_path / "run", force=True)
    assert bm.load_fit(tmp_path / "run").spec == pooled_fit.spec
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_force_replaces_runs_only(tmp_path: Path, small_fit: bm.Fit) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(bm.RunError, match=r"is not a saved run .* not changed"):
        small_fit.save(tmp_path / "thesis", force=True)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_a_folder_that_can_not_be_made(tmp_path: Path, small_fit: bm.Fit) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(bm.RunError, match="cannot be written"):
        small_fit.save(tmp_path / "file" / "run")


@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), OSError(28, "No space left on device"), ValueError()]
)
def test_a_write_that_fails_leaves_nothing(tmp_path: Path, failure: BaseException) -> None:
    expected = bm.RunError if isinstance(failure, OSError) else type(failure)
    message = "No space left on device. Nothing was kept" if isinstance(failure, OSError) else "^$"

    def write() -> None:
        with whole_folder(tmp_path / "run", force=False) as partial:
            (partial / "half").write_text("half")
            raise failure

    with pytest.raises(expected, match=message):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_keeps_the_old_run(tmp_path: Path, small_fit: bm.Fit) -> None:
    small_fit.save(tmp_path / "run")

    def write() -> None:
        with whole_folder(tmp_path / "run", force=True):
            signal.raise_signal(signal.SIGINT)

    # A shell that starts the tests in the background has interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        write()
    signal.signal(signal.SIGINT, before)
    assert_same(bm.load_fit(tmp_path / "run"), small_fit)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def truncate(run: Path) -> None:
    data = (run / "draws.nc").read_bytes()
    (run / "draws.nc").write_bytes(data[: len(data) // 2])


def edit(run: Path) -> None:
    (run / "arms.csv").write_text((run / "arms.csv").read_text().replace("10", "11", 1))


def other_schema(run: Path) -> None:
    manifest = json.loads((run / "fit.json").read_text())
    (run / "fit.json").write_text(json.dumps(manifest | {"schema": 99}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, r"draws.nc has changed since it was written \(truncated or edited\)"),
        (edit, "arms.csv has changed since it was written"),
        (other_schema, "has schema 99; this release reads schema 1"),
        (lambda run: (run / "draws.nc").unlink(), "not complete: draws.nc is missing"),
        (lambda run: (run / "coding.json").unlink(), "not complete: coding.json is missing"),
        (lambda run: (run / "fit.json").unlink(), "holds no fit.json"),
        (lambda run: (run / "fit.json").write_text("{"), "fit.json is damaged"),
        (lambda run: (run / "fit.json").write_text("[]"), "has schema None"),
        (
            lambda run: (run / "fit.json").write_text('{"schema": 1}'),
            "changed since it was written",
        ),
    ],
)
def test_damaged_runs_are_refused(
    tmp_path: Path, small_fit: bm.Fit, damage: Callable[[Path], None], message: str
) -> None:
    small_fit.save(tmp_path / "run")
    damage(tmp_path / "run")
    with pytest.raises(bm.RunError, match=message):
        bm.load_fit(tmp_path / "run")


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(bm.RunError, match="There is no run folder"):
        bm.load_fit(tmp_path / "none")


def test_draws_that_release_0_1_0_named_otherwise_have_the_name_of_today(
    tmp_path: Path, orr: bm.Arms, quick: bm.SamplerSettings
) -> None:
    spec = bm.ModelSpec(study_effects=bm.ContaminatedEffects())
    fit = bm.fit(spec, orr, seed=1, settings=quick)
    fit.save(tmp_path / "run")
    names = {"outlier_proportion": "share"}
    with read_tree(tmp_path / "run" / "draws.nc") as tree:
        old = tree.map_over_datasets(
            lambda one: one.rename({new: name for new, name in names.items() if new in one}).load()
        )
    (tmp_path / "run" / "draws.nc").unlink()
    write_tree(old, tmp_path / "run" / "draws.nc")
    manifest = json.loads((tmp_path / "run" / "fit.json").read_text())
    content = (tmp_path / "run" / "draws.nc").read_bytes()
    manifest["sha256"]["draws.nc"] = hashlib.sha256(content).hexdigest()
    (tmp_path / "run" / "fit.json").write_text(json.dumps(manifest))
    found = bm.load_fit(tmp_path / "run")
    for group in ("posterior", "prior"):
        assert "share" not in found.draws[group]
        assert found.draws[group]["outlier_proportion"].equals(
            fit.draws[group]["outlier_proportion"]
        )
