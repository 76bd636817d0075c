"""The pages there are, in the order of the menu."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageEntry:
    """One page: the file pages/<name>.py, its URL /<name>, its title and its icon."""

    name: str
    title: str
    icon: str


REGISTRY = (
    PageEntry("overview", "总览", ":material/dashboard:"),
    PageEntry("hotspots", "问题热点", ":material/local_fire_department:"),
    PageEntry("rebound", "反弹趋势", ":material/replay:"),
    PageEntry("coverage", "保洁覆盖", ":material/cleaning_services:"),
    PageEntry("grid", "我的网格", ":material/home_pin:"),
    PageEntry("alike", "举一反三", ":material/travel_explore:"),
    PageEntry("sampling", "样本点", ":material/pin_drop:"),
    PageEntry("wall", "大屏", ":material/tv:"),
    PageEntry("data_quality", "数据质量", ":material/fact_check:"),
    PageEntry("definitions", "定义", ":material/menu_book:"),
    PageEntry("data_admin", "数据管理", ":material/upload_file:"),
)
