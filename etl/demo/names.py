"""Fictional but real-sounding names of streets, lanes, units and people."""

from typing import Any

import numpy as np
from shapely.geometry import LineString


def _words(text: str) -> list[str]:
    return text.split()


SUBDISTRICTS = {1: "城关街道", 2: "河滨街道", 3: "新城街道", 4: "西关街道"}
LEAD_UNITS = _words("""
    县住建局 县市场监管局 县交通局 县教体局 县卫健局 县城管局 县水利局
    县自然资源局 县工信局 县农业农村局 县民政局 县文旅局 城关街道办 河滨街道办
    新城街道办 西关街道办 县财政局 县人社局
""")
COMMUNITIES = _words("""
    东街 西街 南街 北街 鼓楼 文庙 朝阳 和平 幸福 河滨 桥南 新华 迎宾 学府
    兴工 西关 永安 康宁 云中 北关
""")
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = _words("""
    建国 卫东 海燕 晓峰 志强 丽萍 文博 春梅 永刚 秀云 宏伟 雪莲 振华 亚楠
    小军 玉兰
""")
BRANCH_WORDS = _words("""
    新民 和平 永安 惠民 兴华 文汇 育才 康宁 富民 振兴 光明 长庆 民主 胜利
    红旗 朝阳 团结 友谊 青年 东风 西苑 南苑 北苑 柳林 桃园 槐荫 梧桐 银杏
    金桂 凤鸣 凤凰 龙泉 清泉 玉泉 渭水 秦岭 太白 周原 岐阳 安康 健康 体育
    科技 创业 创新 纬一 纬二 纬三 经一 经二 经三 景云 瑞云 庆云 祥云 望云
    锦绣 翠屏 书院 学前 师范 泮池 钟楼 鼓楼 南塔 仓门 东新 西新 丰登 五谷
    农科 工农 利民 为民 兴业 宏达 泰安 福安 同心 和谐 幸福 平安 昌盛 仁和
    德馨 崇文 尚武 弘文 明德 致远 博雅 花园 芙蓉 丁香 白杨
""")
LANE_WORDS = _words("""
    文庙 城隍庙 马号 盐店 油坊 染坊 铁匠 豆腐 粮市 骡马市 柴市 钱铺 当铺
    药王 火神庙 关帝庙 魁星 书院门 贡院 县衙 仓房 井儿 双井 甜水井 石桥
    小南门 水门 城根 箭道 教场 营门 竹笆市 木匠 皮坊 纸坊 磨坊 醋坊 酒坊
    灯笼 绣花 槐树 皂角树 柿园 枣园 菜园 花园 莲池 苇塘 河沿 渡口 窑场
    砖窑 东场 西场 夹道 半截 牌楼 照壁 耳朵眼 葫芦 扁担 丁字
""")
NUMERALS = "一二三四五六七八九"


def person(rng: np.random.Generator) -> str:
    """Full name of a person who does not exist."""
    return str(rng.choice(list(FAMILY))) + str(rng.choice(GIVEN))


class StreetNames:
    """Gives each new street an unused name; a street that runs straight on keeps its name."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        words: list[str] = [word + "路" for word in BRANCH_WORDS]
        words += [word + "街" for word in BRANCH_WORDS if word[0] not in "经纬"]
        self.branches = [words[k] for k in rng.permutation(len(words))]
        lanes = [w + "巷" for w in LANE_WORDS] + [f + "家巷" for f in FAMILY]
        self.lanes = [lanes[k] for k in rng.permutation(len(lanes))]
        self.numbered: dict[str, int] = {}

    def continued(self, line: LineString, road_class: str, streets: list[Any]) -> str | None:
        """Name of the street of the same class that this line prolongs (bend under 30 degrees)."""
        mine = np.array(line.coords)
        for street in streets:
            theirs = np.array(street.line.coords)
            if street.road_class != road_class:
                continue
            for a in (mine, mine[::-1]):
                for b in (theirs, theirs[::-1]):
                    out, back = a[1] - a[0], b[0] - b[1]
                    size = np.hypot(*out) * np.hypot(*back)
                    if np.hypot(*(a[0] - b[0])) < 0.5 and out @ back > 0.87 * size:
                        return str(street.name)
        return None

    def new(self, line: LineString, road_class: str, streets: list[Any]) -> str:
        """An unused name, or the next numbered lane of the nearest street."""
        if road_class == "支路" and self.branches:
            return str(self.branches.pop())
        if self.lanes and self.rng.random() < 0.45:
            return str(self.lanes.pop())
        parents = [s for s in streets if not s.name.endswith("巷")]
        return self.lane_of(min(parents, key=lambda s: s.line.distance(line)).name)

    def lane_of(self, street: str) -> str:
        """人民路三巷, 人民路十二巷; a blind lane off a lane is its 支巷."""
        k = self.numbered[street] = self.numbered.get(street, 0) + 1
        ten, one = divmod(k, 10)
        digits = ("" if ten == 0 else "十" if ten == 1 else NUMERALS[ten - 1] + "十") + (
            NUMERALS[one - 1] if one else ""
        )
        return f"{street}{digits}支巷" if street.endswith("巷") else f"{street}{digits}巷"
