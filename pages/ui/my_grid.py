"""What a grid's lead unit needs today, gathered once: screen, workbook and print show these frames."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.filters import Filters
from data.metrics import metrics
from data.standards import threshold
from data.views.overview import Build, grids
from data.views.todo import came_back, open_issues, shared_borders, standings, streets_to_clean
from pages.ui.issue_cards import DUE_NAMES
from pages.ui.read import read
from pages.ui.text import STATE_NAMES, class_name, number

CAME_BACK = f"近 {threshold('rebound_days'):g} 天反弹"
COVERAGE_NAMES = {
    "no_street": "网格内没有道路数据",
    "no_standard": "道路没有等级，标准未规定保洁时长",
    "unknown": "没有排班、作业台账或轨迹数据",
}
STREET_NAMES = {
    "uncleaned": "无人保洁",
    "planned": "只有排班",
    "cleaned": "有作业记录",
    "unknown": "没有数据",
}
ISSUE_COLUMNS = {
    "issue_id": "编号",
    "state": "状态",
    "days_left": "距时限（天）",
    "category_class": "大类",
    "category": "小类",
    "address": "地址",
    "street_name": "道路",
    "description": "问题描述",
    "department": "处置部门",
    "channel": "来源",
    "reported_at": "上报时间",
    "due_at": "整改时限",
    "closed_before_at": "上次整改完成",
}
BACK_COLUMNS = {
    "issue_id": "编号",
    "category_class": "大类",
    "category": "小类",
    "address": "地址",
    "street_name": "道路",
    "description": "问题描述",
    "department": "处置部门",
    "reported_at": "又出现（上报）",
    "issue_id_before": "上次编号",
    "reported_before_at": "上次上报",
    "closed_before_at": "上次整改完成",
    "gap_days": "相隔（天）",
    "due_at": "整改时限",
    "closed_at": "本次整改完成",
}
STREET_COLUMNS = {
    "street_name": "道路",
    "state": "保洁",
    "last_swept": "最近清扫",
    "reported": "问题（件）",
    "hours_owed": "欠账（公里·小时）",
    "hours_required": "应保洁（公里·小时）",
    "street_km": "网格内长度（公里）",
}

BORDER_COLUMNS = {
    "neighbour_name": "相邻网格",
    "neighbour_unit": "牵头单位",
    "reported": "交界问题（件）",
    "open_at_end": "未整改（件）",
}


@dataclass(frozen=True)
class Number:
    """One number of the top line, as words and as figures; value is what people read."""

    metric: str
    value: str
    parts: str
    figure: float
    numerator: float
    denominator: float

    @property
    def title(self) -> str:
        """The name of the metric."""
        return metrics()[self.metric].title


@dataclass(frozen=True)
class GridDay:
    """A grid today. people: who answers for it; the frames are those of data/views/todo.py."""

    build: Build
    filters: Filters
    people: pd.Series
    standing: pd.Series
    issues: pd.DataFrame
    returns: pd.DataFrame
    streets: pd.DataFrame
    borders: pd.DataFrame

    @property
    def overdue(self) -> pd.DataFrame:
        """Open issues whose deadline is past."""
        return self.issues[self.issues["state"] == "overdue"]

    @property
    def not_overdue(self) -> pd.DataFrame:
        """The other open issues, by deadline."""
        return self.issues[self.issues["state"] != "overdue"]


def grid_day(build: Build, filters: Filters) -> GridDay:
    """Today of the chosen grid. Raises KeyError where it is not in force in the period."""
    build_id, grid_id = build.build_id, filters.grid_id
    return GridDay(
        build,
        filters,
        read(grids, build_id).set_index("grid_id").loc[grid_id],
        read(standings, build_id, filters.in_grid()).set_index("grid_id").loc[grid_id],
        read(open_issues, build_id, filters),
        read(came_back, build_id, filters),
        read(streets_to_clean, build_id, filters),
        read(shared_borders, build_id, filters),
    )


def who(people: pd.Series) -> str:
    """The units and the person that answer for a grid, as far as the data names them."""
    return "　".join(
        f"{name}：{people[column]}"
        for name, column in (
            ("牵头单位", "lead_unit"),
            ("责任单位", "responsible_unit"),
            ("网格长", "grid_head"),
        )
        if isinstance(people[column], str)
    )


def numbers(standing: pd.Series) -> list[Number]:
    """The top line of a grid: each number with both its parts, or why there is none."""
    return [
        overdue(standing),
        on_time(standing),
        _per_km(standing),
        _rebound(standing),
        owed(standing),
    ]


def overdue(row: pd.Series) -> Number:
    """Overdue of open issues, of a grid or a unit."""
    parts = f"未整改 {number(row['open'])} 件，其中有时限 {number(row['open_with_due'])} 件"
    value = f"{number(row['overdue'])} 件"
    if row["open"] and not row["open_with_due"]:
        value, parts = "—", f"未整改 {number(row['open'])} 件都没有时限，不判逾期"
    return Number("overdue_open", value, parts, row["overdue"], row["overdue"], row["open_with_due"])


def on_time(row: pd.Series) -> Number:
    """Closed on time of those due in the period, of a grid or a unit."""
    least = threshold("min_due")
    value = _share(row["on_time_share"], row["due"])
    parts = f"按期 {number(row['on_time'])} 件 ÷ 应结 {number(row['due'])} 件"
    if not row["due"]:
        parts = "时段内没有到期的问题"
    elif row["due"] < least:
        parts += f"，不足 {least:g} 件"
    return Number("on_time_share", value, parts, row["on_time_share"], row["on_time"], row["due"])


def _per_km(row: pd.Series) -> Number:
    parts = f"{number(row['reported'])} 件 ÷ {number(row['street_km'], 2)} 公里"
    if row["density_state"] == "shown":
        parts += f"，{row['compared']} 个可比网格中从重到轻第 {row['rank']}"
        value = f"{number(row['issues_per_km'], 1)} 件/公里"
    else:
        value, parts = "—", f"{STATE_NAMES[row['density_state']]}（{parts}）"
    return Number(
        "issues_per_km", value, parts, row["issues_per_km"], row["reported"], row["street_km"]
    )


def _rebound(row: pd.Series) -> Number:
    closed, at_risk = number(row["closed"]), number(row["at_risk_30"])
    parts = f"整改 {closed} 处（已并重复），第 30 日仍在观察 {at_risk} 处"
    if pd.isna(row["rebound_30"]):
        parts += f"，不足 {threshold('min_at_risk'):g} 处"
    value = _share(row["rebound_30"], row["closed"])
    return Number("rebound_30", value, parts, row["rebound_30"], row["rebounds_30"], row["at_risk_30"])


def owed(row: pd.Series) -> Number:
    """Hours of cleaning owed of those required, of a grid or a unit."""
    value = f"{number(row['hours_owed'])} 公里·小时"
    parts = f"应保洁 {number(row['hours_required'])} 公里·小时"
    if pd.isna(row["hours_owed"]):
        value, parts = "—", COVERAGE_NAMES.get(row.get("coverage_state"), COVERAGE_NAMES["unknown"])
    return Number(
        "hours_owed", value, parts, row["hours_owed"], row["hours_owed"], row["hours_required"]
    )


def _share(share: float, base: float) -> str:
    if pd.isna(share):
        return "样本太少" if base else "—"
    return f"{share:.1%}"


def sheets(day: GridDay) -> dict[str, pd.DataFrame]:
    """The workbook of a grid: the numbers of the screen and all records, not only those it lists."""
    top = pd.DataFrame(
        [
            {
                "指标": one.title,
                "屏幕所示": one.value,
                "数值": one.figure,
                "分子": one.numerator,
                "分母": one.denominator,
                "说明": one.parts,
            }
            for one in numbers(day.standing)
        ]
    )
    return {
        "总表": top,
        "逾期": issue_table(day.overdue),
        "未整改": issue_table(day.issues),
        "反弹": back_table(day.returns),
        "道路": street_table(day.streets),
        "交界": border_table(day.borders),
    }


def issue_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Open issues with Chinese headings."""
    return _named(frame.assign(state=frame["state"].map(DUE_NAMES)), ISSUE_COLUMNS)


def back_table(frame: pd.DataFrame) -> pd.DataFrame:
    """What came back, with Chinese headings."""
    return _named(frame.assign(gap_days=frame["gap_days"].round(1)), BACK_COLUMNS)


def street_state(row: Mapping[Hashable, Any]) -> str:
    """Whether anybody cleans a street, and on how much of it nobody does."""
    name = STREET_NAMES[row["state"]]
    return f"{name} {row['idle_km']:.2f} 公里" if row["state"] == "uncleaned" else name


def street_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Streets with Chinese headings."""
    rounded = frame.round({"street_km": 2, "hours_owed": 1, "hours_required": 1})
    named = rounded.assign(
        street_name=frame["street_name"].replace("", "（无名道路）"),
        state=[street_state(row) for row in frame.to_dict("records")],
        last_swept=frame["last_swept"].dt.strftime("%Y-%m-%d"),
    )
    shown = named[list(STREET_COLUMNS)].rename(columns=STREET_COLUMNS)
    return shown.dropna(axis="columns", how="all")


def border_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Neighbours and the issues at their border, with Chinese headings."""
    return frame[list(BORDER_COLUMNS)].rename(columns=BORDER_COLUMNS)


def _named(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    shown = frame[list(names)].rename(columns=names)
    for column in ("大类", "小类"):
        shown[column] = shown[column].map(class_name)
    return shown
