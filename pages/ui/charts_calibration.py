"""How far what was told came true: risks on days not learnt from, the forecast of a mock inspection."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pages.ui.charts import BLUE, GREY, show_chart


def calibration_chart(
    bins: pd.DataFrame, key: str, name: str, *, told: str, came: str, fault: str, unit: str
) -> None:
    """The share that came against the chance told, with 95 % intervals; on the dashed line both agree.

    bins  predicted, observed, lower, upper (shares), hits, trials (counts): one row a marker
    name  of the saved picture; told, came, fault: the words for a chance, for what was found, and for
          what is found, as in 预计 出问题 的可能性; unit: of trials
    """
    most = min(1.0, 1.1 * max(bins["upper"].max(), bins["predicted"].max()))
    figure = go.Figure()
    figure.add_scatter(
        x=[0, most],
        y=[0, most],
        name=f"{told}准确时",
        mode="lines",
        line={"color": GREY, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=bins["predicted"],
        y=bins["observed"],
        name=f"{came}（线段为 95% 区间）",
        mode="markers",
        marker={"color": BLUE, "size": 10},
        error_y={
            "array": bins["upper"] - bins["observed"],
            "arrayminus": bins["observed"] - bins["lower"],
            "thickness": 1.2,
        },
        customdata=bins[["hits", "trials", "lower", "upper"]],
        hovertemplate=f"{told} %{{x:.1%}}，{came} %{{y:.1%}}（%{{customdata[0]:,}} ÷ "
        f"%{{customdata[1]:,}} {unit}，"
        "95% 区间 %{customdata[2]:.1%}–%{customdata[3]:.1%}）<extra></extra>",
    )
    figure.update_xaxes(title=f"{told}{fault}的可能性", tickformat=".0%", range=[0, most])
    figure.update_yaxes(title=f"{came}{fault}的比例", tickformat=".0%", rangemode="tozero")
    show_chart(figure, key, 340, name)
