"""Charts of 模拟评估."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pages.ui.charts import BLUE, GREY, show_chart


def reliability_chart(bins: pd.DataFrame, key: str) -> None:
    """Share found against the chance told, with 95 % intervals, of bins with enough points."""
    enough = bins[~bins["is_too_few"]]
    most = min(1.0, 1.1 * max(enough["upper"].max(), bins["predicted"].max()))
    figure = go.Figure()
    figure.add_scatter(
        x=[0, most], y=[0, most], mode="lines", name="预测准确时", line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=enough["predicted"], y=enough["observed"], name="实查（95% 区间）", mode="markers",
        marker={"color": BLUE, "size": 10},
        error_y={
            "array": enough["upper"] - enough["observed"],
            "arrayminus": enough["observed"] - enough["lower"],
            "thickness": 1.2,
        },
        customdata=enough[["hits", "trials"]],
        hovertemplate="预测 %{x:.1%}<br>实查 %{customdata[0]} / %{customdata[1]} 点"
        "（%{y:.1%}）<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="预测有问题的可能性", tickformat=".0%", range=[0, most])
    figure.update_yaxes(title="实查有问题的比例", tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 320, "预测与实查")
