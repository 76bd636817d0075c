"""The charts of 我的网格: one grid against the county."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pages.ui.charts import BLUE, ORANGE, show_chart

GREY = "#6b7280"


def weekly_density_chart(weeks: pd.DataFrame, key: str, *, height: int = 280) -> None:
    """Issues per km by week: the grid against the county; `weeks` of weekly_density."""
    figure = go.Figure()
    for column, parts, name, colour, dash in (
        ("per_km", ["reported", "street_km"], "本网格", ORANGE, "solid"),
        ("county_per_km", ["county_reported", "county_km"], "全县", GREY, "dash"),
    ):
        figure.add_scatter(
            x=weeks["week_since"],
            y=weeks[column],
            name=name,
            mode="lines+markers" if len(weeks) < 30 else "lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            customdata=weeks[parts],
            hovertemplate="%{x|%Y-%m-%d} 起一周：%{y:.2f} 件/公里（%{customdata[0]} 件 ÷ "
            "%{customdata[1]:.1f} 公里）<extra>" + name + "</extra>",
        )
    figure.update_xaxes(tickformat="%m-%d", nticks=6)
    figure.update_yaxes(rangemode="tozero", title="件/公里·周")
    _legible(figure)
    show_chart(figure, key, height, "本网格与全县每周每公里问题数")


def curve_chart(grid: pd.DataFrame, county: pd.DataFrame, key: str, *, height: int = 280) -> None:
    """Share that came back by day since closing, with 95 % bands: the grid against the county."""
    figure = go.Figure()
    for curve, name, colour, fill, dash in (
        (county, "全县", GREY, "rgba(107,114,128,.2)", "dash"),
        (grid, "本网格", BLUE, "rgba(11,110,153,.2)", "solid"),
    ):
        band = curve.dropna(subset=["lower", "upper"])
        figure.add_scatter(
            x=[*band["day"], *band["day"][::-1]],
            y=[*band["upper"], *band["lower"][::-1]],
            mode="lines",
            fill="toself",
            fillcolor=fill,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=curve["day"],
            y=curve["share"],
            name=name,
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
            customdata=curve[["lower", "upper", "at_risk"]],
            hovertemplate="整改后第 %{x} 天：%{y:.1%}（95% 区间 %{customdata[0]:.1%} 至 "
            "%{customdata[1]:.1%}，仍在观察 %{customdata[2]} 件）<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title="整改完成后天数", nticks=8)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title="已反弹")
    _legible(figure)
    show_chart(figure, key, height, "本网格与全县反弹曲线")


def _legible(figure: go.Figure) -> None:
    """Type of 14 pixels for a phone: Streamlit's theme writes axes and legends smaller."""
    size = {"size": 14}
    figure.update_xaxes(tickfont=size, title_font=size)
    figure.update_yaxes(tickfont=size, title_font=size)
    figure.update_layout(legend_font=size)
