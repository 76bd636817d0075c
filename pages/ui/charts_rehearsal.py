"""Charts of 样本点: how the rounds of a rehearsal spread, and what repairs do to the chance to pass."""

from __future__ import annotations

import plotly.graph_objects as go

from data.views.rehearsal import PlanRehearsal
from pages.ui.charts import BLUE, GREY, ORANGE, label, show_chart


def spread_chart(found: PlanRehearsal, key: str) -> None:
    """Rounds by score, on both sides of the pass mark."""
    figure = go.Figure()
    for is_passed, name, colour in ((True, "达到通过线", BLUE), (False, "没有达到", ORANGE)):
        rows = found.spread[found.spread["is_passed"] == is_passed]
        figure.add_bar(
            x=(rows["score_from"] + rows["score_to"]) / 2,
            y=rows["rounds"],
            width=rows["score_to"] - rows["score_from"],
            customdata=rows[["score_from", "score_to"]],
            name=name,
            marker={"color": colour, "line": {"color": "#fff", "width": 1}},
            hovertemplate="%{customdata[0]:.1f} – %{customdata[1]:.1f} 分：%{y:,} 轮<extra></extra>",
        )
    figure.add_vline(x=found.pass_score, line={"color": "#111827", "width": 2, "dash": "dash"})
    # Beside the line its name would lie on the bars, or on the legend.
    figure.update_xaxes(title=f"得分（虚线：通过线 {found.pass_score:g} 分）")
    figure.update_yaxes(title="轮数", rangemode="tozero")
    figure.update_layout(bargap=0)
    show_chart(figure, key, 290, "模拟得分的分布")


def repair_chart(found: PlanRehearsal, most: int, places: list[str], key: str) -> None:
    """P(pass), or where no single repair moves it the score, with the first 0, 1, 2 … repaired.

    places  names of the places of `found.repairs`; most: how many of them are marked
    """
    rows = found.repairs
    steps = list(range(len(rows) + 1))
    names = ["现状", *[f"再整治：{label(name)}" for name in places]]
    figure = go.Figure()
    if rows["is_by_points"].all():
        values, title, said = [found.score, *rows["score"]], "预计得分", "%{y:.1f} 分"
    else:
        values = [100 * share for share in (found.pass_share, *rows["pass_share"])]
        title, said = "通过概率（%）", "%{y:.1f}%"
        for side, shares, fill in (
            ("上限", (found.pass_upper, *rows["pass_upper"]), None),
            ("下限", (found.pass_lower, *rows["pass_lower"]), "tonexty"),
        ):
            figure.add_scatter(
                x=steps,
                y=[100 * share for share in shares],
                name=side,
                mode="lines",
                line={"width": 0},
                fill=fill,
                fillcolor="rgba(11,110,153,.2)",
                showlegend=False,
                hoverinfo="skip",
            )
    figure.add_scatter(
        x=steps,
        y=values,
        customdata=names,
        name=title,
        mode="lines+markers",
        line={"color": BLUE, "width": 2.5},
        marker={"size": [12 if step == most else 7 for step in steps]},
        hovertemplate="%{x} 处：" + said + "<br>%{customdata}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=most, line={"color": GREY, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(title="按清单先整治几处", dtick=max(1, len(rows) // 10))
    figure.update_yaxes(title=title)
    show_chart(figure, key, 300, "整治处数与通过概率")
