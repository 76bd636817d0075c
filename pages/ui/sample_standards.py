"""标准与配额: what the standard asks of sample points, by edition."""

from __future__ import annotations

from data.templates import headings
from data.views.overview import Build
from pages.ui.filters import url_select
from pages.ui.sampling import Plan, standard
from pages.ui.tables import table
from pages.ui.text import TABLE_NAMES

TABLES = ("standard_quota", "standard_weight", "standard_deduction", "standard_item")


def show_standards(build: Build, _: Plan | None) -> None:
    """The rows of one table of the standard in one edition."""
    name = url_select("哪一张表", {code: TABLE_NAMES[code] for code in TABLES}, "standard")
    rows = standard(build, name)
    editions = {edition: edition for edition in sorted(rows["edition"].unique(), reverse=True)}
    edition = url_select("标准版本", editions, "edition")
    shown = rows[rows["edition"] == edition].drop(columns=["edition", "is_edited"])
    table(shown.rename(columns=headings(name)), TABLE_NAMES[name], "standard_rows")
