"""Laws of the study effects u: how studies of one profile differ on the scale of the link.

A new law is one class in this room, one entry of `LAWS`, and one branch of
`bayesmeta.inference.density.laws`.
"""

from bayesmeta.model.effects.arms import ArmEffects
from bayesmeta.model.effects.base import StudyEffects, normal_nodes
from bayesmeta.model.effects.ends import CommonEffect, IndependentStudies
from bayesmeta.model.effects.heavy_tailed import ContaminatedEffects, StudentTEffects
from bayesmeta.model.effects.normal import NormalEffects

__all__ = [
    "LAWS",
    "ArmEffects",
    "CommonEffect",
    "ContaminatedEffects",
    "IndependentStudies",
    "NormalEffects",
    "StudentTEffects",
    "StudyEffects",
    "normal_nodes",
]

LAWS: dict[str, type[StudyEffects]] = {
    law.name: law
    for law in (
        NormalEffects,
        StudentTEffects,
        ContaminatedEffects,
        CommonEffect,
        IndependentStudies,
    )
}
"""Every law by the name it has in a model file."""
