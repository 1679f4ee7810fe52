"""Score of CLIPSeg on held-out drawings: overlap of each type's sentence with the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from triton_anime.prompts import ANY_EFFECT, DEFAULT_PROMPTS, token_batch
from triton_anime_export.frame_io import working_size
from triton_anime_export.networks._clipseg_lite import LiteClipseg
from triton_anime_export.networks._clipseg_text_modules import ClipsegText
from triton_anime_export.networks.clipseg import LONG_SIDE, MULTIPLE
from triton_anime_export.studio.bank import EFFECT_TYPES, Bank
from triton_anime_export.training.clipseg_phrases import Scene, colour_of, truth_of
from triton_anime_export.training.clipseg_words import CANONICAL, COLOURS

SEEN = 0.25
"""Strength from which an effect counts as there."""


def as_served(scene: Scene) -> Scene:
    """The scene at the size that the served graph works on."""
    height, width = working_size(scene.frame.shape[0], scene.frame.shape[1], LONG_SIDE, MULTIPLE)

    def bilinear(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    kinds = cv2.resize(scene.effect_type, (width, height), interpolation=cv2.INTER_NEAREST)
    return Scene(
        bilinear(scene.frame),
        bilinear(scene.alpha),
        bilinear(scene.object),
        bilinear(scene.effect),
        np.asarray(kinds, np.uint8),
    )


def pixels_of(scenes: list[Scene]) -> Tensor:
    """Frames of scenes as float [B,3,h,w] in 0..1."""
    return torch.from_numpy(np.stack([scene.frame for scene in scenes])).permute(0, 3, 1, 2).float() / 255.0


@dataclass
class _Tally:
    """Sums of intersections and unions by name, and of what there was to find."""

    both: dict[str, float] = field(default_factory=dict)
    either: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)

    def count(
        self, key: str, found: NDArray[np.bool_], truth: NDArray[np.bool_], judged: NDArray[np.bool_]
    ) -> None:
        self.both[key] = self.both.get(key, 0.0) + float((found & truth & judged).sum())
        self.either[key] = self.either.get(key, 0.0) + float(((found | truth) & judged).sum())
        self.shown[key] = self.shown.get(key, 0.0) + float((truth & judged).sum())

    def overlaps(self) -> dict[str, float]:
        """Of what is shown in some drawing: where there is nothing to find no score says anything."""
        shown = [key for key, pixels in self.shown.items() if pixels]
        return {key: round(self.both[key] / self.either[key], 3) for key in shown}


@torch.no_grad()
def score(
    image: LiteClipseg, text: ClipsegText, bank: Bank, *, clips: int = 200, rivals: bool = True
) -> dict[str, float]:
    """Overlap with the truth on held-out drawings.

    Returns:
        ``iou_TYPE``, of types that some frame shows: intersection over union of the type's canonical
        sentence, summed over all frames, so that seeing it where it is not counts; ``iou_any`` of every
        effect; ``mae`` of the union of the default sentences and "every effect". With ``rivals`` also
        ``bright_*``, the overlap of "whatever is bright" (luma above 200), and ``right_colour`` and
        ``wrong_colour``: share of an effect that is found when it is asked for in its colour and in one it
        has not. Finding nothing scores 0 everywhere.
    """
    names = EFFECT_TYPES[1:]
    condition = _embed(text, [CANONICAL[name] for name in names] + [ANY_EFFECT])
    tally, errors = _Tally(), []
    colours: dict[str, list[float]] = {"right_colour": [], "wrong_colour": []}
    for index in np.linspace(0, len(bank) - 1, min(clips, len(bank))).astype(int):
        clip = bank.clip(int(index))
        scene = as_served(
            Scene(
                *(
                    np.array(getattr(clip, key)[0])
                    for key in ("frames", "alpha", "object", "effect", "effect_type")
                )
            )
        )
        found = _find(image, scene, condition)
        effect = scene.effect / 255.0
        bright = cv2.cvtColor(scene.frame, cv2.COLOR_RGB2GRAY) > 200
        for i, name in enumerate(names):
            asked = truth_of(scene, name, CANONICAL[name])
            truth, judged = asked.mask > SEEN, asked.weight > 0.5
            tally.count(f"iou_{name}", found[i] > SEEN, truth, judged)
            if rivals:
                tally.count(f"bright_{name}", bright, truth, judged)
        tally.count("iou_any", found[-1] > SEEN, effect > SEEN, np.ones(effect.shape, bool))
        union = 1.0 - np.prod(1.0 - found[: len(DEFAULT_PROMPTS)], axis=0)
        errors.append(np.abs(np.maximum(union, found[-1]) - effect).mean())
        if rivals:
            tally.count("bright_any", bright, effect > SEEN, np.ones(effect.shape, bool))
            _ask_colours(image, text, scene, colours)
    result = tally.overlaps() | {"mae": round(float(np.mean(errors)), 4)}
    return result | {key: round(float(np.mean(values)), 3) for key, values in colours.items() if values}


def _ask_colours(
    image: LiteClipseg, text: ClipsegText, scene: Scene, colours: dict[str, list[float]]
) -> None:
    for name in scene.present():
        strength = scene.strength(name)
        named, has = colour_of(scene.frame, strength)
        wrong = [colour for colour in COLOURS if colour not in has]
        if not named or not wrong:
            continue
        sentences = [f"{colour} {CANONICAL[name]}" for colour in (named, wrong[len(wrong) // 2])]
        found = _find(image, scene, _embed(text, sentences))
        for key, mask in zip(colours, found, strict=True):
            colours[key].append(
                float((mask[strength > SEEN] > SEEN).mean()) if (strength > SEEN).any() else 0.0
            )


def _embed(text: ClipsegText, sentences: list[str]) -> Tensor:
    embedding: Tensor = text(torch.from_numpy(token_batch(sentences)))
    return embedding[None]


def _find(image: LiteClipseg, scene: Scene, condition: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = torch.sigmoid(image(pixels_of([scene]), condition))[0].numpy()
    return found
