"""The way of a drawing through the stages, readable from top to bottom.

Three kinds of overlap keep the server busy, and none of them changes a result: the requests of one drawing
(segmentation, effects, flow) are in flight together; so are several drawings; so are several shots. Only the
tracker and the two things that carry the past along (stabilised alpha, background plate) take the drawings of
a shot one after the other. What is kept is bounded by :class:`Settings`, never by the length of the video.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import characters, decompose, layers, matting
from triton_anime.cast.looks import embedder, with_looks
from triton_anime.cel import Cel
from triton_anime.characters import Segmentation
from triton_anime.drawing_layers import DrawingLayers, EffectView
from triton_anime.drawings import Drawing
from triton_anime.effect_prior import effect_prior
from triton_anime.fillers.cels import with_answers
from triton_anime.fillers.networks import open_inpainter
from triton_anime.flow_fields import resized
from triton_anime.guided import guided_upsample
from triton_anime.plates import Plate, View, plates
from triton_anime.prompts import effect_type
from triton_anime.refined_flow import refined
from triton_anime.roles import DETAIL, EFFECTS, FLOW, INPAINTING, SEGMENTATION, Answer, Roles
from triton_anime.server import Server
from triton_anime.settings import Settings
from triton_anime.steady import linked, settled, steadied
from triton_anime.streams import Pump, in_flight, overlapped
from triton_anime.tracker import open_tracker
from triton_anime.trackers.flow import dis_flow

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# Share of the picture, and mean probability, from which a prompt counts as found.
_LEAST_COVERAGE, _LEAST_INTENSITY = 0.002, 0.4


class Pipeline:
    """Turns drawings into layers with the networks of a server.

    Args:
        server: any Triton that serves (some of) the models of ``ensembles/``.
        settings: see :class:`Settings`.

    The same drawings give the same layers, whatever the timing; a shot depends on nothing outside it.

    Raises:
        InputError: the server lacks what the chosen video inpainting needs.
        ServerError: it cannot be asked for that.
    """

    def __init__(self, server: Server, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._server = server
        self._roles = Roles(server)
        chosen = self.settings.video_inpainting
        self._inpainter = None if chosen == "lama" else open_inpainter(server, chosen)

    def run(self, drawings: Iterable[Drawing]) -> Generator[DrawingLayers, None, None]:
        """Layers of every drawing, in order.

        Raises:
            ServerError: the server died for good, or a model failed.
        """
        cv2.setNumThreads(1)
        with ThreadPoolExecutor(self.settings.threads, thread_name_prefix="arithmetic") as pool:
            shots = overlapped(
                drawings,
                lambda drawing: drawing.is_shot_start,
                lambda shot: self._shot(shot, pool),
                self.settings.shots_in_flight,
                self.settings.drawings_in_flight,
            )
            with closing(shots):
                yield from shots

    def _shot(self, drawings: Iterable[Drawing], pool: ThreadPoolExecutor) -> Iterator[DrawingLayers]:
        """The stages of one shot."""
        depth = self.settings.drawings_in_flight
        cels = self._cels(drawings)
        looked = in_flight(cels, self._look, depth)  # stages 1 and 2b, and the flow
        tracked = self._track(looked)  # stage 3: identities
        if self.settings.stabilise:
            tracked = linked(tracked)  # stage 3: how neighbours hang together
        refined = in_flight(tracked, lambda cel: self._refine(cel, pool), depth)  # stage 2a
        masked = steadied(refined) if self.settings.stabilise else refined  # stage 3: masks
        steady = Pump(masked, 2, "steady")
        plated = self._plates(steady)  # stage 2c
        corrected = settled(plated)  # stage 3 once more: the masks that the plates corrected
        solved = in_flight(
            corrected, lambda done: pool.submit(self._layers, *done).result, self.settings.threads
        )
        yield from with_looks(solved, embedder(self._roles))  # stage 3: who is who across cuts

    def _cels(self, drawings: Iterable[Drawing]) -> Iterator[tuple[Cel | None, Cel]]:
        """Every drawing with the one before it."""
        long_side = self.settings.working_long_side
        cels = (Cel(drawing, decompose.working_frame(drawing.first.image, long_side)) for drawing in drawings)
        before: Cel | None = None
        for cel in cels:
            yield before, cel
            # only its working frame is needed: the picture must not be held twice as long
            before = cel

    def _look(self, pair: tuple[Cel | None, Cel]) -> Callable[[], Cel]:
        """Stages 1 and 2b and the flow from the drawing before, all sent at once."""
        before, cel = pair
        frame = cel.working
        looked = frame
        if self._roles.fixed_long_side > self.settings.working_long_side:
            looked = decompose.working_frame(cel.image, self._roles.fixed_long_side)
        segmented: dict[str, NDArray[Any]] = {"FRAME": looked}
        for name, words in (
            ("NETWORKS", self.settings.segmentation),
            ("CLASS_ROLES", self.settings.class_roles),
        ):
            if words:
                segmented[name] = np.array([word.encode() for word in words], object)
        segment = self._roles.ask(SEGMENTATION, segmented, ["INSTANCES", "SCORES", "BOXES", "PROBABILITY"])
        prompts = np.array([prompt.encode() for prompt in self.settings.prompts], object)
        asked: dict[str, NDArray[Any]] = {"FRAME": looked, "PROMPTS": prompts}
        if self.settings.effects:
            asked["NETWORKS"] = np.array([name.encode() for name in self.settings.effects], object)
        effects = self._roles.ask(EFFECTS, asked, ["ALPHA", "INTENSITY", "COVERAGE"])
        flow: Callable[[], Answer | None] = lambda: None  # noqa: E731
        if before is not None:
            long_side = self.settings.flow_long_side or self.settings.working_long_side
            earlier, later = (decompose.working_frame(each, long_side) for each in (before.working, frame))
            if self.settings.flow == "dis":
                flow = _dis(earlier, later)
            else:
                flow = self._roles.ask(FLOW, {"FRAME0": earlier, "FRAME1": later}, ["FORWARD", "BACKWARD"])

        def wait() -> Cel:
            answer = segment()
            if answer is not None:
                cel.segmentation = Segmentation.at(
                    (frame.shape[0], frame.shape[1]),
                    answer["INSTANCES"],
                    answer["SCORES"],
                    answer["BOXES"],
                    answer["PROBABILITY"],
                )
            cel.effects = effects()
            moved = flow()
            if moved is not None:
                size = frame.shape[0], frame.shape[1]
                cel.flow = self._flow_at(size, moved, before, frame)
                cel.motion_magnitude = _magnitude(cel.flow[0])
            return cel

        return wait

    def _flow_at(
        self, size: tuple[int, int], moved: Answer, before: Cel | None, frame: U8
    ) -> tuple[F32, F32]:
        """The answered flow both ways on the working grid; a network's is refined there."""
        forward, backward = resized(moved["FORWARD"], size), resized(moved["BACKWARD"], size)
        if before is None or self.settings.flow == "dis":
            return forward, backward
        return refined(before.working, frame, forward, backward)

    def _track(self, cels: Iterable[Cel]) -> Iterator[Cel]:
        """Identities from drawing to drawing: the only stage that must take a shot in order on the server."""
        tracker = open_tracker(self._server, self.settings.tracker, memory_every=self.settings.memory_every)
        for cel in cels:
            if cel.drawing.is_shot_start:
                tracker.reset(cel.drawing.shot)
            if cel.segmentation is not None:
                backward = None if cel.flow is None else cel.flow[1]
                cel.identity = tracker.step(cel.working, cel.segmentation.instances, backward).identity
            yield cel

    def _refine(self, cel: Cel, pool: ThreadPoolExecutor) -> Callable[[], Cel]:
        """Stage 2a at full resolution, while threads here refine the edges of the effects."""
        height, width = cel.image.shape[:2]
        cel.look_at_time()
        # what the tracker knows comes from other drawings
        coarse = cel.coarse(alone=not self.settings.stabilise)
        inputs: dict[str, NDArray[Any]] = {"FRAME": cel.image}
        somebody = True
        if coarse is not None:
            inputs["MASK"] = coarse
            inputs["BOXES"] = matting.boxes_of(coarse, height, width)
            somebody = len(inputs["BOXES"]) > 0
        if self.settings.detail:
            inputs["NETWORKS"] = np.array([name.encode() for name in self.settings.detail], object)
        detail: Callable[[], Answer | None] = lambda: None  # noqa: E731
        if somebody:
            detail = self._roles.ask(DETAIL, inputs, ["ALPHA", "AGREEMENT"])
        prior = pool.submit(effect_prior, cel.effect_masks(), cel.probability, cel.image)

        def wait() -> Cel:
            answer = detail()
            if answer is not None:
                cel.alpha = answer["ALPHA"]
                cel.mask_quality = _quality(answer, coarse)
            elif coarse is not None and somebody:
                cel.alpha = matting.levels(guided_upsample(coarse, cel.image))
            else:
                cel.alpha = np.zeros((height, width), np.uint8)
            cel.prior = prior.result()
            return cel

        return wait

    def _plates(self, cels: Iterable[Cel]) -> Iterator[tuple[Cel, Plate]]:
        """Stage 2c: backgrounds recovered from the other drawings of the shot; the rest invented."""
        views = (_view(cel, answer) for cel, answer in self._answered(cels))
        first = next(views, None)
        if first is None:
            return
        back, ahead = self.settings.reach(*first.foreground.shape)
        yield from plates(_again(first, views), self._invent, back, ahead)

    def _answered(self, cels: Iterable[Cel]) -> Iterable[tuple[Cel, U8 | None]]:
        """What a video network draws behind the foreground of each drawing, where one is chosen."""
        if self._inpainter is None:
            return ((cel, None) for cel in cels)
        return with_answers(cels, self._inpainter)

    def _invent(self, frame: U8, mask: U8) -> U8 | None:
        answer = self._roles.ask(INPAINTING, {"FRAME": frame, "MASK": mask}, ["PLATE"])()
        return None if answer is None else answer["PLATE"]

    def _layers(self, cel: Cel, plate: Plate, alpha: U8, prior: U8) -> DrawingLayers:
        """Colours solved, recomposed and measured."""
        solved = decompose.decompose(cel.image, alpha, prior, plate.image, plate.copied)
        identity = np.zeros(alpha.shape, np.uint8)
        if cel.identity is not None:
            identity = decompose.identities(cel.identity, solved.character[..., 3])
        psnr, mae = layers.recomposition_error(
            cel.image, layers.compose(solved.background, solved.character, solved.effects)
        )
        veil = solved.effects[..., 3]
        intensity = float(veil[veil > 0].mean()) / 255 if veil.any() else 0.0
        return DrawingLayers(
            drawing=cel.drawing,
            character=solved.character,
            effects=solved.effects,
            background=solved.background,
            identity=identity,
            characters=characters.views(identity, cel.probability),
            effects_found=self._effects_found(cel, bool(veil.any())),
            effect_intensity=None if cel.effects is None else intensity,
            inpainted=bool(plate.copied.any()) or plate.invented_share > 0,
            mask_quality=cel.mask_quality,
            background_quality=plate.quality,
            recovered_share=plate.recovered_share,
            invented_share=plate.invented_share,
            motion_magnitude=cel.motion_magnitude,
            residual_psnr=psnr,
            residual_mae=mae,
            absent_roles=self._roles.absent,
        )

    def _effects_found(self, cel: Cel, any_effect: bool) -> tuple[EffectView, ...]:
        if cel.effects is None or not any_effect:
            return ()
        triples = zip(self.settings.prompts, cel.effects["INTENSITY"], cel.effects["COVERAGE"], strict=True)
        return tuple(
            EffectView(prompt, effect_type(prompt), float(intensity), float(coverage))
            for prompt, intensity, coverage in triples
            if coverage >= _LEAST_COVERAGE and intensity >= _LEAST_INTENSITY
        )


def _quality(answer: Answer, coarse: U8 | None) -> float | None:
    """Mean soft intersection over union of the estimates that exist; None where nobody is."""
    alpha: U8 = answer["ALPHA"]
    if not alpha.any():
        return None
    found = [float(answer["AGREEMENT"][0])]
    if coarse is not None:
        h, w = coarse.shape
        both, either = matting.agreement(cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA), coarse)
        found.append(both / either if either else float("nan"))
    known = [value for value in found if np.isfinite(value)]
    return sum(known) / len(known) if known else None


def _take_backward(cel: Cel) -> F32 | None:
    """The flow to the drawing before, for the last time: waiting drawings need not keep it."""
    flow, cel.flow = cel.flow, None
    return None if flow is None else flow[1]


def _view(cel: Cel, answer: U8 | None) -> View[Cel]:
    """The drawing as the plates need it; its flow is taken."""
    foreground = cv2.max(cel.alpha, cel.prior)
    return View(cel, cel.image, foreground, cel.working, _take_backward(cel), cel.doubt(), answer)


def _dis(before: U8, after: U8) -> Callable[[], Answer | None]:
    """Flow both ways in the shape of the served network's answer."""
    estimate = dis_flow()
    return lambda: {"FORWARD": estimate(before, after), "BACKWARD": estimate(after, before)}


def _magnitude(forward: F32) -> float:
    """Median length in diagonals of the frame."""
    length = np.sqrt((forward**2).sum(axis=2))
    return float(np.median(length)) / float(np.hypot(*length.shape))


def _again(first: View[Cel], rest: Iterator[View[Cel]]) -> Iterator[View[Cel]]:
    yield first
    yield from rest
