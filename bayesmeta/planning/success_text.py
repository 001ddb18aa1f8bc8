"""Success conditions written as text, such as ``P(rate > 0.35) > 0.9``, read without evaluating it.

A condition is ``P(event) > certainty``, the event a term on the rate or, of two arms, on
``rate - control`` (`bayesmeta.estimates.event_text`). Several are joined by ``and``.
"""

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.event_text import Reader
from bayesmeta.planning.success import (
    LEAST_CERTAIN,
    Condition,
    DifferenceCondition,
    Direction,
    Success,
)

FORM = 'Write it such as "P(rate > 0.35) > 0.9"; join several by `and`.'


def as_success(success: object) -> Success:
    """Return a `Success`, from one, from a condition, or from text."""
    if isinstance(success, Success):
        return success
    if isinstance(success, Condition):
        return Success((success,))
    if isinstance(success, str):
        return parse_success(success)
    raise SettingsError(
        f"`success` must be text or a Success; got {type(success).__name__}. {FORM}"
    )


def parse_success(text: str) -> Success:
    """Return the success conditions that a text states.

    Parameters
    ----------
    text : str
        Conditions such as ``P(rate > 0.35) > 0.9``, or ``P(rate - control > 0.1) > 0.9`` for two
        arms, joined by ``and``.

    Returns
    -------
    Success
        The conditions as values.

    Raises
    ------
    SettingsError
        If the text cannot be read, with the place under it; or if a number is out of its range.

    Examples
    --------
    >>> parse_success("P(rate < 0.2) > 0.8").conditions
    (Condition(threshold=0.2, certainty=0.8, direction='<'),)
    """
    reader = Reader("success", text, FORM)
    found = [_condition(reader)]
    while reader.take("and", "").word:
        found.append(_condition(reader))
    return Success(tuple(found))


def _condition(reader: Reader) -> Condition:
    """Return the condition that comes next."""
    for word in ("P", "(", "rate"):
        reader.take(word)
    kind = DifferenceCondition if reader.tokens[0].word == "-" else Condition
    for word in ("-", "control") if kind is DifferenceCondition else ():
        reader.take(word)
    direction: Direction = ">" if reader.sign("rate").startswith(">") else "<"
    threshold, first = reader.number()
    for word in (")", ">"):
        reader.take(word)
    certainty, second = reader.number()
    if not kind.lowest < threshold < 1:
        rule = (
            f"a {kind.subject} is compared with a number between {kind.lowest} and 1, both excluded"
        )
        raise reader.fault(first, f"{rule}; got {threshold:g}. Write 35% as 0.35.")
    if not LEAST_CERTAIN <= certainty < 1:
        rule = "the certainty is a probability from 0.5 to below 1"
        raise reader.fault(second, f"{rule}; got {certainty:g}. Write 90% as 0.9.")
    return kind(threshold, certainty, direction)
