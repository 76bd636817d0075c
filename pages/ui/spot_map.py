"""问题热点 · 地图: six ways to see where problems gather, and the records behind what is clicked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.views.hotspots import (
    LEAST_WEEKS,
    grid_hot_spots,
    heat_bands,
    segment_hot_spots,
    segment_records,
    street_density_map,
    trend_classes,
)
from data.views.overview import (
    EVERY_ROW,
    Build,
    grid_density,
    grids,
    issue_records,
    issues_by_category,
)
from pages.ui.charts import category_chart
from pages.ui.filters import choose, url_switch, url_value
from pages.ui.grid import choose_grid, grid_streets, grid_summary
from pages.ui.map_data import map_data_url
from pages.ui.maps import (
    BAND_COLOURS,
    GROUND_COLOURS,
    Scene,
    clicked,
    density_scene,
    draw_map,
    edge_items,
    ground,
    hot_spot_scene,
)
from pages.ui.read import fetch, read, read_shared
from pages.ui.records import POINTS_SHOWN, chosen_record, record_list, with_points
from pages.ui.spots import (
    CLASS_COLOURS,
    CLASS_NAMES,
    TREND_COLOURS,
    TREND_WORDS,
    segment_values,
    spot_sentence,
    trend_sentence,
    trend_values,
)
from pages.ui.tables import just_picked, table
from pages.ui.text import STATE_NAMES, number, plain

MAP, RECORDS, LIST = "hotspots_map", "hotspots_records", "hotspots_list"
COLOURS = {
    "": "每公里问题数",
    "gi": "热点 Gi*",
    "trend": "趋势",
    "density": "道路密度",
    "streets": "热点路段",
    "heat": "热力",
}
NOTES = {
    "": "单个网格的轻重：时段内的问题数除以网格内的道路公里数。",
    "gi": "一片（网格连同相邻网格）是否高于偶然。红为热点、蓝为冷点；单个很重的网格不一定是热点。",
    "trend": "时段结束前各周排开看：先办“新冒头”“持续加重”“老顽疾”。",
    "density": "沿道路每百米有多少件，只沿路摊开，不跨到平行的另一条路。点选一段路看它的记录。",
    "streets": "路段连同相接的路段是否高于偶然。没有问题又不突出的不画。点选一段路看它的记录。",
    "heat": "只供观看：把问题摊开成疏密，没有检验，不能用来排名或考核；要下结论请看“热点”。",
}
ROWS_LISTED = 100


@st.fragment
def spot_map(build: Build, filters: Filters) -> None:
    """The map beside what is known of the chosen grid or street, the records below."""
    colour = url_switch("地图看什么", COLOURS, "colour")
    left, right = st.columns([1.6, 1], gap="medium")
    is_street = colour in ("density", "streets")
    with right:
        urgent = _urgent_grids(build, filters, colour)
        grid_id, segment_id, streets = _choose(build, filters, colour, urgent)
        chosen = filters.in_grid(grid_id)
        if is_street and segment_id:
            rows = read(segment_records, build.build_id, filters, segment_id)
            every = partial(fetch, segment_records, build.build_id, filters, segment_id, EVERY_ROW)
        else:
            rows = read(issue_records, build.build_id, chosen)
            every = partial(fetch, issue_records, build.build_id, chosen, "reported", EVERY_ROW)
        issue_id = chosen_record(rows, RECORDS, MAP)
        if is_street:
            _street_panel(streets, grid_id, segment_id, colour)
        elif grid_id:
            grid_summary(build, chosen)
            if colour in ("gi", "trend"):
                spots = read(grid_hot_spots, build.build_id, filters)
                trends = read(trend_classes, build.build_id, filters)
                st.markdown(f"**热点**：{spot_sentence(spots, grid_id)}")
                st.markdown(f"**趋势**：{trend_sentence(trends, grid_id)}")
            grid_streets(build, chosen)
        else:
            _county_panel(build, chosen, urgent, colour)
    with left:
        scene = _scene(build, filters, colour, grid_id)
        note = NOTES[colour]
        if grid_id or (is_street and segment_id):
            scene = replace(scene, picked=segment_id if is_street else "")
            scene = with_points(scene, rows, issue_id)
            if len(rows) > POINTS_SHOWN:
                note += f"记录超过 {POINTS_SHOWN} 件，地图不画点，只画疏密。"
        draw_map(MAP, build, scene, height=640)
        st.caption(note)
    title = "这段路的记录" if is_street and segment_id else "网格的记录" if grid_id else "全县的记录"
    record_list(rows, issue_id, RECORDS, title=title, every=every)


def _choose(
    build: Build, filters: Filters, colour: str, urgent: pd.DataFrame
) -> tuple[str, str, pd.DataFrame]:
    """The chosen grid and street, by map, list, select box or link; and the streets to choose from."""
    row = just_picked(f"{LIST}_{colour}")
    if row is not None and row < len(urgent):
        choose("grid", str(urgent.at[row, "grid_id"]))
    segment_id = clicked(MAP, "segment_id") or None
    grid_id = choose_grid(MAP, build)
    streets = _worst_streets(build, filters, colour, grid_id)
    if row is not None and row < len(streets):
        segment_id = str(streets.at[row, "segment_id"])
    # Another grid lets go of the street that was chosen in the last one.
    is_new_grid = grid_id != st.session_state.get(f"{MAP}_grid", grid_id)
    st.session_state[f"{MAP}_grid"] = grid_id
    return grid_id, url_value("segment", "" if is_new_grid and not segment_id else segment_id), streets


def _scene(build: Build, filters: Filters, colour: str, grid_id: str) -> Scene:
    """What the map shows."""
    density = read(grid_density, build.build_id, filters)
    if colour == "":
        return density_scene(density, grid_id)
    if colour == "gi":
        return hot_spot_scene(read(grid_hot_spots, build.build_id, filters), grid_id)
    if colour == "trend":
        trends = read(trend_classes, build.build_id, filters)
        values = trend_values(trends)
        found = {key for key, _ in values.values()}
        legend = [
            (shade, TREND_WORDS.get(key, "未检验"))
            for key, shade in TREND_COLOURS.items()
            if key in found
        ]
        return Scene(f"近 {trends.weeks} 周趋势", TREND_COLOURS, legend, values, grid_id)
    base = Scene(
        "",
        GROUND_COLOURS | BAND_COLOURS | {"hit": "transparent"},
        [],
        ground(density),
        grid_id,
    )
    unseen = [(GROUND_COLOURS["unseen"], STATE_NAMES["unseen"])]
    if colour == "density":
        edges = read_shared(street_density_map, build.build_id, filters).edges
        return replace(
            base,
            title="道路密度（件/百米）",
            legend=edge_items(edges) + unseen,
            shapes=map_data_url("street_density", build, filters.in_grid()),
            values=map_data_url("street_density_texts", build, filters.in_grid()),
        )
    if colour == "heat":
        edges = read(heat_bands, build.build_id, filters).edges
        return replace(
            base,
            title="热力（件/平方公里，只供观看）",
            legend=edge_items(edges) + unseen,
            shapes=map_data_url("heat", build, filters.in_grid()),
        )
    return replace(
        base,
        title="热点路段 Gi*",
        colours=base.colours | CLASS_COLOURS,
        legend=[(shade, CLASS_NAMES[name]) for name, shade in CLASS_COLOURS.items()],
        values=map_data_url("street_spots", build, filters.in_grid()),
    )


def _urgent_grids(build: Build, filters: Filters, colour: str) -> pd.DataFrame:
    """The grids that ask for action, in the order of their list; none where the colour has no list."""
    if colour == "":
        density = read(grid_density, build.build_id, filters).frame
        return density[density["rank"] > 0].reset_index(drop=True)  # worst first, the map's darkest
    if colour == "gi":
        spots = read(grid_hot_spots, build.build_id, filters)
        return spots.query("spot_class > 0").reset_index(drop=True)
    if colour != "trend":
        return pd.DataFrame()
    trends = read(trend_classes, build.build_id, filters).frame
    urgent = trends[trends["trend_class"].str.endswith("_hot") & (trends["state"] == "tested")]
    order = urgent["trend_class"].map(list(TREND_COLOURS).index)
    return urgent.assign(order=order).sort_values(
        ["order", "hot_weeks"], ascending=[True, False], ignore_index=True
    )


def _worst_streets(build: Build, filters: Filters, colour: str, grid_id: str) -> pd.DataFrame:
    """The streets of the chosen grid or the county, worst first; none where the colour is of grids."""
    if colour == "density":
        frame = read_shared(street_density_map, build.build_id, filters).streets
    elif colour == "streets":
        frame = read(segment_hot_spots, build.build_id, filters).query("numerator > 0")
    else:
        return pd.DataFrame()
    names = read(grids, build.build_id).set_index("grid_id")["grid_name"]
    frame = frame[frame["grid_id"] == grid_id] if grid_id else frame
    return frame.head(ROWS_LISTED).assign(grid_name=frame["grid_id"].map(names)).reset_index(drop=True)


def _county_panel(build: Build, filters: Filters, listed: pd.DataFrame, colour: str) -> None:
    """The grids to choose from, or what the county's problems are, or both."""
    if colour != "heat":
        _grid_panel(listed, colour)
    if colour in ("gi", "trend"):
        return
    st.markdown("**全县问题小类**（件）")
    counts = read(issues_by_category, build.build_id, filters)
    if counts.empty:
        st.info("时段内没有这类问题的记录。请换一个时段或问题大类。")
    else:
        category_chart(counts, "county_categories", height=300)


def _grid_panel(listed: pd.DataFrame, colour: str) -> None:
    """The grids that ask for action."""
    if colour == "":
        st.markdown("**每公里问题最多的网格**（点选一行看它）")
        shown = pd.DataFrame(
            {
                "网格": listed["grid_name"],
                "牵头单位": listed["lead_unit"],
                "每公里（件）": listed["issues_per_km"],
                "问题（件）": listed["reported"],
                "道路（公里）": listed["street_km"],
            }
        )
    elif colour == "gi":
        st.subheader(f"热点网格（{len(listed)} 个）")
        if listed.empty:
            st.info("没有哪一片高于偶然。没有热点不等于没有问题，轻重请看“每公里问题数”。")
            return
        shown = pd.DataFrame(
            {
                "网格": listed["grid_name"],
                "牵头单位": listed["lead_unit"],
                "级": [CLASS_NAMES[str(spot)] for spot in listed["spot_class"]],
                "问题（件）": listed["numerator"],
                "道路（公里）": listed["denominator"],
                "每公里（件）": listed["rate"],
            }
        )
        if (listed["unit"] == "visits").any():
            shown = shown.rename(
                columns={"道路（公里）": "巡查（次）", "每公里（件）": "每百次巡查（件）"}
            )
    else:
        st.subheader("先办哪些网格")
        if listed.empty:
            st.info(f"近来没有成为热点的网格；数据不足 {LEAST_WEEKS} 周时不作判断（地图为灰）。")
            return
        words = [TREND_WORDS[name].split("：") for name in listed["trend_class"]]
        counts = pd.Series([word for word, _ in words]).value_counts(sort=False)
        st.markdown("　".join(f"{word} **{count}**" for word, count in counts.items()))
        shown = pd.DataFrame(
            {
                "网格": listed["grid_name"],
                "趋势": [word for word, _ in words],
                "怎么办": [what for _, what in words],
                "牵头单位": listed["lead_unit"],
                "热点（周）": listed["hot_weeks"],
                "各周合计（件）": listed["numerator"],
                "道路（公里）": listed["denominator"],
            }
        )
    one = st.column_config.NumberColumn(format="%.1f")
    columns = ("道路（公里）", "每公里（件）", "每百次巡查（件）")
    table(
        shown.dropna(axis="columns", how="all"),
        {"": "网格轻重", "gi": "热点网格", "trend": "网格趋势"}[colour],
        f"{LIST}_{colour}",
        height=220 if colour == "" else None,
        config=dict.fromkeys(columns, one),
        select=True,
    )


def _street_panel(listed: pd.DataFrame, grid_id: str, segment_id: str, colour: str) -> None:
    """The chosen street with its number and both parts, and the worst streets to choose from."""
    if segment_id:
        rows = listed[listed["segment_id"] == segment_id]
        if rows.empty:
            st.info("所选路段不在下面的表里：时段内它没有问题、太轻，或不在所选网格。记录见页面下方。")
        else:
            name = rows["street_name"].iloc[0]
            st.subheader(plain(name) if isinstance(name, str) else "无名道路")
            if colour == "density":
                st.markdown(_density_sentence(rows.iloc[0]))
            else:
                st.markdown(segment_values(rows)[segment_id][1])
        if st.button("取消选择路段", icon=":material/close:"):
            url_value("segment", "")
            st.rerun(scope="fragment")
    order = "最密的" if colour == "density" else "连同相接路段最突出的"
    st.markdown(f"**{'所选网格' if grid_id else '全县'}{order}路段**（点选一行在地图上标出）")
    if listed.empty:
        st.info("时段内没有落在路上的问题。请换一个时段、问题大类或网格。")
        return
    if colour == "streets" and (listed["state"] == "no_neighbours").mean() > 1 / 2:
        st.warning(
            "这些路段多数未检验：道路文件里路段的端点互不相接，找不到相接的路段。请看“道路密度”。"
        )
    if colour == "density":
        numbers = {"最密处（件/百米）": listed["per_100m"], "整段（件）": listed["reported"]}
    else:
        numbers = {
            "件/百米": listed["rate"],
            "件": listed["numerator"],
            "长度（米）": listed["denominator"],
            "级": [
                "未检验" if pd.isna(spot) else CLASS_NAMES[str(spot)] for spot in listed["spot_class"]
            ],
        }
    shown = pd.DataFrame(
        {
            "道路": listed["street_name"].fillna("（无名道路）"),
            "网格": listed["grid_name"],
            **numbers,
        }
    )
    one, none = (st.column_config.NumberColumn(format=form) for form in ("%.1f", "%.0f"))
    config = {"最密处（件/百米）": one, "件/百米": one, "长度（米）": none}
    table(shown, "最重的路段", f"{LIST}_{colour}", config=config, select=True)
    if colour == "density":
        st.caption("最密处连同相接路段上的问题一起摊开，所以短路段自己的件数可以很少。")


def _density_sentence(row: pd.Series) -> str:
    metres = f"从路段起点算第 {number(row['from_m'])}–{number(row['to_m'])} 米"
    return (
        f"最密处 **{number(row['per_100m'], 1)}** 件/百米（{metres}，"
        f"摊到 {number(row['numerator'], 1)} 件 ÷ {number(row['denominator'])} 米）；"
        f"整段 {row['reported']} 件。"
    )
