"""What a run may be asked to do differently; the defaults are what the documentation shows."""

from __future__ import annotations

from dataclasses import dataclass

from triton_anime import class_roles
from triton_anime.errors import InputError
from triton_anime.prompts import DEFAULT_PROMPTS
from triton_anime.serving.segmentation import NETWORKS as SEGMENTATION
from triton_anime.tracker import TRACKERS

DETAIL, EDGES = ("u2net", "isnet_anime", "modnet"), "vitmatte"
"""Networks that find characters in crops, and the one that answers the edges of what they found."""

EFFECTS = ("clipseg", "grounded_sam")
"""Where the effects that a sentence names come from; both together are made one."""

FLOWS = ("network", "dis")
"""Where the flow between drawings comes from."""

VIDEO_INPAINTING = ("lama", "sttn", "e2fgvi_hq", "propainter")
"""What draws the background that no drawing of a shot shows. The licences of the last two (CC-BY-NC-4.0 and
S-Lab License 1.0) forbid commercial use."""


@dataclass(frozen=True)
class Settings:
    """How :class:`triton_anime.pipeline.Pipeline` works.

    Attributes:
        prompts: what counts as an effect, in words.
        working_long_side: pixels; flow and tracker see the frame at this long side, and so do stages 1 and 2b
            unless a network of a fixed size is served for them.
        tracker: ``xmem`` or ``deaot`` (networks with a memory), or ``flow`` (masks carried along the flow:
            quicker).
        segmentation: networks of stage 1 (``mask2former``, ``panoptic_deeplab``) in the order in which they
            are tried; none named: those that the server is configured for.
        class_roles: ``class=role`` of COCO's classes (:mod:`triton_anime.class_roles`); none: the server's.
        detail: networks that refine the characters (``u2net``, ``isnet_anime``, ``modnet``; ``vitmatte`` for
            their edges); none named: those that the server is configured for.
        effects: where effects come from (``clipseg``, ``grounded_sam``); none named: those that the server is
            configured for, as far as it serves them.
        flow: ``network`` (the served one) or ``dis`` (OpenCV's DIS flow in this process: faster).
        flow_long_side: pixels; the flow is found on frames of this long side and enlarged to the working one,
            which is quicker and loses what is small. None: on the working frames.
        video_inpainting: what draws the background that no drawing shows: ``lama``, each drawing by itself,
            or a network that looks at many drawings of the shot together (``sttn``, ``e2fgvi_hq``,
            ``propainter``). An answer of those waits for up to about a hundred further drawings of the shot,
            which are kept packed beside what ``buffer_bytes`` bounds.
        stabilise: correct masks by the tracker and along the flow (stage 3); without it each drawing stands
            for itself, and the tracker only says who is who.
        memory_every: drawings between two entries of the tracker's memory (XMem's ``mem_every``).
        drawings_in_flight: drawings whose requests are on the server at the same time.
        shots_in_flight: shots that are worked on at the same time.
        look_back: earlier drawings of the shot a background plate is recovered from directly; what was
            seen before them travels along in the plate carried from drawing to drawing.
        look_ahead: later drawings of the shot a background plate is recovered from.
        buffer_bytes: soft limit of the frames that one shot keeps in memory; large frames shorten
            ``look_back`` and ``look_ahead`` (never below two drawings each).
        threads: threads for the arithmetic of this process.

    Raises:
        InputError: a value is out of its range.
    """

    prompts: tuple[str, ...] = DEFAULT_PROMPTS
    working_long_side: int = 512
    tracker: str = "xmem"
    segmentation: tuple[str, ...] = ()
    class_roles: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    flow: str = "network"
    video_inpainting: str = "lama"
    flow_long_side: int | None = None
    stabilise: bool = True
    memory_every: int = 5
    drawings_in_flight: int = 3
    shots_in_flight: int = 2
    look_back: int = 8
    look_ahead: int = 8
    buffer_bytes: int = 384 << 20
    threads: int = 2

    def __post_init__(self) -> None:
        if not self.prompts or any(not prompt.strip() for prompt in self.prompts):
            raise InputError("prompts must be words such as 'blue lightning'; give at least one")
        if not set(self.segmentation) <= set(SEGMENTATION):
            named = ",".join(self.segmentation)
            raise InputError(f"segmentation is {named}; name one or more of {', '.join(SEGMENTATION)}")
        class_roles.parse(self.class_roles)
        if not set(self.detail) <= {*DETAIL, EDGES} or (self.detail and not set(self.detail) & set(DETAIL)):
            raise InputError(
                f"detail is {','.join(self.detail)}; name one or more of {', '.join(DETAIL)}, and {EDGES}"
            )
        if not set(self.effects) <= set(EFFECTS):
            raise InputError(f"effects is {','.join(self.effects)}; name one or more of {', '.join(EFFECTS)}")
        if self.tracker not in TRACKERS:
            raise InputError(f"no tracker is called {self.tracker!r}; choose one of {', '.join(TRACKERS)}")
        if self.flow not in FLOWS:
            raise InputError(f"no flow is called {self.flow!r}; choose one of {', '.join(FLOWS)}")
        if self.flow_long_side is not None and not 64 <= self.flow_long_side <= self.working_long_side:
            raise InputError(
                f"flow_long_side is {self.flow_long_side}; it must be 64 to {self.working_long_side}, the "
                "long side that flow is used at"
            )
        if self.video_inpainting not in VIDEO_INPAINTING:
            raise InputError(
                f"no video inpainting is called {self.video_inpainting!r}; choose one of "
                f"{', '.join(VIDEO_INPAINTING)}"
            )
        for name, least in (
            ("working_long_side", 64),
            ("memory_every", 1),
            ("drawings_in_flight", 1),
            ("shots_in_flight", 1),
            ("look_back", 1),
            ("look_ahead", 0),
            ("buffer_bytes", 1),
            ("threads", 1),
        ):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least {least}")

    def reach(self, height: int, width: int) -> tuple[int, int]:
        """(look back, look ahead) in drawings that frames of this size may keep in memory."""
        # frame, alpha, effect prior, foreground, hole, and what is small: about nine bytes a pixel
        fits = self.buffer_bytes // max(1, height * width * 9)
        if fits >= self.look_back + self.look_ahead + 1:
            return self.look_back, self.look_ahead
        half = max(2, int(fits - 1) // 2)
        return min(self.look_back, half), min(self.look_ahead, half)
