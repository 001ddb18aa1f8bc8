"""The grammar of events, and of conditions on them, read without evaluating any text.

An event is one term or more, joined by ``and``; a term is a quantity, a sign and a number::

    rate > 0.3                  the cohort's true rate (probability)
    responders >= 12            its patients with the one outcome
    rate(CR) > 0.2, CR >= 8     the same of one of several nested outcomes
    rate - control > 0.1        the difference of two arms, in conditions of success

A condition of success is ``P(term) > certainty`` (`bayesmeta.planning.success`).
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

from bayesmeta.errors import SettingsError, nearest

Quantity = Literal["rate", "responders"]
Sign = Literal[">", "<", ">=", "<=", "=="]

LONGEST = 500
"""Characters of the longest text that is read."""

FORM = (
    'Write it such as "rate > 0.3" or "responders >= 12"; of several outcomes, "rate(CR) > 0.2" or '
    '"CR >= 8"; join several by `and`.'
)

SIGNS: dict[Quantity, tuple[Sign, ...]] = {
    "rate": (">", "<", ">=", "<="),
    "responders": (">", "<", ">=", "<=", "=="),
}
"""Of a rate, which is continuous, ``>`` and ``>=`` mean the same."""

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TOKEN = re.compile(rf"\s*((?:{_NUMBER.pattern})%?(?![\w.])|[\w.]+|[<>=]+|\S)")
_ADVICE = {
    "=>": " Write `>=`.",
    "=<": " Write `<=`.",
    "=": " Write `==`.",
    "==": " A rate is above or below a number, never equal to it.",
    "or": " Terms are joined by `and` only: ask for each by itself.",
    "|": " Terms are joined by `and` only: ask for each by itself.",
    "&": " Terms are joined by `and`.",
    "pr": " Write P.",
}
"""What to write instead of a common slip."""


class Token(NamedTuple):
    """A word or sign, empty at the end of the text, and the place of its first character."""

    word: str
    place: int


class Term(NamedTuple):
    """A quantity of an outcome, a sign and a number, with the place of the number."""

    quantity: Quantity
    outcome: str
    sign: Sign
    value: float
    place: Token


class Reader:
    """Tokens of an argument taken one after the other; a fault points at its place in the text."""

    def __init__(self, argument: str, text: object, form: str = FORM) -> None:
        self.argument, self.form = argument, form
        if not isinstance(text, str) or not text.strip():
            raise SettingsError(f"`{argument}` must be text; got {text!r}. {form}")
        if len(text) > LONGEST:
            raise SettingsError(
                f"`{argument}` must have at most {LONGEST} characters; got {len(text)}."
            )
        self.text = text
        self.tokens = [Token(one[1], one.start(1)) for one in _TOKEN.finditer(text)]
        self.tokens.append(Token("", len(text.rstrip())))

    def take(self, *words: str) -> Token:
        """Return the next token, which must be one of these words; the empty one is the end."""
        token = self.tokens[0]
        if token.word.casefold() not in [word.casefold() for word in words]:
            wanted = " or ".join(f"`{word}`" if word else "the end" for word in words)
            raise self._unexpected(token, wanted)
        return self.tokens.pop(0)

    def number(self) -> tuple[float, Token]:
        """Return the number that comes next, and its place."""
        token = self.tokens[0]
        if not _NUMBER.fullmatch(token.word):
            raise self._unexpected(token, "a number")
        return float(token.word), self.tokens.pop(0)

    def term(self, outcomes: Sequence[str]) -> Term:
        """Return the term of an event that comes next."""
        quantity: Quantity = "responders"
        if outcomes and self.tokens[0].word not in {"rate", "responders"}:
            outcome = self._outcome(outcomes)
        else:
            quantity = cast("Quantity", self.take("rate", "responders").word.casefold())
            outcome = ""
            if outcomes:
                self.take("(")
                outcome = self._outcome(outcomes)
                self.take(")")
        return Term(quantity, outcome, self.sign(quantity), *self.number())

    def sign(self, quantity: Quantity) -> Sign:
        """Return the sign that comes next."""
        return cast("Sign", self.take(*SIGNS[quantity]).word)

    def fault(self, token: Token, what: str) -> SettingsError:
        """Return the error that points at a token."""
        shown = self.text.replace("\n", " ").replace("\t", " ")
        pointer = " " * token.place + "^"
        return SettingsError(
            f"`{self.argument}` cannot be read at character {token.place + 1}: {what}\n  {shown}\n"
            f"  {pointer}\n{self.form}"
        )

    def _outcome(self, outcomes: Sequence[str]) -> str:
        token = self.tokens[0]
        if token.word and token.word not in outcomes:
            raise self.fault(
                token, f"there is no outcome '{token.word}'. {nearest(token.word, outcomes)}"
            )
        return self.take(*outcomes).word

    def _unexpected(self, token: Token, wanted: str) -> SettingsError:
        got = f"`{token.word}`" if token.word else "the end"
        return self.fault(token, f"expected {wanted}, got {got}.{_advice(token.word)}")


def _advice(word: str) -> str:
    if word.endswith("%") and _NUMBER.fullmatch(word[:-1]):
        return f" Write {float(word[:-1]) / 100:g}."
    return _ADVICE.get(word.casefold(), "")
