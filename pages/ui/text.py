"""Words and numbers as people read them; imported text made harmless."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from data.filters import Filters

TABLE_NAMES = {
    "core_grid": "责任网格",
    "core_segment": "道路",
    "core_issue": "问题",
    "core_inspection": "检查轮次",
    "core_visit": "巡查记录",
    "core_shift": "保洁班次",
    "core_cleaning": "保洁作业记录",
    "core_fix": "车辆定位",
    "core_site": "候选点位",
    "core_department": "部门",
    "core_category": "问题类别",
    "standard_item": "标准条目",
    "standard_indicator": "标准指标",
    "standard_quota": "样本点配额",
    "standard_weight": "评分权重",
    "standard_deduction": "扣分细则",
}
CRS_NAMES = {
    "EPSG:4326": "WGS84 / CGCS2000 经纬度（GPS、北斗、天地图）",
    "GCJ-02": "GCJ-02 火星坐标（高德、腾讯、多数手机小程序）",
    "BD-09": "BD-09（百度）",
}
UNITS = {  # of thresholds
    "m": "米", "m2": "平方米", "km": "公里", "km/h": "公里/小时", "h": "小时", "s": "秒", "days": "日",
    "weeks": "周", "issues": "件", "episodes": "处", "returns": "次", "points": "个", "draws": "次",
    "visits": "次", "share": "比例", "times": "倍", "places": "处", "sd": "倍标准差", "min": "分钟",
    "streets": "条", "events": "次", "rounds": "轮", "correlation": "相关系数",
}  # fmt: skip
STATE_NAMES = {
    "unseen": "时段内没有任何记录",
    "short_street": "道路太短，不比较",
    "no_street": "没有道路数据",
}
# Markdown makes links of bare addresses, escaped or not; an invisible word joiner keeps them text.
ADDRESS = re.compile(r"(?i)(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?=@[-\w]+\.)")
WORD_JOINER = "\u2060"
GRADE_NAMES = {  # of evidence that a street was cleaned
    "A": "车辆轨迹",
    "B": "台账有起止时间",
    "C": "台账无结束时间",
    "D": "仅排班（计划）",
    "": "无排班也无作业证据",
}
CLEANING_OF_ALL = "保洁数字不分大类和部门"
TOO_FEW = "样本太少"
UNKNOWN_NAMES = {"unknown": "未分类", "": "（无名）"}


def plain(text: object) -> str:
    """Imported text for a place that reads Markdown: it stays text, whatever it contains."""
    text = ADDRESS.sub(WORD_JOINER, str(text))
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])", r"\\\1", text)


def class_name(category_class: str) -> str:
    """A class or category for the screen."""
    return UNKNOWN_NAMES.get(category_class, category_class)


def what(filters: Filters) -> str:
    """The class and the department that issues are of: 市容环境 · 县城管局; of all: 全部问题."""
    category_class = class_name(filters.category_class) if filters.category_class else ""
    return " · ".join(name for name in (category_class, filters.department) if name) or "全部问题"


def crs_name(crs: str) -> str:
    """A coordinate system for the screen."""
    zones = {f"EPSG:{4534 + n}": 75 + 3 * n for n in range(21)}
    zones |= {f"EPSG:{4513 + n}": 75 + 3 * n for n in range(21)}
    if crs in zones:
        return f"CGCS2000 高斯-克吕格 3 度带，中央经线 {zones[crs]}°（{crs}）"
    return CRS_NAMES.get(crs, crs)


def number(value: float, digits: int = 0) -> str:
    """1234.5 -> 1,235 (or 1,234.5); what is not known -> —."""
    return "—" if math.isnan(value) else f"{value:,.{digits}f}"


def percent(share: float, digits: int = 1, *, unknown: str = "—") -> str:
    """0.123 -> 12.3%; what is not known -> `unknown`."""
    return unknown if math.isnan(share) else f"{share:.{digits}%}"


def last_day(until: date) -> str:
    """The last day before the end of a half-open period."""
    return f"{until - timedelta(days=1):%Y-%m-%d}"


def period(since: date, until: date) -> str:
    """A half-open period as its first and last day."""
    return f"{since:%Y-%m-%d} 至 {last_day(until)}"
