"""The command `bayesmeta demo`: the whole job on the bundled evidence."""

import json
from pathlib import Path
from typing import Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli.commands import exits
from bayesmeta.cli.options import BUNDLED, DEFAULT_SEED, AsJson, Force
from bayesmeta.cli.output import code_of, print_blocks, print_json

DEMO_FOLDER = Path("runs/demo")


@exits
def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the run. Default: runs/demo, where an earlier demo is replaced.",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Run a whole analysis of the bundled evidence: regimens in relapsed or refractory AML."""
    from bayesmeta.report.demo_text import DEMO_QUESTIONS, demo_blocks
    from bayesmeta.report.fit_text import fit_json
    from bayesmeta.report.machine import records
    from bayesmeta.report.prediction_text import prediction_json
    from bayesmeta.runs.files import check_folder, whole_folder

    folder = out or DEMO_FOLDER
    replace = force or (out is None and _is_demo(folder))
    check_folder(folder, force=replace)
    arms = bm.load_evidence(BUNDLED).select(outcome="ORR", venetoclax="yes")
    fit = bm.fit(bm.load_model("regimen"), arms, seed=DEFAULT_SEED)
    exchangeable = bm.fit(bm.load_model("exchangeable_regimens"), arms, seed=DEFAULT_SEED)
    new = bm.summary(exchangeable, profiles=[{"regimen_class": bm.NEW}])
    diagnostics, table = bm.diagnose(fit), bm.summary(fit)
    prediction = bm.predict(fit, n=40, profile={"regimen_class": "ven_hma"}, seed=2)
    with whole_folder(folder, force=replace) as partial:
        fit.write(partial)
        bm.plots.forest(fit).save(partial / "forest.png")
    if as_json:
        content = fit_json(fit, diagnostics, table, folder)
        rates = records(new[new["profile"] != ""])
        content |= {"prediction": prediction_json(prediction, 0.95, DEMO_QUESTIONS, ())}
        print_json(content | {"new_regimen": rates})
    else:
        print_blocks(*demo_blocks(fit, diagnostics, table, prediction, new=new))
        print_blocks(
            "",
            f"Saved in {folder}: draws, model, evidence, provenance and forest.png; random seed {DEFAULT_SEED}.",
        )
    return code_of(diagnostics)


def _is_demo(folder: Path) -> bool:
    """Return whether a folder holds an earlier run of the demonstration, which may be replaced."""
    try:
        found = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
        return bool(
            found["provenance"]["seed"] == DEFAULT_SEED
            and found["selection"]["table"] == BUNDLED
            and (folder / "forest.png").is_file()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
