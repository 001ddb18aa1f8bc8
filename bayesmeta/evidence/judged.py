"""Which study of the evidence each judgement of the risk of bias is of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bayesmeta.errors import EvidenceError, SettingsError, counted, listed, nearest
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.columns import STUDY
from bayesmeta.evidence.risk_of_bias import OVERALL, STUDY as JUDGED, TOOLS, RiskOfBias

Judgements = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Judged:
    """The judgements of some studies of the evidence.

    `of_study` has the label of each domain and of `Overall` by study; `lacking` are the studies without
    judgements, `others` the judged studies that are not among these; `names` are names as written by
    people.
    """

    tool: str
    domains: tuple[str, ...]
    of_study: Mapping[str, Judgements]
    lacking: tuple[str, ...]
    others: tuple[str, ...]
    names: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The domains, and the overall judgement."""
        return (*self.domains, OVERALL)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, in the order of the tool."""
        tool = TOOLS[self.tool]
        found = {label for one in self.of_study.values() for label in one.values()}
        return tuple(
            label for label in dict.fromkeys((*tool.labels, *tool.overall)) if label in found
        )

    def note(self) -> str:
        """Return which studies have no judgement, and of which others there are judgements."""
        said = []
        if self.lacking:
            count = len(self.lacking) + len(self.of_study)
            have = "has" if len(self.lacking) == 1 else "have"
            said.append(
                f"{len(self.lacking)} of {counted(count, 'study', 'studies')} {have} no judgement: "
                f"{self._listed(self.lacking)}."
            )
        if self.others:
            are = "is" if len(self.others) == 1 else "are"
            said.append(
                f"{counted(len(self.others), 'judged study', 'judged studies')} {are} not among these: "
                f"{self._listed(self.others)}."
            )
        return " ".join(said)

    def _listed(self, studies: Iterable[str]) -> str:
        return listed(self.names.get(one, one) for one in studies)


def judged_studies(
    arms: Arms, judgements: RiskOfBias, studies: Iterable[str] | None = None
) -> Judged:
    """Return the judgements of the studies of arms, or of some of them.

    A judged study must be among the arms, or among the rows that their selection left out.
    """
    if not isinstance(judgements, RiskOfBias):
        raise SettingsError(
            f"`judgements` must be a RiskOfBias; got {type(judgements).__name__}. Make one by read_risk_of_bias."
        )
    shown = tuple(dict.fromkeys(map(str, arms.studies if studies is None else studies)))
    left_out = arms.excluded[STUDY] if STUDY in arms.excluded.columns else ()
    known = dict.fromkeys([*map(str, arms.studies), *map(str, left_out)])
    rows = judgements.frame.set_index(JUDGED).to_dict("index")
    for name in rows:
        if name not in known:
            raise EvidenceError(
                f"The judgements of {judgements.tool} name '{name}', which is no study of the fit, nor of the rows that its selection left out. "
                f"{nearest(str(name), map(str, arms.studies))} Correct the name, or leave its row out."
            )
    return Judged(
        judgements.tool,
        judgements.domains,
        {name: {str(k): str(v) for k, v in rows[name].items()} for name in shown if name in rows},
        tuple(name for name in shown if name not in rows),
        tuple(str(name) for name in rows if name not in shown),
        dict(zip(map(str, arms.frame[STUDY]), map(str, arms.display_labels), strict=True)),
    )
