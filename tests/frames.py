"""What tests of plans share: a frame of sites made by hand, and the parts of a form."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.views.frame import SampleFrame
from data.views.site_risk import RiskModel

CLASSES = ["乱停乱放", "乱扔乱倒", "乱贴乱画"]
MIX = [0.5, 0.3, 0.2]  # of each class in what is recorded at every site
PARTS = {"市容市貌": 42.0, "公厕": 18.0, "园林绿化": 18.0}


def made_frame(sites: pd.DataFrame) -> SampleFrame:
    """A frame of these sites; how their risk was made is not known."""
    none = pd.DataFrame()
    model = RiskModel(
        is_fitted=False, events=0, snapshots=none, coefficients=none, calibration=none, brier=np.nan,
        brier_base=np.nan, ranking=np.nan, type_rates=none,
    )  # fmt: skip
    return SampleFrame(
        sites, CLASSES, np.tile(MIX, (len(sites), 1)), model, pd.Timestamp("2026-03-01"),
        outside_grids=0, unlocated=0, left_out_m=0.0,
    )  # fmt: skip
