"""Success conditions written as text, such as ``P(rate > 0.35) > 0.9``, read without evaluating it.

A condition is ``P(rate > number) > certainty``; ``<`` after the rate asks for a rate below the
number; ``rate - control`` asks for a difference of two arms. Several are joined by ``and``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayesmeta.errors import SettingsError
from bayesmeta.planning.success import (
    LEAST_CERTAIN,
    Condition,
    DifferenceCondition,
    Direction,
    Success,
)

LONGEST = 500
"""Characters of the longest text that is read."""

FORM = 'Write it such as "P(rate > 0.35) > 0.9"; join several by `and`.'

_TOKEN = re.compile(r"\s*(?P<word>[A-Za-z_]+|[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?%?|[<>]=?|\S)")
_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Token:
    """A word or sign, and the place of its first character."""

    word: str
    place: int


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
    if not isinstance(text, str):
        raise SettingsError(f"`success` must be text; got {text!r}. {FORM}")
    if len(text) > LONGEST:
        raise SettingsError(f"`success` must have at most {LONGEST} characters; got {len(text)}.")
    reader = _Reader(text, _tokens(text))
    found = [_condition(reader)]
    while reader.take("and", "").word:
        found.append(_condition(reader))
    return Success(tuple(found))


class _Reader:
    """Tokens taken one after the other; a fault points at its place in the text."""

    def __init__(self, text: str, tokens: Iterator[Token]) -> None:
        self.text, self.tokens = text, [*tokens, Token("", len(text.rstrip()))]

    def peek(self) -> Token:
        return self.tokens[0]

    def take(self, *words: str) -> Token:
        """Return the next token, which must be one of these words."""
        token = self.tokens[0]
        if token.word.casefold() not in [word.casefold() for word in words]:
            wanted = " or ".join(f"`{word}`" if word else "the end" for word in words)
            raise self.fault(token, f"expected {wanted}, got {_named(token)}.{_advice(token)}")
        return self.tokens.pop(0)

    def number(self) -> tuple[float, Token]:
        token = self.tokens.pop(0)
        if not _NUMBER.fullmatch(token.word):
            raise self.fault(token, f"expected a number, got {_named(token)}.{_advice(token)}")
        return float(token.word), token

    def fault(self, token: Token, what: str) -> SettingsError:
        shown = self.text.replace("\n", " ").replace("\t", " ")
        pointer = " " * token.place + "^"
        return SettingsError(
            f"`success` cannot be read at character {token.place + 1}: {what}\n  {shown}\n  {pointer}\n{FORM}"
        )


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        yield Token(found["word"], found.start("word"))


def _condition(reader: _Reader) -> Condition:
    """Return the condition that comes next."""
    for word in ("P", "(", "rate"):
        reader.take(word)
    kind = DifferenceCondition if reader.peek().word == "-" else Condition
    for word in ("-", "control") if kind is DifferenceCondition else ():
        reader.take(word)
    direction: Direction = ">" if reader.take(">", "<").word == ">" else "<"
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


def _named(token: Token) -> str:
    return f"`{token.word}`" if token.word else "the end"


def _advice(token: Token) -> str:
    """Return what to write instead of a token that is a common slip."""
    word = token.word.casefold()
    if word.endswith("%"):
        return f" Write {float(word[:-1]) / 100:g}." if _NUMBER.fullmatch(word[:-1]) else ""
    return {
        ">=": " Write `>`; of a rate, which is continuous, it means the same.",
        "<=": " Write `<`; of a rate, which is continuous, it means the same.",
        "or": " Conditions are joined by `and` only.",
        "&": " Conditions are joined by `and`.",
        "pr": " Write P.",
    }.get(word, "")
