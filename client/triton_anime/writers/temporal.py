"""metadata/temporal_mapping.json: shots, characters, drawings and exact times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from triton_anime.cast.roll import Roll
from triton_anime.timecode import rational, timecode
from triton_anime.writers.json_stream import document, rounded
from triton_anime.writers.names import character_id, frame_id, scene_id
from triton_anime.writers.records import Records, time_of


@dataclass(frozen=True)
class Facts:
    """What the metadata says about the video as a whole.

    Attributes:
        episode: name of the output folder.
        frame_rate: nominal rate of the source.
        frame_step: seconds that a processed frame lasts nominally (longer than 1/frame_rate when sampled).
        width, height: pixels.
        warnings: what was odd about the file.
    """

    episode: str
    frame_rate: Fraction
    frame_step: Fraction
    width: int
    height: int
    warnings: tuple[str, ...] = ()


def write_temporal_mapping(path: Path, facts: Facts, records: Records, roll: Roll) -> None:
    """Write the document; memory grows with the longest shot, not with the episode."""
    with document(path) as made:
        made.value("episode", facts.episode)
        made.value("frame_rate", rational(facts.frame_rate))
        made.value("width", facts.width)
        made.value("height", facts.height)
        made.array("scenes", scenes(facts, records))
        made.array("characters", _characters(records, roll))
        made.array("cast", _cast(roll))
        made.array("drawings", _drawings(records))
        made.array("frames", _frames(records))


def scenes(facts: Facts, records: Records) -> Iterator[dict[str, Any]]:
    """Shots with their first and last frame, in point, out point (excluded) and length."""
    waiting: tuple[int, int, int, int, Fraction, Fraction] | None = None
    for shot in records.shots():
        frames = [frame for record in records.of_shot(shot) for frame in record["frames"]]
        start, last = time_of(frames[0][1]), time_of(frames[-1][1])
        if waiting is not None:
            yield _scene(facts, *waiting[:5], end=start)
        waiting = (shot, frames[0][0], frames[-1][0], len(frames), start, last)
    if waiting is not None:
        yield _scene(facts, *waiting[:5], end=waiting[5] + facts.frame_step)


def _scene(
    facts: Facts, shot: int, first: int, last: int, count: int, start: Fraction, *, end: Fraction
) -> dict[str, Any]:
    return {
        "scene_id": scene_id(shot),
        "first_frame": frame_id(shot, first),
        "last_frame": frame_id(shot, last),
        "frame_count": count,
        "in": {"seconds": rational(start), "timecode": timecode(start, facts.frame_rate)},
        "out": {"seconds": rational(end), "timecode": timecode(end, facts.frame_rate)},
    }


def _characters(records: Records, roll: Roll) -> Iterator[dict[str, Any]]:
    for shot in records.shots():
        seen: dict[int, dict[str, Any]] = {}
        for record in records.of_shot(shot):
            for view in record["characters"] or ():
                frames = seen.setdefault(view["id"], {})
                for index, _ in record["frames"]:
                    frames[frame_id(shot, index)] = view["bbox"]
        for number in sorted(seen):
            match = roll.matches.get((shot, number))
            yield {
                "character_id": character_id(shot, number),
                "scene_id": scene_id(shot),
                "id": number,
                "person": None if match is None else match.person,
                "match": None if match is None else rounded(match.likeness),
                "first_frame": next(iter(seen[number])),
                "last_frame": next(reversed(seen[number])),
                "frame_count": len(seen[number]),
                "frames": seen[number],
            }


def _cast(roll: Roll) -> Iterator[dict[str, Any]]:
    for member in roll.members:
        yield {
            "person": member.person,
            "scenes": [scene_id(shot) for shot in dict.fromkeys(shot for shot, _ in member.characters)],
            "characters": [character_id(*one) for one in member.characters],
            "frame_count": member.frame_count,
            "best": {
                "frame_id": frame_id(member.best_shot, member.best.frame),
                "bbox": list(member.best.box),
                "score": rounded(member.best.score),
            },
        }


def _drawings(records: Records) -> Iterator[dict[str, Any]]:
    for shot in records.shots():
        for number, record in enumerate(records.of_shot(shot)):
            yield {
                "drawing_id": f"{scene_id(shot)}_drawing{number:06d}",
                "continues": record["continues"],
                "frames": [frame_id(shot, index) for index, _ in record["frames"]],
            }


def _frames(records: Records) -> Iterator[dict[str, Any]]:
    for record in records:
        for index, time in record["frames"]:
            yield {"frame_id": frame_id(record["shot"], index), "seconds": time}
