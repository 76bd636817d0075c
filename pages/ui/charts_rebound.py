"""Charts of the page 反弹趋势."""

from __future__ import annotations

from datetime import date

import pandas as pd
import plotly.graph_objects as go

from pages.ui.charts import BLUE, ORANGE, label, show_chart
from pages.ui.text import number

# Okabe and Ito: the colour-blind can tell them apart; the dashes help in print.
LINES = (("#374151", "solid"), (ORANGE, "solid"), (BLUE, "dash"), ("#009e73", "dot"))
TYPE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
PALE, GREY = "#e5e7eb", "#9aa3af"


def curve_chart(curves: dict[str, pd.DataFrame], key: str) -> None:
    """Share that came back by day since the closing, one line a name, with bands."""
    figure = go.Figure()
    for (name, curve), (colour, dash) in zip(curves.items(), LINES, strict=False):
        known = curve.dropna(subset=["lower"])
        figure.add_scatter(
            x=[*known["day"], *known["day"][::-1]],
            y=[*known["upper"], *known["lower"][::-1]],
            mode="lines", fill="toself", fillcolor=colour, opacity=0.15, line_width=0, hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=curve["day"], y=curve["share"], name=label(name), mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv"},
            customdata=curve[["lower", "upper", "at_risk", "events"]],
            hovertemplate="%{y:.1%}（%{customdata[0]:.1%}–%{customdata[1]:.1%}），已又出现 "
            "%{customdata[3]:,} 处，仍在观察 %{customdata[2]:,} 处",
        )  # fmt: skip
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(
        title="整改后的天数", tickvals=[0, 7, 14, 30, 45, 60, 75, 90], range=[0, 91],
        unifiedhovertitle={"text": "整改后 %{x} 天"}, showgrid=True,
    )  # fmt: skip
    figure.update_yaxes(title="已经反弹的比例", tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 420, "反弹曲线")


def trend_chart(months: pd.DataFrame, rounds: pd.DataFrame, key: str) -> None:
    """Rebound within 30 days by month or quarter of the closing; inspections as grey stripes."""
    shown = months[months["is_shown_30"]]
    middle = shown["since"] + (shown["until"] - shown["since"]) / 2
    done = shown["is_complete"]
    figure = go.Figure()
    for row in rounds.itertuples():
        figure.add_vrect(
            x0=row.first_date, x1=row.last_date + pd.Timedelta(days=1), fillcolor=GREY, opacity=0.45,
            line_width=0, layer="below",
        )  # fmt: skip
    for part, name, marker in (
        (done, "观察满 30 天", {"color": BLUE, "size": 9}),
        (~done, "还没有都观察满 30 天", {"color": GREY, "size": 9, "symbol": "circle-open"}),
    ):
        rows = shown[part]
        if rows.empty:
            continue
        figure.add_scatter(
            x=middle[part], y=rows["rebound_30"], name=name, mode="lines+markers",
            marker=marker, line={"color": marker["color"]},
            error_y={
                "array": rows["upper_30"] - rows["rebound_30"],
                "arrayminus": rows["rebound_30"] - rows["lower_30"],
                "thickness": 1.2,
            },
            customdata=rows.assign(since=rows["since"].dt.strftime("%Y-%m"))[
                ["since", "lower_30", "upper_30", "rebounds_30", "closed", "at_risk_30"]
            ],
            hovertemplate="%{customdata[0]} 起：%{y:.1%}（%{customdata[1]:.1%}–%{customdata[2]:.1%}）"
            "<br>30 日内又出现 %{customdata[3]:,} 处，整改 %{customdata[4]:,} 处，"
            "第 30 日仍在观察 %{customdata[5]:,} 处<extra></extra>",
        )  # fmt: skip
    every = max(1, len(months) // 8)  # of all months, or those with too few would crowd the others
    marks = months.iloc[::every]
    figure.update_xaxes(
        tickvals=marks["since"] + (marks["until"] - marks["since"]) / 2,
        ticktext=marks["since"].dt.strftime("%Y-%m").tolist(), tickangle=0, title="整改的月份（季度）",
    )  # fmt: skip
    figure.update_yaxes(title="30日反弹率", tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 420, "30日反弹率走势")


def rank_chart(rows: pd.DataFrame, day: int, key: str) -> None:
    """Rebound of the first rows as bars with 95 % bands, worst on top; `label` names them."""
    rows = rows.iloc[::-1]
    share = rows[f"rebound_{day}"]
    figure = go.Figure(
        go.Bar(
            x=share, y=rows["label"].map(label), orientation="h", marker_color=ORANGE,
            error_x={
                "array": rows[f"upper_{day}"] - share,
                "arrayminus": share - rows[f"lower_{day}"],
                "color": "#374151", "thickness": 1.4, "width": 3,
            },
            customdata=rows[
                [f"lower_{day}", f"upper_{day}", f"rebounds_{day}", "closed", f"at_risk_{day}"]
            ],
            hovertemplate="%{y}：%{x:.1%}（95% 区间 %{customdata[0]:.1%}–%{customdata[1]:.1%}）"
            f"<br>{day} 日内又出现 %{{customdata[2]:,}} 处，整改 %{{customdata[3]:,}} 处，"
            f"第 {day} 日仍在观察 %{{customdata[4]:,}} 处<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", title=f"{day}日反弹率")
    figure.update_yaxes(type="category")
    show_chart(figure, key, max(200, 70 + 26 * len(rows)), f"{day}日反弹率排名")


def slackening_chart(
    curve: pd.DataFrame, curves: pd.DataFrame, rounds: pd.DataFrame, picked: str, key: str
) -> None:
    """Issues per km around the end of inspections: thin lines one each, the thick one all together."""
    figure = go.Figure()
    for row in rounds[rounds["is_shown"]].itertuples():
        own = curves[curves["inspection_id"] == row.inspection_id]
        is_picked = row.inspection_id == picked
        figure.add_scatter(
            x=own["day"], y=own["week_per_km"], name=label(row.inspection_name), mode="lines",
            line={"color": ORANGE if is_picked else GREY, "width": 3 if is_picked else 1.2},
            showlegend=is_picked, customdata=own[["issues", "exposure_km"]],
            hovertemplate=f"{row.last_date:%Y-%m-%d} 结束，第 %{{x}} 天：%{{y:.2f}}"
            "（当天 %{customdata[0]} 件 ÷ %{customdata[1]:.1f} 公里）",
        )  # fmt: skip
    figure.add_scatter(
        x=curve["day"], y=curve["week_per_km"], name="全部轮次合计", mode="lines",
        line={"color": BLUE, "width": 5},
        customdata=curve[["issues", "exposure_km", "inspections"]],
        hovertemplate="第 %{x} 天：%{y:.2f}（%{customdata[2]} 轮；当天 %{customdata[0]} 件 ÷ "
        "%{customdata[1]:.1f} 公里·轮）",
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": "#374151", "dash": "dash"})
    figure.add_annotation(x=0, y=1, yref="paper", text="检查结束", showarrow=False, xanchor="left")
    figure.update_xaxes(title="距检查结束的天数", dtick=7, tick0=0)
    figure.update_yaxes(title="件/公里·天（七日平均）", rangemode="tozero")
    show_chart(figure, key, 520, "松劲曲线")


def calendar_chart(rounds: pd.DataFrame, since: date, until: date, picked: str, key: str) -> None:
    """Months by days: the days of each inspection coloured by its type, its finds beside the last."""
    figure = go.Figure()
    every = pd.date_range(since, until, inclusive="left")
    figure.add_scatter(
        x=every.day, y=every.strftime("%Y-%m"), mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": "square", "size": 17, "color": PALE},
    )  # fmt: skip
    types = [name or "未注明类型" for name in rounds["inspection_type"]]
    for number_, name in enumerate(dict.fromkeys(types)):
        own = rounds[[one == name for one in types]].reset_index(drop=True)
        days = own.assign(
            day=[list(pd.date_range(*ends)) for ends in zip(own.first_date, own.last_date, strict=True)]
        ).explode("day")
        figure.add_scatter(
            x=days["day"].dt.day, y=days["day"].dt.strftime("%Y-%m"), name=label(name),
            mode="markers+text", textposition="middle right", textfont_color="#111827",
            text=[
                f"　{row.found} 件" if row.day == row.last_date else "" for row in days.itertuples()
            ],
            marker={
                "symbol": "square", "size": 17,
                "color": TYPE_COLOURS[number_ % len(TYPE_COLOURS)],
                "line": {
                    "color": "#111827",
                    "width": [3 if one == picked else 0 for one in days["inspection_id"]],
                },
            },
            customdata=[
                f"{label(row.inspection_name)}，{row.first_date:%Y-%m-%d} 至 {row.last_date:%Y-%m-%d}，"
                f"发现 {number(row.found)} 件，涉及 {row.grids} 个网格"
                for row in days.itertuples()
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    months = list(dict.fromkeys(every.strftime("%Y-%m")))
    figure.update_xaxes(
        tickvals=list(range(1, 32)), range=[0.3, 33.5], title="日", showgrid=False, zeroline=False
    )
    figure.update_yaxes(
        type="category", categoryarray=months, autorange="reversed", showgrid=False, dtick=1
    )
    show_chart(figure, key, 110 + 24 * len(months), "检查日历")
