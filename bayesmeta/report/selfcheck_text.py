"""The self-check as text for a terminal and as JSON: formatted, nothing is computed."""

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bayesmeta.report.machine import plain_value

if TYPE_CHECKING:
    from bayesmeta.selfcheck import Check, Environment, SelfCheck


def environment_lines(environment: "Environment") -> list[str]:
    """Return versions and machine."""
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    return [
        f"bayesmeta {environment.bayesmeta}, Python {environment.python}",
        f"  packages   {packages}",
        f"  machine    {environment.platform}, {environment.processors} processors",
        f"  installed  {environment.installed}",
    ]


def check_line(check: "Check") -> str:
    """Return what became of a check, in one line."""
    detail = " ".join(check.detail.split())
    word = "PASS" if check.ok else "FAIL"
    return f"{word} {check.seconds:6.1f} s  {check.group}: {check.name} ({detail})"


def verdict_lines(found: "SelfCheck") -> list[str]:
    """Return what became of all checks together, and the failed ones again."""
    total, time = len(found.checks), timedelta(seconds=round(found.seconds))
    if found.ok:
        return [f"PASS: all {total} checks passed, in {time}."]
    return [
        f"FAIL: {len(found.failed)} of {total} checks failed, in {time}.",
        *(f"  {check.group}: {check.name}" for check in found.failed),
        "Do not use numbers from this installation until this is explained.",
    ]


def selfcheck_json(found: "SelfCheck") -> dict[str, Any]:
    """Return all checks and the environment."""
    environment = found.environment
    return {
        "ok": found.ok,
        "seconds": found.seconds,
        "checks": [_check_json(check) for check in found.checks],
        "environment": asdict(environment),
    }


def _check_json(check: "Check") -> dict[str, Any]:
    values = [
        {name: plain_value(cell) for name, cell in asdict(one).items()} for one in check.compared
    ]
    return asdict(check) | {"compared": values}
