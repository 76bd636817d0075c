"""上次会议以来: what came in, was closed, came back and fell overdue since a day."""

from __future__ import annotations

import pandas as pd

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.flow import flow_by_grid

NUMBERS = ("reported", "closed", "came_back", "late")


def since_meeting(engine: Engine, filters: Filters) -> pd.DataFrame:
    """What happened from filters.since to filters.until, one row a grid, most that came back first.

    columns  grid_id ("" what lies in no grid), grid_name, lead_unit, reported, closed, came_back
             (returns within rebound_days, by the day of the return), due (deadline in the period), late
             (of those, not closed in time). Rows of zeros are left out; the sums are the county's.
    """
    frame = flow_by_grid(engine, filters).rename(columns={"part_key": "grid_id"})
    returns = engine.select(
        "rebounds_by_grid", within_days=int(threshold("rebound_days")), **filters.params
    ).set_index("grid_id")["rebounds"]
    frame = frame.assign(
        came_back=frame["grid_id"].map(returns).fillna(0).astype(int),
        late=frame["due"] - frame["on_time"],
    )
    numbers = [*NUMBERS, "due"]
    frame = frame.loc[frame[numbers].sum(axis=1) > 0, ["grid_id", "grid_name", "lead_unit", *numbers]]
    return frame.sort_values(
        ["came_back", "late", "reported", "grid_id"], ascending=[False, False, False, True],
        ignore_index=True,
    )  # fmt: skip


def promise_states(promises: pd.DataFrame, today: pd.Timestamp) -> pd.Series[str]:
    """done, late (was due before today and is not done) or open, for each promise.

    promises  as `data.entries.promises` returns them.
    """
    state = pd.Series("open", index=promises.index, dtype=object)
    state[promises["due_on"] < today] = "late"
    state[promises["done_on"].notna()] = "done"
    return state
