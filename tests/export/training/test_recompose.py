"""Recomposed scenes: the character is another shot's, the truth is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime_export.errors import DataError
from triton_anime_export.studio.bank import Bank
from triton_anime_export.studio.effect_pool import EffectPool, draw_pool, load, save
from triton_anime_export.studio.source import EFFECT_TYPES
from triton_anime_export.training import recompose

HEIGHT, WIDTH = 96, 160
RED, GREY, BLUE = (200, 40, 30), 120, (20, 60, 180)


@dataclass(frozen=True)
class OneClip:
    """What recomposition reads of a clip, one drawing."""

    frames: NDArray[np.uint8]
    plate: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    object: NDArray[np.uint8]
    effect: NDArray[np.uint8]
    effect_type: NDArray[np.uint8]


class TwoClips:
    """A red character with a soft edge on grey, and an empty blue backdrop."""

    def __init__(self) -> None:
        zeros = np.zeros((1, HEIGHT, WIDTH), np.uint8)
        alpha = zeros.copy()
        alpha[0, 30:80, 60:100] = 255
        alpha[0, 30:80, 58:60] = 100
        plate = np.full((1, HEIGHT, WIDTH, 3), GREY, np.uint8)
        share = alpha[..., None] / 255
        frame = (share * np.array(RED) + (1 - share) * plate + 0.5).astype(np.uint8)
        blue = np.broadcast_to(np.array(BLUE, np.uint8), plate.shape).copy()
        self.effects: EffectPool | None = None
        self.clips = (
            OneClip(frame, plate, (alpha >= 128).astype(np.uint8), alpha, zeros, zeros, zeros),
            OneClip(blue, blue, zeros, zeros, zeros, zeros, zeros),
        )

    def __len__(self) -> int:
        return 2

    def clip(self, index: int) -> Any:
        return self.clips[index]


def without_scenery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plates stay as they were drawn."""
    for share in ("DENSE", "WALLS", "CROWNS", "CLOUDS"):
        monkeypatch.setattr(recompose, share, 0.0)


def test_recomposed_frames_are_alpha_times_character_over_another_plate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recompose, "_recoloured", lambda rng, plate: plate)
    monkeypatch.setattr(recompose, "_cluttered", lambda rng, plate, bank: plate)
    monkeypatch.setattr(recompose, "PIXEL_ART", 0.0)
    monkeypatch.setattr(recompose, "DYED", 0.0)
    without_scenery(monkeypatch)
    bank = cast(Bank, TwoClips())
    on_blue = 0
    for seed in range(20):
        frame, maps = recompose.draw(np.random.default_rng(seed), bank, share=1.0)
        alpha = maps["alpha"].astype(np.float32)[..., None] / 255
        plates = [np.array(colour, np.float32) for colour in (BLUE, (GREY,) * 3)]
        errors = [np.abs(frame - (alpha * np.array(RED) + (1 - alpha) * plate)).max() for plate in plates]
        assert min(errors) <= 4
        plate = plates[int(np.argmin(errors))]
        assert not (maps["ids"] > 0)[maps["alpha"] < 120].any()
        on_blue += int(np.array_equal(plate, BLUE) and bool((maps["ids"] > 0).any()))
    assert on_blue >= 3


def test_effects_are_laid_over_by_the_compositors_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompose, "_recoloured", lambda rng, plate: plate)
    for share in ("PIXEL_EFFECTS", "PAINTED"):
        monkeypatch.setattr(recompose, share, 0.0)
    bank = TwoClips()
    layer = np.zeros((1, 64, 64, 4), np.uint8)
    layer[:, 16:48, 16:48] = (10, 200, 60, 255)
    kind = EFFECT_TYPES.index("smoke")
    for additive in (False, True):
        bank.effects = EffectPool(layer, np.array([kind], np.uint8), np.array([additive]), np.array([False]))
        laid = 0
        for seed in range(30):
            frame, maps = recompose.draw(np.random.default_rng(seed), cast(Bank, bank), share=0.0)
            before = max(bank.clips, key=lambda clip: float((clip.frames[0] == frame).mean()))
            solid = maps["effect"] >= 250
            if not solid.any() or additive:
                laid += int(maps["effect"].any())
                continue
            laid += 1
            assert (maps["effect_type"][solid] == kind).all()
            assert np.abs(frame[solid].astype(int) - (10, 200, 60)).max() <= 6
            assert not maps["ids"][solid].any()
            untouched = maps["effect"] == 0
            assert np.array_equal(frame[untouched], before.frames[0][untouched])
        assert laid >= 3


def a_square_of_smoke() -> EffectPool:
    layer = np.zeros((1, 64, 64, 4), np.uint8)
    layer[:, 16:48, 16:48] = (10, 200, 60, 255)
    kind = EFFECT_TYPES.index("smoke")
    return EffectPool(layer, np.array([kind], np.uint8), np.array([False]), np.array([False]))


def test_painted_effects_keep_their_shape_and_their_order_of_light_and_shade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("PIXEL_EFFECTS", 0.0), ("PAINTED", 1.0), ("NEAR", 0.0)):
        monkeypatch.setattr(recompose, name, value)
    bank = TwoClips()
    layer = np.zeros((1, 96, 96, 4), np.uint8)
    for shade, left in ((40, 16), (120, 40), (220, 64)):
        layer[:, 16:80, left : left + 24] = (shade, shade, shade, 255)
    bank.effects = EffectPool(layer, np.array([1], np.uint8), np.array([False]), np.array([False]))
    numbers, tinted = set(), 0
    for seed in range(60):
        frame, maps = recompose.draw(
            np.random.default_rng(seed), cast(Bank, bank), share=0.0, effects=(1.0, 1.0)
        )
        solid = cv2.erode((maps["effect"] >= 250).astype(np.uint8), np.ones((3, 3))) > 0
        if not solid.any():
            continue
        colours, counts = np.unique(frame[solid], axis=0, return_counts=True)
        numbers.add(int((counts > 12).sum()))
        tinted += int(np.ptp(colours, axis=1).max() > 30)
        assert not maps["ids"][maps["effect"] >= 140].any()
    assert {1, 3} <= numbers
    assert tinted >= 10
    shades = np.array([[40, 40, 40], [120, 120, 120], [220, 220, 220]], np.uint8)[None]
    opaque = np.full((1, 3), 255, np.uint8)
    for seed in range(20):
        painted = recompose._painted(np.random.default_rng(seed), shades, opaque)[0].max(axis=1).astype(int)
        assert painted[0] <= painted[1] + 2 <= painted[2] + 4


def test_dyed_characters_keep_their_alpha_and_what_is_lighter_stays_lighter() -> None:
    alpha = np.full((4, 3), 1.0, np.float32)
    alpha[3] = 0.5
    costume = np.zeros((4, 3, 3), np.float32)
    costume[:, 0], costume[:, 1], costume[:, 2] = (10, 8, 12), (150, 60, 40), (240, 200, 90)
    layer = np.dstack([costume * alpha[..., None], alpha]).astype(np.float32)
    seen = set()
    for seed in range(40):
        dyed = recompose._dyed(np.random.default_rng(seed), layer)
        np.testing.assert_array_equal(dyed[..., 3], alpha)
        assert (dyed[..., :3] <= 255 * alpha[..., None]).all()
        np.testing.assert_allclose(dyed[3, :, :3], dyed[0, :, :3] / 2, atol=1)
        ink, cloth, gold = dyed[0, :, :3].max(axis=1).astype(int)
        assert ink <= cloth + 2 <= gold + 4
        seen.add(tuple(dyed[0, 1, :3].astype(int)))
    assert len(seen) > 20


def test_some_of_the_recomposed_characters_are_dyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompose, "PIXEL_ART", 0.0)
    monkeypatch.setattr(recompose, "_dyed", lambda rng, layer: layer[..., [1, 0, 2, 3]])
    without_scenery(monkeypatch)
    bank = cast(Bank, TwoClips())
    colours = set()
    for seed in range(20):
        frame, maps = recompose.draw(np.random.default_rng(seed), bank, share=1.0)
        colours |= {tuple(int(c) for c in pixel) for pixel in frame[maps["alpha"] == 255][:1]}
    assert colours == {RED, (RED[1], RED[0], RED[2])}


def test_an_effect_behind_everybody_is_hidden_by_them(monkeypatch: pytest.MonkeyPatch) -> None:
    without_scenery(monkeypatch)
    for name in ("PIXEL_EFFECTS", "PIXEL_ART", "PAINTED", "DYED"):
        monkeypatch.setattr(recompose, name, 0.0)
    monkeypatch.setattr(recompose, "BEHIND", 1.0)
    monkeypatch.setattr(recompose, "_recoloured", lambda rng, plate: plate)
    bank = TwoClips()
    bank.effects = a_square_of_smoke()
    met = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame, maps = recompose.draw(rng, cast(Bank, bank), share=1.0, effects=(0.0, 1.0))
        solid = maps["alpha"] >= 250
        assert maps["effect"][solid].max(initial=0) <= 6
        assert np.abs(frame[solid].astype(int) - RED).max(initial=0) <= 4
        seen = maps["effect"] >= 250
        assert np.abs(frame[seen].astype(int) - (10, 200, 60)).max(initial=0) <= 6
        met += int(solid.any() and seen.any())
    assert met >= 10


def test_half_of_the_effects_lie_on_or_beside_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompose, "PIXEL_EFFECTS", 0.0)
    bank = TwoClips()
    bank.effects = a_square_of_smoke()
    bank.clips = (bank.clips[0], bank.clips[0])
    before = np.asarray(bank.clips[0].alpha[0]) >= 128
    hidden = {}
    for near in (0.0, 1.0):
        monkeypatch.setattr(recompose, "NEAR", near)
        laid = [
            recompose.draw(np.random.default_rng(seed), cast(Bank, bank), share=0.0, effects=(1.0, 0.0))[1]
            for seed in range(40)
        ]
        hidden[near] = np.mean([(maps["alpha"][before] < 128).mean() for maps in laid])
    assert hidden[1.0] > 1.5 * hidden[0.0] > 0


def test_a_pool_comes_back_from_disk(tmp_path: Path) -> None:
    drawn = draw_pool(3, None, 12)
    assert load(tmp_path) is None
    save(drawn, tmp_path)
    read = load(tmp_path)
    assert read is not None
    assert np.array_equal(read.layers, drawn.layers)
    assert np.array_equal(read.kinds, drawn.kinds)
    assert set(read.kinds.tolist()) == set(range(1, len(EFFECT_TYPES)))
    (tmp_path / "effects.json").write_text("[{}]")
    with pytest.raises(DataError, match="draw the bank again"):
        load(tmp_path)


def test_with_no_share_frames_are_as_drawn() -> None:
    bank = TwoClips()
    frame, maps = recompose.draw(np.random.default_rng(0), cast(Bank, bank), share=0.0)
    clip = next(clip for clip in bank.clips if np.array_equal(clip.frames[0], frame))
    assert np.array_equal(maps["alpha"], clip.alpha[0])


def test_pixel_art_has_large_squares_and_hard_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is in pixels: alpha is all or nothing, in squares, and the truth follows."""
    monkeypatch.setattr(recompose, "_cluttered", lambda rng, plate, bank: plate)
    monkeypatch.setattr(recompose, "PIXEL_ART", 1.0)
    without_scenery(monkeypatch)
    shown = 0
    for seed in range(12):
        _, maps = recompose.draw(np.random.default_rng(seed), cast(Bank, TwoClips()), share=1.0)
        alpha = maps["alpha"]
        # Only the last resampling softens: a thin seam of what is there.
        soft = (alpha > 20) & (alpha < 235)
        shown += bool(alpha.any())
        assert soft.sum() <= 0.25 * (alpha > 0).sum()
        assert np.array_equal(alpha >= 128, maps["ids"] > 0) or (maps["ids"][alpha >= 128] > 0).mean() > 0.6
    assert shown >= 8


def test_scenery_is_background_and_hides_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompose, "_cluttered", lambda rng, plate, bank: plate)
    monkeypatch.setattr(recompose, "_character", lambda rng, bank: None)
    monkeypatch.setattr(recompose, "_recoloured", lambda rng, plate: plate)
    monkeypatch.setattr(recompose, "PIXEL_ART", 0.0)
    without_scenery(monkeypatch)
    monkeypatch.setattr(recompose, "WALLS", 1.0)
    bank = TwoClips()
    everything = np.full((1, HEIGHT, WIDTH), 255, np.uint8)
    bank.clips = (replace(bank.clips[1], object=everything),)
    monkeypatch.setattr(TwoClips, "__len__", lambda self: 1)
    monkeypatch.setattr(recompose, "with_walls", lambda rng, plate, other: half(plate))
    frame, maps = recompose.draw(np.random.default_rng(1), cast(Bank, bank), share=1.0)
    assert np.array_equal(maps["object"] == 0, (frame == GREY).all(axis=2))
    assert not maps["ids"].any()


def half(plate: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey on the left."""
    out = plate.copy()
    out[:, : WIDTH // 2] = GREY
    return out


def test_a_dense_plate_keeps_its_objects_where_they_are_drawn() -> None:
    plate = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    objects = np.zeros((HEIGHT, WIDTH), np.uint8)
    plate[20:60, 30:70], objects[20:60, 30:70] = RED, 255
    for seed in range(6):
        dense, there = recompose._denser(np.random.default_rng(seed), plate, objects)
        red = dense[..., 0].astype(int) - dense[..., 1] > 80
        assert (red == (there >= 128)).mean() > 0.97
        assert 0.03 < (there >= 128).mean() < 0.4
