"""New scenes from drawn ones at load time: any character before any backdrop, at the cost of two warps.

Where a drawn shot has no effect, its frame is ``alpha * character + (1 - alpha) * plate`` exactly, so the
character can be taken out with its soft edges and put before another shot's plate ("Simple Copy-Paste",
Ghiasi et al., CVPR 2021, but with exact alpha).
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.bank import Bank, Clip
from triton_anime_export.studio.effect_pool import EffectPool
from triton_anime_export.studio.variety import in_blocks
from triton_anime_export.training.augment import Frame, Maps
from triton_anime_export.training.scenery import with_clouds, with_crowns, with_walls

TRIES = 6

PIXEL_EFFECTS, PIXEL_ART = 0.25, 0.1
"""Share of the pool's effects, and of recomposed characters and plates, that turn into pixel art: otherwise
large squares would mean a character, since sprites of games come enlarged more often than flames do."""

FEWEST = 8
"""Squares of an effect in pixel art from top to bottom, at least: in games they are sixteen, or a part."""

PAINTED, RECOLOURED = 0.35, 0.3
"""Share of the effects whose light and shade get colours of any kind, and of those that only get another hue,
which leaves white strokes white and grey smoke grey."""

DYED = 0.4
"""Share of recomposed characters in other colours: one who knows but the costumes of this art misses white
fur."""

DENSE = 0.35
"""Share of recomposed plates that are shown smaller and sharper: soft ones alone teach that sharpness is a
character."""

WALLS, CROWNS, CLOUDS = 0.15, 0.2, 0.2
"""Share of recomposed plates with walls of windows, with crowns of pointed leaves and with clouds: without
them it takes the first two for hair and clothes and the last for smoke."""

NEAR, BEHIND = 0.5, 0.25
"""Share of the effects that lie on or beside somebody, and of the recomposed frames whose effects lie behind
everybody: what hides a part of somebody, or looks out behind them, is what is taken for a piece of them."""

_TAKEABLE: WeakKeyDictionary[Bank, dict[tuple[int, int], bool]] = WeakKeyDictionary()
"""What :func:`_takeable` said of a bank's drawings: looking at four maps costs more than using one."""


def draw(
    rng: np.random.Generator,
    bank: Bank,
    share: float = 0.5,
    effects: tuple[float, float] = (0.25, 0.55),
) -> tuple[Frame, Maps]:
    """A frame uint8 [H,W,3] with maps ``ids``, ``alpha``, ``effect``, ``effect_type`` and ``object``.

    Args:
        rng: decides everything.
        bank: of drawn shots.
        share: of frames that are recomposed; the others are as drawn.
        effects: share of the frames as drawn and of the recomposed ones that get effects of the bank's pool.
    """
    clip, t = _pick(rng, bank)
    if rng.random() >= share:
        frame, maps = np.asarray(clip.frames[t]), _maps(clip, t)
        return _with_effects(rng, frame, maps, bank.effects, effects[0])
    for _ in range(TRIES):
        if not clip.object[t].any():
            break
        clip, t = _pick(rng, bank)
    frame, objects = np.asarray(clip.plate[t]), np.asarray(clip.object[t])
    if rng.random() < DENSE:
        frame, objects = _denser(rng, frame, objects)
    if rng.random() < 0.4:
        frame = _cluttered(rng, frame, bank)
    bare = frame
    if rng.random() < WALLS:
        frame = with_walls(rng, frame, np.asarray(_pick(rng, bank)[0].plate[0]))
    if rng.random() < CLOUDS:
        frame = with_clouds(rng, frame)
    if rng.random() < CROWNS:
        frame = with_crowns(rng, frame)
    if frame is not bare:
        objects = np.where((frame != bare).any(axis=2), 0, objects).astype(np.uint8)
    if rng.random() < 0.5:
        frame = _recoloured(rng, frame)
    frame = frame.astype(np.float32)
    if rng.random() < PIXEL_ART:
        frame = _in_pixels(rng, frame, solid=False)
    h, w = frame.shape[:2]
    ids = np.zeros((h, w), np.uint8)
    alpha = np.zeros((h, w), np.float32)
    light = {name: np.zeros((h, w), np.uint8) for name in ("effect", "effect_type")}
    behind = rng.random() < BEHIND
    if behind:
        bare_maps = {"ids": ids, "alpha": ids, "object": objects, **light}
        shown = np.clip(frame + 0.5, 0, 255).astype(np.uint8)
        shown, lit = _with_effects(rng, shown, bare_maps, bank.effects, effects[1])
        frame, objects = shown.astype(np.float32), lit["object"]
        light = {name: lit[name] for name in light}
    # Objects of the plate stay part of it; those hidden when drawn have no map, hence the search above.
    for _ in range(int(rng.choice(4, p=[0.08, 0.5, 0.28, 0.14]))):
        layer = _character(rng, bank)
        if layer is None:
            continue
        rgba, identities = layer
        if rng.random() < DYED:
            rgba = _dyed(rng, rgba)
        if rng.random() < PIXEL_ART:
            rgba = _in_pixels(rng, rgba, solid=True)
        matrix = _placed(rng, rgba[..., 3])
        rgba = cv2.warpAffine(rgba, matrix, (w, h), flags=cv2.INTER_LINEAR)
        identities = cv2.warpAffine(identities, matrix, (w, h), flags=cv2.INTER_NEAREST)
        a = rgba[..., 3]
        frame = frame * (1 - a[..., None]) + rgba[..., :3]
        alpha = alpha * (1 - a) + a
        solid = a >= 0.5
        ids[solid] = np.where(identities[solid] > 0, identities[solid] + ids.max(), 0)
        objects = np.where(solid, 0, objects).astype(np.uint8)
        light["effect"] = np.rint(light["effect"] * (1 - a)).astype(np.uint8)
    maps = {"ids": ids, "alpha": (alpha * 255 + 0.5).astype(np.uint8), "object": objects, **light}
    whole = np.clip(frame + 0.5, 0, 255).astype(np.uint8)
    return (whole, maps) if behind else _with_effects(rng, whole, maps, bank.effects, effects[1])


def _denser(
    rng: np.random.Generator, plate: Frame, objects: NDArray[np.uint8]
) -> tuple[Frame, NDArray[np.uint8]]:
    """The plate smaller, continued as in mirrors, its lines sharp: as full of detail as a figure."""
    h, w = plate.shape[:2]
    share = float(rng.uniform(0.35, 0.75))
    size = (round(w * share), round(h * share))
    small = np.asarray(cv2.resize(plate, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.6:
        soft = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.8, 2.0)))
        gain = float(rng.uniform(0.5, 2.0))
        small = np.asarray(cv2.addWeighted(small, 1 + gain, soft, -gain, 0), np.uint8)
    shift = np.array([[1.0, 0, rng.uniform(0, w)], [0, 1.0, rng.uniform(-h / 4, h / 4)]])

    def mirrored(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        moved = cv2.warpAffine(
            image, shift, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(moved, np.uint8)

    return mirrored(small), mirrored(cv2.resize(objects, size, interpolation=cv2.INTER_AREA))


def _with_effects(
    rng: np.random.Generator, frame: Frame, maps: Maps, pool: EffectPool | None, share: float
) -> tuple[Frame, Maps]:
    """One or two effects of the pool before the scene, by the compositor's own operators."""
    if pool is None or rng.random() >= share:
        return frame, maps
    h, w = frame.shape[:2]
    picture = frame.astype(np.float32)
    strength = maps["effect"].astype(np.float32) / 255
    kind, alpha = maps["effect_type"].copy(), maps["alpha"].astype(np.float32)
    ids, objects = maps["ids"].copy(), maps["object"].astype(np.float32)
    for _ in range(1 + int(rng.random() < 0.35)):
        which = int(rng.integers(len(pool)))
        somebody = ids > 0
        at = _on(rng, somebody) if somebody.any() and rng.random() < NEAR else None
        layer = _laid(rng, pool, which, w, h, at)
        a = layer[..., 3]
        keep = 1 - a[..., None]
        if pool.additive[which]:
            picture = picture + layer[..., :3]
            a = layer[..., :3].max(axis=2) / 255
        else:
            picture = picture * keep + layer[..., :3]
            alpha, objects = alpha * (1 - a), objects * (1 - a)
            ids[a >= 0.5] = 0
        kind[a > np.maximum(0.06, strength * 0.5)] = pool.kinds[which]
        strength = strength * (1 - a) + a
    bytes_of = {"alpha": alpha, "object": objects, "effect": strength * 255}
    rounded = {name: np.clip(value + 0.5, 0, 255).astype(np.uint8) for name, value in bytes_of.items()}
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8), {"ids": ids, "effect_type": kind, **rounded}


def _on(rng: np.random.Generator, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """A place (x, y) on a mask [h,w] or a little beside it."""
    places = np.flatnonzero(mask)
    y, x = divmod(int(places[rng.integers(len(places))]), mask.shape[1])
    return x + rng.normal(0, 0.12) * mask.shape[0], y + rng.normal(0, 0.12) * mask.shape[0]


def _laid(
    rng: np.random.Generator,
    pool: EffectPool,
    which: int,
    w: int,
    h: int,
    at: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """An effect at a place (x, y), or anywhere, some recoloured: premultiplied float32 RGBA [h,w,4]."""
    rgba = np.array(pool.layers[which])
    colours = np.ascontiguousarray(rgba[..., :3])
    choice = rng.random()
    if choice < PAINTED:
        rgba[..., :3] = _painted(rng, colours, rgba[..., 3])
    elif choice < PAINTED + RECOLOURED:
        rgba[..., :3] = _recoloured(rng, colours)
    layer = rgba.astype(np.float32)
    layer[..., 3] /= 255
    layer[..., :3] *= layer[..., 3:]
    side = layer.shape[0]
    if rng.random() < PIXEL_EFFECTS:
        layer = _in_pixels(rng, layer, solid=not pool.additive[which], fewest=FEWEST)
    if pool.full_frame[which]:
        scale, angle, x, y = w / side * float(rng.uniform(1.05, 1.5)), 0.0, w / 2, h / 2
    else:
        scale = h / side * float(np.exp(rng.uniform(np.log(0.25), np.log(1.6))))
        angle = float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.4 else float(rng.normal(0, 0.1))
        x, y = at or (rng.uniform(0, w), rng.uniform(0, h))
    if scale < 0.6:
        layer = cv2.resize(layer, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scale, side = 1.0, layer.shape[0]
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[c, -s], [s, c]])
    matrix = np.column_stack([turn, np.array([x, y]) - turn @ np.array([side / 2, side / 2])])
    how = cv2.INTER_NEAREST if rng.random() < 0.15 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(layer, matrix, (w, h), flags=how), np.float32)


def _painted(
    rng: np.random.Generator, colours: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Colours uint8 [h,w,3] with another ramp from shade to light, or but one colour; alpha uint8 [h,w]."""
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    seen = grey[alpha > 32]
    if not seen.size:
        return colours
    low, high = np.percentile(seen, (2, 98))
    stops = int(rng.choice([1, 2, 3, 4], p=[0.25, 0.3, 0.3, 0.15]))
    hues = (rng.integers(180) + rng.normal(0, 15, stops)) % 180
    values = np.sort(rng.uniform(20, 256, stops))
    hsv = np.stack([hues, rng.uniform(0, 256, stops) * rng.random(), values], 1).astype(np.uint8)
    ramp = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0].astype(np.float32)
    at = np.clip((np.arange(256) - low) / max(float(high - low), 1.0), 0, 1) * (stops - 1)
    if rng.random() < 0.5:
        at = np.round(at)
    table = np.stack([np.interp(at, np.arange(stops), ramp[:, c]) for c in range(3)], 1)
    return np.asarray(table.astype(np.uint8)[grey], np.uint8)


def _dyed(rng: np.random.Generator, layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """A premultiplied layer float32 [H,W,4] in another hue, or pale, or in a ramp of a few colours."""
    alpha = layer[..., 3]
    colours = np.clip(layer[..., :3] / np.maximum(alpha, 1 / 255)[..., None], 0, 255).astype(np.uint8)
    choice = rng.random()
    if choice < 0.5:
        colours = _recoloured(rng, colours)
    elif choice < 0.8:
        hsv = cv2.cvtColor(colours, cv2.COLOR_RGB2HSV)
        hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=float(rng.uniform(0, 0.5)))
        # Ink stays nearly as dark as it was; everything above it moves up.
        light = np.arange(256) / 255
        lifted = light ** float(rng.uniform(0.25, 0.7))
        hsv[..., 2] = cv2.LUT(hsv[..., 2], np.rint(lifted * 255).astype(np.uint8))
        colours = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    else:
        colours = _painted(rng, colours, np.rint(alpha * 255).astype(np.uint8))
    return np.dstack([colours * alpha[..., None], alpha]).astype(np.float32)


def _in_pixels(
    rng: np.random.Generator, layer: NDArray[np.float32], *, solid: bool, fewest: int = 20
) -> NDArray[np.float32]:
    """A premultiplied layer (or an opaque picture) as pixel art: in large squares of few colours.

    Args:
        rng: decides the size of the squares and the colours.
        layer: float32 [H,W,4], colours 0..255 and alpha 0..1, or [H,W,3].
        solid: whether alpha is all or nothing.
        fewest: squares from top to bottom at least.
    """
    h, w, channels = layer.shape
    cells = float(np.exp(rng.uniform(np.log(fewest), np.log(110)))) / h
    opaque = np.ones((h, w, 4 - channels), np.float32)
    premultiplied = np.concatenate([layer, opaque], axis=2) * np.array([1, 1, 1, 255], np.float32)
    size = (max(4, round(w * cells)), max(4, round(h * cells)))
    small = in_blocks(premultiplied, size, int(rng.integers(4, 16)), hard=solid).astype(np.float32)
    small[..., 3] /= 255
    small[..., :3] *= small[..., 3:]
    return np.asarray(cv2.resize(small[..., :channels], (w, h), interpolation=cv2.INTER_NEAREST), np.float32)


def _pick(rng: np.random.Generator, bank: Bank) -> tuple[Clip, int]:
    clip = bank.clip(int(rng.integers(len(bank))))
    return clip, int(rng.integers(len(clip.frames)))


def _maps(clip: Clip, t: int) -> Maps:
    return {
        "ids": np.asarray(clip.ids[t]),
        "alpha": np.asarray(clip.alpha[t]),
        "effect": np.asarray(clip.effect[t]),
        "effect_type": np.asarray(clip.effect_type[t]),
        "object": np.asarray(clip.object[t]),
    }


def _character(rng: np.random.Generator, bank: Bank) -> tuple[NDArray[np.float32], NDArray[np.uint8]] | None:
    """Premultiplied RGBA float32 [H,W,4] (colour 0..255, alpha 0..1) and ids of a frame without effects."""
    for _ in range(TRIES):
        index = int(rng.integers(len(bank)))
        clip = bank.clip(index)
        t = int(rng.integers(len(clip.frames)))
        known = _TAKEABLE.setdefault(bank, {})
        if (index, t) not in known:
            known[index, t] = _takeable(clip, t)
        if not known[index, t]:
            continue
        a = np.asarray(clip.alpha[t]).astype(np.float32) / 255
        rgb = np.asarray(clip.frames[t]) - (1 - a[..., None]) * np.asarray(clip.plate[t])
        rgb = np.clip(rgb, 0, 255 * a[..., None])
        return np.dstack([rgb, a]).astype(np.float32), np.asarray(clip.ids[t])
    return None


def _takeable(clip: Clip, t: int) -> bool:
    """Whether there is a character, whole from side to side, and nothing before it."""
    if clip.effect[t].any() or clip.object[t].any() or not clip.ids[t].any():
        return False
    # Moved inwards it would end in a straight cut.
    return not (clip.alpha[t, :, 0].any() or clip.alpha[t, :, -1].any())


def _placed(rng: np.random.Generator, alpha: NDArray[np.float32]) -> NDArray[np.float64]:
    """The layer mirrored, scaled about its middle and moved: feet stay where feet are, cuts stay outside."""
    h, w = alpha.shape
    cut_above, cut_below = bool(alpha[0].any()), bool(alpha[-1].any())
    scale = float(np.exp(rng.uniform(np.log(1.0 if cut_above else 0.6), np.log(1.5))))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    x, drop = w / 2 + rng.normal(0, 0.25) * w, rng.normal(0, 0.08) * h
    y = h * (1 - scale / 2) + (0.0 if cut_above and cut_below else abs(drop) if cut_below else drop)
    turn = np.array([[scale * mirror, 0.0], [0.0, scale]])
    return np.column_stack([turn, np.array([x, y]) - turn @ np.array([w / 2, h / 2])])


def _cluttered(rng: np.random.Generator, plate: Frame, bank: Bank) -> Frame:
    """Pieces of other backdrops in this one: not everything with an edge is a character."""
    plate = plate.copy()
    h, w = plate.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        other, t = _pick(rng, bank)
        mask = np.zeros((h, w), np.uint8)
        centre = rng.uniform(0, 1, 2) * (w, h)
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        radius = rng.uniform(0.05, 0.35) * h * rng.uniform(0.5, 1, len(angles))
        ring = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
        cv2.fillPoly(mask, [ring.astype(np.int32)], 255, cv2.LINE_AA)
        if rng.random() < 0.3:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1, 8))), np.uint8)
        share = mask[..., None].astype(np.float32) / 255
        piece = np.roll(np.asarray(other.plate[t]), tuple(rng.integers(0, (h, w))), (0, 1))
        plate = (plate * (1 - share) + piece * share).astype(np.uint8)
    return plate


def _recoloured(rng: np.random.Generator, plate: Frame) -> Frame:
    """Another hue, saturation and brightness, so that the plate's light differs from the characters'."""
    hsv = cv2.cvtColor(plate, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(rng.integers(180))) % 180
    hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=float(rng.uniform(0.4, 1.4)))
    hsv[..., 2] = cv2.convertScaleAbs(hsv[..., 2], alpha=float(rng.uniform(0.5, 1.2)))
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
