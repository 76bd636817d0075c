"""举一反三 against a slow count by hand, and against places drawn at random."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from data.engine import DuckDBEngine
from data.filters import Filters
from data.standards import threshold
from data.views import alike
from data.views.overview import build_info, grids

WHOLE = Filters(date(2025, 1, 1), date(2027, 1, 1))


@pytest.fixture(scope="module")
def issues(demo_engine: DuckDBEngine) -> pd.DataFrame:
    """Located issues with a category, the newest first."""
    return demo_engine.query(
        "select * from core_issue where place_id is not null and category <> 'unknown' "
        "and grid_id is not null order by reported_at desc, issue_id"
    )


@pytest.fixture(scope="module")
def issue(issues: pd.DataFrame) -> pd.Series:
    """An inspection's find on a street of which there is more."""
    return issues[issues["inspection_id"].notna()].iloc[0]


def search(
    engine: DuckDBEngine, number: str, level: alike.Level = "category",
    where: alike.Where = "", which: alike.Which = "",
) -> tuple[pd.DataFrame, pd.DataFrame, int]:  # fmt: skip
    """The whole search, not only what a list can hold."""
    until = pd.Timestamp(build_info(engine).data_until)
    return alike._alike(engine, alike._issue(engine, number), level, where, which, until)


def by_hand(engine: DuckDBEngine, issue: pd.Series, level: str, until: pd.Timestamp) -> pd.DataFrame:
    """Every place by loops over the core tables: what the view must say of it."""
    segments = engine.query("select * from core_segment where grid_id is not null")
    places = engine.query("select * from mart_place")
    episodes = engine.query("select * from mart_episode")
    records = engine.query("select * from core_issue where place_id is not null")
    known_until = pd.Timestamp(build_info(engine).data_until)
    seen_since = issue["reported_at"] + (until - known_until)
    year, lately = until - timedelta(days=365), until - timedelta(days=90)
    rows = []
    clusters = places[places["segment_id"].isna()]
    keys = [(s.segment_id, s.road_class) for s in segments.itertuples()]
    in_grids = set(episodes.loc[episodes["grid_id"].notna(), "place_id"])
    keys += [(f"place {number}", "") for number in clusters["place_id"] if number in in_grids]
    number = places.set_index("segment_id")["place_id"].to_dict()
    for key, road_class in keys:
        place_id = int(key.split()[1]) if key.startswith("place ") else number.get(key, -1)
        if place_id == issue["place_id"]:
            continue
        here = episodes[(episodes["place_id"] == place_id) & (episodes["started_at"] < until)]
        kind = here[here[level] == issue[level]]
        of_place = records[(records["place_id"] == place_id) & (records["reported_at"] < until)]
        rows.append(
            {
                "place_key": key,
                "times": int((kind["started_at"] >= year).sum()),
                "lately": int((kind["started_at"] >= lately).sum()),
                "times_ever": len(kind),
                "last": kind["started_at"].max(),
                "is_open": bool((~(kind["closed_at"] < until)).any()),
                "records": int((of_place["reported_at"] >= year).sum()),
                "seen": int((of_place["reported_at"] > seen_since).sum()),
                "is_same_road": road_class == issue["road_class"],
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize("level", ["category", "category_class"])
def test_every_place_is_what_a_count_by_hand_says(
    demo_engine: DuckDBEngine, issue: pd.Series, level: alike.Level
) -> None:
    place = alike.issue_place(demo_engine, issue["issue_id"]).iloc[0]
    until = pd.Timestamp(build_info(demo_engine).data_until)
    expected = by_hand(demo_engine, place, level, until)
    candidates, known, places = search(demo_engine, issue["issue_id"], level)
    assert places == len(expected)
    assert set(known["place_key"]) == set(expected.loc[expected["is_open"], "place_key"])
    assert len(known)
    listed = expected[~expected["is_open"]].sort_values(
        ["times", "records", "last", "place_key"], ascending=[False, False, False, True]
    )
    assert list(candidates["place_key"]) == list(listed["place_key"])
    columns = ["times", "lately", "times_ever", "records", "seen", "is_same_road"]
    pd.testing.assert_frame_equal(
        candidates[columns],
        listed[columns].reset_index(drop=True),
        check_dtype=False,
    )
    assert candidates["lon"].notna().all()
    assert (candidates["rank"] == np.arange(1, len(listed) + 1)).all()
    assert candidates["is_repeat"].tolist() == (candidates["lately"] >= 3).tolist()
    shown = alike.alike_places(demo_engine, issue["issue_id"], level)
    assert (shown.places, shown.of_candidates, shown.of_known) == (
        places, len(candidates), len(known),
    )  # fmt: skip
    pd.testing.assert_frame_equal(shown.candidates, candidates.head(alike.LONGEST))


def test_conditions_leave_what_fits_in_the_same_order(
    demo_engine: DuckDBEngine, issue: pd.Series
) -> None:
    number = issue["issue_id"]
    everything, _, _ = search(demo_engine, number)
    for which, fits in (("new", "times_ever"), ("unseen", "seen")):
        some, _, _ = search(demo_engine, number, which=which)
        assert list(some["place_key"]) == list(everything.loc[everything[fits] == 0, "place_key"])
        assert 0 < len(some) < len(everything)
    on_road, known, places = search(demo_engine, number, where="road")
    assert list(on_road["place_key"]) == list(everything.loc[everything["is_same_road"], "place_key"])
    assert places == len(on_road) + len(known)


def test_near_a_site_of_the_same_type_is_what_distances_say(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    crs = demo_engine.query("select compute_crs from build")["compute_crs"].item()
    to_metres = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    sites = demo_engine.query("select site_type, lon, lat from core_site")
    at = shapely.points(*to_metres.transform(sites["lon"].to_numpy(), sites["lat"].to_numpy()))
    for issue in issues.head(300).itertuples():
        here = shapely.Point(*to_metres.transform(issue.lon, issue.lat))
        types = sorted(set(sites["site_type"][shapely.distance(here, at) <= threshold("near_site_m")]))
        place = alike.issue_place(demo_engine, issue.issue_id).iloc[0]
        if types:
            break
    assert types
    assert place["site_types"].split("、") == types
    found, _, _ = search(demo_engine, issue.issue_id, where="site")
    lines = demo_engine.query("select segment_id, geom from core_segment where grid_id is not null")
    of_type = at[sites["site_type"].isin(types).to_numpy()]
    near = {
        line.segment_id
        for line in lines.itertuples()
        if shapely.distance(shapely.from_wkb(bytes(line.geom)), of_type).min()
        <= threshold("near_site_m")
    }
    everything = search(demo_engine, issue.issue_id)[0]["place_key"]
    streets = everything[~everything.str.startswith("place ")]
    listed = set(found["place_key"]) & set(streets)
    assert listed == near & set(streets)
    assert listed


def test_hindsight_knows_nothing_of_what_came_later(
    demo_engine: DuckDBEngine, issue: pd.Series
) -> None:
    place = alike.issue_place(demo_engine, issue["issue_id"]).iloc[0]
    end = pd.Timestamp(build_info(demo_engine).period_until)
    since = end - timedelta(days=30)
    expected = by_hand(demo_engine, place, "category", since)
    listed = expected[~expected["is_open"]].sort_values(
        ["times", "records", "last", "place_key"], ascending=[False, False, False, True]
    )
    episodes = demo_engine.query(
        "select p.segment_id, e.place_id from mart_episode e "
        "join mart_place p on e.place_id = p.place_id "
        "where category = $category and started_at >= $since and started_at < $until",
        {"category": issue["category"], "since": since, "until": end},
    )
    keys = set(episodes["segment_id"].dropna()) | {f"place {n}" for n in episodes["place_id"]}
    seen = alike.hindsight(demo_engine, issue["issue_id"], count="20")
    assert (seen.since, seen.until, seen.listed) == (since, end, 20)
    assert seen.places == len(listed)
    assert seen.place_hits == listed["place_key"].isin(keys).sum()
    assert seen.hits == listed["place_key"].head(20).isin(keys).sum()


def test_the_order_beats_places_drawn_at_random(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    """Over issues of every kind and several dates: the list hits at least twice as often as chance."""
    end = build_info(demo_engine).period_until
    hits = listed = 0
    chance = 0.0
    for months in range(4):
        until = end - timedelta(days=30 * months)
        since = pd.Timestamp(until) - timedelta(days=30)
        before = issues[issues["reported_at"] < since].drop_duplicates("category").head(12)
        for number in before["issue_id"]:
            seen = alike.hindsight(demo_engine, number, count="20", until=until.isoformat())
            hits, listed = hits + seen.hits, listed + seen.listed
            chance += seen.listed * seen.place_hits / seen.places
    assert listed == 4 * 12 * 20
    assert hits > 2 * chance


def test_a_share_of_hits_needs_enough_places() -> None:
    progress = pd.DataFrame({"checked": [37, 9, 10, 0], "found": [9, 9, 0, 0]})
    shares = alike.with_hit_shares(progress)
    assert shares["hit_share"].round(4).tolist()[0] == 0.2432
    assert shares["hit_share"].isna().tolist() == [False, True, False, True]
    assert shares["lower"][0] < 0.2432 < shares["upper"][0]
    assert shares["upper"][2] > 0.2, "none of ten is no proof of none"


def test_listed_grids_add_up(demo_engine: DuckDBEngine, issue: pd.Series) -> None:
    places = alike.alike_places(demo_engine, issue["issue_id"]).candidates.head(40)
    listed = alike.listed_grids(places, grids(demo_engine))
    assert listed["places"].sum() == 40
    assert (listed["again"] <= listed["places"]).all()
    assert len(listed) == len(demo_engine.query("select * from core_grid"))


def test_inspected_issues_come_first_and_the_asked_one_before_them(
    demo_engine: DuckDBEngine, issues: pd.DataFrame
) -> None:
    asked = issues[issues["inspection_id"].isna()]["issue_id"].iloc[-1]
    rows = alike.issue_choices(demo_engine, WHOLE, asked)
    assert rows["issue_id"].iloc[0] == asked
    rest = rows.iloc[1:]
    assert rest["is_inspected"].is_monotonic_decreasing
    assert len(rows) == alike.CHOICES
    assert (
        alike.issue_choices(demo_engine, WHOLE, "no such issue")["issue_id"].ne("no such issue").all()
    )


def test_an_unknown_issue_is_no_issue(demo_engine: DuckDBEngine) -> None:
    assert alike.issue_place(demo_engine, "no such issue").empty
    with pytest.raises(LookupError, match="no such issue"):
        alike.alike_places(demo_engine, "no such issue")
