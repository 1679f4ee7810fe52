"""Scenery that looks like somebody or like an effect: walls of windows, crowns of leaves, clouds.

The first two are sharp, of high contrast and cut out against the sky, as figures are and painted backdrops
seldom; the last are bright and ragged, as smoke and blasts are.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

_TRIED = 4
"""Tiles looked at for a wall: the one of most contrast is taken."""

_SHIFT = 4
"""Fractional bits of the corners of a polygon."""


def with_walls(rng: np.random.Generator, plate: U8, other: U8) -> U8:
    """One or two large walls, each a small part of a plate repeated in perspective.

    Args:
        rng: decides everything.
        plate: uint8 [H,W,3] to draw over; stays as it is.
        other: uint8 [H,W,3] that the tiles are cut from.

    Returns:
        uint8 [H,W,3].
    """
    out = plate.copy()
    h, w = plate.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        left = rng.uniform(-0.3, 0.8) * w
        right = left + rng.uniform(0.2, 0.8) * w
        top, bottom = rng.uniform(-0.3, 0.6, 2) * h, rng.uniform(0.5, 1.3, 2) * h
        corners = np.array(
            [[left, top[0]], [right, top[1]], [right, bottom[1]], [left, bottom[0]]], np.float32
        )
        wall = _wall(rng, other)
        flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        matrix = cv2.getPerspectiveTransform(flat, corners)
        seen = cv2.warpPerspective(wall, matrix, (w, h), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
        mask = np.zeros((h, w), np.uint8)
        cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 255, cv2.LINE_AA)
        share = mask[..., None].astype(np.float32) / 255
        out = (out * (1 - share) + seen * share).astype(np.uint8)
    return out


def with_crowns(rng: np.random.Generator, plate: U8) -> U8:
    """One to five crowns of pointed leaves, on trunks now and then: palms, ferns, grass, pines.

    Args:
        rng: decides everything.
        plate: uint8 [H,W,3] to draw over; stays as it is.

    Returns:
        uint8 [H,W,3].
    """
    out = plate.copy()
    h, w = plate.shape[:2]
    palette = _palette(rng, plate)
    wide = float(rng.uniform(0.02, 0.14))
    droop = float(rng.uniform(-0.2, 0.9))
    fan = float(rng.choice([np.pi, 2 * np.pi, 0.6 * np.pi]))
    outlined = rng.random() < 0.3
    for _ in range(int(rng.integers(1, 6))):
        centre = rng.uniform(0, 1, 2) * (w, 0.9 * h)
        radius = float(np.exp(rng.uniform(np.log(0.08), np.log(0.4)))) * h
        if rng.random() < 0.5:
            _trunk(rng, out, centre, radius, palette)
        for _ in range(int(rng.integers(8, 60))):
            angle = -np.pi / 2 + rng.uniform(-0.5, 0.5) * fan
            leaf = _leaf(centre, angle, radius * rng.uniform(0.5, 1.0), wide, droop)
            colour = palette[int(rng.integers(len(palette)))]
            points = [np.rint(leaf * (1 << _SHIFT)).astype(np.int32)]
            cv2.fillPoly(out, points, colour, cv2.LINE_AA, _SHIFT)
            if outlined:
                cv2.polylines(out, points, True, palette[0], 1, cv2.LINE_AA, _SHIFT)
    return out


def with_clouds(rng: np.random.Generator, plate: U8) -> U8:
    """One to four clouds in the upper part of the picture, lit from above, hard or soft.

    Args:
        rng: decides everything.
        plate: uint8 [H,W,3] to draw over; stays as it is.

    Returns:
        uint8 [H,W,3].
    """
    out = plate.astype(np.float32)
    h, w = plate.shape[:2]
    light = np.array([255, 255, 255]) - rng.uniform(0, 50, 3) * rng.random()
    shade = light * rng.uniform(0.55, 0.9) * rng.uniform(0.92, 1.0, 3)
    if rng.random() < 0.5:
        shade[2] = min(255.0, shade[2] * 1.25)
    opaque = float(rng.uniform(0.6, 1.0))
    ragged = cv2.resize(rng.random((h // 4, w // 4), np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    ragged += 2 * cv2.resize(
        rng.random((h // 16, w // 16), np.float32), (w, h), interpolation=cv2.INTER_CUBIC
    )
    hard = float(np.exp(rng.uniform(np.log(1.5), np.log(12))))
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0, w), rng.uniform(0, 0.5) * h
        reach = rng.uniform(0.1, 0.4) * w
        body = np.zeros((h, w), np.uint8)
        for _ in range(int(rng.integers(6, 24))):
            side = float(np.clip(rng.normal(0, 0.45), -1, 1))
            radius = reach * rng.uniform(0.1, 0.3) * (1.1 - abs(side))
            middle = round(x + side * reach), round(y - radius * rng.uniform(0.2, 1.2))
            cv2.circle(body, middle, max(2, round(radius)), 255, -1, cv2.LINE_AA)
        soft = cv2.GaussianBlur(body, (0, 0), reach * 0.05).astype(np.float32) / 255
        cover = np.clip((soft - 0.5 + 0.25 * (ragged - 1.5)) * hard + 0.5, 0, 1) * (soft > 0.08) * opaque
        down = np.array([[1.0, 0, 0], [0, 1.0, reach * 0.08]])
        below = cv2.warpAffine(soft, down, (w, h), borderMode=cv2.BORDER_REPLICATE)
        top = np.clip(cv2.GaussianBlur(soft, (0, 0), reach * 0.04) - below, 0, 1)
        lit = np.clip(0.2 + 2.5 * top + 0.4 * (ragged - 1.2), 0, 1)
        if rng.random() < 0.4:
            lit = np.round(lit * 2) / 2
        colour = shade + (light - shade) * lit[..., None]
        out += (colour - out) * cover[..., None]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def _wall(rng: np.random.Generator, plate: U8) -> U8:
    """A part of a plate beside itself again and again, uint8 [H,W,3]."""
    h, w = plate.shape[:2]
    best, most = plate, -1.0
    for _ in range(_TRIED):
        th, tw = round(h * rng.uniform(0.05, 0.25)), round(w * rng.uniform(0.04, 0.25))
        y, x = int(rng.integers(h - th)), int(rng.integers(w - tw))
        tile = plate[y : y + th, x : x + tw]
        contrast = float(tile.std())
        if contrast > most:
            best, most = tile, contrast
    th, tw = best.shape[:2]
    if rng.random() < 0.6:
        best = _window(rng, best)
    return np.asarray(np.tile(best, (h // th + 1, w // tw + 1, 1))[:h, :w], np.uint8)


def _window(rng: np.random.Generator, tile: U8) -> U8:
    """The tile framed, a pane of another brightness in it."""
    tile = tile.copy()
    th, tw = tile.shape[:2]
    frame, pane = (tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(2))
    y, x = (max(1, round(side * rng.uniform(0.1, 0.3))) for side in (th, tw))
    if rng.random() < 0.5:
        tile[:] = np.asarray(tile.reshape(-1, 3).mean(0), np.uint8)
    tile[y : th - y, x : tw - x] = tile[y : th - y, x : tw - x] // 2 + np.asarray(pane, np.uint8) // 2
    cv2.rectangle(tile, (x, y), (tw - x, th - y), frame, max(1, min(th, tw) // 16), cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.line(tile, (tw // 2, y), (tw // 2, th - y), frame, 1, cv2.LINE_AA)
    return tile


def _palette(rng: np.random.Generator, plate: U8) -> list[tuple[int, int, int]]:
    """Dark to light tones of one colour, that of a leaf or of the plate."""
    h, w = plate.shape[:2]
    if rng.random() < 0.6:
        hue = np.array([rng.integers(25, 80), rng.integers(60, 230), 255], np.uint8)
        colour = cv2.cvtColor(hue.reshape(1, 1, 3), cv2.COLOR_HSV2RGB).reshape(3).astype(np.float64)
    else:
        colour = plate[int(rng.integers(h)), int(rng.integers(w))].astype(np.float64) + 20
    tones = np.linspace(rng.uniform(0.15, 0.5), rng.uniform(0.6, 1.2), int(rng.integers(2, 6)))
    rows = np.clip(tones[:, None] * colour, 0, 255).astype(int)
    return [(int(r), int(g), int(b)) for r, g, b in rows]


def _leaf(centre: F64, angle: float, length: float, wide: float, droop: float) -> F64:
    """Corners [11,2] of a pointed leaf that starts at ``centre`` and bends down."""
    along = np.linspace(0, 1, 6)
    spine = centre + length * np.stack([np.cos(angle) * along, np.sin(angle) * along + droop * along**2], 1)
    half = wide * length * np.sin(np.pi * np.clip(along + 0.08, 0, 1))
    across = np.array([-np.sin(angle), np.cos(angle)])
    side = half[:, None] * across
    return np.concatenate([spine + side, (spine - side)[-2::-1]])


def _trunk(
    rng: np.random.Generator, out: U8, top: F64, radius: float, palette: list[tuple[int, int, int]]
) -> None:
    """A trunk from the crown to the ground, in place."""
    h = out.shape[0]
    thick = radius * rng.uniform(0.05, 0.15)
    foot = np.array([top[0] + rng.normal(0, 0.3) * radius, h * rng.uniform(0.8, 1.1)])
    side = np.array([thick, 0.0])
    corners = np.stack([top - side, top + side, foot + 1.4 * side, foot - 1.4 * side])
    red, green, blue = palette[len(palette) // 2]
    brown = (min(255, red + 40), green, blue * 2 // 3)
    cv2.fillConvexPoly(out, np.rint(corners).astype(np.int32), brown, cv2.LINE_AA)
    if rng.random() < 0.6:
        for share in np.arange(0, 1, max(0.03, 2.5 / max(1.0, foot[1] - top[1]))):
            x, y = top + share * (foot - top)
            ring = (round(x - thick * 1.2), round(y)), (round(x + thick * 1.2), round(y) + 2)
            cv2.line(out, *ring, palette[0], 1, cv2.LINE_AA)
