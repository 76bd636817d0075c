"""The catalogue of problems: class, line department, time limit, where and when they arise."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One 小类. `weight` is its share before the place is looked at; `where` raises it by tag."""

    name: str
    platform_class: str  # 大类 of the 数字城管 platform
    ten_class: str  # 十乱
    department: str
    limit_hours: float
    weight: float
    where: dict[str, float]  # place tag -> factor
    season: str  # "", "summer", "winter" or "rain"
    hours: str  # "day" or "evening"
    phrases: tuple[str, ...]


def _problem(line: str) -> Problem:
    name, big, ten, department, limit, weight, where, season, hours, phrases = line.split("|")
    factors = {tag: float(factor) for tag, factor in (f.split("*") for f in where.split())}
    return Problem(name, big, ten, department, float(limit), float(weight), factors, season, hours,
                   tuple(phrases.split("/")))  # fmt: skip


# name|大类|十乱|department|limit h|weight|where|season|hours|phrases
PROBLEMS = [_problem(line) for line in """
店外经营|街面秩序|乱摆摊点|县城管局|4|10|market*2 main*1.6 shops*2|summer|day|商户将货物摆至店外经营，占用人行道/店铺跨门营业，货架摆出门外约2米/水果店超出门店范围经营
占道经营|街面秩序|乱摆摊点|县城管局|4|8|market*3 school*2 station*2|summer|day|流动摊贩占道经营，影响通行/三轮车占道售卖蔬菜，地面有残留菜叶/流动餐车占用非机动车道经营
马路市场|街面秩序|乱摆摊点|县市场监管局|24|1.8|market*9 lane*1.5||day|自发形成马路市场，摊点十余处/早市散场后摊位未清退/农户沿路摆摊成市，秩序较乱
露天烧烤|街面秩序|乱摆摊点|县城管局|12|2|shops*3 new*1.5|summer|evening|夜市摊点露天烧烤，油烟扰民/烧烤店桌椅摆至人行道/露天烧烤地面油污未清理
机动车乱停放|街面秩序|乱停乱放|县交警大队|4|9|school*3 hospital*3 market*1.5 main*1.4||day|多辆小轿车违停在人行道上/机动车占用盲道停放/路口两侧车辆乱停，通行受阻
非机动车乱停放|街面秩序|乱停乱放|县城管局|4|6|school*2 station*3 shops*1.5 market*2||day|电动车乱停乱放，未入线停放/非机动车占用盲道/共享单车倒伏堆积
废弃车辆|市容环境|乱停乱放|县交警大队|72|0.7|lane*2 fringe*2||day|一辆废弃面包车长期停放/僵尸车占用公共车位/废弃三轮车无人清理
非法小广告|宣传广告|乱贴乱画|县城管局|12|8|lane*1.6 estate*1.8 station*1.5||day|墙面张贴多处小广告/电线杆上有非法小广告/楼道口喷涂疏通管道小广告
乱涂乱画|宣传广告|乱贴乱画|县城管局|24|2|school*2 lane*1.5||day|围墙被乱涂乱画/变电箱上有涂鸦/卷闸门喷涂电话号码
暴露垃圾|市容环境|乱扔乱倒|县环卫中心|4|9|market*2.2 lane*1.5 fringe*1.8 estate*1.4|summer|day|垃圾桶满溢，周边有暴露垃圾/路边散落生活垃圾/绿化带内有白色垃圾/墙角堆放生活垃圾，有异味
积存垃圾渣土|市容环境|乱扔乱倒|县住建局|48|3.2|site*4 fringe*2.5 industrial*2||day|装修垃圾无人清运/路边堆放建筑渣土约3立方米/拆迁空地积存垃圾渣土
道路不洁|市容环境|乱扔乱倒|县环卫中心|4|5|site*2 lane*1.3 fringe*1.5|rain|day|路面有泥土污渍/果皮箱周边烟头较多/雨后路面泥水未清理
焚烧垃圾树叶|市容环境|乱扔乱倒|县生态环境分局|8|1.2|fringe*5 lane*1.4|winter|day|有人焚烧落叶，烟雾较大/空地焚烧生活垃圾/垃圾桶内有焚烧痕迹
乱堆物料|街面秩序|乱堆乱放|街道办|24|5|lane*2 site*2 industrial*2 fringe*1.6||day|门前乱堆杂物/楼间空地堆放纸箱木板/沿街堆放砂石料/墙角堆放废旧家电
废弃家具设备|市容环境|乱堆乱放|县环卫中心|48|1.6|estate*3 lane*1.4||day|废旧沙发丢弃在路边/垃圾点旁有废弃床垫/旧衣柜丢弃无人清运
私搭乱建|市容环境|乱搭乱建|县自然资源局|360|1.4|fringe*3 lane*1.6 estate*1.5||day|住户私自搭建彩钢房/楼顶加盖板房/院外违规搭建围栏
违规搭棚|街面秩序|乱搭乱建|街道办|168|1.8|market*3 shops*1.5||day|商户违规搭设遮阳棚/门前私搭雨棚占用人行道/路边搭棚售货
沿街晾挂|街面秩序|乱拉乱挂|街道办|8|3|lane*1.8 estate*2||day|树间拉绳晾晒衣物/沿街晾挂被褥/护栏上晾晒拖把衣物
架空线缆杂乱|突发事件|乱拉乱挂|县工信局|120|2.2|old*2 lane*1.5||day|通信线缆下垂，距地面约2米/线缆杂乱如蛛网/废弃线缆未清理
污水乱排|市容环境|乱泼乱排|县住建局|48|2.4|market*2.5 shops*1.8 fringe*1.5|summer|day|餐饮店污水直排雨水篦子/污水管网外溢，路面积水/门店泼倒污水，地面油污
油烟污染|市容环境|乱泼乱排|县生态环境分局|72|1.5|shops*3 estate*1.3|summer|evening|餐馆油烟直排，居民反映强烈/未安装油烟净化设施/排烟口朝向居民楼
水域不洁|市容环境|乱泼乱排|县水利局|120|0.4|river*9|summer|day|河面有漂浮垃圾/河岸有白色垃圾/排水口附近水体发黑
施工占道|施工管理|乱挖乱占|县住建局|48|2|site*5 new*1.5||day|施工围挡占用人行道/施工材料占道堆放/工地出入口带泥上路
无证掘路|施工管理|乱挖乱占|县交通局|72|0.9|main*1.5 new*1.5||day|路面开挖未见许可公示/管沟开挖后未及时恢复/人行道开挖后长期未回填
道路破损|市容环境|乱挖乱占|县住建局|168|1.8|fringe*1.8 industrial*2.5|rain|day|路面坑槽约1平方米/人行道砖松动缺失/井盖周边路面沉陷
违规户外广告|宣传广告|乱设广告|县城管局|120|2.2|main*1.8 shops*1.8||day|楼体悬挂未经审批的户外广告/护栏上悬挂商业横幅/擅自设置立柱广告
占道广告牌|宣传广告|乱设广告|县城管局|8|3|shops*2.2 main*1.4 market*1.3||day|门店灯箱摆放在人行道上/落地广告牌占道/充气拱门占用人行道
广告招牌破损|宣传广告|乱设广告|县城管局|72|1|old*1.6 shops*1.5||day|门头招牌破损，有坠落隐患/灯箱缺字断亮/广告布撕裂未更换
""".strip().splitlines()]  # fmt: skip  # noqa: E501

# department -> share of its cases that it closes inside the limit
ON_TIME = {
    "县城管局": 0.9, "县市场监管局": 0.78, "县交警大队": 0.86, "县环卫中心": 0.94, "县住建局": 0.66,
    "县生态环境分局": 0.72, "街道办": 0.81, "县自然资源局": 0.55, "县工信局": 0.6, "县水利局": 0.74,
    "县交通局": 0.69,
}  # fmt: skip

# site type -> (how many at scale 1, tag it gives the streets near it, names)
SITE_TYPES: dict[str, tuple[int, str, str]] = {
    "农贸市场": (9, "market", "{}农贸市场 {}便民市场 {}蔬菜市场"),
    "学校": (26, "school", "云河县{}小学 云河县{}中学 {}幼儿园"),
    "医院": (12, "hospital", "{}医院 {}社区卫生服务站"),
    "车站": (4, "station", "{}汽车站 {}公交枢纽站"),
    "建筑工地": (22, "site", "{}项目工地 {}安置房工地 {}改造工程"),
    "居民小区": (86, "estate", "{}小区 {}家园 {}花园 {}家属院"),
    "五小门店": (92, "shops", "{}小吃店 {}理发店 {}小旅馆 {}副食店 {}早餐店"),
    "公厕": (62, "", "{}公厕"),
    "社区": (17, "", "{}社区居委会"),
    "垃圾转运站": (11, "", "{}垃圾转运站"),
    "公园广场": (9, "", "{}广场 {}公园"),
}
