"""The files of a run, and its manifest: what it is, what it depends on, and where it was made."""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from bayesmeta.errors import RunError, SettingsError, listed, shortened
from bayesmeta.runs.files import sealed, unsealed, write_whole
from bayesmeta.runs.jobs import versions

MANIFEST = "manifest.json"
"""The file by which the folder of a run is known."""

HASHES, TIMES = "hashes.json", "times.json"

LOCK, HOLDER = "lock", "holder.json"
"""The file that is locked, and the one that says by whom."""

INPUTS = "inputs"
"""Folder of the texts that a run was made from."""

FORMAT = 1
"""Version of the form of these folders."""


@dataclass(frozen=True)
class Manifest:
    """What a run is."""

    kind: str
    """What made it, such as ``"compare"``."""
    identity: Mapping[str, Any]
    """What all of it depends on, as JSON holds it."""
    inputs: Mapping[str, str]
    """SHA-256 of each text kept with it."""
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    """UTC, ISO 8601."""


def make_manifest(kind: str, identity: Mapping[str, Any], texts: Mapping[str, str]) -> Manifest:
    """Return the manifest of a run begun now."""
    try:
        plain = json.loads(json.dumps(dict(identity), sort_keys=True, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise SettingsError(f"`identity` must be what JSON can hold: {error}.") from error
    return Manifest(
        kind=kind,
        identity=plain,
        inputs={name: sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())},
        versions=dict(versions()),
        machine={
            "platform": platform.platform(),
            "processor": platform.machine(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write a manifest to its file, whole or not at all."""
    content = {"format": FORMAT} | asdict(manifest)
    write_whole(folder / MANIFEST, sealed(content, indent=1))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in a folder, which must be there."""
    path = folder / MANIFEST
    try:
        content = unsealed(path.read_bytes())
        form = content.pop("format")
        if form != FORMAT:
            raise RunError(
                f"{folder} has format {form!r}; this release reads format {FORMAT}. Use the release that wrote it, "
                "or choose another folder."
            )
        return Manifest(**content)
    except RunError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError(
            f"{path} is damaged: {error}. Put back a copy of it, or choose another folder; without it, nothing records "
            "what the results here are of."
        ) from error


def check_same(kept: Manifest, new: Manifest, folder: Path) -> None:
    """Raise unless a run goes on with the kind, identity, inputs and versions it was begun with."""
    before, now = (dict(_entries(each)) for each in (kept, new))
    differing = [name for name in sorted({**before, **now}) if before.get(name) != now.get(name)]
    if differing:
        shown = (
            f"{name} (there {_shown(before.get(name))}, here {_shown(now.get(name))})"
            for name in differing
        )
        raise RunError(
            f"{folder} holds another run, and is not changed. These differ: {listed(shown)}. Choose another folder, or "
            "ask for the same again."
        )


def _entries(manifest: Manifest) -> Iterator[tuple[str, Any]]:
    yield "kind", manifest.kind
    yield from _leaves(manifest.identity, "")
    yield from ((f"inputs/{name}", digest[:8]) for name, digest in manifest.inputs.items())
    yield from ((f"version of {name}", found) for name, found in manifest.versions.items())


def _leaves(content: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries of nested mappings, named by their path."""
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", json.dumps(value)


def _shown(value: object) -> str:
    return "none" if value is None else shortened(str(value))
