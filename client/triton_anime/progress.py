"""What a run tells while it works: to nobody, or as JSON lines (the display is in progress_display.py)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from triton_anime.errors import TritonAnimeError

_JSON_SECONDS = 1.0


@dataclass
class Progress:
    """Where an episode stands. Counts only rise; any thread may read.

    Attributes:
        episode: name of the episode.
        total: frames expected, ``None`` when unknown (a container's promise, so an estimate).
        read: frames decoded and compared in this run.
        skipped: frames of shots that an earlier run had finished.
        drawings: distinct drawings sent to the networks in this run.
        written: frames whose layers this run has on disk.
        shot: number of the shot that was written last.
        started: ``time.monotonic()`` of the beginning.
        first_written: when the first layers were on disk, seconds after the beginning.
    """

    episode: str
    total: int | None = None
    read: int = 0
    skipped: int = 0
    drawings: int = 0
    drawings_written: int = 0
    written: int = 0
    shot: int = 0
    started: float = field(default_factory=time.monotonic)
    first_written: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.started

    @property
    def done(self) -> int:
        """Frames that need no more work."""
        return self.skipped + self.written

    @property
    def working_seconds(self) -> float:
        """Seconds since the first layers were there: starting the server is no measure of speed."""
        return max(0.0, self.seconds - self.first_written) if self.first_written is not None else 0.0

    @property
    def rate(self) -> float | None:
        """Source frames written per second so far."""
        elapsed = self.working_seconds
        return self.written / elapsed if self.written > 1 and elapsed > 0.5 else None

    @property
    def remaining(self) -> float | None:
        """Seconds to go at the present rate."""
        rate = self.rate
        if rate is None or self.total is None:
            return None
        return max(0, self.total - self.done) / rate


@dataclass(frozen=True)
class Summary:
    """How an episode ended.

    Attributes:
        status: ``complete``, ``already complete``, ``failed`` or ``interrupted``.
        seconds: wall time of this run.
        frames_per_second: source frames that this run wrote, per second of it, start-up included.
    """

    episode: str
    status: str
    folder: str
    frames: int = 0
    drawings: int = 0
    scenes: int = 0
    resumed_frames: int = 0
    seconds: float = 0.0
    frames_per_second: float | None = None
    first_layer_seconds: float | None = None
    mask_quality: float | None = None
    residual_psnr: float | None = None
    residual_mae: float | None = None
    absent_roles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    exit_code: int = 0


class Reporter:
    """Base of what listens to a run; this one says nothing (``--quiet``)."""

    def begin(self, progress: Progress, facts: dict[str, Any]) -> None:
        """An episode begins; ``progress`` changes from now on."""

    def tick(self, progress: Progress) -> None:
        """Something has moved on; called often, from several threads."""

    def warn(self, episode: str, text: str) -> None:
        """Something is odd and the work goes on."""

    def end(self, summary: Summary) -> None:
        """An episode is over."""

    def close(self, summaries: list[Summary]) -> None:
        """The last episode is over."""


class JsonLines(Reporter):
    """One JSON object a line: ``begin``, ``progress`` (once a second), ``warning``, ``end``, ``total``.

    Args:
        write: takes one line without its end.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._last = 0.0
        self._lock = threading.Lock()

    def _event(self, event: str, **fields: Any) -> None:
        self._write(json.dumps({"event": event, **fields}, ensure_ascii=False))

    def begin(self, progress: Progress, facts: dict[str, Any]) -> None:
        """See :class:`Reporter`."""
        self._event("begin", episode=progress.episode, frames_expected=progress.total, **facts)
        self._last = 0.0

    def tick(self, progress: Progress) -> None:
        """See :class:`Reporter`."""
        now = time.monotonic()
        with self._lock:
            if now - self._last < _JSON_SECONDS:
                return
            self._last = now
        self._event(
            "progress",
            episode=progress.episode,
            frames=progress.done,
            frames_expected=progress.total,
            read=progress.read,
            drawings=progress.drawings,
            scene=f"scene{progress.shot:04d}",
            frames_per_second=None if progress.rate is None else round(progress.rate, 2),
            seconds=round(progress.seconds, 1),
            seconds_left=None if progress.remaining is None else round(progress.remaining, 1),
        )

    def warn(self, episode: str, text: str) -> None:
        """See :class:`Reporter`."""
        self._event("warning", episode=episode, message=text)

    def end(self, summary: Summary) -> None:
        """See :class:`Reporter`."""
        self._event("end", **asdict(summary))

    def close(self, summaries: list[Summary]) -> None:
        """See :class:`Reporter`."""
        self._event(
            "total",
            episodes=len(summaries),
            failed=sum(summary.status == "failed" for summary in summaries),
            frames=sum(summary.frames for summary in summaries),
            seconds=round(sum(summary.seconds for summary in summaries), 1),
        )


def failure(episode: str, folder: str, error: TritonAnimeError, seconds: float, interrupted: bool) -> Summary:
    """The summary of an episode that ended with an error."""
    return Summary(
        episode=episode,
        status="interrupted" if interrupted else "failed",
        folder=folder,
        seconds=round(seconds, 2),
        error=str(error),
        exit_code=error.exit_code,
    )
