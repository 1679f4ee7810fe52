"""Every kind of file gives the right pictures at the right times."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from triton_anime.errors import VideoError
from triton_anime.timecode import parse_span
from triton_anime.video import Selection, open_video
from triton_anime.videos.source import ALPHA_WARNING

Clip = Callable[..., Path]


def read(path: Path, **selection: Any) -> tuple[Any, list[Any]]:
    reader = open_video(path, Selection(**selection))
    return reader, list(reader)


def close_to(image: Any, expected: Any, mean: float = 9.0) -> bool:
    return image.shape == expected.shape and np.abs(image.astype(int) - expected).mean() < mean


def test_frames_times_and_size(clip: Clip, painted: Any) -> None:
    frames = [painted(3, step) for step in range(8)]
    reader, found = read(clip("plain.mp4", frames, rate=Fraction(24000, 1001)))
    assert (reader.width, reader.height, reader.frame_rate) == (160, 96, Fraction(24000, 1001))
    assert reader.frame_count == 8
    assert [frame.index for frame in found] == list(range(8))
    assert [frame.time for frame in found] == [Fraction(1001 * n, 24000) for n in range(8)]
    assert all(close_to(frame.image, truth) for frame, truth in zip(found, frames, strict=True))


def test_variable_frame_rate_keeps_true_times(clip: Clip, painted: Any) -> None:
    times = [Fraction(n, 1000) for n in (0, 40, 90, 400, 410, 1000)]
    _, found = read(clip("vfr.mkv", [painted(3, n) for n in range(6)], times=times))
    assert [frame.time for frame in found] == times


@pytest.mark.parametrize("size", [(853, 479), (97, 161), (2, 2)])
def test_odd_sizes_and_portrait(clip: Clip, painted: Any, size: tuple[int, int]) -> None:
    frames = [painted(4, step, *size) for step in range(2)]
    options = {"crf": "5", "preset": "veryfast"}
    _, found = read(clip("odd.mkv", frames, pix_fmt="yuv444p", options=options))
    assert len(found) == 2
    assert close_to(found[0].image, frames[0])


def test_ten_bits(clip: Clip, painted: Any) -> None:
    frame = painted(5, 1)
    _, found = read(clip("ten.mkv", [frame] * 2, pix_fmt="yuv420p10le"))
    assert close_to(found[0].image, frame)


def test_grey(clip: Clip, painted: Any) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(painted(5, 1), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    _, found = read(clip("grey.mkv", [grey] * 2, codec="ffv1", pix_fmt="gray"))
    assert close_to(found[0].image, grey, 1.5)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.mov", "qtrle", "argb"),
        ("a.webm", "libvpx-vp9", "yuva420p"),
    ],
)
def test_alpha_is_shown_over_white(clip: Clip, painted: Any, name: str, codec: str, pix_fmt: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    frame = painted(6, 1)
    rgba = np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])
    rgba[:, 80:, 3] = 0
    options = {"profile": "4444"} if codec == "prores_ks" else {"crf": "10", "b": "0"}
    path = clip(name, [rgba] * 3, codec=codec, pix_fmt=pix_fmt, source_format="rgba", options=options)
    reader, found = read(path)
    assert reader.warnings == [ALPHA_WARNING]
    assert close_to(found[-1].image[:, :72], frame[:, :72], 6)
    assert found[-1].image[:, 88:].min() > 245


@pytest.mark.parametrize(("matrix", "full"), [(1, False), (1, True), (5, False), (5, True)])
def test_colour_matrix_and_range(tmp_path: Path, matrix: int, full: bool) -> None:
    colour = np.array([200, 40, 60])
    kr, kb = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}[matrix]
    luma = (kr * colour[0] + (1 - kr - kb) * colour[1] + kb * colour[2]) / 255
    chroma = (colour[2] / 255 - luma) / 2 / (1 - kb), (colour[0] / 255 - luma) / 2 / (1 - kr)
    scale = (0, 255, 255) if full else (16, 219, 224)
    planes = [scale[0] + scale[1] * luma, *(128 + scale[2] * value for value in chroma)]
    path = tmp_path / "colour.mkv"
    container = av.open(str(path), "w")
    stream: Any = container.add_stream("ffv1", rate=24)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    stream.codec_context.colorspace = matrix
    stream.codec_context.color_range = 2 if full else 1
    frame: Any = av.VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, planes, strict=True):
        plane.update(bytes([round(value)]) * plane.buffer_size)
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    for packet in (*stream.encode(frame), *stream.encode()):
        container.mux(packet)
    container.close()
    _, (only,) = read(path)
    assert np.abs(only.image.reshape(-1, 3).astype(int) - colour).max() <= 3


def test_rotation_is_applied(clip: Clip, painted: Any, tmp_path: Path) -> None:
    source = clip("upright.mp4", [painted(7, 1)] * 2)
    data = source.read_bytes()
    # The display matrix of the track header: 90 degrees instead of none.
    none = bytes.fromhex("00010000" + "00" * 8 + "00" * 4 + "00010000" + "00" * 12 + "40000000")
    turned = bytes.fromhex("00000000" + "00010000" + "00000000" + "ffff0000" + "00" * 16 + "40000000")
    at = data.find(none, data.find(b"tkhd"))
    path = tmp_path / "turned.mp4"
    path.write_bytes(data[:at] + turned + data[at + 36 :])
    reader, found = read(path)
    assert (reader.width, reader.height) == (96, 160)
    assert close_to(found[0].image, np.rot90(painted(7, 1), -1))


def test_animated_gif(clip: Clip, painted: Any) -> None:
    frames = [painted(8, step) for step in range(4)]
    reader, found = read(clip("анимация 動.gif", frames, codec="gif", pix_fmt="rgb8", rate=10))
    assert [frame.time for frame in found] == [Fraction(n, 10) for n in range(4)]
    assert reader.warnings == []
    assert close_to(found[3].image, frames[3], 25)


def test_animated_png(clip: Clip, painted: Any) -> None:
    frames = [painted(8, step) for step in range(4)]
    _, found = read(
        clip("moving.png", frames, codec="apng", pix_fmt="rgb24", rate=10, container_format="apng")
    )
    assert [np.array_equal(frame.image, truth) for frame, truth in zip(found, frames, strict=True)] == [
        True
    ] * 4


def test_animated_webp(painted: Any, tmp_path: Path) -> None:
    if not hasattr(cv2, "imwriteanimation"):
        pytest.skip("this OpenCV cannot write animations")
    frames = [painted(8, step) for step in range(4)]
    animation: Any = cv2.Animation()
    animation.frames = [
        np.dstack([frame[..., ::-1], np.full(frame.shape[:2], 255, np.uint8)]) for frame in frames
    ]
    animation.durations = np.array([100, 200, 50, 100])
    path = tmp_path / "moving.webp"
    assert cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, 95])
    _, found = read(path)
    assert [frame.time for frame in found] == [Fraction(n, 20) for n in (0, 2, 6, 7)]
    assert close_to(found[3].image, frames[3])


def test_picture_sequences_in_natural_order(painted: Any, tmp_path: Path) -> None:
    folder = tmp_path / "Bilder ünd 絵"
    folder.mkdir()
    frames = [painted(9, step) for step in range(12)]
    for number, frame in enumerate(frames):
        ok, data = cv2.imencode(".png", frame[..., ::-1])
        assert ok
        (folder / f"cut_{number}.png").write_bytes(data.tobytes())
    (folder / "notes.txt").write_text("not a picture")
    for path in (folder, folder / "cut_%d.png", folder / "cut_*.png"):
        reader = open_video(path, sequence_rate=Fraction(12))
        found = list(reader)
        assert [frame.time for frame in found] == [Fraction(n, 12) for n in range(12)]
        assert all(np.array_equal(a.image, b) for a, b in zip(found, frames, strict=True))


def test_sixteen_bit_grey_and_alpha_pictures(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 30), 30840, np.uint16))
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((20, 30, 4), np.uint8))
    reader, (first, second) = read(tmp_path)
    assert first.image.min() == first.image.max() == 120
    assert second.image.min() == 255
    assert ALPHA_WARNING in reader.warnings


def test_one_frame(clip: Clip, painted: Any, tmp_path: Path) -> None:
    _, found = read(clip("one.mp4", [painted(1, 1)]))
    assert len(found) == 1
    still = tmp_path / "still.jpg"
    cv2.imwrite(str(still), painted(1, 1))
    _, found = read(still)
    assert len(found) == 1


@pytest.fixture(scope="module")
def long_clip(clip: Clip, painted: Any) -> Path:
    return clip("long.mp4", [painted(2, n % 12) for n in range(96)], options={"g": "24", "crf": "30"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1-2", (24, 48)),
        ("00:00:01:12-00:00:02", (36, 48)),
        ("30f-40f", (30, 40)),
        ("3.5-", (84, 96)),
        ("-0.5", (0, 12)),
        ("90f-3.9", (90, 94)),
    ],
)
def test_ranges(long_clip: Path, text: str, expected: tuple[int, int]) -> None:
    reader, found = read(long_clip, span=parse_span(text))
    times = [frame.time * 24 for frame in found]
    assert times == list(range(*expected))
    assert [frame.index for frame in found] == list(range(len(found)))
    assert abs(reader.frame_count - len(found)) <= 1


def test_sampling_takes_the_frame_of_each_tick(long_clip: Path) -> None:
    _, found = read(long_clip, rate=Fraction(10))
    assert len(found) == 40
    for tick, frame in enumerate(found):
        assert Fraction(tick, 10) <= frame.time < Fraction(tick, 10) + Fraction(1, 24)
    _, found = read(long_clip, rate=Fraction(60), max_frames=7)
    assert len(found) == 7


def test_a_range_outside_the_video(long_clip: Path) -> None:
    with pytest.raises(VideoError, match="outside the video"):
        read(long_clip, span=parse_span("60-90"))


def test_leaving_early_stops_the_decoder(long_clip: Path) -> None:
    reader = open_video(long_clip)
    next(iter(reader))
    reader.close()
    assert reader._thread is not None
    assert not reader._thread.is_alive()
