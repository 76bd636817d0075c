"""What a person chose to look at: one frozen value, the argument of every view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Filters:
    """A period `[since, until)` in local days, and what of it.

    category_class and grid_id: empty means all.
    """

    since: date
    until: date
    category_class: str = ""
    grid_id: str = ""

    def __post_init__(self) -> None:
        if self.since >= self.until:
            msg = f"the period [{self.since}, {self.until}) is empty: `since` must be before `until`."
            raise ValueError(msg)

    @property
    def days(self) -> int:
        """Length of the period in days."""
        return (self.until - self.since).days

    @property
    def previous(self) -> Filters:
        """The same choice in the period of the same length just before."""
        before = self.since - timedelta(days=self.days)
        return Filters(before, self.since, self.category_class, self.grid_id)
