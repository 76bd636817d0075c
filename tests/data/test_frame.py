"""The frame against loops over the core tables, on the demo and on counties with something missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from data.engine import DuckDBEngine
from data.standards import site_types, street_site_types, threshold
from data.views.frame import SampleFrame, in_grids, sample_frame, segments_of, street_point_of
from data.views.overview import build_info
from data.views.rehearsal import place_keys, street_groups
from data.views.site_lists import site_records
from data.views.site_risk import FEATURES, NEVER, History, Past
from tests.conftest import County, collection, feature, lonlat, write_tiny_county

RAISING = {"open", "closed_days", "finds_90", "finds_year", "seen_days", "uncleaned_days", "type_high"}
UNSEEN = {"unseen_days", "never_seen"}
SITES = """
[[core_site]]
files = ["sites.csv"]
format = "csv"
crs = "EPSG:4326"
columns = { site_id = "编号", site_name = "名称", site_type = "类型", lon = "经度", lat = "纬度" }
"""
VISITS = """
[[core_visit]]
files = ["visits.csv"]
format = "csv"
crs = "EPSG:4326"
columns = { visited_at = "时间", source_segment_id = "路段", site_id = "点位", lon = "经", lat = "纬" }
"""


@pytest.fixture(scope="module")
def demo(demo_engine: DuckDBEngine) -> SampleFrame:
    return sample_frame(demo_engine)


def with_sites(county: County, *sites: tuple[str, str, str, float, float], more: str = "") -> County:
    """The county with a list of sites: id, name, type, x and y in metres from its corner."""
    recipe = county.recipe.read_text("utf-8")
    county.write("county.toml", recipe + SITES + more)
    lines = [
        f"{key},{name},{kind},{lonlat(x, y)[0]},{lonlat(x, y)[1]}" for key, name, kind, x, y in sites
    ]
    county.write("sites.csv", "\n".join(["编号,名称,类型,经度,纬度", *lines]) + "\n")
    return county


def records_of(engine: DuckDBEngine, site: pd.Series, issues: pd.DataFrame) -> pd.DataFrame:
    """Issues of one site: near it, or of its stretch of street."""
    if site["kind"] == "site":
        apart = np.hypot(issues["x"] - site["x_m"], issues["y"] - site["y_m"])
        return issues[apart <= threshold("site_reach_m")]
    segment_id, number = site["site_key"].rsplit("#", 1)
    length = engine.query(f"select length_m from core_segment where segment_id = '{segment_id}'")
    metres = length.iloc[0, 0]
    step = metres / np.ceil(metres / threshold("street_point_m"))
    near = issues["segment_offset_m"] <= threshold("near_segment_m")
    stretch = np.minimum(np.floor(issues["segment_along_m"] / step), round(metres / step) - 1)
    return issues[near & (issues["segment_id"] == segment_id) & (stretch == int(number))]


def test_every_number_of_a_site_by_loops(demo_engine: DuckDBEngine, demo: SampleFrame) -> None:
    issues = demo_engine.query("select * from core_issue where location = 'located'")
    crs = demo_engine.query("select compute_crs from build").iloc[0, 0]
    to_metres = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    issues["x"], issues["y"] = to_metres.transform(issues["lon"], issues["lat"])
    day, until = pd.Timedelta(days=1), demo.until
    frame = demo.frame
    busy = frame.sort_values("issues_year", ascending=False).index[:15]
    chosen = [*frame.index[frame["kind"] == "site"][:15], *busy, *frame.index[::40]]
    for _, site in frame.loc[sorted(set(chosen))].iterrows():
        own = records_of(demo_engine, site, issues)
        reported = own["reported_at"].dt.normalize()
        assert site["issues_year"] == (reported >= until - 365 * day).sum()
        assert site["issues_90"] == (reported >= until - 90 * day).sum()
        assert site["open_now"] == (own["closed_at"].isna() | (own["closed_at"] >= until)).sum()
        seen = pd.concat([own["reported_at"], own["closed_at"], own["verified_at"]]).dropna()
        last = seen[seen < until].max()
        if pd.isna(last):
            assert pd.isna(site["last_seen_at"])
            assert np.isnan(site["days_since_seen"])
        else:
            assert site["last_seen_at"] == last.normalize()
            assert site["days_since_seen"] == (until - last.normalize()) / day
        assert site["is_unseen"] == (not site["days_since_seen"] <= threshold("unseen_days"))


def test_street_points_cover_the_streets_and_sites_the_list(
    demo_engine: DuckDBEngine, demo: SampleFrame
) -> None:
    frame = demo.frame
    segments = demo_engine.query("select * from core_segment").set_index("segment_id")
    points = frame[frame["kind"] == "street"]
    metres, least = segments["length_m"], threshold("street_point_least_m")
    expected = np.ceil(metres[metres >= least] / threshold("street_point_m")).astype(int)
    segment_id = points["site_key"].str.rsplit("#", n=1).str[0]
    assert segment_id.value_counts().sort_index().equals(expected.sort_index().rename("count"))
    assert demo.left_out_m == pytest.approx(metres[metres < least].sum())
    assert set(points["site_type"]) <= set(street_site_types().values())
    lines = np.array(shapely.from_wkb([bytes(g) for g in segments.loc[segment_id, "geom"]]))
    apart = shapely.distance(lines, shapely.points(points["x_m"], points["y_m"]))
    assert apart.max() < 1e-6
    listed = frame[frame["kind"] == "site"].set_index("site_key")
    sites = demo_engine.query("select * from core_site where location = 'located'").set_index("site_id")
    assert listed["grid_id"].fillna("").to_dict() == sites["grid_id"].fillna("").to_dict()
    assert frame["site_key"].is_unique
    assert frame.index.tolist() == list(range(len(frame)))


def test_days_since_cleaned_are_those_of_the_marts(
    demo_engine: DuckDBEngine, demo: SampleFrame
) -> None:
    swept = demo_engine.select("last_swept", until=demo.until.date(), grid_id="", swept_share=0.8)
    last = swept.set_index("segment_id")["last_swept"]
    points = demo.frame[demo.frame["kind"] == "street"]
    expected = (demo.until - points["site_key"].str.rsplit("#", n=1).str[0].map(last)).dt.days
    assert expected.notna().any()
    assert expected.tolist() == pytest.approx(points["days_since_cleaned"].tolist(), nan_ok=True)
    assert demo.frame.loc[demo.frame["kind"] == "site", "days_since_cleaned"].isna().all()


def test_the_mix_is_that_of_the_class_list(demo_engine: DuckDBEngine, demo: SampleFrame) -> None:
    assert demo.mix.shape == (len(demo.frame), len(demo.classes))
    assert np.allclose(demo.mix.sum(axis=1), 1)
    issues = demo_engine.query("select * from core_issue where location = 'located'")
    site = demo.frame[demo.frame["kind"] == "street"].sort_values("issues_year").iloc[-1]
    own = records_of(demo_engine, site, issues.assign(x=np.nan, y=np.nan))
    own = own[own["reported_at"] >= demo.until - pd.Timedelta(days=365)]
    shares = own["category_class"].value_counts(normalize=True).reindex(demo.classes, fill_value=0)
    weight = len(own) / (len(own) + threshold("mix_prior"))
    assert (demo.mix[site.name] >= weight * shares.to_numpy() - 1e-9).all()


def test_risk_and_reasons_say_the_same(demo: SampleFrame) -> None:
    frame, rates = demo.frame, demo.model.type_rates.set_index("site_type")["rate"]
    mean = frame.groupby("site_type")["issues_year"].mean()
    assert frame["risk"].between(0, 1).all()
    assert demo.model.is_fitted
    slopes = demo.model.coefficients.set_index("code")["slope"]
    assert (slopes[["open", "returns", "finds_90", "finds_year", "uncleaned"]] >= 0).all()
    assert slopes["quiet"] <= 0
    unseen = frame[frame["is_unseen"]]
    assert (unseen["days_since_cleaned"] <= 7).any(), "swept, but nobody looked"
    assert (unseen["risk"] >= unseen["site_type"].map(rates) - 1e-12).all()
    for site in frame.itertuples():
        codes = [code for code, _ in site.reasons]
        assert len(codes) == len(set(codes)) <= 3
        if set(codes) & UNSEEN:
            assert len(codes) == 1
            assert site.is_unseen
        for code, value in site.reasons:
            fact = {
                "open": site.open_now, "finds_90": site.issues_90, "finds_year": site.issues_year,
                "quiet_days": site.days_since_seen, "seen_days": site.days_since_seen,
                "unseen_days": site.days_since_seen, "cleaned_days": site.days_since_cleaned,
                "uncleaned_days": site.days_since_cleaned, "fewer_finds": site.issues_year,
            }.get(code)  # fmt: skip
            assert fact is None or fact == value
            assert value > 0 or code in {"never_seen", "type_low"}
            assert code != "fewer_finds" or value < mean[site.site_type]
    worst, best = frame.loc[frame["risk"].idxmax()], frame.loc[frame["risk"].idxmin()]
    assert {code for code, _ in worst["reasons"]} <= RAISING
    assert not {code for code, _ in best["reasons"][:1]} & (RAISING | UNSEEN)


def test_what_happens_later_is_not_known_earlier(demo_engine: DuckDBEngine) -> None:
    """The state at a past day is that of records of which all that came later is cut off."""
    stream = np.random.default_rng(4)
    n, sites, day = 4_000, 30, 20_000
    reported = stream.integers(19_500, 20_400, n)
    closed = np.where(stream.random(n) < 0.2, NEVER, reported + stream.integers(0, 200, n))
    history = History(
        stream.integers(0, sites, n), np.zeros(n, dtype=int), reported, closed,
        np.full(n, NEVER), np.ones(n, dtype=int), np.empty(0, dtype=int), np.empty(0, dtype=int),
    )  # fmt: skip
    known = reported < day
    cut = History(
        *(values[known] for values in (history.site, history.class_no, history.reported)),
        np.where(closed >= day, NEVER, closed)[known],
        *(values[known] for values in (history.verified, history.issues)),
        history.looked_site, history.looked,
    )  # fmt: skip
    segments = demo_engine.select("street_segments").head(0)
    nowhere, all_in = np.full(sites, -1), np.ones(sites, dtype=bool)
    states = [
        Past(demo_engine, one, segments, nowhere, np.zeros(sites, dtype=int), ["公厕"], all_in).state(
            day
        )
        for one in (history, cut)
    ]
    for name in ("finds_90", "finds_year", "open", "last_find", "last_closed", "last_seen"):
        values = [getattr(state, name) for state in states]
        assert np.array_equal(*values), name
    assert states[0].open.sum() == (known & (closed >= day)).sum()


def test_past_dates_lie_apart_and_the_last_are_held_out(demo: SampleFrame) -> None:
    snapshots = demo.model.snapshots
    gaps = -snapshots["past_date"].diff().dt.days.dropna()
    assert (gaps >= threshold("risk_days")).all()
    assert snapshots["is_held_out"].tolist() == [True, True, *[False] * (len(snapshots) - 2)]
    held_out = snapshots[snapshots["is_held_out"]]
    assert demo.model.calibration["hits"].sum() == held_out["events"].sum()
    assert demo.model.calibration["trials"].sum() == held_out["sites"].sum()
    assert demo.model.brier < demo.model.brier_base
    assert list(demo.model.coefficients["code"][: len(FEATURES)]) == list(FEATURES)


def test_the_tiny_county_has_too_few_events_for_a_model(tiny_county: Callable[[], County]) -> None:
    county = with_sites(
        tiny_county(),
        ("P1", "第一市场", "集贸市场", 205, 303),
        ("P2", "远处", "瞭望塔", 5000, 5000),
        ("P3", "医院", "医疗机构", 300, 500),
    )
    found = sample_frame(county.build())
    frame = found.frame.set_index("site_key")
    assert not found.model.is_fitted
    assert found.outside_grids == found.frame["grid_id"].isna().sum() > 1  # P2 and 出城路
    assert frame.loc["P1", "site_type"] == "农贸市场"
    assert frame.loc["P3", "site_type"] == "医院"
    assert frame.loc["P2", "site_type"] == "瞭望塔"
    assert frame.loc["P1", "issues_year"] == 2  # A01 and T01
    assert frame.loc["P3", "reasons"] == [("never_seen", 0)]
    assert (frame["risk"] > 0).all(), "no type is safe because nothing was recorded"
    rates = found.model.type_rates.set_index("site_type")["rate"]
    assert frame["risk"].tolist() == pytest.approx(frame["site_type"].map(rates).tolist())


def test_where_every_site_has_a_record_every_week_there_is_nothing_to_tell_apart(
    demo_engine: DuckDBEngine,
) -> None:
    segments = demo_engine.select("street_segments").head(0)
    sites, days = 30, np.arange(14_000, 22_000)
    site, reported = np.repeat(np.arange(sites), len(days)), np.tile(days, sites)
    none = np.full(len(site), NEVER)
    history = History(site, 0 * site, reported, none, none, 0 * site + 1, site[:0], site[:0])
    past = Past(
        demo_engine, history, segments, np.full(sites, -1), np.zeros(sites, dtype=int), ["公厕"],
        np.ones(sites, dtype=bool),
    )  # fmt: skip
    model, fit = past.model()
    assert fit is None
    assert not model.is_fitted
    assert model.type_rates["rate"].tolist() == [1]


def test_a_visit_is_seen_where_it_was(tmp_path: Path) -> None:
    county = with_sites(
        write_tiny_county(tmp_path),
        ("P1", "甲", "公厕", 300, 500),
        ("P2", "乙", "公厕", 900, 450),
        ("P3", "丙", "公厕", 100, 550),
        more=VISITS,
    )
    lon, lat = lonlat(310, 500)
    county.write(
        "visits.csv",
        f"时间,路段,点位,经,纬\n2025-03-09 08:00:00,,,{lon},{lat}\n"
        "2025-03-10 08:00:00,,P2,,\n2025-03-08 08:00:00,S6,,,\n",
    )
    engine = county.build()
    frame = sample_frame(engine).frame.set_index("site_key")
    seen = frame["last_seen_at"].dt.strftime("%m-%d")
    assert seen[["P1", "P2"]].tolist() == ["03-09", "03-10"]
    assert pd.isna(seen["P3"])
    lane = frame[frame["source_segment_id"] == "S6"]
    assert (lane["last_seen_at"] >= "2025-03-08").all(), "who walks a street sees all of it"
    visits = engine.select("visits_by_place")
    assert not visits.duplicated(["visited_date", "source_segment_id", "site_id", "lon", "lat"]).any()


@pytest.mark.parametrize("missing", ["issues", "sites", "streets", "sites and streets"])
def test_counties_with_something_missing(tmp_path: Path, missing: str) -> None:
    county = write_tiny_county(tmp_path)
    if "sites" not in missing:
        county = with_sites(county, ("P1", "甲", "公厕", 300, 500))
    gone = {"issues": "core_issue", "streets": "core_segment"}
    for word, table in gone.items():
        if word in missing:
            recipe = county.recipe.read_text("utf-8") + "\n\n"
            blocks = rf"\[\[{table}\]\].*?\n\n"
            county.write("county.toml", re.sub(blocks, "", recipe, flags=re.DOTALL))
    found = sample_frame(county.build())
    frame = found.frame
    assert (len(frame) == 0) == (missing == "sites and streets")
    assert ("site" in set(frame["kind"])) == ("sites" not in missing)
    assert ("street" in set(frame["kind"])) == ("streets" not in missing)
    assert found.mix.shape == (len(frame), len(found.classes))
    assert frame["risk"].between(0, 1).all()
    assert not found.model.is_fitted
    if missing == "issues":
        assert frame["is_unseen"].all()


def test_one_grid_and_a_site_without_a_type(tmp_path: Path) -> None:
    """What lies outside the one grid stays in the frame without a grid, and is counted."""
    county = with_sites(
        write_tiny_county(tmp_path), ("P1", "甲", "", 300, 500), ("P2", "乙", "公厕", 900, 450)
    )
    grid = feature(shapely.box(0, 0, 710, 1200), 网格编号="G1", 网格名称="网格1", 牵头单位="城关镇")
    county.write("grids.geojson", collection([grid]))
    found = sample_frame(county.build())
    frame = found.frame.set_index("site_key")
    assert frame.loc["P1", "site_type"] == "unknown"
    assert frame.loc["P1", ["grid_id", "grid_name", "lead_unit"]].tolist() == ["G1", "网格1", "城关镇"]
    assert frame.loc["P2", "grid_id"] is None
    assert frame.loc["P2", "grid_name"] == ""
    outside = frame["grid_id"].isna()
    assert found.outside_grids == outside.sum()
    assert set(frame.loc[frame["source_segment_id"] == "S1", "grid_id"]) == {"G1", None}
    assert set(found.model.type_rates.query("sites > 0")["site_type"]) == set(
        frame.loc[~outside, "site_type"]
    )
    inside = in_grids(found)
    assert inside.frame["site_key"].tolist() == frame.index[~outside].tolist()
    np.testing.assert_array_equal(inside.mix, found.mix[~outside.to_numpy()])


def test_one_name_for_a_type_of_site() -> None:
    names = site_types()
    assert names["医疗机构"] == "医院"
    assert names["集贸市场"] == "农贸市场"
    assert all(names[kind] == kind for kind in names.values())
    assert set(street_site_types()) == {
        "expressway", "main", "secondary", "branch", "lane", "unknown",
    }  # fmt: skip


def test_a_site_of_the_list_is_no_street_point_whatever_its_id(tmp_path: Path) -> None:
    """S1#0 is what the first point along S1 is called."""
    ids = ["P1", "公厕#3", "S1#0", "S1#0#", "S#1#2#"]
    listed = [(one, "", "背街小巷", 300 + 10 * n, 500) for n, one in enumerate(ids)]
    county = with_sites(write_tiny_county(tmp_path), *listed, more=VISITS)
    county.write(
        "visits.csv",
        "时间,路段,点位,经,纬\n" + "".join(f"2025-03-09 08:00:00,,{one},,\n" for one in ids),
    )
    engine = county.build()
    frame = sample_frame(engine).frame
    assert frame["site_key"].is_unique
    segments = set(engine.select("street_segments")["segment_id"])
    for site in frame.to_dict("records"):
        point = street_point_of(site["site_key"])
        assert (point is None) == (site["kind"] == "site")
        assert point is None or (point[0] in segments and point[1] >= 0)
    own = frame[frame["kind"] == "site"].set_index("site_id")
    assert own.loc[["P1", "S#1#2#"], "site_key"].tolist() == ["P1", "S#1#2##"]
    assert own["last_seen_at"].notna().all()
    until = build_info(engine).data_until
    for site in own.to_dict("records"):
        assert len(site_records(engine, site["site_key"], until)) == site["issues_year"]
    assert place_keys(frame)[frame["kind"] == "site"].tolist() == own["site_key"].tolist()
    groups = street_groups(frame)
    assert ((groups >= 0) == (frame["kind"] == "street")).all()


def test_a_segment_may_have_a_mark_in_its_id() -> None:
    assert street_point_of("S#1@G1#12") == ("S#1@G1", 12)
    assert street_point_of("#1") is None
    assert segments_of(pd.Series(["S#1#2", "P1"], index=[4, 7])).dropna().to_dict() == {4: "S#1"}
