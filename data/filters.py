"""What a person chose to look at: one frozen value, the argument of every view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True)
class Filters:
    """A period `[since, until)` in local days, and what of it.

    category_class, grid_id and department: empty means all.
    """

    since: date
    until: date
    category_class: str = ""
    grid_id: str = ""
    department: str = ""

    def __post_init__(self) -> None:
        if self.since >= self.until:
            msg = f"the period [{self.since}, {self.until}) is empty: `since` must be before `until`."
            raise ValueError(msg)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """The choice that an address carries (`params` as text). Raises ValueError if it is none."""
        since, until = (date.fromisoformat(query.get(name, "")) for name in ("since", "until"))
        category_class, grid_id, department = (
            query.get(name, "") for name in ("category_class", "grid_id", "department")
        )
        return cls(since, until, category_class, grid_id, department)

    @property
    def days(self) -> int:
        """Length of the period in days."""
        return (self.until - self.since).days

    @property
    def is_narrowed(self) -> bool:
        """Whether only some of the issues are looked at: one class or one department."""
        return bool(self.category_class or self.department)

    @property
    def previous(self) -> Filters:
        """The same choice in the period of the same length just before."""
        return self.starting(self.since - timedelta(days=self.days))

    @property
    def year_before(self) -> Filters:
        """The same choice in as many days to the same end a year before (29 to 28 February)."""
        day = 28 if (self.until.month, self.until.day) == (2, 29) else self.until.day
        until = self.until.replace(year=self.until.year - 1, day=day)
        return self.between(until - timedelta(days=self.days), until)

    def starting(self, since: date) -> Filters:
        """The same choice in a period of the same length from another day."""
        return self.between(since, since + timedelta(days=self.days))

    def between(self, since: date, until: date) -> Filters:
        """The same choice in another period."""
        return replace(self, since=since, until=until)

    def in_grid(self, grid_id: str = "") -> Filters:
        """The same choice in one grid, or in the whole county."""
        return replace(self, grid_id=grid_id)

    @property
    def county_params(self) -> dict[str, object]:
        """Parameters of a query about the whole county."""
        return {
            "since": self.since,
            "until": self.until,
            "category_class": self.category_class,
            "department": self.department,
        }

    @property
    def params(self) -> dict[str, object]:
        """Parameters of a query about the chosen grid, or the county where none is."""
        return self.county_params | {"grid_id": self.grid_id}
