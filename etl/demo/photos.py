"""Drawn photos of the last weeks' problems: a street with what was found, and the same street after.

They are drawings that say 演示照片, so that nobody takes them for real. The file of the platform names
them as a path with slashes, the office's ledger with backslashes, as a Windows PC writes it.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from etl.demo.problems import PROBLEMS

N_PHOTOGRAPHED, LEAST = 60, 12  # at scale 1, in a small county
N_LOST = 2  # named in the record, but the file is not there
SINCE = "2026-10-12"
FOLDER = "demo"
SIZE = (640, 480)
PAVEMENT_Y, ROAD_Y = 270, 360  # top of the pavement and of the road, pixels
# 演示照片, 24 pixels high, one bit a pixel: a demo county cannot count on a Chinese font.
LABEL = Image.frombytes("1", (96, 24), bytes.fromhex(
    "0002000000000000000000001806000000003fbffc0c06001c03000ffff03fbffc0c060007fffc0ffff030830c0c0600"
    "01fffc00000030830c0c060001800400000030860c0c0600018004000000308e0c0c0600007ff00000003f9c780ffffc"
    "707ff07ffffe3fb0000ffffc3803007ffffe3080000c000008fff8001800309ff80c000000c308001800309ff80c0000"
    "00c3080018003098080c000000c3080618603098080fffc004fff80618703f98080fffc00cc3080c18303f9ff80c00c0"
    "0cc3080c1818301ff80c00c00cfff81818180000001800c018000030180c0cc6381800c01818e070180c18c3181800c0"
    "30707020180818c30c3000c031e01c01f80030430c7000c001800c01f0007041066000c00000000000002000000000c0"
))  # fmt: skip
Pen = ImageDraw.ImageDraw
Motif = Callable[[Pen, int, Random], None]


def photograph(issues: pd.DataFrame, rng: np.random.Generator, scale: float) -> pd.DataFrame:
    """`issues` with the columns photo_before and photo_after: names, or "" where nobody took one.

    Records of the last weeks; two thirds of those that are closed have one of afterwards too.
    """
    recent = np.flatnonzero(issues["reported_at"] >= SINCE)
    number = min(len(recent), max(LEAST, round(N_PHOTOGRAPHED * scale)))
    rows = np.sort(rng.choice(recent, number, replace=False))
    closed = issues["closed_at"].notna().to_numpy()[rows]
    names = np.array([f"{FOLDER}/{k:03d}" for k in range(1, number + 1)], dtype=object)
    before, after = (np.full(len(issues), "", dtype=object) for _ in range(2))
    before[rows] = names + "_before.png"
    after[rows] = np.where(closed & (rng.random(number) < 2 / 3), names + "_after.png", "")
    return issues.assign(photo_before=before, photo_after=after)


def write_photos(issues: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    """Draw the photos that `photograph` has named into the folder of photos; the first are lost."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    rows = issues[issues["photo_before"] != ""].iloc[N_LOST:]
    names = zip(rows["photo_before"], rows["photo_after"], rows["problem"], strict=True)
    for before, after, problem in names:
        scene, motif = int(rng.integers(2**32)), MOTIFS[PROBLEMS[problem].ten_class]
        _draw(scene, motif).save(folder / before)
        if after:
            _draw(scene, None).save(folder / after)


def _draw(scene: int, motif: Motif | None) -> Image.Image:
    """The street of that number, with the problem or without."""
    rng = Random(scene)  # noqa: S311 a drawing
    picture = Image.new("RGB", SIZE, rng.choice(("#bcd7ec", "#cfd6da", "#aecbe6")))
    pen = ImageDraw.Draw(picture)
    _street(pen, rng)
    at = rng.randrange(90, 330)
    if motif:
        motif(pen, at, rng)
    pen.rectangle((0, SIZE[1] - 36, 116, SIZE[1]), fill="#333333")
    pen.bitmap((10, SIZE[1] - 30), LABEL, fill="#ffffff")
    return picture


def _street(pen: Pen, rng: Random) -> None:
    """Houses with shops, a pavement with trees, a road."""
    x = -20
    while x < SIZE[0]:
        wide, top = rng.randrange(110, 190), rng.randrange(30, 130)
        wall = rng.choice(("#d8c9b4", "#c9b6a0", "#d9d4cb", "#bfae9a", "#cfc3c0"))
        pen.rectangle((x, top, x + wide, PAVEMENT_Y), fill=wall, outline="#8c8378")
        for row in range(top + 14, 190, 34):
            for column in range(x + 12, x + wide - 24, 36):
                pen.rectangle((column, row, column + 20, row + 20), fill="#7d95a8")
        sign = rng.choice(("#b0413e", "#2f6f9f", "#3f7d58", "#c0882f"))
        pen.rectangle((x + 4, 200, x + wide - 4, 218), fill=sign)
        pen.rectangle((x + 10, 222, x + wide - 10, PAVEMENT_Y), fill="#8a9aa5", outline="#5f6b74")
        x += wide
    pen.rectangle((0, PAVEMENT_Y, SIZE[0], ROAD_Y), fill="#b9b4ab")
    for k in range(0, SIZE[0] + 60, 40):
        pen.line((k, PAVEMENT_Y, k - 50, ROAD_Y), fill="#a59f95")
    pen.rectangle((0, ROAD_Y, SIZE[0], SIZE[1]), fill="#6a6d70")
    pen.rectangle((0, ROAD_Y, SIZE[0], ROAD_Y + 6), fill="#dedad2")
    for k in range(-20, SIZE[0], 120):
        pen.rectangle((k, 424, k + 60, 430), fill="#e8e6df")
    for k in rng.sample(range(20, SIZE[0] - 20), 3):
        pen.rectangle((k - 4, 200, k + 4, 300), fill="#6b4f37")
        pen.ellipse((k - 38, 120, k + 38, 216), fill="#5d8a4f")


def _rubbish(pen: Pen, at: int, rng: Random) -> None:
    for _ in range(16):
        x, y, r = at + rng.randrange(0, 190), rng.randrange(310, 356), rng.randrange(7, 20)
        colour = rng.choice(("#2d2d2d", "#e9e9e4", "#7a5c3a", "#4d6b8a", "#a33b3b"))
        pen.ellipse((x - r, y - r, x + r, y + r * 0.7), fill=colour, outline="#3a3a3a")


def _stall(pen: Pen, at: int, rng: Random) -> None:
    pen.polygon([(at, 240), (at + 95, 195), (at + 190, 240)], fill="#c94f3d", outline="#7c2d22")
    pen.rectangle((at + 92, 240, at + 98, 330), fill="#555555")
    pen.rectangle((at + 10, 318, at + 180, 350), fill="#a9794a", outline="#5f4327")
    for k in range(at + 22, at + 170, 18):
        colour = rng.choice(("#d9822b", "#6c9a3b", "#c23b3b", "#e0c341"))
        pen.ellipse((k, 302, k + 18, 320), fill=colour)


def _car(pen: Pen, at: int, rng: Random) -> None:
    colour = rng.choice(("#f2f2f2", "#8d1f1f", "#27425f", "#303030"))
    pen.polygon([(at + 40, 290), (at + 70, 262), (at + 150, 262), (at + 185, 290)], fill="#9fb6c6")
    pen.rounded_rectangle((at, 288, at + 220, 336), 14, fill=colour, outline="#222222")
    for k in (at + 40, at + 160):
        pen.ellipse((k, 318, k + 38, 356), fill="#1d1d1d", outline="#909090", width=5)


def _posters(pen: Pen, at: int, rng: Random) -> None:
    for k in range(12):
        x, y = at + 24 * (k % 6) + rng.randrange(0, 8), 222 + 24 * (k // 6) + rng.randrange(0, 5)
        colour = rng.choice(("#f4e04d", "#ffffff", "#f2a6b5", "#bfe3c0"))
        pen.rectangle((x, y, x + 18, y + 20), fill=colour, outline="#777777")
        for line in (y + 5, y + 10, y + 15):
            pen.line((x + 3, line, x + 15, line), fill="#b03030")


def _laundry(pen: Pen, at: int, rng: Random) -> None:
    pen.line((at - 40, 236, at + 280, 244), fill="#222222", width=3)
    for k in range(at - 20, at + 250, 44):
        colour = rng.choice(("#d65f5f", "#5f87d6", "#f0eee6", "#7fb069", "#8d6cab"))
        pen.rectangle((k, 242, k + 32, 242 + rng.randrange(36, 70)), fill=colour, outline="#444444")


def _puddle(pen: Pen, at: int, rng: Random) -> None:
    for _ in range(5):
        x, y = at + rng.randrange(0, 150), rng.randrange(340, 400)
        pen.ellipse((x, y, x + 130, y + 34), fill="#4b4433")


def _pit(pen: Pen, at: int, _rng: Random) -> None:
    pen.ellipse((at + 10, 372, at + 210, 420), fill="#3b352d", outline="#8d7f66", width=6)
    for k in (at, at + 150):
        pen.rectangle((k, 310, k + 70, 326), fill="#f2f2f2", outline="#555555")
        for stripe in range(k, k + 70, 24):
            pen.polygon([(stripe, 326), (stripe + 10, 310), (stripe + 20, 310), (stripe + 10, 326)],
                        fill="#d23b2f")  # fmt: skip
        pen.line((k + 35, 326, k + 35, 372), fill="#555555", width=5)


def _shed(pen: Pen, at: int, _rng: Random) -> None:
    pen.polygon([(at - 12, 236), (at + 20, 206), (at + 232, 206), (at + 212, 236)], fill="#4a7fb5")
    pen.rectangle((at, 236, at + 200, 340), fill="#9cb0bd", outline="#4d5a63")
    for k in range(at + 12, at + 200, 14):
        pen.line((k, 236, k, 340), fill="#7f929e")


def _boards(pen: Pen, at: int, rng: Random) -> None:
    for k in range(3):
        x = at + 74 * k
        colour = rng.choice(("#c23b3b", "#2f7d4f", "#2c5f9e"))
        pen.rectangle((x, 262, x + 56, 346), fill=colour, outline="#222222", width=3)
        for line in (276, 294, 312):
            pen.line((x + 8, line, x + 48, line), fill="#ffffff", width=5)


MOTIFS: dict[str, Motif] = {
    "乱摆摊点": _stall,
    "乱停乱放": _car,
    "乱贴乱画": _posters,
    "乱扔乱倒": _rubbish,
    "乱堆乱放": _rubbish,
    "乱搭乱建": _shed,
    "乱拉乱挂": _laundry,
    "乱泼乱排": _puddle,
    "乱挖乱占": _pit,
    "乱设广告": _boards,
}
