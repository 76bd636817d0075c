"""Propose what the columns of a file are, by name and by content, for a person to confirm.

A proposal is never used by itself: `python -m etl draft` writes it into a recipe, with its reasons, and
the person who knows the file corrects it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.catalog import TABLES, Column, Table
from data.standards import aliases
from etl.times import parse_duration, parse_times

SAMPLE = 200
EXACT, PART, UNFIT = 10.0, 4.0, -8.0
ENOUGH = 3.0


@dataclass(frozen=True)
class Proposal:
    """A column of ours, the file's column it probably is, and why.

    alias  the name it is known by; is_exact: the heading is that name, else it contains it.
    fit    share of the values that are `kind` (times, numbers, different); None if it was not asked.
    """

    field: str
    header: str
    alias: str
    is_exact: bool
    fit: float | None
    kind: str
    score: float

    @property
    def reason(self) -> str:
        """Why, for a recipe."""
        why = f"known as {self.alias}" if self.is_exact else f"contains {self.alias}"
        if self.kind == "empty":
            return f"{why}, but empty"
        return why if self.fit is None else f"{why}, {self.fit:.0%} {self.kind}"


def normal_name(header: str) -> str:
    """A heading without what differs for no reason: width, case, blanks, units in brackets."""
    text = unicodedata.normalize("NFKC", header).lower()
    text = re.sub(r"[(\[【].*?[)\]】]", "", text)
    return re.sub(r"[\s_\-:*]+", "", text)


def propose_columns(
    frame: pd.DataFrame, table: Table, timezone: str = "Asia/Shanghai"
) -> list[Proposal]:
    """The best one-to-one match of the table's columns and the file's, in the table's order.

    frame  the file as read: headings and text, shape (n, k); at most SAMPLE rows are looked at.
    A match needs a name that is or contains an alias, and values that can be of the column's type.
    """
    fields, headers = table.file_columns, [str(name) for name in frame.columns]
    sample = frame.head(SAMPLE)
    scores = np.zeros((len(fields), len(headers)))
    found: dict[tuple[int, int], Proposal] = {}
    for i, field in enumerate(fields):
        for j, header in enumerate(headers):
            by_name, alias = _name_score(table.name, field.name, header)
            if by_name:
                by_content, fit, kind = _content_score(
                    sample.iloc[:, j], field, timezone, is_key=table.file_key == (field.name,)
                )
                scores[i, j] = score = by_name + by_content
                is_exact = by_name > PART
                found[i, j] = Proposal(field.name, header, alias, is_exact, fit, kind, score)
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 half a second that a load saves

    chosen = zip(*linear_sum_assignment(scores, maximize=True), strict=True)
    return [found[i, j] for i, j in chosen if scores[i, j] >= ENOUGH]


def propose_table(frame: pd.DataFrame, *, has_shapes: str = "") -> str:
    """The table whose columns the file fits best; `has_shapes` is polygon, line or empty."""
    if has_shapes:
        return {"polygon": "core_grid", "line": "core_segment"}[has_shapes]
    sums = {
        name: sum(proposal.score for proposal in propose_columns(frame, table))
        for name, table in TABLES.items()
        if table.file_columns and table.geometry in ("", "point")
    }
    return max(sums, key=lambda name: sums[name])


def _name_score(table: str, field: str, header: str) -> tuple[float, str]:
    known = aliases(table).get(field, [field])
    name = normal_name(header)
    for rank, alias in enumerate(known):
        if name == normal_name(alias):
            return EXACT - 0.1 * rank, alias
    parts = [alias for alias in known if len(alias) > 1 and normal_name(alias) in name]
    return (PART, max(parts, key=len)) if parts else (0.0, "")


def _content_score(
    values: pd.Series, field: Column, timezone: str, *, is_key: bool
) -> tuple[float, float | None, str]:
    """How far the values can be of the column's type: score, share and what they should be."""
    present = values.dropna().astype("string[pyarrow]").str.strip()
    present = present[present != ""]
    if present.empty:
        return -1.0, None, "empty"
    if field.type in ("time", "date"):
        fits = parse_times(present, timezone).notna()
        if field.name == "due_at":
            fits |= present.map(lambda text: parse_duration(str(text)) is not None).astype(bool)
        kind = "times"
    elif field.type == "float":
        number = pd.to_numeric(present, errors="coerce")
        fits, kind = number.notna(), "numbers"
    elif is_key:
        fits, kind = ~present.duplicated(keep=False), "different"
    else:
        return 0.0, None, ""
    share = float(fits.mean())
    return (1.0 if share > 0.8 else UNFIT * (1 - share)), share, kind
