"""The public surface: what is exported, and what an import costs."""

import subprocess
import sys

import pytest

import bayesmeta as bm


def test_every_public_name_can_be_had_and_is_listed() -> None:
    for name in bm.__all__:
        assert getattr(bm, name) is not None
    assert dir(bm) == sorted(bm.__all__)


def test_public_names_are_documented() -> None:
    undocumented = [name for name in bm.__all__ if not (getattr(bm, name).__doc__ or "").strip()]
    assert undocumented == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fitt", "Did you mean 'fit'"),
        ("leave_one_out_", "Did you mean 'leave_one_study_out'"),
        ("forrest", r"Did you mean 'plots\.forest'"),
        ("xyzzy", r"Names: .* and \d+ more\.$"),
    ],
)
def test_an_unknown_name_is_an_attribute_error_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=rf"^bayesmeta has no '{name}'\. {hint}"):
        getattr(bm, name)
    with pytest.raises(AttributeError, match="No bayesmeta attribute __wrapped__"):
        bm.__wrapped__  # noqa: B018
    assert not hasattr(bm, name)


def test_importing_the_package_is_light() -> None:
    heavy = ("pymc", "matplotlib", "numba", "arviz", "pandas")
    code = f"import sys, bayesmeta; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_evidence_and_models_need_neither_pymc_nor_a_plot() -> None:
    code = (
        "import sys, bayesmeta as bm\n"
        "table = bm.load_evidence('rr_aml_venetoclax')\n"
        "spec = bm.load_model('pooled')\n"
        "from bayesmeta.model import make_design\n"
        "make_design(spec, table.select(outcome='CR'))\n"
        "print([name for name in ('pymc', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_is_read_without_scipy_and_readers_of_other_formats() -> None:
    code = (
        "import sys, pandas, bayesmeta as bm\n"
        "bm.read_evidence(pandas.DataFrame({'study': ['a'], 'events': [1], 'n': [2]}))\n"
        "names = ('scipy', 'openpyxl', 'bayesmeta.evidence.workbooks', 'bayesmeta.evidence.registry')\n"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_errors_are_also_the_builtin_they_look_like() -> None:
    assert issubclass(bm.EvidenceError, ValueError)
    assert issubclass(bm.SpecError, ValueError)
    assert issubclass(bm.ProfileError, ValueError)
    assert issubclass(bm.SettingsError, ValueError)
    assert issubclass(bm.RunError, OSError)
    assert issubclass(bm.SamplingError, RuntimeError)
    assert issubclass(bm.DiagnosticsError, RuntimeError)
