"""Cleaning rosters: who sweeps which segment when. Real rosters fall short of the standard."""

import numpy as np
import pandas as pd

from etl.demo.town import Town

COLUMNS = [
    "路段编号",
    "班次",
    "保洁单位",
    "星期",
    "开始时间",
    "结束时间",
    "作业方式",
    "生效日期",
    "失效日期",
]
COMPANIES = ("县环卫中心一队", "县环卫中心二队", "云河洁净环卫有限公司", "惠民保洁有限公司")
SEASONS = (
    ("2025-05-01", "2025-10-31", "summer"),
    ("2025-11-01", "2026-04-30", "winter"),
    ("2026-05-01", "2026-10-31", "summer"),
)
# road class -> season -> shifts; the main roads' 16 h are kept in summer only
HAND = {
    "主干道": {"summer": ("05:30-13:30", "13:30-21:30"), "winter": ("06:00-13:30", "13:30-20:30")},
    "次干道": {"summer": ("05:30-12:30", "12:30-19:30"), "winter": ("06:00-12:30", "12:30-19:00")},
    "支路": {"summer": ("06:00-11:30", "13:30-19:30"), "winter": ("06:30-11:30", "13:30-18:30")},
    "背街小巷": {
        "summer": ("06:00-11:00", "14:30-19:00"),
        "winter": ("06:30-11:00", "14:00-18:00"),
    },
}
MACHINE = {
    "主干道": ("04:00-06:00", "14:00-16:00"),
    "次干道": ("04:30-06:30",),
    "支路": ("09:00-10:00",),
}
NONE_SHARE = {"old": 0.03, "middle": 0.03, "new": 0.05, "industrial": 0.12, "fringe": 0.3}


def shifts(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Roster rows with the county's own column names; some segments have none.

    A shift 22:30-01:30 runs over midnight: the night machine of 人民路 and 中山路.
    """
    rows = []
    streets = town.segments
    crew = {name: COMPANIES[rng.integers(len(COMPANIES))] for name in streets["street"].unique()}
    for number, street, road_class, zone, machine in zip(
        *(streets[c] for c in ("segment_id", "street", "road_class", "zone", "machine")),
        strict=True,
    ):
        minor = road_class in ("支路", "背街小巷")
        if minor and rng.random() < NONE_SHARE[zone]:
            continue
        # Lanes outside the centre are often swept in the morning only, and not on Sundays.
        half = road_class == "背街小巷" and rng.random() < (0.6 if zone == "fringe" else 0.25)
        short = minor and rng.random() < 0.15
        days = "123456" if minor and rng.random() < 0.25 else "1234567"
        for first, last, season in SEASONS:
            hand = HAND[road_class][season][: 1 if half else 2]
            for label, hours in zip(("早班", "中班"), hand, strict=False):
                start, end = hours.split("-")
                end = f"{int(end[:2]) - 1:02d}{end[2:]}" if short else end
                rows.append((number, label, crew[street], days, start, end, "人工", first, last))
            runs = MACHINE.get(road_class, ()) if machine else ()
            for hours in runs:
                start, end = hours.split("-")
                on = "1234567" if road_class == "主干道" else "135"
                rows.append((number, "机扫班", COMPANIES[2], on, start, end, "机扫", first, last))
            if street in ("人民路", "中山路") and season == "summer":
                night = ("22:30", "01:30", "机扫", first, last)
                rows.append((number, "夜班", COMPANIES[2], "1234567", *night))
    return pd.DataFrame(rows, columns=COLUMNS)
