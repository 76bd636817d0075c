"""python -m tests.bench.alike STORE...: what orders of 举一反三 would have hit, for docs/findings.md.

For each build served in a store: at several dates, for up to three issues of each category of the week
before, rank with what was known then and count the places of the first 40 where the category was
reported in the 30 days after. A build gives one row an order: share of hits, over all issues.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data.builds import current_build_id, open_build
from data.engine import DuckDBEngine
from data.views import alike
from data.views.overview import build_info

LISTED, HORIZON, DATES, SPACING, OF_CATEGORY = 40, 30, 6, 30, 3
ORDERS = {
    "times, records (ours)": ["times", "records"],
    "times": ["times"],
    "times ever, records": ["times_ever", "records"],
    "last time": ["last_started_at"],
    "records of any kind": ["records"],
    "times, same road class, records": ["times", "is_same_road", "records"],
    "same road class, times, records": ["is_same_road", "times", "records"],
    "near a site of the type, times, records": ["is_near_site", "times", "records"],
    "not seen since, times, records": ["is_unseen", "times", "records"],
}


def hit_shares(engine: DuckDBEngine) -> pd.DataFrame:
    """One row an issue and date: hits by order, by chance, and among places that never had it."""
    end = build_info(engine).period_until
    rng = np.random.default_rng(1)
    rows = []
    for step in range(DATES):
        until = pd.Timestamp(end) - timedelta(days=SPACING * step)
        since = until - timedelta(days=HORIZON)
        week = engine.query(
            "select issue_id, category from core_issue where reported_at >= $week and "
            "reported_at < $since and place_id is not null and category <> 'unknown'",
            {"week": since - timedelta(days=7), "since": since},
        ).sample(frac=1, random_state=1)
        counts = week["category"].value_counts()
        for issue_id, category in week.groupby("category").head(OF_CATEGORY).itertuples(index=False):
            issue = engine.select("issue_place", issue_id=issue_id).iloc[0]
            issue["reported_at"] += pd.Timestamp(build_info(engine).data_until) - since  # its age then
            places, _, _ = alike._alike(engine, issue, "category", "", "", since)
            hits = engine.select(
                "alike_hits", since=since, until=until, category=category, category_class=""
            )["place_id"]
            places["is_hit"] = places["place_id"].isin(hits)
            places["is_unseen"] = places["seen"] == 0
            places = places.sample(frac=1, random_state=int(rng.integers(1 << 31)))  # ties by chance
            never = places[places["times_ever"] == 0]
            row = {"weight": counts[category] / min(counts[category], OF_CATEGORY)}
            for name, columns in ORDERS.items():
                row[name] = _best(places, columns)
            row["by chance"] = places["is_hit"].mean()
            row["never had it: records of any kind"] = _best(never, ["records"])
            row["never had it: by chance"] = never["is_hit"].mean()
            rows.append(row)
    return pd.DataFrame(rows)


def _best(places: pd.DataFrame, columns: list[str]) -> float:
    ordered = places.sort_values(columns, ascending=False, kind="stable")
    return float(ordered["is_hit"].head(LISTED).mean())


def main() -> None:
    """A table, one column a build (number of issues ranked)."""
    table = {}
    for store in map(Path, sys.argv[1:]):
        engine = open_build(current_build_id(store), store)
        shares = hit_shares(engine)
        weight = shares.pop("weight")
        mean = shares.apply(lambda column, weight=weight: np.average(column, weights=weight))
        table[f"{engine.build_id.partition('-')[0]} ({len(shares)})"] = mean.map("{:.1%}".format)
    print(pd.DataFrame(table).to_string())


if __name__ == "__main__":
    main()
