"""Ways in which a saved run comes to harm, each a function of its folder."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]


def draws_cut_short(run: Path) -> None:
    draws = (run / "draws.nc").read_bytes()
    (run / "draws.nc").write_bytes(draws[: len(draws) // 2])


def draws_cut_short_and_signed(run: Path) -> None:
    draws_cut_short(run)
    _sign(run, "draws.nc")


def draws_lost(run: Path) -> None:
    (run / "draws.nc").unlink()


def arms_edited(run: Path) -> None:
    _replace(run / "arms.csv", ",7,20", ",8,20")


def arms_nonsense_and_signed(run: Path) -> None:
    _replace(run / "arms.csv", ",7,20", ",seven,20")
    _sign(run, "arms.csv")


def model_edited(run: Path) -> None:
    _replace(run / "model.toml", "HalfNormal(1)", "HalfNormal(0.9)")


def manifest_of_a_later_release(run: Path) -> None:
    _change(run, schema=2)


def manifest_without_schema(run: Path) -> None:
    _change(run, schema=None)


def manifest_cut_short(run: Path) -> None:
    (run / "fit.json").write_text('{"schema": 1,')


def manifest_empty(run: Path) -> None:
    (run / "fit.json").write_text("")


def manifest_a_list(run: Path) -> None:
    (run / "fit.json").write_text("[1]")


def manifest_nested_too_deep(run: Path) -> None:
    (run / "fit.json").write_text("[" * 100_000)


def manifest_with_listed_checksums(run: Path) -> None:
    _change(run, sha256=["draws.nc"])


def manifest_lost(run: Path) -> None:
    (run / "fit.json").unlink()


def manifest_with_unknown_setting(run: Path) -> None:
    _change(run, settings={"draws": 100, "thinning": 2})


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _change(run: Path, **entries: object) -> None:
    manifest = json.loads((run / "fit.json").read_text(encoding="utf-8")) | entries
    kept = {name: value for name, value in manifest.items() if value is not None}
    (run / "fit.json").write_text(json.dumps(kept), encoding="utf-8")


def _sign(run: Path, name: str) -> None:
    """Make the manifest agree with a file that was changed."""
    manifest = json.loads((run / "fit.json").read_text(encoding="utf-8"))
    checksum = hashlib.sha256((run / name).read_bytes()).hexdigest()
    _change(run, sha256=manifest["sha256"] | {name: checksum})


DAMAGE: dict[str, Damage] = {
    damage.__name__: damage
    for damage in (
        draws_cut_short,
        draws_cut_short_and_signed,
        draws_lost,
        arms_edited,
        arms_nonsense_and_signed,
        model_edited,
        manifest_of_a_later_release,
        manifest_without_schema,
        manifest_cut_short,
        manifest_empty,
        manifest_a_list,
        manifest_nested_too_deep,
        manifest_with_listed_checksums,
        manifest_lost,
        manifest_with_unknown_setting,
    )
}
