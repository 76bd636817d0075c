"""A link says what a page shows: it opens the same view, and choosing, going back and on keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from data.builds import current_build_id, open_build
from tests.browser.conftest import MAP, map_frame, settle, wait_in

if TYPE_CHECKING:
    from tests.browser.conftest import Window

pytestmark = pytest.mark.browser

# address -> what select boxes show and which switches are on. {…}: of this build, by `ids`.
LINKS = {
    "?period=30d&category=乱停乱放&department=县城管局&grid={grid}&since_meeting=day": (
        {"时段": "近 30 天", "问题大类": "乱停乱放", "处置部门": "县城管局", "自哪次会议": "另选日期"},
        [],
    ),
    "hotspots?period=365d&colour=density&segment={segment}": (
        {"时段": "近一年"}, ["地图", "道路密度"],
    ),
    "hotspots?period=30d&part=compare&compare=year&shade=gi&grid={grid}&side=before": (
        {"网格": "{name}"}, ["两个时段对比", "去年同期", "热点 Gi*", "对比时段"],
    ),
    "hotspots?part=compare&compare=other&period=30d": ({}, ["自选时段"]),
    "hotspots?part=matrix&matrix=category_class&measure=per_km&column=乱停乱放&grid={grid}": (
        {"矩阵的列": "乱停乱放", "网格": "{name}"},
        ["条块矩阵", "网格 × 问题大类", "每公里新增（件）"],
    ),
    "hotspots?period=all&part=border&pair={pair}": ({}, ["交界地带"]),
    "rebound?period=all&kind=暴露垃圾&step=quarter&close_by=verified&grid={grid}": (
        {"对比小类": "暴露垃圾", "网格": "{name}"}, ["按季", "核查销号"],
    ),
    "rebound?period=all&part=rank&rank_by=category&days=14&who=暴露垃圾": (
        {}, ["反弹排名", "小类", "14 日"],
    ),
    "rebound?period=all&part=repeat&grid={grid}": ({"网格": "{name}"}, ["反复点位"]),
    "rebound?part=calendar&round=1": ({}, ["检查日历"]),
    "rebound?part=slack&round=1": ({}, ["松劲曲线"]),
    "coverage?period=30d&streets=since&edition=provincial&segment={segment}": (
        {"标准版本": "旧版或省级"}, ["路段地图", "上次清扫"],
    ),
    "coverage?part=grids&grid={grid}": ({"网格": "{name}"}, ["按网格、按等级"]),
    "coverage?part=route&lack=short&order=worst&layout=print": (
        {}, ["时长不足", "欠得最多的在前", "打印版"],
    ),
    "coverage?part=hours": ({}, ["分时段"]),
    "coverage?part=days": ({}, ["逐日与标准版本"]),
    "coverage?part=machines": ({}, ["机械化"]),
    "grid?unit={unit}": ({"牵头单位": "{unit}"}, []),
    "grid?period=7d&unit={unit}&grid={grid}": ({"时段": "近 7 天", "网格": "{name}"}, []),
    "alike?period=all&issue={issue}&level=category_class&which=new&count=20": (
        {"哪些地点": "从未有过", "清单长度": "20 处", "同类问题": "大类"}, [],
    ),
    "sampling?part=frame&type=公厕&grid={grid}&which=unseen&order=safe": (
        {"网格": "{name}", "类型": "公厕", "排列": "风险从低到高"}, ["候选点位", "无人看过的"],
    ),
    "sampling?part=frame&order=unseen&shade=grids&site={site}": (
        {"排列": "最久无人看过"}, ["候选点位", "网格"],
    ),
    "sampling?part=choose": ({"样本点方案": "新方案"}, ["选申报点"]),
    "sampling?plan=1&part=choose&show=compare": (
        {"样本点方案": "迎检 第 1 版"}, ["选申报点", "版本对比"],
    ),
    "sampling?plan=1&part=draw": ({"样本点方案": "迎检 第 1 版"}, ["公开抽签"]),
    "sampling?plan=1&part=rehearse&look=lost&lost=types": ({}, ["抽查模拟", "按点位类型"]),
    "sampling?part=mock": ({"打开哪一次": "全部检查"}, ["模拟评估"]),
    "sampling?part=mock&mock=2&team=2": (
        {"打开哪一次": "模拟评估 · 张三的预演", "组": "第 2 组"}, ["模拟评估", "填报"],
    ),
    "sampling?part=mock&mock=1&mock_view=result&lost=units": ({}, ["结果", "按牵头单位"]),
    "sampling?part=mock&mock=1&mock_view=files": ({}, ["带走与导入"]),
    "wall?period=365d&category=乱停乱放": ({"时段": "近一年", "问题大类": "乱停乱放"}, []),
    "definitions?definitions=standards&standard=standard_quota": ({"哪一张表": "样本点配额"}, ["标准"]),
    "definitions?definitions=dictionary&table=core_site": ({"哪一类数据": "候选点位"}, ["数据字典"]),
    "data_admin?section=templates": ({}, ["模板下载"]),
    "hotspots?period=custom&since=2026-09-01&to=2026-09-20": ({"时段": "自定起止日期"}, []),
}  # fmt: skip


@pytest.fixture(scope="module")
def ids(demo_store: Path) -> dict[str, str]:
    """What the addresses name: a grid with its unit, a piece of street, an issue, two neighbours."""
    found = open_build(current_build_id(demo_store), demo_store).query(
        "select g.grid_id as grid, g.grid_name as name, g.lead_unit as unit, "
        "min(s.segment_id) as segment, min(i.issue_id) as issue, "
        "(select min(site_id) from core_site where location = 'located') as site, "
        "min(g.grid_id || '~' || n.neighbour_id) as pair from core_grid as g "
        "join core_segment as s using (grid_id) join core_issue as i using (grid_id) "
        "join mart_grid_neighbour as n using (grid_id) "
        "where i.category_class = '乱停乱放' and s.road_class <> 'unknown' "
        "group by all order by 1 limit 1"
    )
    return {str(key): str(value) for key, value in found.iloc[0].items()}


def choices(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_opens_the_view_it_names(
    window: Window, planned_address: str, ids: dict[str, str], link: str
) -> None:
    page, (boxes, switches) = window.page, LINKS[link]
    asked = f"{planned_address}/{link.format(**ids)}"
    page.goto(asked)
    settle(page)
    for name, shown in boxes.items():
        box = page.get_by_role("combobox", name=name).first
        assert shown.format(**ids) in box.input_value(), name
    for name in switches:
        expect(page.get_by_role("radio", name=name, exact=True, checked=True)).to_be_visible()
    assert choices(page.url) == choices(asked), "the run leaves the address as it is"


def test_back_returns_from_a_choice_and_the_menu_keeps_the_filters(
    window: Window, address: str
) -> None:
    page = window.page
    page.goto(f"{address}/hotspots?period=30d&category=乱停乱放")
    settle(page)
    page.get_by_role("radio", name="条块矩阵").click()
    page.wait_for_url("**part=matrix*")
    settle(page)
    page.go_back()
    page.wait_for_url(lambda url: "part" not in choices(url))
    expect(page.get_by_role("radio", name="地图", exact=True)).to_be_checked()
    for name in ("反弹趋势", "保洁覆盖", "我的网格", "举一反三", "大屏", "总览", "问题热点"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        settle(page)
        assert choices(page.url) == {"period": ["30d"], "category": ["乱停乱放"]}, name
        expect(page.get_by_role("combobox", name="时段")).to_have_value("近 30 天")
        expect(page.get_by_role("combobox", name="问题大类")).to_have_value("乱停乱放")


@pytest.mark.parametrize("view", ["rebound?part=repeat&period=all", "coverage?period=30d"])
def test_zoom_is_kept_when_the_data_changes(window: Window, address: str, view: str) -> None:
    page = window.page
    page.goto(f"{address}/{view}")
    settle(page)
    frame = map_frame(page)
    frame.evaluate(
        "window.isSame = true; map_div.setZoom(map_div.getZoom() + 1.5, {animate: false}); 0"
    )
    zoom, painted = frame.evaluate("[map_div.getZoom(), oneMap.painted]")
    choose(page, "时段", "近一年")
    page.wait_for_url("**period=365d*")
    wait_in(frame, "count => oneMap.painted > count", painted)
    assert page.locator(MAP).count() == 1
    assert frame.evaluate("window.isSame"), "the frame was replaced"
    assert frame.evaluate("map_div.getZoom()") == zoom


def choose(page: Page, box: str, option: str) -> None:
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option, exact=True).click()
