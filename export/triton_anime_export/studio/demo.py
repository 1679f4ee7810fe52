"""The demonstration clip: two short shots drawn by the studio, 1280x720 at 24 fps on twos.

In the first a girl stands in a meadow while the painted background pans and a boy runs in; in the second
both face a fire at dusk and she gathers light in her hand. A seed changes the backdrops, not the story.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import skia
from numpy.typing import NDArray

from . import demo_places, haste, light, matter
from .characters import draw_figure
from .demo_people import boy, girl
from .design import Design
from .effect_stage import Stage
from .paint import Colour, pixels
from .pose import Pose, act, blend, joints
from .scene import Actor, Matrix, compose, similarity
from .source import Source
from .texture import painted

WIDTH, HEIGHT, FRAME_RATE, HOLD = 1280, 720, 24, 2
SHOT_SECONDS = (4.5, 4.5)


@dataclass(frozen=True)
class Part:
    """One character in a shot: who, acting as a function of the time in seconds, and where it stands."""

    design: Design
    acting: Callable[[float], tuple[Pose, str]]
    place: Callable[[float], tuple[float, float, float]]  # x and ground y in pixels, pixels to a head height

    def actor(self, name: str, time: float) -> Actor:
        """The character's drawing at a time, as large as the frame around it."""
        pose, expression = self.acting(time)
        x, ground, scale = self.place(time)
        drawing = draw_figure(self.design, pose, expression, scale, (x, ground), (WIDTH, HEIGHT))
        return still(Source("character", name, (drawing,)), WIDTH / 2, HEIGHT / 2, 1.0)

    def hand(self, time: float) -> tuple[float, float]:
        """Pixel of the leading hand."""
        pose, _ = self.acting(time)
        x, ground, scale = self.place(time)
        point = joints(self.design, pose).hand[1 if self.design.facing >= 0 else 0]
        return x + point[0] * scale, ground + point[1] * scale


def still(source: Source, x: float, y: float, scale: float) -> Actor:
    """A source on stage for one frame, centred at (x, y)."""
    height, width = source.drawings[0].shape[:2]
    return Actor(source, [similarity(x, y, scale, 0.0, False, (width, height))], [0])


def shines(time: float, moments: tuple[float, ...]) -> float:
    """1 during the two drawings of a blink."""
    return 1.0 if any(moment <= time < moment + 0.16 for moment in moments) else 0.0


def wind(time: float, strength: float) -> float:
    """Sway of hair and cloth."""
    return strength * (0.6 + 0.4 * math.sin(2.1 * time) + 0.25 * math.sin(5.3 * time + 1.0))


def backdrop(seed: int, painter: Callable[[skia.Canvas, np.random.Generator, int, int], None]) -> Source:
    """A painted background with room for a pan."""
    scale = 1.7
    width, height = 1000, 452
    surface = skia.Surface(round(width * scale), round(height * scale))
    canvas = surface.getCanvas()
    canvas.scale(scale, scale)
    rng = np.random.default_rng(seed)
    painter(canvas, rng, width, height)
    return Source("backdrop", f"demo:{seed}", (painted(rng, pixels(surface), 0.55),))


def effect(
    effect_type: str,
    draw: Callable[[Stage], None],
    time: float,
    colours: tuple[Colour, Colour],
    seed: int,
    cel: bool,
    additive: bool,
    size: int = 420,
) -> Source:
    """One drawing of an effect."""
    surface = skia.Surface(size, size)
    draw(Stage(surface.getCanvas(), float(size), time, seed, colours[0], colours[1], cel))
    return Source("effect", f"demo:{effect_type}", (pixels(surface),), additive, effect_type)


def meeting() -> tuple[Part, Part]:
    """Acting of the first shot."""

    def her(time: float) -> tuple[Pose, str]:
        pose = act("idle", time / 2.6, 0.6, 0.5)
        pose.sway, pose.blink = wind(time, 0.13), shines(time, (0.7, 2.1))
        if time > 2.7:
            pose = blend(
                pose, replace(act("talk", time / 1.1, 0.7, 0.5), sway=pose.sway), min(1.0, (time - 2.7) / 0.5)
            )
        return pose, "neutral" if time < 1.6 else "smile"

    def him(time: float) -> tuple[Pose, str]:
        run = act("run", time / 0.62, 1.0, -1.0)
        stand = act("wave", time / 0.7, 1.0, -1.0)
        stand.upper_arm, stand.forearm = [-stand.upper_arm[1], 0.2], [-stand.forearm[1], 0.1]
        stand.sway = -wind(time, 0.1)
        stand.blink = shines(time, (3.9,))
        return blend(run, stand, min(1.0, max(0.0, (time - 2.75) / 0.4))), "smile"

    def where(time: float) -> tuple[float, float, float]:
        share = min(1.0, max(0.0, (time - 1.3) / 1.55))
        return 1480 - 500 * (1 - (1 - share) ** 1.6), 708.0, 104.0

    return Part(girl(), her, lambda time: (400.0, 1190.0, 192.0)), Part(boy(), him, where)


def gathering() -> tuple[Part, Part]:
    """Acting of the second shot."""

    def her(time: float) -> tuple[Pose, str]:
        rest, cast = act("idle", time / 2.6, 0.5, 1.0), act("cast", time / 1.6, 0.8, 1.0)
        pose = blend(rest, cast, min(1.0, max(0.0, (time - 0.5) / 0.6)))
        pose.sway, pose.blink = -wind(time * 1.6, 0.1 + 0.22 * min(1.0, time / 2)), shines(time, (0.4,))
        pose.mouth = 0.8 if time > 3.0 else 0.0
        return pose, "angry" if time > 0.8 else "neutral"

    def him(time: float) -> tuple[Pose, str]:
        pose = act("idle", time / 2.2, 0.8, -1.0)
        pose.upper_arm, pose.forearm = [-0.6, 0.4], [-1.75, 0.1]
        pose.thigh, pose.shin = [-0.28, 0.24], [-0.2, 0.2]
        pose.sway, pose.blink = wind(time * 1.5, 0.16), shines(time, (1.9,))
        return pose, "smirk"

    hero = replace(boy(), prop="sword", facing=-0.5)
    return Part(replace(girl(), facing=0.7), her, lambda time: (400.0, 850.0, 134.0)), Part(
        hero, him, lambda time: (1035.0, 800.0, 118.0)
    )


def drawings(seed: int) -> Iterator[NDArray[np.uint8]]:
    """Distinct drawings in order, RGB uint8 [720,1280,3]; each is shown for two frames."""
    step = HOLD / FRAME_RATE
    field = backdrop(seed, demo_places.hillside)
    she, he = meeting()
    count = round(SHOT_SECONDS[0] / step)
    for index in range(count):
        time, share = index * step, index / count
        actors = [he.actor("demo:boy", time)] if time > 1.25 else []
        actors.append(she.actor("demo:girl", time))
        yield frame(field, actors, 80 - 160 * share, 1.12, 0.0)
    waste = backdrop(seed + 1, demo_places.dusk_shore)
    she, he = gathering()
    count = round(SHOT_SECONDS[1] / step)
    blue, orange = ((0.25, 0.55, 1.0), (0.75, 0.95, 1.0)), ((0.98, 0.42, 0.08), (1.0, 0.85, 0.35))
    for index in range(count):
        time, share = index * step, index / count
        actors = [still(effect("fire", matter.fire, time * 0.8, orange, 5, True, False), 705.0, 560.0, 0.95)]
        actors += [he.actor("demo:boy", time), she.actor("demo:girl", time)]
        grown = min(1.0, max(0.0, (time - 1.0) / 2.2))
        if grown > 0:
            x, y = she.hand(time)
            ball = effect("energy_glow", light.energy_glow, time, blue, 8, False, True)
            actors.append(still(ball, x + 34, y, 0.25 + 0.6 * grown))
        if time > 3.1:
            ring = effect("shockwave", haste.shockwave, min(1.0, (time - 3.1) / 1.2), blue, 3, False, True)
            actors.append(still(ring, x + 34, y, 1.6))
        tremor = 5.0 * grown * math.sin(index * 2.4)
        yield frame(waste, actors, 0.0, 1.1 + 0.05 * share, tremor)


def frame(ground: Source, actors: list[Actor], pan: float, zoom: float, tremor: float) -> NDArray[np.uint8]:
    """Compose one drawing: the backdrop pans under the characters, a tremor moves everything."""
    height, width = ground.drawings[0].shape[:2]
    scale = max(WIDTH / width, HEIGHT / height) * zoom
    base = Actor(ground, [similarity(WIDTH / 2 + pan, HEIGHT / 2, scale, 0.0, False, (width, height))], [0])
    camera: Matrix = np.array([[1, 0, tremor], [0, 1, tremor * 0.6], [0, 0, 1]], np.float64)
    return compose(base, actors, [camera], (WIDTH, HEIGHT)).frames[0]


def write_demo(path: Path, seed: int = 7, crf: int = 21) -> None:
    """Encode the clip as H.264 (yuv420p); one thread, so that the same seed gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(FRAME_RATE))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": str(crf), "preset": "slow", "tune": "animation", "threads": "1"}
        shown = 0
        for drawing in drawings(seed):
            for _ in range(HOLD):
                picture = av.VideoFrame.from_ndarray(drawing, format="rgb24")
                picture.pts = shown
                shown += 1
                container.mux(stream.encode(picture))
        container.mux(stream.encode())
