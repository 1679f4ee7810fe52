"""The broadcast: deterministic, the truth can follow it, and what lies over the picture is marked."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("skia")

from triton_anime_export.studio import broadcast, reception, subtitles
from triton_anime_export.studio.codec import available, round_trip


def clip(count: int = 5, height: int = 96, width: int = 160) -> np.ndarray:
    base = cv2.resize(np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8), (width, height))
    return np.stack([np.roll(base, 3 * k, axis=1) for k in range(count)])


@pytest.mark.parametrize("codec", available())
def test_a_codec_returns_every_frame_close_to_what_it_got(codec: str) -> None:
    frames = clip(4, 67, 101)
    fine, coarse = (round_trip(frames, codec, quality) for quality in broadcast.CODECS[codec])
    assert fine.shape == coarse.shape == frames.shape
    error = [np.abs(f.astype(int) - frames).mean() for f in (fine, coarse)]
    assert error[0] < 8
    assert error[0] < error[1]


@pytest.mark.parametrize("codec", available())
def test_a_codec_gives_the_same_pictures_whatever_lies_in_memory(codec: str) -> None:
    frames = clip(5, 128, 224)
    litter, found = [], set()
    for size in range(8):
        litter.append(np.full(40_000 * (size + 1), 85 + size, np.uint8))
        found.add(round_trip(frames, codec, np.mean(broadcast.CODECS[codec])).tobytes())
    assert len(found) == 1


def test_mpeg_is_always_built_in_and_others_are_refused() -> None:
    assert {"mpeg2video", "mpeg4"} <= set(available())
    with pytest.raises(ValueError, match="no encoder 'film'"):
        round_trip(clip(1), "film", 1)


def test_the_same_seed_gives_the_same_bytes() -> None:
    for seed in (1, 11):
        first, again = (broadcast.degrade(clip(), np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(first.frames, again.frames)
        assert np.array_equal(first.overlay, again.overlay)
        assert first.steps == again.steps


@pytest.mark.parametrize("seed", range(6))
def test_holds_repeat_but_never_leave_out(seed: int) -> None:
    frames = clip(6)
    result = broadcast.degrade(frames, np.random.default_rng(seed))
    assert result.frames.shape[1:] == frames.shape[1:]
    assert len(result.frames) == len(result.overlay) == len(result.held) == len(result.held_below)
    assert result.held[0] == 0
    assert result.held[-1] == 5
    assert set(np.diff(result.held)) <= {0, 1}
    assert set(result.held_below - result.held) <= {0, 1}


def test_pulldown_weaves_fields_two_three() -> None:
    frames = np.stack([np.full((4, 4, 3), 10 * k, np.uint8) for k in range(4)])
    shown, held, below = broadcast.pulldown(frames, "weave")
    assert held.tolist() == [0, 1, 1, 2, 3]
    assert below.tolist() == [0, 1, 2, 3, 3]
    assert shown[2, ::2].max() == shown[2, ::2].min() == 10
    assert shown[2, 1::2].max() == shown[2, 1::2].min() == 20
    blended, _, _ = broadcast.pulldown(frames, "blend")
    assert (blended[2] == 15).all()


def test_without_overlays_nothing_is_marked() -> None:
    for seed in range(5):
        result = broadcast.degrade(clip(2), np.random.default_rng(seed), overlays=False, holds=False)
        assert not result.overlay.any()
        assert len(result.frames) == 2


def test_every_fault_of_a_broadcast_happens() -> None:
    """And each that changes the picture by itself does so."""
    met: set[str] = set()
    for seed in range(150):
        rng = np.random.default_rng(seed)
        frames = clip(2, 48, 64)
        changed, names = reception.received(rng, frames, 1.0)
        assert np.array_equal(changed, frames) == (not names)
        met |= {name.split(" ")[0] for name in names}
    assert met == {"resolution", "blur", "composite", "sharpened", "levels", "grain", "line"}
    steps = [broadcast.degrade(clip(3, 48, 64), np.random.default_rng(seed)).steps for seed in range(60)]
    told = {step.split(" q")[0] for every in steps for step in every}
    assert told >= {"bars", "subtitles", "logo", "credit"}
    assert told >= {f"pulldown: {kind}" for kind in broadcast.PULLDOWNS}
    assert told >= set(available())


def test_what_is_not_marked_is_not_touched() -> None:
    frame = clip(1)[0]
    kept = frame.copy()
    touched = 0
    for seed in range(12):
        shown, overlay = broadcast.overlay_augment(np.random.default_rng(seed), frame, 1.0)
        assert np.array_equal(shown[overlay == 0], frame[overlay == 0])
        touched += int(overlay.any())
    assert touched >= 11
    assert np.array_equal(frame, kept)
    same, none = broadcast.overlay_augment(np.random.default_rng(0), frame, 0.0)
    assert same is frame
    assert not none.any()


def test_subtitles_need_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "typefaces", tuple)
    for seed in range(8):
        alpha = subtitles.subtitles(np.random.default_rng(seed), 320, 180)[..., 3]
        assert 0.003 < (alpha > 127).mean() < 0.3


def test_wrong_frames_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"uint8 \[T,H,W,3\], not float32 \[2, 4, 4\]"):
        broadcast.degrade(np.zeros((2, 4, 4), np.float32), np.random.default_rng(0))
