"""A small county whose every name is code, and what people typed in is code too.

All of it must stay text: on screens, on paper and in files (tests/browser/test_hostile.py).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from pathlib import Path

import pandas as pd
import shapely

from data import entries
from data.builds import current_build_id
from data.plan import PlanSettings, Quota
from data.sample_entries import add_plan, finish_plan, keep_frame, set_draw
from data.views.draw import draw
from data.views.frame import sample_frame
from tests.conftest import GRIDS, STREETS, County, collection, feature, lonlat
from tests.plans import write_mock

IMAGE, TEMPLATE, SCRIPT, MARKDOWN = HOSTILE = [
    "<img src=x onerror=parent.hacked=1>",
    "${parent.hacked=1}`${parent.hacked=1}`",
    "</script><script>parent.hacked=1</script>",
    "![x](http://evil.example/x.png) [y](javascript:parent.hacked=1)",
]
FORMULA = '=HYPERTAGS("http://evil.example")'
ATTRIBUTE = '"><svg onload=parent.hacked=1>'
TAGS = '<b>粗</b><a href="http://evil.example">z</a>'  # which Plotly would draw
ADDRESSES = "http://evil.example www.evil.example a@evil.example"  # which Markdown would link
ALL = [*HOSTILE, FORMULA, ATTRIBUTE, TAGS, ADDRESSES]

FILES = {  # table -> columns as the recipe names them: the file's heading is the column's name
    "core_grid": "grid_id grid_name lead_unit responsible_unit grid_head",
    "core_segment": "source_segment_id street_name road_class is_machine_sweepable",
    "core_issue": "issue_id category description address department channel inspection_id "
    "reported_at due_at closed_at verified_at photo_before photo_after lon lat",
    "core_category": "category category_class",
    "core_inspection": "inspection_id inspection_name inspection_type first_date last_date organiser",
    "core_shift": "source_segment_id shift_name cleaner start_time end_time method valid_from valid_to",
    "core_cleaning": "cleaning_id source_segment_id started_at ended_at cleaner method vehicle_id",
    "core_site": "site_id site_name site_type address lon lat",
}
SPOTS = [
    (200, 305),
    (300, 290),
    (590, 300),
    (800, 310),
    (100, 905),
    (905, 800),
    (895, 1000),
    (300, 105),
]
SHAPES = ("core_grid", "core_segment")
FIRST, DAYS = pd.Timestamp("2024-08-01 08:00"), 240


@dataclass
class HostileCounty(County):
    """The county on disk; `issue_id` is one that has come back, in the first grid."""

    issue_id: str = ""


def hostile_county(folder: Path) -> HostileCounty:
    """Write it, load it and type entries in."""
    county = HostileCounty(folder / "raw", folder / "store")
    photos = county.root / "photos"
    photos.mkdir(parents=True)
    (photos / IMAGE).write_bytes(b"\x89PNG\r\n\x1a\n____")
    text = cycle(ALL)
    grids = [
        feature(
            shapely.box(*box),
            grid_id=name,
            grid_name=f"{name}{own}",
            lead_unit=next(text),
            responsible_unit=next(text),
            grid_head=next(text),
        )
        for (name, box), own in zip(GRIDS.items(), [MARKDOWN, TAGS, IMAGE, FORMULA], strict=True)
    ]
    streets = [
        feature(
            shapely.LineString(line),
            source_segment_id=name,
            street_name=hostile,
            road_class=road_class,
            is_machine_sweepable="是",
        )
        for (name, (_, road_class, line)), hostile in zip(STREETS.items(), cycle(ALL), strict=False)
    ]
    county.write("core_grid.geojson", collection(grids))
    county.write("core_segment.geojson", collection(streets))
    issues = _issues()
    county.issue_id = str(issues[0][0])
    tables: dict[str, list[list[object]]] = {
        "core_issue": issues,
        "core_category": [[kind, kind] for kind in ALL],
        "core_inspection": [
            [f"I{n}{ALL[n]}", ALL[n], ALL[-n], first, last, ALL[n + 1]]
            for n, (first, last) in enumerate(
                [
                    ("2024-10-20", "2024-10-22"),
                    ("2024-12-25", "2024-12-27"),
                    ("2025-02-25", "2025-02-26"),
                ]
            )
        ],
        "core_shift": [
            [street, next(text), next(text), "06:00", "10:00", method, "2024-08-01", "2025-03-30"]
            for street, method in (("S1", "人工"), ("S1", "机扫"), ("S3", "人工"))
        ],
        "core_cleaning": [
            [f"C{day}{next(text)}", "S1", f"{at} 07:00", f"{at} 09:00", next(text), "机扫", next(text)]
            for day in range(0, DAYS, 2)
            for at in [f"{FIRST + pd.Timedelta(days=day):%Y-%m-%d}"]
        ],
        "core_site": [[f"P{n}{one}", one, one, one, *lonlat(*SPOTS[n])] for n, one in enumerate(ALL)],
    }
    for table, rows in tables.items():
        stream = io.StringIO()
        csv.writer(stream).writerows([FILES[table].split(), *rows])
        county.write(f"{table}.csv", stream.getvalue())
    county.write("county.toml", _recipe(county.root))
    county.load()
    _type_in(county)
    return county


def _recipe(root: Path) -> str:
    head = f"name = 'hostile'\ntitle = '{IMAGE}{MARKDOWN}'\nnote = '{ADDRESSES}'\nroot = '{root}'\n"
    head += "timezone = 'Asia/Shanghai'\ncompute_crs = 'EPSG:4546'\n"
    for table, columns in FILES.items():
        form, end = ("vector", "geojson") if table in SHAPES else ("csv", "csv")
        mapped = ", ".join(f"{name} = '{name}'" for name in columns.split())
        head += f"[[{table}]]\nfiles = ['{table}.{end}']\nformat = '{form}'\ncolumns = {{ {mapped} }}\n"
        if "lon" in columns:
            head += "crs = 'EPSG:4326'\n"
    return head


def _issues() -> list[list[object]]:
    """Issues that come back: every category at every spot each forty days, one each five days.

    The last ones are open and late, every other one names a photo, an inspection found every ninth;
    one is refused.
    """
    events = [
        (FIRST + pd.Timedelta(days=day, hours=spot), spot, kind)
        for day in range(0, DAYS - 1, 5)
        for spot in range(len(SPOTS))
        for kind in range(len(ALL))
        if day // 5 % 8 == kind or (spot, kind) == (0, 0)
    ]
    rows: list[list[object]] = []
    for number, (at, spot, kind) in enumerate(events):
        hostile = ALL[number % len(ALL)]
        is_open = number > len(events) - 30 and number % 2
        closed = "" if is_open else f"{at + pd.Timedelta(hours=30):%Y-%m-%d %H:%M}"
        found = "" if number % 9 else f"I{number % 3}{ALL[number % 3]}"
        rows.append([
            f"{number}{hostile}", ALL[kind], hostile, ALL[(number + 2) % 8], ALL[(number + 1) % 3],
            ALL[(number + 4) % 8], found, f"{at:%Y-%m-%d %H:%M}",
            f"{at + pd.Timedelta(days=1):%Y-%m-%d %H:%M}", closed, closed,
            hostile if number % 2 else "", ALL[(number + 3) % 8], *lonlat(*SPOTS[spot]),
        ])  # fmt: skip
    return [*rows, [FORMULA, *[MARKDOWN] * (len(rows[0]) - 1)]]


def _type_in(county: HostileCounty) -> None:
    store, name = county.store, "hostile"
    meeting = entries.add_meeting(name, "meeting", date(2025, 3, 1), IMAGE, store=store)
    entries.add_meeting(name, "bulletin", date(2025, 3, 2), MARKDOWN, store=store)
    for hostile in ALL:
        entries.add_promise(name, meeting, hostile, hostile, date(2025, 3, 9), "G1", store=store)
    promise = int(entries.promises(name, meeting, store)["promise_id"].iloc[0])
    entries.finish_promise(name, promise, date(2025, 3, 8), TAGS, store=store)
    _plan(county, name)
    entries.set_target(name, "issues_per_km", 1, date(2025, 3, 1), MARKDOWN, store=store)
    _plans(name, store)


def _plan(county: HostileCounty, name: str) -> None:
    """A plan with every candidate site of the list declared, and its draw."""
    build = county.served()
    frame = sample_frame(build).frame
    types = frame["site_type"].value_counts()
    settings = PlanSettings(
        "2021",
        "现场评估·市容环境卫生",
        1,
        tuple(Quota(str(kind), int(count), int(count) // 2, 1) for kind, count in types.items()),
        seed=MARKDOWN,
    )
    declared = frame[frame["kind"] == "site"].assign(position=1, reasons="[]")
    until, day = date(2025, 3, 31), date(2025, 3, 30)
    plan = add_plan(name, TAGS[:40], settings, day, "b", until, declared, IMAGE, store=county.store)
    found = draw(frame, settings, list(declared["site_key"]))
    keep_frame(found.frame_file, county.store)
    points = found.points.assign(reasons="[]")
    digests = found.frame_digest, found.draw_digest
    set_draw(name, plan, settings, "b", until, *digests, day, points, county.store)
    write_mock(county.store, plan, IMAGE, MARKDOWN, seen=8)


def _plans(name: str, store: Path) -> None:
    """Two plans whose points, types, titles and notes are code."""
    points = pd.DataFrame(
        {
            "position": 1, "site_key": f"P{n}{one}", "site_type": one, "site_name": one, "address": one,
            "street_name": one, "grid_id": "G1", "grid_name": one, "lead_unit": one,
            "lon": lonlat(*SPOTS[n])[0], "lat": lonlat(*SPOTS[n])[1], "risk": 0.1,
            "reasons": json.dumps([["open", 1], ["only_in_grid", one]]),
        }
        for n, one in enumerate(ALL)
    )  # fmt: skip
    quotas = tuple(Quota(one, 2, 1, 1) for one in ALL)
    settings, build_id = PlanSettings("2021", MARKDOWN, 5, quotas), current_build_id(store)
    for title in (IMAGE, MARKDOWN):
        plan_id = add_plan(
            name, title, settings, date(2025, 3, 9), build_id, date(2025, 4, 1), points,
            pinned=[f"P0{IMAGE}"], barred=[f"P1{TEMPLATE}"], store=store,
        )  # fmt: skip
    finish_plan(name, plan_id, TAGS, store=store)
