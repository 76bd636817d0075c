"""Charts: Plotly with Chinese fonts, no toolbar, colours that the colour-blind can tell apart."""

from __future__ import annotations

import html
import unicodedata

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui.text import class_name

FONT = "Microsoft YaHei, Noto Sans CJK SC, PingFang SC, sans-serif"
BLUE, ORANGE, GREY = "#0b6e99", "#d9822b", "#9ca3af"


def label(text: object) -> str:
    """Imported text for a chart, where Plotly would read tags: it stays text."""
    return html.escape(str(text), quote=False)


def show_chart(figure: go.Figure, key: str, height: int, name: str) -> None:
    """Draw a figure in the app's type; its button saves it as a picture called `name`."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": FONT, "size": 14},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        hoverlabel={"font": {"family": FONT}},
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    picture = {"format": "png", "filename": name, "scale": 2}
    st.plotly_chart(
        figure,
        key=key,
        config={
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": picture,
            "displaylogo": False,
        },
    )


def weekly_chart(
    weeks: pd.DataFrame, key: str, *, height: int = 260, inspections: pd.DataFrame | None = None
) -> None:
    """Issues reported and closed by week, drawn at its middle; days of inspections are shaded."""
    figure = go.Figure()
    middle = weeks["week_since"] + pd.Timedelta(days=3.5)  # or a peak would stand before its cause
    if inspections is not None and len(inspections):
        _shade(figure, inspections)
    for column, name, colour in (("reported", "新增", ORANGE), ("closed", "整改完成", BLUE)):
        figure.add_scatter(
            x=middle,
            y=weeks[column],
            customdata=weeks["week_since"].dt.strftime("%Y-%m-%d"),
            name=name,
            mode="lines+markers" if len(weeks) < 30 else "lines",
            line={"color": colour, "width": 2.5},
            hovertemplate="%{customdata} 起一周：%{y} 件<extra>" + name + "</extra>",
        )
    figure.update_xaxes(tickformat="%Y-%m-%d", nticks=6)
    figure.update_yaxes(rangemode="tozero", title="件/周")
    show_chart(figure, key, height, "每周新增与整改")


def _shade(figure: go.Figure, inspections: pd.DataFrame) -> None:
    """The days of inspections in grey, each with a mark that says its name."""
    for first, last in zip(inspections["first_date"], inspections["last_date"], strict=True):
        figure.add_vrect(
            x0=first, x1=last + pd.Timedelta(days=1), fillcolor=GREY, opacity=0.35, line_width=0,
            layer="below",
        )  # fmt: skip
    figure.add_scatter(
        x=inspections["first_date"],
        y=[0] * len(inspections),
        name="检查轮次",
        mode="markers",
        marker={"symbol": "triangle-up", "size": 12, "color": "#374151"},
        text=[
            f"{label(row.inspection_name)}：{row.first_date:%Y-%m-%d} 至 {row.last_date:%Y-%m-%d}"
            for row in inspections.itertuples()
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def category_chart(counts: pd.DataFrame, key: str, *, height: int = 300) -> None:
    """The most frequent categories as bars, most first."""
    top = counts.head(10).iloc[::-1]
    figure = go.Figure(
        go.Bar(
            x=top["reported"],
            y=[label(_short(class_name(name))) for name in top["category"]],
            orientation="h",
            marker_color=BLUE,
            text=top["reported"],
            textangle=0,
            textposition="outside",
            textfont={"size": 13},
            cliponaxis=False,
            hovertemplate="%{y}：%{x} 件<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, 1.12 * top["reported"].max()])  # room for numbers
    show_chart(figure, key, height, "问题小类")


def _short(name: str, columns: int = 24) -> str:
    """The name cut to a width; a Chinese character takes two columns."""
    width = 0
    for position, character in enumerate(name):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > columns:
            return name[:position] + "…"
    return name


def load_history_chart(history: pd.DataFrame, key: str) -> None:
    """Shares of refused and odd records by load."""
    figure = go.Figure()
    x = [f"{at:%m-%d %H:%M}" for at in history["built_at"]]
    for column, name, colour in (
        ("refused_share", "拒收", ORANGE),
        ("odd_share", "值得核对", BLUE),
    ):
        figure.add_scatter(
            x=list(range(len(x))), y=history[column], name=name, mode="lines+markers",
            line={"color": colour}, customdata=history[["rows_read", "refused", "odd"]],
            hovertemplate="读入 %{customdata[0]:,}，拒收 %{customdata[1]:,}，"
            "值得核对 %{customdata[2]:,}",
        )  # fmt: skip
    figure.update_xaxes(tickvals=list(range(len(x))), ticktext=x, title="入库时间")
    top = max(history["refused_share"].max(), history["odd_share"].max(), 0.001)
    figure.update_yaxes(tickformat=".1%", range=[0, 1.25 * top])
    show_chart(figure, key, 260, "历次入库")
