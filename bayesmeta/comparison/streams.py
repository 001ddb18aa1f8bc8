"""Streams of random numbers, known by what they are for rather than by when they are used."""

from hashlib import sha256

import numpy as np

__all__ = ["number_of", "pit_stream", "validation_stream"]

PIT = 3
"""First part of the key of the random numbers of PITs; refits have 2."""


def number_of(text: str) -> int:
    """Return a number for a text, by which a stream is known."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def pit_stream(seed: int, study: str) -> np.random.Generator:
    """Return the random numbers of the PITs of a study's arms, whichever fit predicts them."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT, number_of(study))))


def validation_stream(seed: int) -> np.random.Generator:
    """Return the random numbers of the PITs of cohorts that a model is validated on."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT,)))
