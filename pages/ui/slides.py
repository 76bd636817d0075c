"""The slides of the wall in words, numbers and colours; a scene with nothing to say says why.

One slide holds one map, at most four numbers, at most five rows and one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from data.filters import Filters
from data.metrics import metrics
from data.photos import photo_url
from data.settings import settings
from data.standards import threshold
from data.views.coverage import coverage_headline
from data.views.hotspots import grid_hot_spots, trend_classes
from data.views.overview import Build, grid_density, grids, headline, worst_grids
from data.views.rebound import rebound_by, repeat_places, slackening
from data.views.wall import evidence_shares, owed_bands, rebound_bands, worst_items
from pages.ui.read import read
from pages.ui.spots import CLASS_NAMES, TREND_WORDS, UNIT_NAMES
from pages.ui.text import class_name, last_day, number, period

ROWS = 5
# Inferno, five classes: readable for the colour-blind; on a dark wall bright means much. Grey: unknown.
BANDS = ("#4b1069", "#9b2964", "#e05536", "#fbab18", "#fcffa4")
UNKNOWN = "#6b7688"
CHOSEN = "#22406b"
# Hot is bright, cold is blue, ordinary sinks into the background.
SPOT_COLOURS = {
    "3": "#ffd9a0", "2": "#ff9d3c", "1": "#c7552b", "0": "#2e3d58",
    "-1": "#2f6fa8", "-2": "#4fa3e0", "-3": "#a8d8ff", "untested": UNKNOWN,
}  # fmt: skip
NOW_HOT = ("intensifying", "new", "persistent", "consecutive", "oscillating", "sporadic")
GRADE_NAMES = {
    "A": "有车辆轨迹",
    "B": "有起止时间的台账",
    "C": "只有开始时间的台账",
    "D": "仅排班",
    "": "无排班也无记录",
}
NO_UNIT = "牵头单位未登记"


@dataclass(frozen=True)
class Number:
    """A headline number; tone: worse, better or "" (colour beside the words, never instead)."""

    label: str
    value: str
    unit: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the list, with its notes below and its place (lat, lon) on the map.

    photos  (caption, address) of pictures beside it.
    """

    name: str
    value: str
    notes: list[str]
    place: list[float] | None
    photos: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """What the map shows: grid id -> key of the colours, and the legend.

    focus  the grid that fills the map, or "" for the county.
    """

    fill: dict[str, str]
    colours: dict[str, str]
    legend: list[list[str]]
    focus: str = ""


@dataclass(frozen=True)
class Slide:
    """What the stage shows at a time.

    what    period and kind of problem that the numbers are of.
    people  (label, name) of those who answer for it.
    """

    code: str
    title: str
    what: str
    people: list[list[str]]
    numbers: list[Number]
    picture: Picture
    rows_title: str
    rows: list[Row]
    sentence: str


def overview_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """总览: what came in and what is left, the worst grids, who answers for them and why."""
    rows = read(headline, build.build_id, filters).set_index("metric")
    density = read(grid_density, build.build_id, filters)
    worst = read(worst_grids, build.build_id, filters).head(ROWS)
    if not (rows.loc["reported", "value"] or rows.loc["open_at_end", "value"]):
        return "时段内没有这类问题的记录，也没有未整改的问题。"
    known = rows[rows["value"].notna()]
    before = read(grid_density, build.build_id, filters.previous).frame.set_index("grid_id")
    reaches_back = filters.previous.since >= build.first_date
    places = _places(build)
    listed = []
    for row in worst.itertuples():
        notes = [_unit(row.lead_unit), f"{class_name(row.main_class)}占 {row.main_share:.0%}"]
        earlier = before["issues_per_km"].get(row.grid_id, math.nan) if reaches_back else math.nan
        if not math.isnan(earlier):
            notes.append(f"上一时段 {number(earlier, 1)}")
        value = number(row.issues_per_km, 1)
        listed.append(Row(row.grid_name, value, ["　".join(notes)], places[row.grid_id]))
    per_km = rows.loc["issues_per_km"]
    keys = ["reported", "closed", "open_at_end", "overdue_open", "issues_per_km"]
    shown = [key for key in keys if key in known.index][:4]
    return [
        Slide(
            code="overview",
            title="总览",
            what=_what(filters),
            people=[],
            numbers=[_headline_number(key, rows.loc[key]) for key in shown],
            picture=_banded_picture(
                {
                    row.grid_id: str(row.band) if row.state == "shown" else "unknown"
                    for row in density.frame.itertuples()
                },
                density.edges,
                "件/公里",
                "没有记录或道路太短",
            ),
            rows_title=f"每公里问题最多的网格（件/公里，全县 {number(per_km['value'], 1)}）",
            rows=listed,
            sentence=_overview_sentence(rows),
        )
    ]


def _overview_sentence(rows: pd.DataFrame) -> str:
    parts = [
        _compared(metrics()[key].title, rows.loc[key, "value"], rows.loc[key, "before"])
        for key in ("reported", "overdue_open", "open_at_end")
    ]
    known = [part for part in parts if part][:2]
    if not known:
        return "数据不够长，不能与上一时段比较。"
    per_km = rows.loc["issues_per_km"]
    if not math.isnan(per_km["value"] - per_km["before"]):
        known.append(f"每公里 {number(per_km['before'], 1)}→{number(per_km['value'], 1)} 件")
    return f"比上一时段：{'，'.join(known)}。"


def hot_spot_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """热点: which areas are above chance, and where each is heading."""
    spots = read(grid_hot_spots, build.build_id, filters)
    tested = spots[spots["state"] == "tested"]
    if tested.empty:
        return "没有一个网格可以检验：没有相邻网格、道路太短，或时段内没有任何记录。"
    trends = read(trend_classes, build.build_id, filters)
    trend = trends.frame.set_index("grid_id")
    hot = tested[tested["spot_class"] >= 1]
    is_hot_now = trend["trend_class"].isin([f"{kind}_hot" for kind in NOW_HOT])
    listed = pd.concat([hot, tested[tested["grid_id"].isin(trend.index[is_hot_now])]])
    listed = listed.drop_duplicates("grid_id").head(ROWS)
    unit = "件/公里" if spots["unit"].iloc[0] == "km" else "件/百次巡查"
    found = "worse" if len(hot) else ""
    numbers = [Number("热点网格", number(len(hot)), "个", f"检验了 {len(tested)} 个", found)]
    if trends.weeks:
        count = trend["trend_class"].value_counts()
        numbers += [
            Number(word, number(int(count.get(code, 0))), "个", what)
            for code in ("intensifying_hot", "new_hot", "diminishing_hot")
            for word, what in [TREND_WORDS[code].split("：")]
        ]
    fill = {
        row.grid_id: str(row.spot_class) if row.state == "tested" else "untested"
        for row in spots.itertuples()
    }
    legend = [[SPOT_COLOURS[key], CLASS_NAMES[key]] for key in SPOT_COLOURS if key in fill.values()]
    places = _places(build)
    return [
        Slide(
            code="hotspots",
            title="热点",
            what=_what(filters),
            people=[],
            numbers=numbers,
            picture=Picture(fill, SPOT_COLOURS, legend),
            rows_title=f"{'热点网格，最热在前' if len(hot) else '近来有热点苗头的网格'}（{unit}）",
            rows=[
                Row(
                    row.grid_name,
                    number(row.rate, 1),
                    _hot_notes(row, trend, trends.weeks)[: 2 if len(listed) <= ROWS // 2 else 1],
                    places[row.grid_id],
                )
                for row in listed.itertuples()
            ],
            sentence=_hot_sentence(hot, trend),
        )
    ]


def _hot_notes(row: Any, trend: pd.DataFrame, weeks: int) -> list[str]:
    """Who and what to do; then the parts of the rate and the weeks, where there is room."""
    what, digits, _ = UNIT_NAMES[row.unit]
    parts = f"{row.numerator} 件 ÷ {number(row.denominator, digits)} {what}"
    if weeks:
        parts += f"　近 {weeks} 周中 {trend.loc[row.grid_id, 'hot_weeks']} 周为热点"
    return [f"{_unit(row.lead_unit)}　{_trend(trend, row.grid_id)}", parts]


def _hot_sentence(hot: pd.DataFrame, trend: pd.DataFrame) -> str:
    if hot.empty:
        return "没有哪一片（网格连同相邻网格）高于偶然：问题是散的，按网格逐个治理。"
    top = hot.iloc[0]
    return (
        f"{len(hot)} 个网格连同相邻网格高于偶然，应连片治理；"
        f"最热的是{top['grid_name']}（{_trend(trend, top['grid_id'])}）。"
    )


def _trend(trend: pd.DataFrame, grid_id: str) -> str:
    code = trend["trend_class"].get(grid_id, "")
    return TREND_WORDS.get(str(code), "数据不够看趋势")


def rebound_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """反弹: what came back after it was closed, and whether inspections last."""
    county = read(rebound_by, build.build_id, filters, "county")
    if county.empty or not county["is_shown_30"].iloc[0]:
        return "时段内整改完成、又观察满 30 日的问题太少（样本太少），不给出反弹率。"
    now = county.iloc[0]
    before = read(rebound_by, build.build_id, filters.previous, "county")
    reaches_back = filters.previous.since >= build.first_date and len(before)
    earlier = before["rebound_30"].iloc[0] if reaches_back else math.nan
    banded = read(rebound_bands, build.build_id, filters)
    shown = banded.frame[banded.frame["rank"] > 0]
    places = _places(build)
    numbers = [
        Number(
            "30日反弹率",
            number(100 * now["rebound_30"], 1),
            "%",
            _points(now["rebound_30"], earlier) or "数据不够长，不能比较",
            _tone(now["rebound_30"], earlier, "low"),
        ),
        Number(
            "反弹率的 95% 区间",
            f"{100 * now['lower_30']:.1f}–{100 * now['upper_30']:.1f}",
            "%",
            "" if math.isnan(earlier) else f"上一时段 {100 * earlier:.1f}%",
        ),
        Number(
            "30日内反弹", number(now["rebounds"]), "处", f"整改 {number(now['closed'])} 处（已并重复）"
        ),
        _repeats(build, filters),
    ]
    every = read(grid_density, build.build_id, filters).frame["grid_id"]
    few = len(every) - len(shown)
    fill = {row.key: str(row.band) if row.rank else "unknown" for row in banded.frame.itertuples()}
    return [
        Slide(
            code="rebound",
            title="反弹",
            what=_what(filters),
            people=[],
            numbers=numbers,
            picture=_banded_picture(
                dict.fromkeys(every, "unknown") | fill, banded.edges, "%", "样本太少"
            ),
            rows_title="30日反弹率最高的网格" + (f"（{few} 个样本太少，不排名）" if few else ""),
            rows=[
                Row(
                    row["name"],
                    f"{row['rebound_30']:.0%}",
                    [_rebound_note(row)],
                    places[row["key"]],
                )
                for row in shown.head(ROWS).to_dict("records")
            ],
            sentence=_inspection_sentence(build, filters),
        )
    ]


def _repeats(build: Build, filters: Filters) -> Number:
    places = read(repeat_places, build.build_id, filters)
    days, times = threshold("repeat_days"), threshold("repeat_episodes")
    return Number("反复点位", number(len(places)), "处", f"{days:g}日内 {times:g} 次以上")


def _rebound_note(row: Mapping[Any, Any]) -> str:
    rank = _between(row["best_rank"], row["worst_rank"])
    return f"{_unit(row['lead_unit'])}　区间 {_range(row)}　名次 {rank}"


def _range(row: Mapping[Any, Any]) -> str:
    return f"{row['lower_30']:.0%}–{row['upper_30']:.0%}"


def _inspection_sentence(build: Build, filters: Filters) -> str:
    found = read(slackening, build.build_id, filters)
    effect = found.effect
    if effect is None:
        return "数据中没有检查轮次，不能判断检查过后是否松劲。"
    low, high = effect.rise_band
    if math.isnan(effect.rise) or math.isnan(low) or math.isnan(high):
        return "检查轮次太少，不能判断检查过后是否松劲。"
    said = f"检查后第一周每公里新增是检查期间的 {effect.rise:.2f} 倍（95% 区间 {low:.2f}–{high:.2f}）："
    verdict = "检查一过就回升" if low > 1 else "检查过后没有回升" if high < 1 else "看不出回升"
    alone = "" if effect.has_uninspected else "（全部网格都查过，没有对照）"
    return f"{said}{verdict}{alone}。"


def coverage_slides(build: Build, filters: Filters) -> list[Slide] | str:
    """保洁: hours of cleaning against the standard, what is owed, and on what evidence."""
    now = read(coverage_headline, build.build_id, filters)
    if now["state"] != "shown":
        return {
            "no_street": "没有道路数据。",
            "no_standard": "道路没有等级，标准没有规定保洁时长，不能算欠账。",
        }.get(str(now["state"]), "没有保洁排班、作业台账或车辆轨迹，保洁情况未知。")
    banded = read(owed_bands, build.build_id, filters)
    frame = banded.frame
    owed = frame[(frame["state"] == "shown") & (frame["owed_per_km"] > 0)]
    places = _places(build)
    days = f"÷ {number(now['standard_km_days'])} 公里·天"
    is_swept_known = not math.isnan(now["swept_share"])
    numbers = [
        Number(
            f"保洁时长达标率（{settings().edition} 版）",
            number(100 * now["coverage_share"], 1),
            "%",
            f"{number(now['covered_km_days'])} {days}",
        ),
        Number(
            "每公里每天欠保洁",
            number(now["owed_per_km"], 1),
            "小时",
            f"共欠 {number(now['hours_owed'])} 公里·小时",
        ),
        Number(
            "全时达标里程",
            number(100 * now["met_share"], 1),
            "%",
            f"{number(now['met_km_days'])} {days}",
        ),
        Number(
            "清扫覆盖率",
            number(100 * now["swept_share"], 1) if is_swept_known else "未知",
            "%" if is_swept_known else "",
            f"{number(now['swept_km_days'])} ÷ {number(now['seen_km_days'])} 公里·天"
            if is_swept_known
            else "没有作业记录",
        ),
    ]
    fill = {
        row.grid_id: str(row.band) if row.state == "shown" else "unknown"
        for row in banded.frame.itertuples()
    }
    return [
        Slide(
            code="coverage",
            title="保洁",
            what=period(filters.since, filters.until),
            people=[],
            numbers=numbers,
            picture=_banded_picture(fill, banded.edges, "小时", "未知"),
            rows_title="每公里每天欠保洁最多的网格（小时）",
            rows=[
                Row(
                    row.grid_name,
                    number(row.owed_per_km, 1),
                    [_coverage_note(row)],
                    places[row.grid_id],
                )
                for row in owed.head(ROWS).itertuples()
            ],
            sentence=_evidence_sentence(build, filters, now),
        )
    ]


def _coverage_note(row: Any) -> str:
    evidence = f"多数天{GRADE_NAMES[row.grade]}"  # the other days may well have a log
    return f"{_unit(row.lead_unit)}　达标率 {row.coverage_share:.0%}　{evidence}"


def _evidence_sentence(build: Build, filters: Filters, now: pd.Series) -> str:
    shares = read(evidence_shares, build.build_id, filters)
    said = [f"{share:.0%} {GRADE_NAMES[grade]}" for grade, share in shares.items() if share >= 0.005]
    warning = "" if any(shares[grade] for grade in "ABC") else "；排班是计划，不能证明有人来扫"
    before = read(coverage_headline, build.build_id, filters.previous)
    moved = _points(now["coverage_share"], before["coverage_share"])
    change = f"达标率{moved}。" if moved else ""
    return f"{change}证据（按公里·天）：{'，'.join(said)}{warning}。"


def card_slides(build: Build, filters: Filters, grid_ids: Iterable[str]) -> list[Slide] | str:
    """点名卡: one slide a grid; without grid_ids the worst five by issues per km."""
    wanted = list(grid_ids) or list(read(worst_grids, build.build_id, filters)["grid_id"].head(ROWS))
    if not wanted:
        return "时段内没有可比较的网格，没有可点名的。"
    return [_card(build, filters, grid_id) for grid_id in wanted]


def _card(build: Build, filters: Filters, grid_id: str) -> Slide:
    chosen = Filters(filters.since, filters.until, filters.category_class, grid_id)
    row = read(grids, build.build_id).set_index("grid_id").loc[grid_id]
    density = read(grid_density, build.build_id, filters).frame
    own = density[density["grid_id"] == grid_id]
    values = read(headline, build.build_id, chosen).set_index("metric")
    rank = int(own["rank"].iloc[0]) if len(own) else 0
    ranked = int((density["rank"] > 0).sum())
    share = read(rebound_bands, build.build_id, filters).frame
    share = share[(share["key"] == grid_id) & (share["rank"] > 0)].to_dict("records")
    people = [
        [label, row[column]]
        for column, label in (
            ("lead_unit", "牵头单位"),
            ("responsible_unit", "责任单位"),
            ("grid_head", "网格长"),
        )
        if isinstance(row[column], str)
    ]
    has_due = not math.isnan(values.loc["overdue_open", "value"])
    late = "overdue_open" if has_due else "open_at_end"
    numbers = [
        Number(
            "每公里问题",
            number(values.loc["issues_per_km", "value"], 1),
            "件",
            f"第 {rank} 重，共 {ranked} 个" if rank else "不参加比较",
            "worse" if 0 < rank <= ROWS else "",
        ),
        _headline_number(late, values.loc[late]),
        Number("30日反弹率", f"{100 * share[0]['rebound_30']:.0f}", "%", f"区间 {_range(share[0])}")
        if share
        else Number("30日反弹率", "—", "", "样本太少"),
        _repeats(build, chosen),
    ]
    items = read(worst_items, build.build_id, chosen)
    return Slide(
        code="cards",
        title=row["grid_name"],
        what="",
        people=people or [["牵头单位、责任单位、网格长", "数据中没有登记"]],
        numbers=numbers,
        picture=Picture({grid_id: "chosen"}, {"chosen": CHOSEN}, [], focus=grid_id),
        rows_title=f"三件最该办的　{_what(filters)}",
        rows=[_item(item) for item in items.to_dict("records")],
        sentence=f"先列逾期最久的未整改问题（算到 {last_day(filters.until)}），"
        "不足三件再列反复点位、最多的小类。",
    )


def _item(item: Mapping[Any, Any]) -> Row:
    value = {
        "overdue": f"逾期 {item['overdue_days']} 天",
        "repeat": f"反复 {item['count']} 次",
        "category": f"共 {item['count']} 件",
    }[item["kind"]]
    owner = item["department"] if isinstance(item["department"], str) else "未登记"
    newest = "" if item["kind"] == "overdue" else "最近一件"
    due = "没有整改时限" if pd.isna(item["due_at"]) else f"整改时限 {item['due_at']:%Y-%m-%d}"
    due = due if item["is_open"] else "已整改"
    said = [item[key] for key in ("address", "street_name") if isinstance(item[key], str)]
    where = next((text for text in said if text), "地点见图")
    place = None if pd.isna(item["lat"]) else [item["lat"], item["lon"]]
    return Row(
        class_name(item["category"]),
        value,
        [where, f"责任 {owner}　{newest}{due}"],
        place,
        _photos(item),
    )


def _photos(item: Mapping[Any, Any]) -> list[list[str]]:
    """Caption and address of an item's photos; none where its record names none that is there."""
    named = (("整改前", item["photo_before"]), ("整改后", item["photo_after"]))
    urls = [[caption, photo_url(name)] for caption, name in named if isinstance(name, str)]
    return [[caption, url] for caption, url in urls if url]


def _headline_number(key: str, row: pd.Series) -> Number:
    metric = metrics()[key]
    digits = 0 if metric.unit == "件" else 1
    return Number(
        metric.title,
        number(row["value"], digits),
        metric.unit,
        _change(row["value"] - row["before"], digits),
        _tone(row["value"], row["before"], metric.better),
    )


def _change(change: float, digits: int) -> str:
    if math.isnan(change):
        return "上一时段没有数据"
    if not round(change, digits):
        return "与上一时段持平"
    return f"{'▲ 比上一时段多' if change > 0 else '▼ 比上一时段少'} {number(abs(change), digits)}"


def _points(now: float, before: float) -> str:
    """The change of a share in points; "" where it is not known."""
    change = 100 * (now - before)
    if math.isnan(change):
        return ""
    if not round(change, 1):
        return "与上一时段持平"
    return f"比上一时段{'高' if change > 0 else '低'} {abs(change):.1f} 个百分点"


def _tone(now: float, before: float, better: str) -> str:
    if better == "none" or math.isnan(now - before) or now == before:
        return ""
    return "better" if (now < before) == (better == "low") else "worse"


def _compared(title: str, now: float, before: float) -> str:
    """`新增问题多 12 件（+3%）`; "" where one of the two is not known."""
    if math.isnan(now - before):
        return ""
    if now == before:
        return f"{title}持平"
    percent = f"（{(now - before) / before:+.0%}）" if before else ""
    return f"{title}{'多' if now > before else '少'} {number(abs(now - before))} 件{percent}"


def _places(build: Build) -> dict[str, list[float]]:
    """Grid id -> a point inside it (lat, lon)."""
    rows = read(grids, build.build_id)
    return dict(zip(rows["grid_id"], rows[["lat", "lon"]].to_numpy().tolist(), strict=True))


def _unit(lead_unit: object) -> str:
    return lead_unit if isinstance(lead_unit, str) else NO_UNIT


def _between(best: int, worst: int) -> str:
    return f"{best}" if best == worst else f"{best}–{worst}"


def _what(filters: Filters) -> str:
    """The period and the kind of problem that numbers are of."""
    kind = class_name(filters.category_class) if filters.category_class else "全部问题"
    return f"{period(filters.since, filters.until)}　{kind}"


def _banded_picture(fill: dict[str, str], edges: tuple[float, ...], unit: str, unknown: str) -> Picture:
    """A map of bands with its legend; the unit stands at the last band."""
    colours = {str(n): colour for n, colour in enumerate(BANDS)} | {"unknown": UNKNOWN}
    limits = [0.0, *edges]
    legend = [
        [colour, f"{low:g}–{limits[n + 1]:g}" if n + 1 < len(limits) else f"≥{low:g} {unit}"]
        for n, (colour, low) in enumerate(zip(BANDS, limits, strict=False))
        if set(fill.values()) != {"unknown"}
    ]
    if "unknown" in fill.values():
        legend.append([UNKNOWN, unknown])
    return Picture(fill, colours, legend)
