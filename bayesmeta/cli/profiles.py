"""Profiles as they are written on the command line."""

from bayesmeta.errors import ProfileError

__all__ = ["parsed_profile"]


def parsed_profile(pairs: list[str] | None) -> "dict[str, str | dict[str, float]] | None":
    """Return a profile written as covariate=value pairs; None where there are none."""
    if not pairs:
        return None
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not name or not equals:
            raise ProfileError(f"`--profile` is written covariate=value; got '{pair}'.")
    found = {name.strip(): _value(name.strip(), value.strip()) for name, _, value in split}
    if len(found) < len(pairs):
        raise ProfileError(
            f"`--profile` gives a covariate twice: {', '.join(pairs)}. Give each once."
        )
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
