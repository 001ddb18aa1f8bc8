"""Distributions of the study effects u: how studies of one profile differ on the scale of the link.

A new distribution is one class in this room, one entry of `DISTRIBUTIONS`, and one branch of
`bayesmeta.inference.density.effects`.
"""

from bayesmeta.model.effects.base import StudyEffects, normal_nodes
from bayesmeta.model.effects.ends import CommonEffect, IndependentStudies
from bayesmeta.model.effects.heavy_tailed import ContaminatedEffects, StudentTEffects
from bayesmeta.model.effects.normal import ArmEffects, NormalEffects
from bayesmeta.model.effects.skew_normal import SkewNormalEffects

__all__ = [
    "DISTRIBUTIONS",
    "ArmEffects",
    "CommonEffect",
    "ContaminatedEffects",
    "IndependentStudies",
    "NormalEffects",
    "SkewNormalEffects",
    "StudentTEffects",
    "StudyEffects",
    "normal_nodes",
]

DISTRIBUTIONS: dict[str, type[StudyEffects]] = {
    distribution.name: distribution
    for distribution in (
        NormalEffects,
        StudentTEffects,
        ContaminatedEffects,
        SkewNormalEffects,
        CommonEffect,
        IndependentStudies,
    )
}
"""Every distribution by the name it has in a model file."""
