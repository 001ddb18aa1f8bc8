"""What commands load: no numbers for help and refusals, and nothing that a command does not use."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from bayesmeta.cli import app

pytestmark = pytest.mark.stored

COMMANDS = sorted(str(one.name or one.callback.__name__) for one in app.registered_commands)

NUMBERS = {"numpy", "pandas", "scipy", "numba", "xarray", "h5py", "bayesmeta.model"}
ENGINES = {"distributed", "formulaic", "narwhals", "nutpie", "pymc", "zarr"}
UNUSED = {*ENGINES, "arviz", "arviz_stats", "dask", "jinja2", "scipy.sparse", "scipy.stats"}
DRAWING = {"matplotlib"}

ASKED: dict[str, tuple[str, set[str]]] = {
    "predict": ("run --n 40 --rate-above 0.3", UNUSED | DRAWING),
    "contrast": ("run", UNUSED | DRAWING),
    "shrinkage": ("run", UNUSED | DRAWING),
    "show": ("run", ENGINES | DRAWING),
    "cumulative": ("run --by age", UNUSED | DRAWING),
    "leave-one-out": ("run --method psis --workers 1", ENGINES | DRAWING),
    "leave-one-level-out": ("run --column regimen --workers 1", ENGINES | DRAWING),
    # Mixtures are fitted by scipy.optimize, which loads scipy.sparse. Distributions of counts are
    # those of scipy.stats.
    "plan": (
        "run --n 40 --success P(rate>0.2)>0.9 --allow-unreliable",
        (UNUSED | DRAWING) - {"scipy.sparse", "scipy.stats"},
    ),
    "plot": ("run forest --out figures", UNUSED),
    # ArviZ weighs draws again here; it needs scipy.stats, and asks whether arrays are Dask's.
    "report": ("run --quick", {*ENGINES, "dask"}),
    "prisma": ("run --out review", {*ENGINES, "dask"}),
    "sensitivity": ("run", ENGINES | DRAWING),
    "bias": (
        "run --judgements judged.csv --tool JBI --high Exclude --low Include",
        ENGINES | DRAWING,
    ),
    "missing": ("run --smallest 0.5 --rho 0.9", ENGINES | DRAWING),
    "certainty": ("run --band 0:0.2 --band 0.2:1", ENGINES | DRAWING),
    "update": ("run --evidence newer.csv --rate-above 0.3 --out updated", UNUSED | DRAWING),
    "validate": ("pooled --evidence arms.csv --train n>8 --test n==8", UNUSED | DRAWING),
    "compare": ("pooled --evidence arms.csv --draws 100 --workers 1 --out compared", UNUSED),
    "grid": ("grid.toml --evidence arms.csv --workers 1 --out grid", UNUSED),
    "demo": ("--out demo", ENGINES),
}
"""Arguments of each command that is run after `FIT`, and what it must not load."""

ENDS = {"compare": 0, "demo": 0, "grid": 0, "validate": 0}
"""Exit codes that are not those of few draws."""

FIT = "fit regimen.toml --evidence arms.csv --seed 1 --chains 2 --warmup 100 --draws 100 --out run"
ELSEWHERE = {"fit", "levels", "run"}
FREE = {"calibrate", "models", "selfcheck", "warm"}
"""Commands that check or compile everything, and may load it, or that read what fits do not."""

JUDGED = {"a": "Include", "b": "Include", "c": "Exclude", "d": "Include"}

FILES = {
    "arms.csv": "study,events,n,regimen,age\na,3,10,x,61\nb,5,20,y,70\nc,1,8,x,66\nd,7,12,y,58\n",
    "newer.csv": "study,events,n,regimen,age\na,3,10,x,61\nb,5,20,y,70\nc,1,8,x,66\ne,7,12,y,58\n",
    "judged.csv": f"Study,{','.join(f'D{k}' for k in range(1, 9))},Overall\n"
    + "".join(f"{study}{8 * ',Yes'},{overall}\n" for study, overall in JUDGED.items()),
    "regimen.toml": """schema = 2
name = "regimen"
[study_effects]
distribution = "normal"
tau = "HalfNormal(0.5)"
[covariates]
formula = "regimen + age"
reference = { regimen = "x" }
[priors]
mu = "Normal(0, 1.5)"
""",
    "grid.toml": """schema = 1
seed = 1
[settings]
chains = 2
warmup = 100
draws = 100
[priors.default]
[priors.wide]
tau = "HalfNormal(1)"
""",
}

CODE = """
import contextlib, io, json, sys
from bayesmeta.cli import app
codes = []
for line in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            app(line.split())
        except SystemExit as left:
            codes.append(left.code)
print(json.dumps([codes, sorted(sys.modules)]))
"""


def loaded(lines: Iterable[str], folder: Path | None = None) -> tuple[set[int], set[str]]:
    """Return the exit codes of commands that are run in one process, and all that they load."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(list(lines))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    codes, modules = json.loads(done.stdout)
    return set(codes), set(modules)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """A folder with a saved run, and what the command that made it loaded."""
    folder = tmp_path_factory.mktemp("imports")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    codes, modules = loaded([FIT], folder)
    # Few draws: the run is marked unreliable, which changes nothing of what is loaded.
    assert codes == {1}
    return folder, modules


def test_help_and_version_load_no_numbers() -> None:
    names = [*COMMANDS, "evidence list", "evidence show", "evidence check"]
    codes, modules = loaded(["--version", "-h", "--help", *(f"{name} -h" for name in names)])
    assert codes == {0}
    assert modules & {*NUMBERS, "pydantic", "rich"} == set()


def test_refusals_load_no_numbers() -> None:
    start = "fit pooled --seed 1 --out"
    codes, modules = loaded(
        [
            "fitt",
            "fit --nonsense",
            "fit pooled --seed a --out run",
            f"{start} run --ci 3",
            f"{start} run --draws 0",
            f"{start} run --by-definition keep",
            f"{start} {Path(__file__).name}",
            "plan run --n 40 --success ? --interim 21/20",
            "grid",
        ],
        Path(__file__).parent,
    )
    assert codes == {2}
    assert modules & NUMBERS == set()


def test_a_look_at_evidence_loads_nothing_that_it_does_not_use() -> None:
    codes, modules = loaded(["evidence list", "evidence show --outcome CR", "grid --example"])
    assert codes == {0}
    # The oldest versions of other packages load scipy.sparse by themselves.
    assert modules & ((UNUSED | DRAWING) - {"scipy.sparse"}) == set()


def test_each_command_is_held_to_a_list() -> None:
    assert {*ASKED, *ELSEWHERE, *FREE} == set(COMMANDS)


@pytest.mark.slow
def test_a_fit_loads_nothing_that_it_does_not_use(fitted: tuple[Path, set[str]]) -> None:
    assert fitted[1] & (UNUSED | DRAWING) == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_commands_load_nothing_that_they_do_not_use(
    name: str, fitted: tuple[Path, set[str]]
) -> None:
    arguments, never = ASKED[name]
    codes, modules = loaded([f"{name} {arguments}"], fitted[0])
    # Few draws: what rests on the run is marked unreliable.
    assert codes == {ENDS.get(name, 1)}
    assert "bayesmeta.inference.result" in modules
    assert modules & never == set()


@pytest.mark.slow
def test_the_state_of_a_run_loads_no_numbers(fitted: tuple[Path, set[str]]) -> None:
    folder = fitted[0]
    made, _ = loaded([f"compare {ASKED['compare'][0].replace('compared', 'many')}"], folder)
    codes, modules = loaded(["run many"], folder)
    assert made == codes == {0}
    assert modules & NUMBERS == set()


@pytest.mark.slow
def test_a_figure_is_a_function_though_its_module_has_the_same_name() -> None:
    code = "import bayesmeta.plots.funnel, bayesmeta as bm; print(callable(bm.plots.funnel))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
