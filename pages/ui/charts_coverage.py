"""Charts of cleaning coverage: the evidence behind it, its course by day, machines by class."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from data.standards import road_classes
from pages.ui.charts import BLUE, ORANGE, show_chart
from pages.ui.streets import GRADE_COLOURS, GRADE_LABELS
from pages.ui.text import number

PLAN = GRADE_COLOURS["D"]
DAY_LINES = {  # share -> name, numerator, denominator, colour, dash
    "coverage_share": ("保洁时长达标率", "covered_km", "standard_km", BLUE, "solid"),
    "met_share": ("全时达标里程占比", "met_km", "standard_km", "#56b4e9", "dot"),
    "swept_share": ("清扫覆盖率", "swept_km", "seen_km", ORANGE, "solid"),
    "mechanised_share": ("机械化清扫率", "machine_km", "reachable_km", "#7b3294", "dash"),
}


def evidence_bar(headline: pd.Series) -> None:
    """Km days by grade of evidence as one bar, each part with its name and share."""
    total = headline["street_km"] * headline["days"]
    if not total:
        return
    parts = [
        (GRADE_COLOURS[grade], name, headline[f"{grade.lower() or 'none'}_km_days"])
        for grade, name in GRADE_LABELS.items()
    ]
    parts = [part for part in parts if part[2] > 0]
    words = [f"{name} {km_days / total:.1%}" for _, name, km_days in parts]
    bar = "".join(
        f'<i style="width:{100 * km_days / total:.3f}%;background:{colour}"></i>'
        for colour, _, km_days in parts
    )
    legend = "".join(
        f'<span style="display:inline-flex;align-items:center;margin-right:14px">'
        f'<i style="width:18px;height:12px;background:{colour};margin-right:5px"></i>{text}</span>'
        for (colour, _, _), text in zip(parts, words, strict=True)
    )
    st.html(
        f'<div style="font-size:.85rem"><div role="img" aria-label="证据：{"，".join(words)}" '
        f'style="display:flex;height:14px;margin-bottom:4px">{bar}</div>'
        f"证据（占 {number(total)} 公里·天）：{legend}</div>"
    )


def day_chart(days: pd.DataFrame, since: pd.Timestamp, last: pd.Timestamp, key: str) -> None:
    """Shares by day; a day without data breaks the line."""
    figure = go.Figure()
    every = days.set_index("on_date").asfreq("D")
    for share, (name, numerator, denominator, colour, dash) in DAY_LINES.items():
        if every[share].notna().any():
            figure.add_scatter(
                x=every.index,
                y=every[share],
                name=name,
                mode="lines+markers" if len(every) < 100 else "lines",
                marker={"size": 5},
                line={"color": colour, "dash": dash, "width": 2},
                customdata=every[[numerator, denominator]].round(1),
                hovertemplate="%{x|%Y-%m-%d}：%{y:.1%}（%{customdata[0]:,.1f} ÷ "
                "%{customdata[1]:,.1f} 公里）<extra>" + name + "</extra>",
            )
    figure.update_xaxes(tickformat="%Y-%m-%d", nticks=8, range=[since, last])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    show_chart(figure, key, 340, "保洁覆盖逐日")


def hour_chart(hours: pd.DataFrame, duty_from: float, duty_to: float, key: str) -> None:
    """Share of the streets at work by hour of the day; hours outside the duty window are shaded."""
    figure = go.Figure()
    for part, name, colour in (("pass", "有作业证据", BLUE), ("plan", "只有排班（计划）", PLAN)):
        figure.add_bar(
            x=hours["hour"] + 0.5,
            y=hours[f"{part}_share"],
            name=name,
            marker_color=colour,
            customdata=hours[["hour", f"{part}_km_days", "known_km_days"]],
            hovertemplate="%{customdata[0]} 点起一小时：%{y:.1%}（%{customdata[1]:,.0f} ÷ "
            "%{customdata[2]:,.0f} 公里·天）<extra>" + name + "</extra>",
        )
    for left, right in ((0, duty_from), (duty_to, 24)):
        figure.add_vrect(left, right, fillcolor="#6b7280", opacity=0.15, line_width=0)
    figure.update_layout(barmode="stack", bargap=0.1, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 24], tickvals=list(range(0, 25, 2)), title="钟点")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 340, "保洁分时段")


def class_chart(classes: pd.DataFrame, key: str) -> None:
    """Shares by class of road as bars: machine passes where they are known, and the plan."""
    figure = go.Figure()
    names = [road_classes()[code] for code in classes["road_class"]]
    for share, numerator, denominator, name, colour in (
        ("mechanised_share", "machine_km_days", "reachable_km_days", "机械化清扫率（作业）", BLUE),
        (
            "planned_machine_share",
            "planned_machine_km_days",
            "planned_reachable_km_days",
            "机扫排班率（计划）",
            PLAN,
        ),
    ):
        if classes[share].notna().any():
            figure.add_bar(
                x=names,
                y=classes[share],
                name=name,
                marker_color=colour,
                customdata=classes[[numerator, denominator]],
                texttemplate="%{y:.0%}",
                hovertemplate="%{x}：%{y:.1%}（%{customdata[0]:,.0f} ÷ %{customdata[1]:,.0f} 公里·天）"
                "<extra>" + name + "</extra>",
            )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.1])
    show_chart(figure, key, 300, "机械化清扫率按道路等级")
