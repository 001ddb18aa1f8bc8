"""The folder of a run as text for a terminal and as JSON: formatted, nothing is computed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import SHOWN, counted, listed, shortened
from bayesmeta.runs import Failed, RunSummary

if TYPE_CHECKING:
    from bayesmeta.inference.result import Fit


def fit_run_lines(fit: "Fit", path: Path) -> list[str]:
    """Return what the folder of a fit holds."""
    from bayesmeta.report.text import evidence_lines

    made = fit.provenance
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    return [
        f"{path}: a fit of model '{fit.spec.name}', made {made.created}",
        *evidence_lines(fit.arms),
        f"Sampling   engine '{made.engine}', random seed {made.seed}, {made.seconds:.1f} s",
        f"Versions   {versions}",
    ]


def fit_run_json(fit: "Fit", path: Path) -> dict[str, Any]:
    """Return what the folder of a fit holds."""
    return {
        "path": str(path),
        "kind": "fit",
        "model": fit.spec.name,
        "selection": dict(fit.arms.selection),
        **asdict(fit.provenance),
    }


def run_lines(run: RunSummary) -> list[str]:
    """Return what a run is, how far it is, and the first jobs that failed."""
    manifest, machine = run.manifest, run.manifest.machine
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return [
        f"{run.path}: a run of kind '{manifest.kind}', begun {manifest.created}, "
        f"{'finished' if run.complete else 'NOT FINISHED'}",
        f"  jobs      {run.finished:,} done, {len(run.failed):,} failed"
        + (f", {run.damaged:,} with a damaged file, to be done again" if run.damaged else ""),
        f"  work      {_duration(run.work_seconds)} of all jobs together; open for {_duration(run.open_seconds)}",
        f"  machine   {machine.get('platform')}, {machine.get('processors')} processors",
        f"  versions  {versions}",
        *_failure_lines(run),
    ]


def unfinished_text(run: RunSummary, problems: Sequence[str]) -> str:
    """Return what is missing of a run that has not finished, and what to do about it."""
    jobs = run.finished + len(run.failed)
    # The first problem is the missing file of hashes; others are files that changed meanwhile.
    changed = f" Changed since written: {listed(problems[1:])}." if problems[1:] else ""
    return (
        f"{run.path} is not finished: {counted(jobs, 'job')} ended, and {problems[0].split(':')[0]}, "
        f"which is written last.{changed} If it is not running, run the same command again: jobs that ended "
        "are kept, the others are done, and the tables are written."
    )


def run_json(run: RunSummary) -> dict[str, Any]:
    """Return what a run is, how far it is, and every job that failed."""
    manifest = run.manifest
    return {
        "path": str(run.path),
        "kind": manifest.kind,
        "created": manifest.created,
        "complete": run.complete,
        "jobs": {"finished": run.finished, "failed": len(run.failed), "damaged": run.damaged},
        "failed": _failures(run),
        "work_seconds": run.work_seconds,
        "open_seconds": run.open_seconds,
        **{
            name: dict(getattr(manifest, name))
            for name in ("identity", "inputs", "versions", "machine")
        },
    }


def _failures(run: RunSummary) -> list[dict[str, str]]:
    return [
        {"name": each.name, "error": each.outcome.error, "message": each.outcome.message}
        for each in run.failed
        if isinstance(each.outcome, Failed)
    ]


def _failure_lines(run: RunSummary) -> list[str]:
    found = _failures(run)
    lines = [
        f"  {each['name']}: {each['error']}: {shortened(each['message'])}" for each in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more")
    return ["", "Failed", *lines] if found else []


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
