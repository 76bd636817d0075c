"""Who has most rebound: groups with bands, the records of one, and the tickets of one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from data.filters import Filters
from data.standards import threshold
from data.views.overview import EVERY_ROW, Build
from data.views.rebound import DAYS, episode_issues, rebound_ranks, rebound_records
from pages.ui.charts_rebound import rank_chart
from pages.ui.filters import url_switch
from pages.ui.read import fetch, read
from pages.ui.rebounds import CLOSE_NAMES, place_names, rank_band
from pages.ui.records import record_table
from pages.ui.tables import picked, table
from pages.ui.text import class_name, plain

GROUPS = {"grid": "网格", "department": "处置部门", "category_class": "大类", "category": "小类"}
ROLES = {"first": "首次上报", "duplicate": "重复上报", "reopened": "返工"}
BARS = 20
PERCENT = st.column_config.NumberColumn(format="percent")
DAY_COUNT = st.column_config.NumberColumn(format="%.1f")


def ranking(build: Build, filters: Filters, grid_id: str, close_by: str) -> None:
    """Groups by their rebound, with bands; a picked row opens its records."""
    by_column, day_column = st.columns(2)
    with by_column:
        by = url_switch("排什么", GROUPS, "rank_by", default="grid")
    with day_column:
        days = {str(day): f"{day} 日" for day in DAYS}
        day = int(url_switch("多少天内反弹", days, "days", default="30"))
    within = filters if by == "grid" else filters.in_grid(grid_id)
    frame = read(rebound_ranks, build.build_id, within, by, close_by, day)
    if frame.empty:
        return  # the headline says why
    names = frame["name"] if by == "grid" else frame["key"].map(class_name)
    repeated = names.duplicated(keep=False)
    frame = frame.assign(label=names.where(~repeated, names + " · " + frame["key"]))
    ranked, few = (frame[frame[f"is_shown_{day}"] == is_shown] for is_shown in (True, False))
    few = few.sort_values("closed", ascending=False)
    if ranked.empty:
        st.info(f"没有一个{GROUPS[by]}第 {day} 日仍在观察的问题达到 {threshold('min_at_risk'):g} 处，"
                "不排名。请放宽时段、大类或部门。")  # fmt: skip
    who = picked("who", f"rebound_ranks_{by}", ranked["key"].tolist())
    left, right = st.columns([1, 1.3], gap="medium")
    if len(ranked):
        with left:
            cut = f"（最重的 {BARS} 个，共 {len(ranked)} 个）" if len(ranked) > BARS else ""
            st.subheader(f"反弹最多的{GROUPS[by]}{cut}")
            rank_chart(ranked.head(BARS), day, "rebound_ranking")
    with right:
        st.subheader("名次、分子与分母")
        st.caption(
            f"名次区间：按地点重抽 {threshold('bootstrap_draws'):,.0f} 次，九成落在其中；"
            "区间相交的不分先后。"
            "反弹率的 95% 区间把各处问题看作互不相干，少数地点占大头时偏窄，以名次区间为准。"
            "点选一行看它的反弹记录。"
        )
        table(
            rank_table(ranked, by, day), f"{day}日反弹率排名", f"rebound_ranks_{by}", height=420,
            config={f"{day}日反弹率": PERCENT, "下限": PERCENT, "上限": PERCENT}, select=True,
        )  # fmt: skip
        if len(few):
            with st.expander(f"样本太少，不排名：{len(few)} 个{GROUPS[by]}"):
                shown = rank_table(few, by, day)
                wanted = [GROUPS[by], f"{day}日内反弹", "整改", f"第{day}日仍在观察"]
                table(shown[wanted], "样本太少", "rebound_few")
    if not who and not st.toggle("列出全部反弹记录", key="all_rebounds", bind="query-params"):
        return
    narrowed, category, label = filters.in_grid(grid_id), "", "全部"
    if who:
        label = ranked.set_index("key")["label"][who]
        if by == "grid":
            narrowed = filters.in_grid(who)
        elif by == "department":
            narrowed = replace(within, department=who)
        elif by == "category_class":
            narrowed = replace(within, category_class=who)
        else:
            category = who
    st.subheader(f"{plain(label)}：{day} 日内反弹的记录")
    asked = (rebound_records, build.build_id, narrowed, close_by, "closing", category, day)
    pairs(build, read(*asked), close_by, who, lambda: fetch(*asked, EVERY_ROW))


def rank_table(rows: pd.DataFrame, by: str, day: int) -> pd.DataFrame:
    """Rows of `rebound_ranks` with Chinese headings."""
    shown = pd.DataFrame(
        {
            "名次": rows["rank"],
            "名次区间": list(map(rank_band, rows["best_rank"], rows["worst_rank"])),
            GROUPS[by]: rows["label"],
            f"{day}日反弹率": rows[f"rebound_{day}"].round(3),
            "下限": rows[f"lower_{day}"].round(3),
            "上限": rows[f"upper_{day}"].round(3),
            f"{day}日内反弹": rows[f"rebounds_{day}"],
            "整改": rows["closed"],
            f"第{day}日仍在观察": rows[f"at_risk_{day}"],
        }
    )
    if by == "grid" and rows["lead_unit"].notna().any():
        shown.insert(3, "牵头单位", rows["lead_unit"])
    return shown


def pairs(
    build: Build,
    records: pd.DataFrame,
    close_by: str,
    who: str,
    every: Callable[[], pd.DataFrame],
) -> None:
    """The problems that came back; a picked row shows both with their tickets."""
    if records.empty:
        st.info("没有反弹的记录。")
        return
    total = records["total"].iloc[0]
    more = f"，下表列出 {len(records)} 处" if len(records) < total else ""
    st.caption(f"共 {total:,} 处{more}，最近又出现的在前。点选一行看前后两处问题各有哪些案卷。")
    config = {"相隔（天）": DAY_COUNT}
    pair = picked("pair", f"pairs_{who}", records["first_issue_id"].tolist())
    table(
        pair_table(records, close_by), "反弹记录", f"pairs_{who}", height=320, config=config,
        select=True, export=lambda: pair_table(every(), close_by),
    )  # fmt: skip
    if pair:
        record = records.set_index("first_issue_id").loc[pair]
        st.markdown("**前一处（已整改）**")
        tickets(build, int(record["episode_id"]))
        st.markdown("**又出现的一处**")
        tickets(build, int(record["next_episode_id"]))


def pair_table(records: pd.DataFrame, close_by: str) -> pd.DataFrame:
    """Rows of `rebound_records` with Chinese headings."""
    return pd.DataFrame(
        {
            "小类": records["category"].map(class_name),
            "道路或地址": place_names(records),
            CLOSE_NAMES[close_by]: records["ended_at"],
            "又出现": records["next_started_at"],
            "相隔（天）": records["gap_days"],
            "处置部门": records["department"],
            "前一件": records["first_issue_id"],
            "后一件": records["next_issue_id"],
        }
    )


def tickets(build: Build, episode_id: int) -> None:
    """The issues of one episode with their role."""
    rows = read(episode_issues, build.build_id, episode_id)
    shown = record_table(rows)
    shown.insert(0, "角色", rows["episode_role"].map(ROLES))
    if rows["verified_at"].notna().any():
        shown["核查销号"] = rows["verified_at"]
    table(shown, f"案卷{rows['issue_id'].iloc[0]}", f"tickets_{episode_id}")
