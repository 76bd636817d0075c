"""What is wrong with a table of the standard as typed in, and where its numbers do not add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.catalog import TABLES
from data.standards import as_site_types
from data.views.standards import DOUBLED, EDITABLE, TOTAL, verified

WHOLE = ("quota", "content")


class Fault(NamedTuple):
    """One thing for which a table is not saved.

    row     its number in the table; 0: the whole table. column: of the catalog; "": the whole row.
    value   what stands there
    code    no_rows; empty; not_number; negative; not_whole; twice (other: the row it repeats);
            band_empty (other: the lower end); band_overlap (other: the row); band_hole (other: what
            is missing, from–to); unknown_form, unknown_part (other: those there are); low_cap
            (other: the points); no_source
    """

    row: int
    column: str
    value: str
    code: str
    other: str = ""


def typed_rows(table: str, edited: pd.DataFrame) -> pd.DataFrame:
    """What was typed into a table: texts without blanks around them, empty rows left out.

    edited  columns of the catalog but edition. The index, kept, is the row number.
    """
    rows = edited.astype(object).assign(is_verified=verified(edited))
    for column in TABLES[table].file_columns:
        if column.type == "text" and column.name != "edition":
            rows[column.name] = [_text(value) or None for value in rows[column.name]]
    said = rows.drop(columns="is_verified").map(_text) != ""
    return rows[said.any(axis=1)]


def standard_faults(table: str, rows: pd.DataFrame, weights: pd.DataFrame) -> list[Fault]:
    """What is wrong with the rows of one edition, by row; nothing if they may be saved.

    rows     columns of the catalog but edition; the index is the row number
    weights  rows of standard_weight of the same edition: deductions name its forms and parts
    """
    if rows.empty:
        return [Fault(0, "", "", "no_rows")]
    faults = [*_values(table, rows), *_twice(table, rows)]
    faults += [
        Fault(int(str(row)), "source", "", "no_source")
        for row, source in rows.loc[verified(rows), "source"].items()
        if not _text(source)
    ]
    if table == "standard_quota":
        faults += _bands(rows)
    if table == "standard_deduction":
        faults += _parts(rows, weights)
    if table == "standard_item":
        faults += _item_total(rows)
    return sorted(faults)


def _text(value: object) -> str:
    """A cell as a person sees it."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _values(table: str, rows: pd.DataFrame) -> Iterator[Fault]:
    for column in TABLES[table].file_columns:
        if column.name == "edition":
            continue
        for row, value in zip(rows.index, rows[column.name], strict=True):
            text = _text(value)
            if not text and column.required:
                yield Fault(row, column.name, "", "empty")
            elif text and column.type == "float" and (code := _number_fault(column.name, value)):
                yield Fault(row, column.name, text, code)


def _number_fault(column: str, value: object) -> str:
    number = pd.to_numeric(value, errors="coerce")
    if not np.isfinite(number):
        return "not_number"
    if number < 0:
        return "negative"
    return "not_whole" if column in WHOLE and number % 1 else ""


def _twice(table: str, rows: pd.DataFrame) -> Iterator[Fault]:
    key = [name for name in TABLES[table].key if name != "edition"]
    first: dict[tuple[str, ...], int] = {}
    values = rows[key]
    if table == "standard_deduction":  # a find counts once, whatever the type is called
        values = values.assign(site_type=as_site_types(rows["site_type"]))
    if "population_from" in key:  # empty is 0
        values = values.assign(population_from=_numbers(rows["population_from"], 0.0))
    for row, *cells in values.itertuples(name=None):
        texts = tuple(_text(cell) for cell in cells)
        if texts in first:
            yield Fault(row, key[-1], texts[-1], "twice", str(first[texts]))
        first.setdefault(texts, row)


def _numbers(values: pd.Series, missing: float) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype(float).fillna(missing)


def _bands(rows: pd.DataFrame) -> Iterator[Fault]:
    """Population bands of one block and type: each from less to more, end to end."""
    ends = pd.DataFrame(
        {
            "name": [
                f"{_text(a)}\n{_text(b)}" for a, b in zip(rows["block"], rows["site_type"], strict=True)
            ],
            "low": _numbers(rows["population_from"], 0.0),
            "high": _numbers(rows["population_to"], np.inf),
        }
    )
    for _, bands in ends.sort_values("low", kind="stable").groupby("name", sort=False):
        widest, start, reach = 0, -np.inf, -np.inf  # the row that reaches highest so far
        for row, low, high in bands[["low", "high"]].itertuples(name=None):
            if high <= low:
                yield Fault(row, "population_to", f"{high:g}", "band_empty", f"{low:g}")
                continue
            if start < low < reach:
                yield Fault(row, "population_from", f"{low:g}", "band_overlap", str(widest))
            elif -np.inf < reach < low:
                yield Fault(row, "population_from", f"{low:g}", "band_hole", f"{reach:g}–{low:g}")
            if high > reach:
                widest, start, reach = row, low, high


def _parts(rows: pd.DataFrame, weights: pd.DataFrame) -> Iterator[Fault]:
    known = weights[weights["aspect"] != TOTAL].groupby("form", sort=False)["aspect"].agg(list)
    caps, points = _numbers(rows["cap"], np.inf), _numbers(rows["points"], 0.0)
    for row, form, part in rows[["form", "part"]].itertuples(name=None):
        if form and form not in known.index:
            yield Fault(row, "form", form, "unknown_form", "、".join(known.index))
        elif form and part and part not in known[form]:
            yield Fault(row, "part", part, "unknown_part", "、".join(known[form]))
        if caps[row] < points[row]:
            yield Fault(row, "cap", f"{caps[row]:g}", "low_cap", f"{points[row]:g}")


def _item_total(rows: pd.DataFrame) -> Iterator[Fault]:
    """The content of 合计 is how many items there are."""
    for row, value in rows.loc[rows["item_no"].map(_text) == TOTAL, "content"].items():
        if code := _number_fault("content", value) if _text(value) else "empty":
            yield Fault(int(str(row)), "content", _text(value), code)


class Finding(NamedTuple):
    """Whether the numbers of a block or form, or the items, add up to the one stated for them.

    subject   block, form, or form·part; 合计 of the items
    population_from, population_to  the band in which it is so (10 000 people); NaN: none, no limit
    kind      match; short or over (the rows are less or more than stated); unlisted (stated, but not
              one row); unstated (rows, but no total); doubled (two rows of the source look like one
              place: stated by the block, summed without the second); orphan (deductions of a part
              that the weights lack: summed is their number)
    stated, summed, difference  points, sample points or items; difference = stated - summed
    source    of what is stated
    """

    table_name: str
    edition: str
    subject: str
    population_from: float
    population_to: float
    kind: str
    stated: float
    summed: float
    difference: float
    source: str


def standard_findings(tables: Mapping[str, pd.DataFrame], edition: str) -> pd.DataFrame:
    """Every check of an edition, what does not add up first: columns of `Finding`.

    tables  rows of those of `EDITABLE`, as `in_force` gives them
    """
    quotas, weights, deductions, items = (
        tables[name][tables[name]["edition"] == edition] for name in EDITABLE
    )
    found = [
        *_quota_findings(quotas, edition),
        *_weight_findings(weights, edition),
        *_item_findings(items, edition),
        *_orphans(weights, deductions, edition),
    ]
    frame = pd.DataFrame(found, columns=Finding._fields)
    rank = frame["kind"].map({"doubled": 1, "match": 2}).fillna(0)
    return frame.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def _quota_findings(rows: pd.DataFrame, edition: str) -> Iterator[Finding]:
    low = rows["population_from"].fillna(0.0)
    high = rows["population_to"].fillna(np.inf)
    for start, end in pairwise(sorted({*low, *high})):
        band = (start, np.nan if np.isinf(end) else end)
        for finding in _band_findings(rows[(low <= start) & (high >= end)], edition):
            yield finding._replace(population_from=band[0], population_to=band[1])


def _band_findings(rows: pd.DataFrame, edition: str) -> Iterator[Finding]:
    """The quotas that hold in one population band."""
    types = rows[rows["site_type"] != TOTAL]
    listed = types.groupby("block", sort=False)["quota"].sum()
    stated = rows[rows["site_type"] == TOTAL].drop_duplicates("block").set_index("block")
    for block, row in stated.drop(index=TOTAL, errors="ignore").iterrows():
        yield _compared("standard_quota", edition, str(block), row, "quota", listed.get(block))
    for row in types[types["site_type"].str.endswith(DOUBLED)].itertuples():
        if row.block in stated.index:
            total, once = float(stated["quota"][row.block]), float(listed[row.block] - row.quota)
            yield _finding(
                edition,
                f"{row.block} · {row.site_type.removesuffix(DOUBLED)}",
                "doubled",
                total,
                once,
                row.source,
            )
    blocks = stated["quota"].drop(index=TOTAL, errors="ignore").combine_first(listed)
    in_all = float(blocks.sum()) if len(blocks) else None
    if TOTAL in stated.index:
        yield _compared("standard_quota", edition, TOTAL, stated.loc[TOTAL], "quota", in_all)
    elif in_all is not None:
        yield _finding(edition, TOTAL, "unstated", np.nan, in_all, "")


def _finding(
    edition: str, subject: str, kind: str, stated: float, summed: float, source: object,
    table: str = "standard_quota",
) -> Finding:  # fmt: skip
    difference = round(stated - summed, 6)
    return Finding(
        table, edition, subject, np.nan, np.nan, kind, stated, summed, difference, _text(source)
    )


def _compared(
    table: str, edition: str, subject: str, row: pd.Series, column: str, summed: float | None
) -> Finding:
    """What a row states against the sum of the others; None: there is no other."""
    stated = float(row[column])
    if summed is None:
        return _finding(edition, subject, "unlisted", stated, 0.0, row["source"], table)
    difference = round(stated - float(summed), 6)
    return _finding(edition, subject, _kind(difference), stated, float(summed), row["source"], table)


def _kind(difference: float) -> str:
    return "match" if difference == 0 else "short" if difference > 0 else "over"


def _weight_findings(rows: pd.DataFrame, edition: str) -> Iterator[Finding]:
    """A form's parts add up to its own total, and to the points of the aspect that it breaks down."""
    parts = rows[rows["aspect"] != TOTAL]
    for form, own in rows.groupby("form", sort=False):
        summed = parts.loc[parts["form"] == form, "points"]
        # 现场评估 is an aspect of 国家卫生城市评价（千分制）, 现场评估·市容环境卫生 one of 现场评估.
        above = parts[(parts["aspect"] == form) | (parts["form"] + "·" + parts["aspect"] == form)]
        said = pd.concat([own[own["aspect"] == TOTAL], above])
        for _, row in said.iterrows():
            total = float(summed.sum()) if len(summed) else None
            yield _compared("standard_weight", edition, str(form), row, "points", total)
        if said.empty:
            yield _finding(
                edition, str(form), "unstated", np.nan, float(summed.sum()), "", "standard_weight"
            )


def _item_findings(rows: pd.DataFrame, edition: str) -> Iterator[Finding]:
    is_total = rows["item_no"] == TOTAL
    held = int((~is_total).sum())
    stated = pd.to_numeric(rows.loc[is_total, "content"], errors="coerce").dropna()
    for row, total in stated.items():
        source, kind = rows["source"][row], "unlisted" if not held else _kind(total - held)
        yield _finding(edition, TOTAL, kind, total, held, source, "standard_item")
    if held and stated.empty:
        yield _finding(edition, TOTAL, "unstated", np.nan, held, "", "standard_item")


def _orphans(weights: pd.DataFrame, deductions: pd.DataFrame, edition: str) -> Iterator[Finding]:
    known = set(zip(weights["form"], weights["aspect"], strict=True))
    for (form, part), rows in deductions.groupby(["form", "part"], sort=False):
        if (form, part) not in known:
            yield _finding(
                edition, f"{form} · {part}", "orphan", np.nan, len(rows), "", "standard_deduction"
            )
