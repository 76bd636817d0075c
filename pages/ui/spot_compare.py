"""问题热点 · 对比: two periods of one length side by side, on one scale, maps moving together."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.views.hotspots import Comparison, compare_hot_spots
from data.views.overview import EVERY_ROW, Build, issue_records
from pages.ui.filters import choose, url_switch
from pages.ui.grid import choose_grid
from pages.ui.maps import BAND_COLOURS, Scene, clicked, draw_map, edge_items
from pages.ui.read import fetch, read
from pages.ui.records import chosen_record, record_list, with_points
from pages.ui.spots import CLASS_COLOURS, CLASS_NAMES, UNIT_NAMES, UNTESTED_NAMES, map_values
from pages.ui.tables import just_picked, table
from pages.ui.text import period

OTHERS = {"before": "紧接的上一时段", "year": "去年同期", "other": "自选时段"}
SHADES = {"": "数量（同一刻度）", "gi": "热点 Gi*"}
SIDES = {"": "本时段", "before": "对比时段"}
LIST, RECORDS = "compare_changes", "compare_records"


@st.fragment
def spot_compare(build: Build, filters: Filters) -> None:
    """Both maps, the largest changes and the records of a grid in either period."""
    left, middle, right = st.columns([1.5, 1.2, 1])
    with left:
        chosen = url_switch("与哪个时段对比", OTHERS, "compare", default="before")
    with middle:
        shade = url_switch("颜色", SHADES, "shade")
    other = _other(build, filters, chosen)
    if other is None:
        return
    both = read(compare_hot_spots, build.build_id, filters, other)
    row = just_picked(LIST)
    if row is not None and row < len(both.frame):
        choose("grid", str(both.frame.at[row, "grid_id"]))
    if grid_id := clicked("compare_before", "grid_id"):
        choose("grid", grid_id)
    with right:
        grid_id = choose_grid("compare_now", build)
    if not both.reaches_back:
        st.info(
            f"数据从 {build.first_date:%Y-%m-%d} 开始，没有{OTHERS[chosen]}"
            f"（{period(other.since, other.until)}）的完整数据。请选短一些的时段，或换一个对比时段。"
        )
        return
    side = ""
    rows = pd.DataFrame()
    if grid_id:
        side = url_switch("看哪个时段的记录", SIDES, "side")
        of_side = (other if side else filters).in_grid(grid_id)
        asked = (issue_records, build.build_id, of_side, "reported")
        rows = read(*asked)
    issue_id = chosen_record(rows, RECORDS, f"compare_{side or 'now'}") if grid_id else ""
    columns = st.columns(2, gap="medium")
    # The earlier period on the left, as people read time.
    for column, which, of in ((columns[0], "before", other), (columns[1], "", filters)):
        with column:
            st.markdown(f"**{SIDES[which]}**　{period(of.since, of.until)}（{of.days} 天）")
            scene = _scene(both, which, shade, grid_id)
            if grid_id and which == side:
                scene = with_points(scene, rows, issue_id)
            draw_map(f"compare_{which or 'now'}", build, scene, height=520)
    st.caption("两个时段一样长，两图同一刻度，移动或缩放一图，另一图跟着动。")
    if grid_id:
        title = f"网格的记录 · {SIDES[side]}"
        record_list(rows, issue_id, RECORDS, title=title, every=lambda: fetch(*asked, EVERY_ROW))
    _changes(both)


def _other(build: Build, filters: Filters, chosen: str) -> Filters | None:
    """The period to compare with; None, with a sentence, where a person has none to choose."""
    if chosen == "before":
        return filters.previous
    if chosen == "year":
        return filters.year_before
    latest = filters.since - timedelta(days=filters.days)
    if latest < build.first_date:
        st.info("数据里没有早于本时段、又一样长的时段可选。请在左侧选短一些的时段。")
        return None
    since: date = st.date_input(
        f"对比时段从哪天起（共 {filters.days} 天，与本时段一样长）",
        latest,
        min_value=build.first_date,
        max_value=latest,
        format="YYYY-MM-DD",
        key="compare_since",
        bind="query-params",
    )
    return filters.starting(since)


def _scene(both: Comparison, which: str, shade: str, grid_id: str) -> Scene:
    """One of the two maps: which "" or "before"."""
    end = f"_{which}" if which else ""
    names = ["numerator", "denominator", "rate", "state", "z", "spot_class", "band"]
    frame = both.frame[["grid_id", "unit", *(name + end for name in names)]]
    frame = frame.set_axis(["grid_id", "unit", *names], axis="columns").dropna(subset=["state"])
    values = map_values(frame)
    colours, legend = CLASS_COLOURS, [(shade, CLASS_NAMES[key]) for key, shade in CLASS_COLOURS.items()]
    if shade == "":
        bands = frame.set_index("grid_id")["band"]
        values = {
            grid_id: (str(int(bands[grid_id])) if bands[grid_id] >= 0 else "untested", text)
            for grid_id, (_, text) in values.items()
        }
        colours = BAND_COLOURS | {"untested": CLASS_COLOURS["untested"]}
        legend = [*edge_items(both.edges), (CLASS_COLOURS["untested"], "没有可比的数")]
    title = UNIT_NAMES[both.frame["unit"].iloc[0]][2] if shade == "" else "热点 Gi*"
    return Scene(f"{SIDES[which]}　{title}", colours, legend, values, grid_id, sync="compare")


def _changes(both: Comparison) -> None:
    """All grids with both numbers and their parts, the largest changes first."""
    st.subheader("变化最大的网格")
    if both.frame["change"].isna().all():
        st.info("没有一个网格在两个时段都有可比的数。")
        return
    frame = both.frame
    what, _, unit = UNIT_NAMES[frame["unit"].iloc[0]]
    shown = {
        "网格": frame["grid_name"],
        "牵头单位": frame["lead_unit"],
        f"变化（{unit}）": frame["change"],
    }
    for end, label in (("", "本时段"), ("_before", "对比时段")):
        shown |= {
            f"{label}（{unit}）": frame[f"rate{end}"],
            f"{label}（件）": frame[f"numerator{end}"],
            f"{label}（{what}）": frame[f"denominator{end}"],
            f"{label}热点": [
                _class_word(*pair)
                for pair in zip(frame[f"state{end}"], frame[f"spot_class{end}"], strict=True)
            ],
        }
    table(
        pd.DataFrame(shown).dropna(axis="columns", how="all"),
        "两个时段的变化",
        LIST,
        height=390,
        config={
            f"变化（{unit}）": st.column_config.NumberColumn(format="%+.1f"),
            f"本时段（{unit}）": st.column_config.NumberColumn(format="%.1f"),
            f"对比时段（{unit}）": st.column_config.NumberColumn(format="%.1f"),
            f"本时段（{what}）": st.column_config.NumberColumn(format="%.2f"),
            f"对比时段（{what}）": st.column_config.NumberColumn(format="%.2f"),
        },
        select=True,
    )
    st.caption(
        "点选一行，两图标出这个网格，并列出它的记录。件数少的网格变化大，多半是偶然，请对照件数看。"
    )


def _class_word(state: object, spot_class: object) -> str:
    if not isinstance(state, str):
        return "当时未启用"
    if state != "tested":
        return UNTESTED_NAMES[state]
    return CLASS_NAMES[str(spot_class)]
