"""大屏: choose what the wall shows and how, see it small, take the link to the big screen."""

from __future__ import annotations

from urllib.parse import urlencode, urljoin

import streamlit as st

from data.views.headline import headline_metrics
from data.views.overview import grids
from pages.ui.cards import definitions, footer
from pages.ui.filters import choose_filters, chosen_params, url_list, url_number
from pages.ui.read import current_build, read
from pages.ui.wall import DEFAULTS, LARGEST_PX, LIMITS, SCENES, needed_px, stage_answer, type_px

KEYS = (
    "**→ ←** 或翻页笔：上一幅、下一幅（在点名卡里就是上一个、下一个网格）　**1–5**：直接到某一场景　"
    "**空格**：停住、继续（60 秒没有按键就继续轮播）　**Esc** 或 **0**：马上回到轮播　**F11**：全屏"
)
METRICS = [
    "hot_spot", "trend_class", "rebound_30", "rebounds", "repeat_places", "inspection_rise",
    "coverage_share", "hours_owed", "met_share", "swept_share", "overdue_open", "open_at_end",
]  # fmt: skip

build = current_build()
title, note = st.columns([5, 1], vertical_alignment="bottom")
title.title("大屏")
with note:
    definitions(list(dict.fromkeys([*read(headline_metrics, build.build_id), *METRICS])))
choose_filters(build)
names = {
    row.grid_id: f"{row.grid_name} · {row.grid_id}" for row in read(grids, build.build_id).itertuples()
}

left, right = st.columns([1, 1.6], gap="medium")
with left:
    scenes = url_list("场景（按选择的先后轮播，不选为全部）", SCENES, "scenes")
    chosen = url_list("点名的网格（不选为每公里问题最多的五个）", names, "grids")
    columns = st.columns(3)
    labels = {"dwell": "每幅停留（秒）", "screen": "屏幕对角线（英寸）", "dist": "最远观看距离（米）"}
    sizes = {}
    for column, (key, label) in zip(columns, labels.items(), strict=True):
        with column:
            sizes[key] = url_number(label, LIMITS[key], int(DEFAULTS[key]), key)
    pixels = type_px(sizes["screen"], sizes["dist"])
    said = f"正文字号 {pixels} 像素（画面高 1080 像素）。"
    if needed_px(sizes["screen"], sizes["dist"]) > LARGEST_PX:
        st.warning(f"{said}这块屏幕在这个距离看不清：请换更大的屏幕或坐近一些。")
    else:
        st.caption(f"{said}字高按最远处 16 角分计算；放不下时减少行数，不缩小字。")
choices = chosen_params()
choices.pop("grid", None)
choices.pop("colour", None)
choices |= {"scenes": ",".join(scenes)} if scenes else {}
choices |= {"grids": ",".join(chosen)} if chosen else {}
choices |= {key: f"{size}" for key, size in sizes.items() if size != DEFAULTS[key]}
for key in ("since", "to"):
    if choices.get("period") == "custom" and key in st.query_params:
        choices[key] = st.query_params[key]
for one in stage_answer(choices)["left_out"]:
    left.info(f"“{one['title']}”不在轮播里：{one['reason']}")
link = "/stage" + (f"?{urlencode(choices)}" if choices else "")
with right:
    st.iframe(link, height=540, alt="大屏预览")
with left:
    st.link_button("在新标签页打开", link, icon=":material/open_in_new:", type="primary")
    st.caption("把这个网址发到大屏的电脑上打开：")
    st.code(urljoin(st.context.url or "", link), language=None, wrap_lines=True)
st.markdown(KEYS)
footer(build)
