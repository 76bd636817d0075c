"""Places where one category comes up again and again: list, map and history."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.overview import Build, grids_in_force
from data.views.rebound import place_episodes, repeat_places
from pages.ui.maps import BANDS, Scene, clicked, draw_map
from pages.ui.read import read
from pages.ui.rebound_ranking import tickets
from pages.ui.rebounds import place_names
from pages.ui.tables import picked, table
from pages.ui.text import class_name, plain

PLACES = 200  # on the map and in the list: what one message to the browser may hold


def repeats(build: Build, chosen: Filters, grid_id: str) -> None:
    """The places where one category comes up again and again, as a list and on the map."""
    found = read(repeat_places, build.build_id, chosen)
    least, window = int(threshold("repeat_episodes")), threshold("repeat_days")
    rule = f"{window:g} 天内同一地点同一小类出现 {least} 次及以上"
    if found.empty:
        st.info(f"时段内没有反复点位（{rule}）。")
        return
    worst = found.head(PLACES)
    codes = [f"{row.lon:.5f},{row.lat:.5f},{row.category}" for row in worst.itertuples()]
    of_point = {str(number): code for number, code in enumerate(codes)}
    code = picked("place", "repeat_list", codes, of_point.get(clicked("repeat_map", "id"), ""))
    left, right = st.columns([1, 1.1], gap="medium")
    with right:
        cut = f"；清单和地图只列最严重的 {PLACES} 处，其余 {len(found) - PLACES} 处请用网格、大类筛出"
        st.markdown(
            f"共 **{len(found):,}** 处反复点位（{rule}，默认值）{cut if len(found) > PLACES else ''}。"
        )
        streets = place_names(worst)
        shown = pd.DataFrame(
            {
                "次数": worst["episodes"],
                "小类": worst["category"].map(class_name),
                "道路或地址": streets,
                "网格": worst["grid_name"],
                "牵头单位": worst["lead_unit"],
                "自（首次上报）": worst["since"].dt.date,
            }
        ).dropna(axis="columns", how="all")
        table(shown, "反复点位", "repeat_list", height=520, select=True)
    with left:
        points: list[dict[str, object]] = [
            {
                "id": str(row.Index), "lat": round(row.lat, 5), "lon": round(row.lon, 5),
                "key": str(min(row.episodes - least, 4)),
                "text": f"{street} · {class_name(row.category)}：{row.episodes} 次",
            }
            for street, row in zip(streets, worst.itertuples(), strict=True)
        ]  # fmt: skip
        points.reverse()  # the worst are drawn last, on top
        colours = {str(step): colour for step, colour in enumerate(BANDS)} | {"grid": "#ffffff"}
        legend = [(colour, f"{least + step} 次") for step, colour in enumerate(BANDS[:-1])]
        legend.append((BANDS[-1], f"{least + len(BANDS) - 1} 次及以上"))
        outlines = {
            one.grid_id: ("grid", one.lead_unit if isinstance(one.lead_unit, str) else "")
            for one in read(grids_in_force, build.build_id, chosen).itertuples()
        }
        at = str(codes.index(code)) if code else ""
        scene = Scene(
            "反复点位", colours, legend, grids=outlines, selected=grid_id, points=points, picked=at
        )
        draw_map("repeat_map", build, scene, height=520)
    if code:
        number = codes.index(code)
        category = class_name(worst["category"].iloc[number])
        st.subheader(f"{plain(streets.iloc[number])} · {plain(category)}：历次问题")
        place_history(build, chosen, worst.iloc[number])


def place_history(build: Build, chosen: Filters, place: pd.Series) -> None:
    """What happened at one place, episode by episode."""
    rows = read(
        place_episodes, build.build_id, chosen, int(place["place_id"]), int(place["category_code"])
    )
    shown = pd.DataFrame(
        {
            "首次上报": rows["started_at"],
            "整改完成": rows["closed_at"],
            "核查销号": rows["verified_at"],
            "又出现": rows["next_started_at"],
            "重复上报": rows["duplicates"],
            "返工": rows["reopened"],
            "处置部门": rows["department"],
            "首件编号": rows["first_issue_id"],
        }
    )
    st.caption("时段结束前的全部，最近的在前。点选一行看它的案卷。")
    episode = picked("episode", "place_episodes", rows["first_issue_id"].tolist())
    table(shown.dropna(axis="columns", how="all"), "历次问题", "place_episodes", select=True)
    if episode:
        st.markdown(f"**{plain(episode)} 起的一处问题**")
        tickets(build, int(rows.set_index("first_issue_id").loc[episode, "episode_id"]))
