"""Checks of the installation, on a small one that is whole, tampered with, or lacks something."""

import base64
import hashlib
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from bayesmeta.selfcheck import installation
from bayesmeta.selfcheck.installation import (
    check_dependencies,
    distributions,
    files_compared,
    is_editable,
    versions_of,
)

FILES = {"bayesmeta/__init__.py": "a = 1\n", "bayesmeta/data/table.csv": "study,events,n\n"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder into which two files of a wheel were installed."""
    rows = []
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{name},sha256={digest.decode()},{len(text)}")
    compiled = tmp_path / "bayesmeta" / "__pycache__"
    compiled.mkdir()
    (compiled / "kept.nbi").touch()
    metadata = tmp_path / "bayesmeta-0.2.0.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text("\n".join([*rows, "bayesmeta-0.2.0.dist-info/RECORD,,\n"]))
    (metadata / "METADATA").write_text(
        "Name: bayesmeta\nVersion: 0.2.0\nRequires-Python: >=3.12\n"
        "Requires-Dist: numpy>=2.1\nRequires-Dist: pandas<1\nRequires-Dist: no-such-package\n"
        "Requires-Dist: distributed<1; extra == 'dask'\n"
    )
    return tmp_path


def installed(site: Path) -> Distribution:
    return Distribution.at(site / "bayesmeta-0.2.0.dist-info")


def test_files_as_recorded_pass(site: Path) -> None:
    found = files_compared(installed(site), site / "bayesmeta")
    assert found.ok, found.detail
    assert found.detail == "2 files, SHA-256 as recorded"
    last = found.compared[-1]
    expected = hashlib.sha256(FILES["bayesmeta/data/table.csv"].encode()).hexdigest()
    assert (last.quantity, last.expected, last.obtained) == (
        "bayesmeta/data/table.csv",
        expected,
        expected,
    )


def test_a_changed_byte_fails(site: Path) -> None:
    (site / "bayesmeta/__init__.py").write_bytes(b"a = 2\n")
    found = files_compared(installed(site), site / "bayesmeta")
    assert not found.ok
    assert [one.quantity for one in found.compared if not one.ok] == ["bayesmeta/__init__.py"]
    assert found.detail == (
        "bayesmeta/__init__.py: another SHA-256. Install bayesmeta again, from its wheel."
    )


def test_a_file_that_is_gone_fails(site: Path) -> None:
    (site / "bayesmeta/data/table.csv").unlink()
    found = files_compared(installed(site), site / "bayesmeta")
    assert not found.ok
    assert found.detail.startswith("bayesmeta/data/table.csv: cannot be read (No such file")


def test_a_file_too_many_fails(site: Path) -> None:
    (site / "bayesmeta/priors.py").touch()
    found = files_compared(installed(site), site / "bayesmeta")
    assert not found.ok
    assert "files that are not recorded: bayesmeta/priors.py" in found.detail


def test_code_from_elsewhere_fails(site: Path) -> None:
    found = files_compared(installed(site), Path(installation.__file__).parents[1])
    assert not found.ok
    assert found.detail.startswith("folder that is imported: ")


def test_a_record_without_hashes_fails(site: Path) -> None:
    (site / "bayesmeta-0.2.0.dist-info/RECORD").write_text("")
    assert not files_compared(installed(site), site / "bayesmeta").ok


def test_versions_are_those_required(site: Path) -> None:
    found = {one.quantity: one for one in versions_of(installed(site))}
    assert list(found) == ["Python", "numpy", "pandas", "no-such-package"]
    assert found["Python"].ok
    assert found["numpy"].ok
    assert (found["pandas"].expected, found["pandas"].ok) == ("<1", False)
    assert found["no-such-package"].obtained == "not installed"
    assert not found["no-such-package"].ok


def test_this_installation_has_what_it_needs(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = check_dependencies(tmp_path)
    assert found.ok, found.detail
    assert {"numpy", "pymc", "typer"} <= {one.quantity for one in found.compared}
    assert {"numpy", "pymc"} <= set(distributions())
    assert "bayesmeta" not in distributions()
    monkeypatch.setattr(installation, "distribution", lambda _: installed(site))
    found = check_dependencies(tmp_path)
    assert not found.ok
    assert "no-such-package not installed, not any version. Install" in found.detail


@pytest.mark.parametrize(
    ("origin", "editable"),
    [
        (None, False),
        ('{"url": "file:///a.whl", "archive_info": {}}', False),
        ('{"url": "file:///a", "dir_info": {}}', False),
        ('{"url": "file:///a", "dir_info": {"editable": true}}', True),
    ],
)
def test_an_editable_installation_is_known(
    origin: str | None, *, editable: bool, site: Path
) -> None:
    if origin is not None:
        (site / "bayesmeta-0.2.0.dist-info/direct_url.json").write_text(origin)
    assert is_editable(installed(site)) is editable
