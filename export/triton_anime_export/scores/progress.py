"""What a run has found so far, kept on disk after every clip: a run that was cut off goes on from there."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path

from triton_anime.writers.files import output_errors, replacing
from triton_anime_export.scores.clip import Clip
from triton_anime_export.scores.judge_drawings import Pools
from triton_anime_export.scores.tally import Tally
from triton_anime_export.scores.worst import Worst


@dataclass
class Standing:
    """Everything that the clips so far have given."""

    sheets: Worst
    tally: Tally = field(default_factory=Tally)
    pools: dict[str, Pools] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Data → ``clips``, ``drawings`` and ``long_clips``."""
    seconds: float = 0.0
    done: set[tuple[str, str]] = field(default_factory=set)
    """(data, name) of the clips that were judged."""

    def count(self, clip: Clip) -> None:
        """Take note that a clip was judged."""
        count = self.counts.setdefault(clip.data, {"clips": 0, "drawings": 0, "long_clips": 0})
        count["clips"] += 1
        count["drawings"] += len(clip.judged)
        count["long_clips"] += clip.is_long
        self.done.add((clip.data, clip.name))


class Progress:
    """The file that holds a standing.

    Args:
        path: where; nothing is kept when None.
        run: what must be the same for a standing to be gone on from: weights, code, sizes and the like.
    """

    def __init__(self, path: Path | None, run: str) -> None:
        self._path = path
        self._run = run

    def load(self) -> Standing | None:
        """The standing of the same run; None when there is none, or it cannot be read."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            run, standing = pickle.loads(self._path.read_bytes())
        except Exception:  # a damaged pickle raises nearly anything
            return None
        return standing if run == self._run and isinstance(standing, Standing) else None

    def save(self, standing: Standing) -> None:
        """Keep the standing; what was kept before stays until this is whole.

        Raises:
            OutputError: the disk is full, or the folder cannot be written.
        """
        if self._path is None:
            return
        with output_errors(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as part:
                part.write_bytes(pickle.dumps((self._run, standing)))
