"""Lists of the frame against counts made another way; the records of a site are those it counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.filters import Filters
from data.views.frame import SampleFrame, sample_frame
from data.views.overview import build_info, grids_in_force
from data.views.site_lists import (
    ORDERS,
    chosen_sites,
    frame_by_grid,
    frame_by_type,
    grid_risk,
    in_order,
    risk_edges,
    site_bands,
    site_records,
    street_risk,
)


@pytest.fixture(scope="module")
def found(demo_engine: DuckDBEngine) -> SampleFrame:
    return sample_frame(demo_engine)


def test_types_and_grids_hold_every_site_once(found: SampleFrame, demo_engine: DuckDBEngine) -> None:
    build = build_info(demo_engine)
    frame = found.frame
    by_type = frame_by_type(found)
    assert by_type["sites"].sum() == len(frame)
    assert by_type["unseen"].sum() == frame["is_unseen"].sum()
    assert by_type["with_open"].sum() == (frame["open_now"] > 0).sum()
    assert by_type["outside"].sum() == found.outside_grids
    grids = grids_in_force(demo_engine, Filters(build.first_date, build.data_until))
    more = pd.DataFrame({"grid_id": ["bare"], "grid_name": ["空"], "lead_unit": [None]})
    by_grid = frame_by_grid(found, pd.concat([grids, more]))
    assert by_grid["grid_id"].iloc[0] == "bare", "grids without a site come first"
    assert by_grid["sites"].sum() + found.outside_grids == len(frame)
    assert by_grid["unseen_share"].dropna().is_monotonic_decreasing


def test_choosing_and_ordering(found: SampleFrame) -> None:
    frame = found.frame
    one = frame[frame["is_unseen"] & frame["grid_id"].notna()].iloc[0]
    chosen = chosen_sites(frame, one["site_type"], one["grid_id"], "unseen")
    asked = zip(frame["site_type"], frame["grid_id"], frame["is_unseen"], strict=True)
    wanted = [row == (one["site_type"], one["grid_id"], True) for row in asked]
    assert list(chosen["site_key"]) == list(frame.loc[wanted, "site_key"])
    assert 0 < len(chosen) < frame["is_unseen"].sum()
    assert len(chosen_sites(frame)) == len(frame)
    of_grid = chosen_sites(frame, grid_id=one["grid_id"])
    assert len(of_grid) == frame["grid_id"].value_counts()[one["grid_id"]]
    is_open = frame["open_now"] > 0
    assert is_open.any()
    assert list(chosen_sites(frame, which="open")["site_key"]) == list(frame.loc[is_open, "site_key"])
    assert len(chosen_sites(frame, which="outside")) == found.outside_grids
    for order in ORDERS:
        assert sorted(in_order(frame, order)["site_key"]) == sorted(frame["site_key"])
    assert in_order(frame, "")["risk"].is_monotonic_decreasing
    assert np.isnan(in_order(frame, "unseen")["days_since_seen"].iloc[0]) == bool(
        frame["days_since_seen"].isna().any()
    )


def test_streets_and_grids_are_banded_by_what_was_seen(found: SampleFrame) -> None:
    points = found.frame[found.frame["kind"] == "street"]
    pieces = street_risk(found.frame)
    assert pieces["points"].sum() == len(points)
    assert (pieces["unseen"] == pieces["points"]).equals(pieces["band"] == "unseen")
    piece = pieces[pieces["band"] != "unseen"].iloc[0]
    own = points[points["site_key"].str.startswith(f"{piece['segment_id']}#") & ~points["is_unseen"]]
    assert piece["highest_risk"] == own["risk"].max()
    grids = grid_risk(found.frame)
    assert grids["sites"].sum() == found.frame["grid_id"].notna().sum()
    edges = risk_edges(pieces, "highest_risk")
    bands = pd.Series(site_bands(found.frame, edges))
    assert (bands == "unseen").equals(found.frame["is_unseen"])
    assert set(bands) <= {"unseen", *(str(n) for n in range(len(edges) + 1))}


@pytest.mark.parametrize("kind", ["site", "street"])
def test_records_of_a_site_are_those_it_counts(
    found: SampleFrame, demo_engine: DuckDBEngine, kind: str
) -> None:
    frame = found.frame[found.frame["kind"] == kind].sort_values("issues_year", ascending=False)
    until = build_info(demo_engine).data_until
    some = [*frame.head(10).to_dict("records"), *frame.tail(3).to_dict("records")]
    assert some[0]["issues_year"] > 1
    for site in some:
        rows = site_records(demo_engine, site["site_key"], until)
        assert len(rows) == site["issues_year"], site["site_key"]
        assert rows["closed_at"].isna().sum() <= site["open_now"]
