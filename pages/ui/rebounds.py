"""Rebound and inspections in words: shares with their bands, and whether anything changed."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from data.standards import threshold
from data.views.rebound import Slackening
from pages.ui.text import number

CLOSE_NAMES = {"closed": "整改完成", "verified": "核查销号"}
STEP_FORMATS = {"month": "%Y-%m", "quarter": "%Y-%m 起一季"}
NO_STREET = "（没有路名和地址）"
NO_INSPECTIONS = (
    "数据中没有检查轮次，或检查没有落到有道路的网格里，所以没有松劲曲线，也说不出检查的作用。"
    "请在“数据管理”上传检查轮次，并在问题记录中写明由哪一轮检查发现。"
)
NO_CONTROL = (
    "所有网格都被检查过，没有从未检查的网格作对照：检查往往去问题多的地方，问题多的地方本来就会回落，"
    "所以这里只能说明先后，不能说都是检查造成的。"
)


def band(lower: float, upper: float, digits: int = 1) -> str:
    """A 95 % band of a share; a share of 0 or 1 has none."""
    return "无区间" if math.isnan(lower) else f"95% 区间 {lower:.{digits}%}–{upper:.{digits}%}"


def too_few(at_risk: int, day: int) -> str:
    """Why a share is not given."""
    return f"样本太少：第 {day} 日仍在观察的只有 {at_risk} 处，少于 {threshold('min_at_risk'):g} 处"


def rebound_sentence(row: Any, close_by: str, day: int = 14) -> str:
    """What came back within some days, of one row of `rebound_by`."""
    closed = f"时段内{CLOSE_NAMES[close_by]}的 **{number(row['closed'])}** 处问题"
    if not row[f"is_shown_{day}"]:
        return f"{closed}，{too_few(row[f'at_risk_{day}'], day)}。"
    share, limits = row[f"rebound_{day}"], band(row[f"lower_{day}"], row[f"upper_{day}"])
    return (
        f"{closed}，{day} 天内有 **{share:.1%}**（{limits}）在同一地点又出现同一小类的问题；"
        f"第 {day} 天仍在观察（没有反弹、数据也没有到头）的有 {number(row[f'at_risk_{day}'])} 处。"
    )


def trend_sentence(months: pd.DataFrame, step: str) -> str:
    """The last month observed long enough against the one before it, and what is not over yet."""
    done = months[months["is_complete"] & months["is_shown_30"]]
    waiting = months[~months["is_complete"]]
    form = STEP_FORMATS[step]
    sentences = []
    if len(done) > 1:
        before, last = done.iloc[-2], done.iloc[-1]
        if math.isnan(last["lower_30"] - before["lower_30"]):
            change = "没有区间的一段不能判断，**看不出变化**"
        elif last["lower_30"] > before["upper_30"]:
            change = "两个区间不重叠：反弹**变多了**"
        elif last["upper_30"] < before["lower_30"]:
            change = "两个区间不重叠：反弹**变少了**"
        else:
            change = "两个区间有重叠，**看不出变化**"
        sentences.append(
            f"最近一个观察满的是 {last['since']:{form}}：30日反弹率 **{last['rebound_30']:.1%}**"
            f"（{band(last['lower_30'], last['upper_30'])}），之前的 {before['since']:{form}} 为 "
            f"{before['rebound_30']:.1%}（{band(before['lower_30'], before['upper_30'])}）。{change}。"
        )
    if len(waiting):
        names = "、".join(f"{since:{form}}" for since in waiting["since"])
        sentences.append(f"{names} 整改的还没有都观察满 30 天，画成空心点或不画，暂不作数。")
    if not sentences:
        sentences.append("观察满 30 天、样本足够的不足两段，不能比较先后。")
    return "".join(sentences)


def change(ratio: float, limits: tuple[float, float], than: str) -> str:
    """A ratio of rates as more or less than something, or that nothing can be seen."""
    low, high = (limit - 1 for limit in limits)
    if low <= 0 <= high:
        return f"与{than}相比**看不出变化**（{ratio - 1:+.0%}，95% 区间 {low:+.0%} 至 {high:+.0%}）"
    nearer, farther = sorted((abs(low), abs(high)))
    word = "多" if ratio > 1 else "少"
    return f"比{than}**{word} {abs(ratio - 1):.0%}**（95% 区间 {nearer:.0%}–{farther:.0%}）"


def effect_sentence(found: Slackening) -> str:
    """What an inspection does, with its uncertainty; for a county with inspections."""
    effect = found.effect
    if effect is None or math.isnan(effect.rise):
        return "检查前后的记录不足，估计不出检查的作用。"
    weekly = change(effect.per_week, effect.per_week_band, "前一周")
    return (
        f"检查结束后第一周，每公里新增问题{change(effect.rise, effect.rise_band, '检查期间')}；"
        f"{change(effect.level, effect.level_band, '检查之前')}。此后每过一周，{weekly}。"
    )


def place_names(rows: pd.DataFrame) -> pd.Series[str]:
    """The street of each place, else an address that was reported there."""
    return rows["street_name"].where(rows["street_name"] != "", rows["address"]).replace("", NO_STREET)


def rank_band(best: int, worst: int) -> str:
    """第3–7名; nothing where there is none."""
    if best <= 0:
        return ""
    return f"第{best}名" if best == worst else f"第{best}–{worst}名"
