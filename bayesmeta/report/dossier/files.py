"""The files of a dossier, as bytes: forms of the document, rows for machines, hashes of all."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from typing import Any

from bayesmeta.report.document import labelled
from bayesmeta.report.dossier.documents import Content, dossier_document
from bayesmeta.report.dossier.guidelines import Guideline
from bayesmeta.report.plan_tables import FILES
from bayesmeta.report.rendering import FORMATS
from bayesmeta.runs.files import FolderKind

FORMAT = 1
"""Version of the form of dossiers."""

MANIFEST = "manifest.json"

EVIDENCE = (
    *("arms.csv", "excluded.csv", "evidence.csv", "outcomes.csv", "exclusions.csv"),
    *("selection.csv", "derivations.csv", "provenance.csv", "summary.csv", "diagnostics.csv"),
    *("tau_prior.csv", "model.toml", "model.txt", MANIFEST),
)
"""Files about a fit and its evidence, and that of the hashes."""

PLAN = (
    *("design.csv", "priors.csv", "prior_summary.csv", "mixture_fit.csv"),
    *("bayesian_characteristics.csv", "coverage.csv", "difference_estimates.csv", *FILES),
)
"""Files about a plan."""

RESULTS = (
    *("forest.csv", "contrasts.csv", "without_results.csv", "risk_of_bias.csv"),
    *("missing_studies.csv", "tipping_points.csv", "bias_models.csv", "certainty.csv"),
)
"""Files of the results of a review."""

FORMS = ("html", "docx", "json")

DOSSIER = FolderKind(
    "dossier", "dossier.json", frozenset([*EVIDENCE, *PLAN, *(f"dossier.{form}" for form in FORMS)])
)
REVIEW = FolderKind(
    "PRISMA folder",
    "prisma.json",
    frozenset([*EVIDENCE, *RESULTS, *(f"prisma.{form}" for form in FORMS)]),
)


def hashes_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, by name, in order of names."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def document_files(content: Content, kind: FolderKind) -> dict[str, bytes]:
    """Return the dossier as HTML, as Word where pandoc is installed, and as JSON."""
    stem = kind.mark.removesuffix(".json")
    document = labelled(dossier_document(content), content.words)
    forms = ("html", "docx") if shutil.which("pandoc") else ("html",)
    found = {f"{stem}.{form}": FORMATS[form](document) for form in forms}
    return found | {kind.mark: _json(_content(content))}


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files with the hashes of all of them."""
    return {**files, MANIFEST: _json({"format": FORMAT, "sha256": hashes_of(files)})}


def _content(content: Content) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "title": content.heading,
        "made": content.made,
        "warning": content.warning,
        "guidelines": [_guideline(one) for one in content.guidelines],
        "rows": [row.json() for row in content.rows],
    }


def _guideline(one: Guideline) -> dict[str, Any]:
    return {name: value for name, value in vars(one).items() if name != "items"}


def _json(content: Any) -> bytes:
    return f"{json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()
