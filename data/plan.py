"""What a plan of sample points (样本点方案) is made with: one frozen value, kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

MOST_RISK_WEIGHT = 0.7  # the safest site keeps 30 % of the mean chance
MOST_DISTANCE_M = 5000


class Quota(NamedTuple):
    """How many points of a type are inspected: `quota` in all, of them `declared`; spares beside."""

    site_type: str
    quota: int
    declared: int
    spares: int = 0


class Note(NamedTuple):
    """What people should know of a plan: a code that pages word, what type or part it is of, how many.

    The codes stand with what has notes: `PlanRehearsal` and `PlanDraw` of data.views.
    """

    code: str
    subject: str
    number: int


@dataclass(frozen=True)
class PlanSettings:
    """The choices behind a plan.

    edition, form   of the standard: which parts, points and deductions count
    population      of the built-up area, in 10 000; quotas depend on it
    quotas          one a site type
    risk_weight     λ, 0 to MOST_RISK_WEIGHT: 0 draws all points of a type with the same chance, above
                    it the riskier ones more often
    min_distance_m  points of one type lie no nearer to each other, where that is possible; 0 to
                    MOST_DISTANCE_M
    pass_share      of the full marks forecast, to pass
    seed            of the public draw, as it was announced; empty before it is
    """

    edition: str
    form: str
    population: float
    quotas: tuple[Quota, ...]
    risk_weight: float = 0.0
    min_distance_m: float = 0.0
    pass_share: float = 0.8
    seed: str = ""

    def __post_init__(self) -> None:
        for quota in self.quotas:
            if not 0 <= quota.declared <= quota.quota or quota.spares < 0:
                msg = (
                    f"{quota}: declared must lie between 0 and the quota, spares must not be negative."
                )
                raise ValueError(msg)
        types = [quota.site_type for quota in self.quotas]
        if len(set(types)) < len(types):
            msg = f"a site type has two quotas: {types}."
            raise ValueError(msg)
        for name, most in (("risk_weight", MOST_RISK_WEIGHT), ("min_distance_m", MOST_DISTANCE_M)):
            if not 0 <= getattr(self, name) <= most:
                msg = f"{name} {getattr(self, name)} must lie between 0 and {most}."
                raise ValueError(msg)

    def to_json(self) -> str:
        """The settings as JSON, the same text for the same settings."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def of_json(cls, text: str) -> PlanSettings:
        """The settings that `to_json` wrote."""
        fields = json.loads(text)
        quotas = tuple(Quota(*quota) for quota in fields.pop("quotas"))
        return cls(quotas=quotas, **fields)

    def quota(self, site_type: str) -> Quota:
        """The quota of a site type; none is 0."""
        return {one.site_type: one for one in self.quotas}.get(site_type, Quota(site_type, 0, 0))
