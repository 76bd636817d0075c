"""Charts of the frame of sample points."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pages.ui.charts import BLUE, GREY, show_chart


def calibration_chart(bins: pd.DataFrame, key: str) -> None:
    """What was said against what came, with 95% intervals; on the dashed line both are the same."""
    figure = go.Figure()
    top = 1.05 * max(bins["predicted"].max(), bins["upper"].max())
    figure.add_scatter(
        x=[0, top], y=[0, top], mode="lines", name="说的与实际一样", hoverinfo="skip",
        line={"color": GREY, "dash": "dash"},
    )  # fmt: skip
    figure.add_scatter(
        x=bins["predicted"],
        y=bins["observed"],
        mode="markers",
        name="每组点位（线段为 95% 区间）",
        marker={"color": BLUE, "size": 9},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": bins["upper"] - bins["observed"],
            "arrayminus": bins["observed"] - bins["lower"],
            "color": BLUE,
        },
        customdata=bins[["hits", "trials", "lower", "upper"]],
        hovertemplate="预计 %{x:.1%}，实际 %{y:.1%}（%{customdata[0]:,} ÷ %{customdata[1]:,} 点位次，"
        "95% 区间 %{customdata[2]:.1%}–%{customdata[3]:.1%}）<extra></extra>",
    )
    figure.update_xaxes(title="预计出问题的可能性", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="实际出问题的比例", tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 340, "风险检验")
