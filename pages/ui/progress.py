"""Whether it is getting better, in one sentence."""

from __future__ import annotations

from data.views.headline import Progress
from pages.ui.text import number, plain


def progress_sentence(found: Progress) -> str:
    """Whether it is getting better since the last inspection, as one sentence."""
    said = f"{found.first_date:%Y-%m-%d} 至 {found.last_date:%m-%d}"
    what = (
        f"**{plain(found.name)}（{said}）之后**"
        if found.name
        else "**此前没有检查轮次的记录，只看近来**"
    )
    if found.change is None:
        return f"{what}：前后能比较的日子或问题太少，还看不出好转没有。"
    low, high = 100 * (found.change.lower - 1), 100 * (found.change.upper - 1)
    if found.change.lower > 1:
        verdict = f"**多了 {found.change.ratio - 1:.0%}**"
    elif found.change.upper < 1:
        verdict = f"**少了 {1 - found.change.ratio:.0%}**"
    else:
        verdict = "没有明显变化"
    after = "检查后" if found.name else "最近"
    before = "检查前" if found.name else "再往前"
    return (
        f"{what}：{after} {found.days} 天日常新增 {number(found.after)} 件，{before} {found.days} 天 "
        f"{number(found.before)} 件，{verdict}（95% 区间 {low:+.0f}% 至 {high:+.0f}%）。"
    )
