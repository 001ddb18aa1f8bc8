"""Combinations of parts among which every pair of parts occurs."""

from collections.abc import Callable, Iterable
from itertools import combinations as subsets

__all__ = ["pairwise"]


def pairwise[T](combinations: list[T], parts: Callable[[T], Iterable[str]]) -> list[T]:
    """Return combinations among which every pair occurs that occurs in any of them.

    Greedy: the combination with most pairs not yet met comes next.
    """
    pairs = [set(subsets(parts(one), 2)) for one in combinations]
    wanted = set[tuple[str, str]]().union(*pairs)
    found = []
    while wanted:
        best = max(range(len(combinations)), key=lambda i: len(wanted & pairs[i]))
        wanted -= pairs[best]
        found.append(combinations[best])
    return found
