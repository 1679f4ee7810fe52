"""statistics/: how the episode divides into scenes, and how good each frame came out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from triton_anime.cast.roll import Roll
from triton_anime.roles import EMBEDDINGS
from triton_anime.timecode import rational
from triton_anime.writers.json_stream import document, rounded
from triton_anime.writers.names import CHARACTER_EMBEDDINGS, frame_id, scene_id
from triton_anime.writers.records import Record, Records, time_of
from triton_anime.writers.temporal import Facts

_WORST = 20
# Filled by networks that this version does not serve; see docs/outputs.md.
_UNSERVED_ROLES = ("action", "caption", "expression", "pose")


@dataclass
class Average:
    """Mean and minimum of a number over frames; frames without the number do not count."""

    total: float = 0.0
    count: int = 0
    least: float | None = None

    def add(self, value: float | None, times: int = 1) -> None:
        """Count ``value`` ``times`` times."""
        if value is None:
            return
        self.total += value * times
        self.count += times
        self.least = value if self.least is None else min(self.least, value)

    @property
    def mean(self) -> float | None:
        """The mean, ``None`` when nothing was counted."""
        return self.total / self.count if self.count else None

    def summary(self, digits: int = 4) -> dict[str, Any]:
        """Mean, minimum, and over how many frames."""
        return {"mean": rounded(self.mean, digits), "min": rounded(self.least, digits), "frames": self.count}


@dataclass
class Overall:
    """Quality over a whole episode.

    Attributes:
        frames, drawings, scenes: counts.
        looks, embedded: crops of characters, and those of them that a network embedded.
        worst: the frames with the largest residual: (mean absolute error, frame id).
    """

    frames: int = 0
    drawings: int = 0
    scenes: int = 0
    inpainted_frames: int = 0
    mask_quality: Average = field(default_factory=Average)
    background_quality: Average = field(default_factory=Average)
    recovered_share: Average = field(default_factory=Average)
    invented_share: Average = field(default_factory=Average)
    residual_mae: Average = field(default_factory=Average)
    squared_error: Average = field(default_factory=Average)
    lowest_psnr: float | None = None
    absent_roles: set[str] = field(default_factory=set)
    looks: int = 0
    embedded: int = 0
    worst: list[tuple[float, str]] = field(default_factory=list)

    @property
    def residual_psnr(self) -> float | None:
        """PSNR of the mean squared error over all frames, dB, 99 at most."""
        mean = self.squared_error.mean
        if mean is None:
            return None
        return 99.0 if mean <= 0 else min(99.0, 10 * math.log10(255.0**2 / mean))

    @property
    def has_embeddings(self) -> bool:
        """Whether persons were told apart by a network: a single crop without makes colours decide."""
        return 0 < self.embedded == self.looks

    def add(self, record: Record) -> None:
        """Count one drawing with all frames that show it."""
        times = len(record["frames"])
        self.frames += times
        self.drawings += 1
        self.scenes += bool(record["start"])
        self.inpainted_frames += times if record["inpainted"] else 0
        for name in (
            "mask_quality",
            "background_quality",
            "recovered_share",
            "invented_share",
            "residual_mae",
        ):
            getattr(self, name).add(record[name], times)
        psnr = record["residual_psnr"]
        self.squared_error.add(0.0 if psnr >= 99 else 255.0**2 / 10 ** (psnr / 10), times)
        self.lowest_psnr = psnr if self.lowest_psnr is None else min(self.lowest_psnr, psnr)
        self.absent_roles.update(record["absent_roles"])
        for looks in record.get("looks", {}).values():
            self.looks += len(looks)
            self.embedded += sum(look["embedding"] is not None for look in looks)
        self.worst.append((record["residual_mae"], frame_id(record["shot"], record["frames"][0][0])))
        self.worst.sort(key=lambda item: (-item[0], item[1]))
        del self.worst[_WORST:]


def overall(records: Iterable[Record]) -> Overall:
    """Sum up an episode."""
    found = Overall()
    for record in records:
        found.add(record)
    return found


def write_quality_report(path: Path, facts: Facts, records: Records, found: Overall) -> None:
    """Write statistics/quality_report.json; docs/outputs.md says what each number means."""
    with document(path) as made:
        made.value("episode", facts.episode)
        made.value(
            "overall",
            {
                "frames": found.frames,
                "drawings": found.drawings,
                "scenes": found.scenes,
                "mask_quality": found.mask_quality.summary(),
                "background_quality": found.background_quality.summary(),
                "inpainted_frames": found.inpainted_frames,
                "recovered_share": rounded(found.recovered_share.mean, 6),
                "invented_share": rounded(found.invented_share.mean, 6),
                "residual_psnr": rounded(found.residual_psnr, 3),
                "residual_psnr_min": rounded(found.lowest_psnr, 3),
                "residual_mae": rounded(found.residual_mae.mean),
            },
        )
        unserved = {*_UNSERVED_ROLES, *(() if found.has_embeddings else (EMBEDDINGS,))}
        made.value("absent_roles", sorted(found.absent_roles | unserved))
        why = (
            f"{EMBEDDINGS} told persons apart and are not kept"
            if found.has_embeddings
            else f"no network filled the role {EMBEDDINGS}"
        )
        made.value("notes", [f"{CHARACTER_EMBEDDINGS} is empty: {why}"])
        made.value("warnings", list(facts.warnings))
        made.value("worst_frames", [{"frame_id": name, "residual_mae": error} for error, name in found.worst])
        made.array("frames", _frames(records))


def _frames(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    for record in records:
        for position, (index, _) in enumerate(record["frames"]):
            yield {
                "frame_id": frame_id(record["shot"], index),
                "held": position > 0 or record["continues"],
                "mask_quality": record["mask_quality"],
                "background_quality": record["background_quality"],
                "recovered_share": record["recovered_share"],
                "invented_share": record["invented_share"],
                "residual_psnr": record["residual_psnr"],
                "residual_mae": record["residual_mae"],
            }


def write_scene_distribution(path: Path, facts: Facts, records: Records, found: Overall, roll: Roll) -> None:
    """Write statistics/scene_distribution.json: what each scene consists of, and the whole."""
    totals: Counter[str] = Counter()
    crowd: Counter[int] = Counter()

    def scenes() -> Iterator[dict[str, Any]]:
        for shot in records.shots():
            effects: Counter[str] = Counter()
            characters: set[int] = set()
            motion = Average()
            frames = drawings = 0
            first = last = None
            for record in records.of_shot(shot):
                times = len(record["frames"])
                frames += times
                drawings += 1
                for kind in {view["type"] for view in record["effects"] or ()}:
                    effects[kind] += times
                characters.update(view["id"] for view in record["characters"] or ())
                crowd[len(record["characters"] or ())] += times
                motion.add(record["motion_magnitude"])
                first = first or record["frames"][0]
                last = record["frames"][-1]
            totals.update(effects)
            assert first is not None
            assert last is not None
            yield {
                "scene_id": scene_id(shot),
                "scene_type": None,
                "frames": frames,
                "share": rounded(frames / found.frames, 6),
                "seconds": rational(time_of(last[1]) - time_of(first[1]) + facts.frame_step),
                "drawings": drawings,
                "characters": len(characters),
                "effect_frames": dict(sorted(effects.items())),
                "motion_magnitude": rounded(motion.mean, 6),
            }

    with document(path) as made:
        made.value("episode", facts.episode)
        made.value("scene_count", found.scenes)
        made.value("frame_count", found.frames)
        made.value("drawing_count", found.drawings)
        made.value("person_count", len(roll.members))
        made.array("scenes", scenes())
        made.value("scene_types", None)
        made.value("effect_frames", dict(sorted(totals.items())))
        made.value("frames_by_character_count", {str(count): crowd[count] for count in sorted(crowd)})
