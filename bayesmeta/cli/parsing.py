"""Options that are written as text: profiles, units, rates, bands and an interim analysis."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bayesmeta.errors import ProfileError, SettingsError, SpecError

if TYPE_CHECKING:
    import bayesmeta as bm


def parsed_profile(pairs: list[str] | None) -> "dict[str, str | dict[str, float]] | None":
    """Return a profile written as covariate=value pairs; None where there are none."""
    if not pairs:
        return None
    return {
        name: _value(name, value)
        for name, value in _split("--profile", pairs, ProfileError).items()
    }


def parsed_units(pairs: list[str] | None) -> dict[str, float] | None:
    """Return units of odds ratios written as covariate=unit pairs; None where there are none."""
    if not pairs:
        return None
    found = _split("--per", pairs, SettingsError)
    try:
        return {name: float(unit) for name, unit in found.items()}
    except ValueError:
        raise SettingsError(
            f"`--per`: units are numbers, such as age=10; got '{', '.join(pairs)}'."
        ) from None


def parsed_names(option: str, pairs: list[str] | None) -> dict[str, str] | None:
    """Return texts written as covariate=text pairs; None where there are none."""
    return _split(option, pairs, SettingsError) if pairs else None


def parsed_titles(option: str, pairs: list[str] | None) -> dict[str, str] | None:
    """Return texts written as title=name pairs, of which titles may hold the sign; None without any."""
    if not pairs:
        return None
    return _split(option, pairs, SettingsError, written="title=name", cut=str.rpartition)


def parsed_biases(option: str, pairs: list[str] | None) -> dict[str, tuple[float, float]] | None:
    """Return means and standard deviations written as study=mean,sd; None where there are none."""
    if not pairs:
        return None
    found = _split(option, pairs, SettingsError, written="study=mean,sd", cut=str.rpartition)
    return {study: _pair(option, study, text) for study, text in found.items()}


def _pair(option: str, study: str, text: str) -> tuple[float, float]:
    mean, comma, sd = text.partition(",")
    try:
        if comma:
            return float(mean), float(sd)
    except ValueError:
        pass
    raise SettingsError(
        f"`{option}` is written study=mean,sd, such as smith2019=0.2,0.3; got '{study}={text}'."
    )


def parsed_powers(option: str, pairs: list[str] | None) -> dict[str, float] | None:
    """Return numbers written as label=number; None where there are none."""
    if not pairs:
        return None
    found = _split(option, pairs, SettingsError, written="label=number", cut=str.rpartition)
    try:
        return {label: float(text) for label, text in found.items()}
    except ValueError:
        raise SettingsError(
            f"`{option}` is written label=number, such as High=0.5; got '{', '.join(pairs)}'."
        ) from None


def _split(
    option: str,
    pairs: Sequence[str],
    kind: type[ProfileError | SettingsError],
    *,
    written: str = "covariate=value",
    cut: Callable[[str, str], tuple[str, str, str]] = str.partition,
) -> dict[str, str]:
    """Return names and values of pairs, after checking that each name is there once."""
    split = [cut(pair, "=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not name or not equals:
            raise kind(f"`{option}` is written {written}; got '{pair}'.")
    found = {name.strip(): value.strip() for name, _, value in split}
    if len(found) < len(pairs):
        what = written.partition("=")[0]
        raise kind(f"`{option}` gives a {what} twice: {', '.join(pairs)}. Give each once.")
    return found


def _value(name: str, text: str) -> "str | dict[str, float]":
    """Return a value of a profile: a level, a number, or shares written level:share+level:share."""
    parts = [part.rpartition(":") for part in text.split("+")]
    if not all(level and share for level, _, share in parts):
        return text
    try:
        return {level.strip(): float(share) for level, _, share in parts}
    except ValueError:
        raise ProfileError(
            f"`--profile {name}={text}`: shares are numbers, written level:share+level:share."
        ) from None


def parsed_rates(option: str, text: str | None) -> list[float] | None:
    """Return the rates that a text lists; None where there is none."""
    if text is None:
        return None
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise SettingsError(
            f"`{option}` must be numbers joined by commas, such as 0.2,0.35; got '{text}'."
        ) from None


def parsed_bands(texts: Sequence[str]) -> list[tuple[float, float]]:
    """Return bands of the rate written low:high."""
    found = []
    for text in texts:
        low, _, high = text.partition(":")
        try:
            found.append((float(low), float(high)))
        except ValueError:
            raise SettingsError(
                f"`--band` must be a lower and a higher rate, such as 0:0.2; got '{text}'."
            ) from None
    return found


def parsed_interim(text: str | None) -> tuple[int, int] | None:
    """Return responders and patients written 8/20; None where there are none."""
    if text is None:
        return None
    events, slash, n = (part.strip() for part in text.partition("/"))
    if not (slash and events.isdecimal() and n.isdecimal()):
        raise SettingsError(f"`--interim` must be responders/patients, such as 8/20; got '{text}'.")
    if int(events) > int(n):
        raise SettingsError(
            f"`--interim` must not have more responders than patients; got '{text}'. Write responders first, "
            "such as 8/20."
        )
    return int(events), int(n)


def parsed_mixture(option: str, text: str | None) -> "bm.BetaMixture | None":
    """Return a mixture written 0.7 Beta(8, 22) + 0.3 Beta(1, 1), as plans print it; None without one."""
    if text is None:
        return None
    import bayesmeta as bm
    from bayesmeta.priors import parse_prior

    written = 'Write it such as "Beta(8, 22)", or "0.7 Beta(8, 22) + 0.3 Beta(1, 1)".'
    weights, betas = [], []
    for part in text.split("+"):
        weight, family, rest = part.partition("Beta")
        unread = f"`{option}` must be beta distributions with their shares; '{part.strip()}' cannot be read."
        if not (family and rest.startswith("(") and rest.rstrip().endswith(")")):
            raise SettingsError(f"{unread} {written}")
        try:
            weights.append(float(weight) if weight.strip() else 1.0)
            betas.append(parse_prior(family + rest))
        except SpecError as error:
            # Which parameter is wrong.
            raise SettingsError(f"{unread} {error} {written}") from None
        except ValueError:
            raise SettingsError(f"{unread} {written}") from None
    a, b = (tuple(getattr(each, name) for each in betas) for name in ("a", "b"))
    try:
        return bm.BetaMixture(tuple(weights), a, b)
    except SettingsError as error:
        raise SettingsError(f"`{option}`: {error}") from None
