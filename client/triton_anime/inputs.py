"""From what stands on the command line to a list of episodes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from triton_anime.errors import InputError, VideoError
from triton_anime.videos.images import natural_key, pictures_of
from triton_anime.videos.source import is_video_name

_PATTERN_MARKS = re.compile(r"%0?\d*d|[*?]+")


def expand(inputs: Iterable[Path]) -> list[tuple[Path, str]]:
    """Videos and picture sequences meant by ``inputs``, each with a unique episode name.

    A folder with videos means each of them; a folder with pictures alone is one sequence.

    Raises:
        VideoError: a folder holds neither.
    """
    found: list[Path] = []
    for path in inputs:
        if not path.is_dir():
            found.append(path)
            continue
        videos = sorted((p for p in path.iterdir() if p.is_file() and is_video_name(p)), key=natural_key)
        if videos:
            found.extend(videos)
        elif pictures_of(path):
            found.append(path)
        else:
            raise VideoError(f"{path}: this folder holds neither videos nor pictures")
    names: set[str] = set()
    named = []
    for path in found:
        base = name = episode_name(path)
        number = 1
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.add(name)
        named.append((path, name))
    return named


def episode_name(path: Path) -> str:
    """The name of the output folder: that of the file without its suffix, or of the folder of pictures."""
    if path.is_dir():
        return path.resolve().name or "episode"
    name = path.name
    if not path.exists() and _PATTERN_MARKS.search(name):
        name = _PATTERN_MARKS.sub("", Path(name).stem).strip(" ._-") or path.resolve().parent.name
        return name or "episode"
    return path.stem.strip() or "episode"


def parse_rate(text: str) -> Fraction:
    """Frames a second: ``12``, ``23.976`` or ``24000/1001``.

    Raises:
        InputError: not a positive number.
    """
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate <= 0:
        raise InputError(f"'{text}' is no frame rate: write 12, 23.976 or 24000/1001")
    return rate


def parse_prompts(texts: Iterable[str]) -> tuple[str, ...]:
    """Prompts from repeated, comma-separated options, in order, each once.

    Raises:
        InputError: none is left.
    """
    prompts = tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))
    if not prompts:
        raise InputError(
            "--prompts needs at least one description, for example --prompts 'blue lightning,smoke'"
        )
    return prompts
