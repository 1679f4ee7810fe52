"""manifest.json: what an output folder was made from, so that a second run can go on with it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triton_anime import __version__
from triton_anime.errors import OutputError, VideoError
from triton_anime.settings import Settings
from triton_anime.timecode import Mark, rational
from triton_anime.video import Selection
from triton_anime.videos.images import pictures_of
from triton_anime.writers.files import output_errors, write_bytes
from triton_anime.writers.names import DOCUMENTS, LAYERS, MANIFEST, PROGRESS, RUN_LOG

_FORMAT = 1
_CHUNK = 1 << 20
# What changes speed and memory but no pixel: such settings may differ between a run and its continuation.
_NO_EFFECT = frozenset(("drawings_in_flight", "shots_in_flight", "threads"))
# What younger options were before they could be chosen.
_USUAL = {"video_inpainting": "lama"}


@dataclass(frozen=True)
class Manifest:
    """The identity of a run.

    Attributes:
        episode: name of the output folder.
        source: name, size and digest of the input.
        settings: everything that decides what the output is.
        complete: whether all files are there.
        version: of this package, when the run began.
    """

    episode: str
    source: dict[str, Any]
    settings: dict[str, Any]
    complete: bool = False
    version: str = __version__

    def as_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "format": _FORMAT,
            "triton_anime": self.version,
            "episode": self.episode,
            "source": self.source,
            "settings": self.settings,
            "complete": self.complete,
        }

    def write(self, root: Path) -> None:
        """Write ``manifest.json`` below ``root``.

        Raises:
            OutputError: the folder cannot be written.
        """
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n"
        with output_errors(root):
            root.mkdir(parents=True, exist_ok=True)
            write_bytes(root / MANIFEST, text.encode())

    def difference(self, other: Manifest) -> str | None:
        """What keeps a run from going on with ``other``, in words; ``None`` when nothing does.

        A complete output stays valid when the package is updated; half of one is not mixed with new work.
        """
        if not other.complete and self.version != other.version:
            return "another version of triton-anime"
        if self.source != other.source:
            return "another input"
        for key in sorted(self.settings.keys() | other.settings.keys()):
            # An option that did not exist yet was as it is when nobody chooses: empty, or what is usual.
            usual = _USUAL.get(key)
            if (self.settings.get(key) or usual) != (other.settings.get(key) or usual):
                return f"another '{key}'"
        return None


def manifest_of(
    path: Path, episode: str, settings: Settings, selection: Selection, sequence_rate: Any
) -> Manifest:
    """The manifest of a run that is about to begin.

    Raises:
        VideoError: the input cannot be read.
    """
    chosen = {name: value for name, value in dataclasses.asdict(settings).items() if name not in _NO_EFFECT}
    chosen = {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()}
    span = selection.span
    chosen |= {
        "fps": None if selection.rate is None else rational(selection.rate),
        "in": None if span is None or span.start is None else _mark(span.start),
        "out": None if span is None or span.end is None else _mark(span.end),
        "max_frames": selection.max_frames,
        "sequence_fps": None if sequence_rate is None else rational(sequence_rate),
    }
    return Manifest(episode, _identity(path), chosen)


def _mark(mark: Mark) -> str:
    if mark.frame is not None:
        return f"{mark.frame}f"
    return rational(mark.seconds) + (f"+{mark.extra_frames}f" if mark.extra_frames else "")


def read_manifest(root: Path) -> Manifest | None:
    """The manifest of an earlier run, ``None`` when there is none.

    Raises:
        OutputError: it cannot be understood, or is of another format.
    """
    try:
        content = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise OutputError(
                f"{root}: written by another version; choose another folder or pass --overwrite"
            )
        return Manifest(
            content["episode"],
            content["source"],
            content["settings"],
            bool(content["complete"]),
            str(content["triton_anime"]),
        )
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise OutputError(f"{root}: a file stands in the way; choose another folder with -o") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{root / MANIFEST} cannot be read; choose another folder or pass --overwrite"
        ) from error


def is_whole(root: Path) -> bool:
    """Whether the documents of a complete run are still there."""
    return all((root / name).is_file() for name in DOCUMENTS)


def remove_outputs(root: Path) -> None:
    """Delete what a run writes below ``root`` and nothing else; empty folders go too.

    Raises:
        OutputError: something cannot be deleted.
    """
    with output_errors(root):
        # The manifest goes first: without it a half-deleted folder is never taken for a finished one.
        for name in (MANIFEST, *DOCUMENTS, RUN_LOG):
            (root / name).unlink(missing_ok=True)
        patterns = [(folder, f"scene*_frame*_{ending}") for folder, ending in LAYERS.values()]
        patterns.append((PROGRESS, "scene*.jsonl*"))
        for folder, pattern in patterns:
            for found in (*(root / folder).glob(pattern), *(root / folder).glob(f".{pattern}.part")):
                found.unlink()
        for folder in (
            *(folder for folder, _ in LAYERS.values()),
            "layers",
            "metadata",
            "statistics",
            PROGRESS,
        ):
            if (root / folder).is_dir() and not any((root / folder).iterdir()):
                (root / folder).rmdir()


def has_strange_layers(root: Path) -> bool:
    """Whether layers lie in the folder although no manifest tells where they are from."""
    return any(
        any(True for _ in (root / folder).iterdir())
        for folder, _ in LAYERS.values()
        if (root / folder).is_dir()
    )


def _identity(path: Path) -> dict[str, Any]:
    """Name, size and digest of a file (its ends and its middle), or of the pictures of a sequence."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        if path.is_file():
            size = path.stat().st_size
            with path.open("rb") as file:
                for offset in sorted({0, max(0, size // 2 - _CHUNK // 2), max(0, size - _CHUNK)}):
                    file.seek(offset)
                    digest.update(file.read(_CHUNK))
            return {"name": path.name, "bytes": size, "digest": digest.hexdigest()}
        pictures = pictures_of(path)
        total = 0
        for picture in pictures:
            size = picture.stat().st_size
            total += size
            digest.update(f"{picture.name}\0{size}\0".encode())
            with picture.open("rb") as file:
                digest.update(file.read(4096))
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    return {"name": path.name, "pictures": len(pictures), "bytes": total, "digest": digest.hexdigest()}
