"""The slides 点名卡 of the wall: one grid each, who answers for it and its three worst items."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from data.filters import Filters
from data.metrics import metrics
from data.photos import photo_url
from data.views.overview import Build, grid_density, grids, stock_and_flow, worst_grids
from data.views.wall import rebound_bands, worst_items
from pages.ui.read import read
from pages.ui.slides import ROWS, Number, Picture, Row, Slide, repeats, share_band, tone_of, what_of
from pages.ui.text import class_name, number

CHOSEN = "#22406b"


def card_slides(build: Build, filters: Filters, grid_ids: Iterable[str]) -> list[Slide] | str:
    """点名卡: one slide a grid; without grid_ids the worst five by issues per km."""
    wanted = list(grid_ids) or list(read(worst_grids, build.build_id, filters)["grid_id"].head(ROWS))
    if not wanted:
        return "时段内没有可比较的网格，没有可点名的。"
    return [_card(build, filters, grid_id) for grid_id in wanted]


def _card(build: Build, filters: Filters, grid_id: str) -> Slide:
    chosen = filters.in_grid(grid_id)
    row = read(grids, build.build_id).set_index("grid_id").loc[grid_id]
    density = read(grid_density, build.build_id, filters).frame
    own = density[density["grid_id"] == grid_id]
    values = read(stock_and_flow, build.build_id, chosen, chosen.previous).set_index("metric")
    rank = int(own["rank"].iloc[0]) if len(own) else 0
    ranked = int((density["rank"] > 0).sum())
    share = read(rebound_bands, build.build_id, filters).frame
    share = share[(share["key"] == grid_id) & (share["rank"] > 0)].to_dict("records")
    people = [
        [label, row[column]]
        for column, label in (
            ("lead_unit", "牵头单位"),
            ("responsible_unit", "责任单位"),
            ("grid_head", "网格长"),
        )
        if isinstance(row[column], str)
    ]
    has_due = not math.isnan(values.loc["overdue_open", "value"])
    late = "overdue_open" if has_due else "open_at_end"
    numbers = [
        Number(
            "每公里问题",
            number(values.loc["issues_per_km", "value"], 1),
            "件",
            f"第 {rank} 重，共 {ranked} 个" if rank else "不参加比较",
            "worse" if 0 < rank <= ROWS else "",
        ),
        _headline_number(late, values.loc[late]),
        Number(
            "30日反弹率",
            f"{100 * share[0]['rebound_30']:.0f}",
            "%",
            share_band(share[0]),
        )
        if share
        else Number("30日反弹率", "—", "", "样本太少"),
        repeats(build, chosen),
    ]
    items = read(worst_items, build.build_id, chosen)
    return Slide(
        code="cards",
        title=row["grid_name"],
        what="",
        people=people or [["牵头单位、责任单位、网格长", "数据中没有登记"]],
        numbers=numbers,
        picture=Picture({grid_id: "chosen"}, {"chosen": CHOSEN}, [], focus=grid_id),
        rows_title=f"三件最该办的　{what_of(filters)}",
        rows=[_item(item) for item in items.to_dict("records")],
        sentence=f"先列逾期最久的未整改问题（逾期算到 {build.data_until:%Y-%m-%d}），"
        "不足三件再列反复点位、最多的小类。",
    )


def _item(item: Mapping[Any, Any]) -> Row:
    value = {
        "overdue": f"逾期 {item['overdue_days']} 天",
        "repeat": f"反复 {item['count']} 次",
        "category": f"共 {item['count']} 件",
    }[item["kind"]]
    owner = item["department"] if isinstance(item["department"], str) else "未登记"
    newest = "" if item["kind"] == "overdue" else "最近一件"
    due = "没有整改时限" if pd.isna(item["due_at"]) else f"整改时限 {item['due_at']:%Y-%m-%d}"
    due = due if item["is_open"] else "已整改"
    said = [item[key] for key in ("address", "street_name") if isinstance(item[key], str)]
    where = next((text for text in said if text), "地点见图")
    place = None if pd.isna(item["lat"]) else [item["lat"], item["lon"]]
    return Row(
        class_name(item["category"]),
        value,
        [where, f"责任 {owner}　{newest}{due}"],
        place,
        _photos(item),
    )


def _photos(item: Mapping[Any, Any]) -> list[list[str]]:
    """Caption and address of an item's photos; none where its record names none that is there."""
    named = (("整改前", item["photo_before"]), ("整改后", item["photo_after"]))
    urls = [[caption, photo_url(name)] for caption, name in named if isinstance(name, str)]
    return [[caption, url] for caption, url in urls if url]


def _headline_number(key: str, row: pd.Series) -> Number:
    metric = metrics()[key]
    digits = 0 if metric.unit == "件" else 1
    return Number(
        metric.title,
        number(row["value"], digits),
        metric.unit,
        _change(row["value"] - row["before"], digits),
        tone_of(row["value"], row["before"], metric.better),
    )


def _change(change: float, digits: int) -> str:
    if math.isnan(change):
        return "上一时段没有数据"
    if not round(change, digits):
        return "与上一时段持平"
    return f"{'▲ 比上一时段多' if change > 0 else '▼ 比上一时段少'} {number(abs(change), digits)}"
