"""One episode from its file to its output folder: resume, progress, manifest.

Four things run at once behind bounded queues: the decoder's thread, the threads of the pipeline (cutting,
comparing, asking the server), the encoders of the writer, and this one, which hands results over.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import Drawing, drawings
from triton_anime.errors import Interrupted, OutputError, TritonAnimeError
from triton_anime.manifest import (
    Manifest,
    has_strange_layers,
    is_whole,
    manifest_of,
    read_manifest,
    remove_outputs,
)
from triton_anime.progress import Progress, Reporter, Summary
from triton_anime.settings import Settings
from triton_anime.timecode import rational
from triton_anime.video import Selection, VideoReader, open_video
from triton_anime.writer import EpisodeWriter
from triton_anime.writers.files import FolderLock, output_errors
from triton_anime.writers.names import PROGRESS, RUN_LOG
from triton_anime.writers.temporal import Facts

Decompose = Callable[[Iterator[Drawing], Settings], Iterator[DrawingLayers]]
"""Turns drawings into layers; asked for once the video is open, so that a server may start meanwhile."""


@dataclass(frozen=True)
class Job:
    """One episode to process.

    Attributes:
        path: a video, a folder of pictures or a pattern of them.
        folder: where the tree goes; its name is the episode's name.
        settings: of the pipeline.
        selection: which frames.
        sequence_rate: frames a second of a picture sequence.
        overwrite: delete what an earlier run wrote into ``folder`` and start over.
    """

    path: Path
    folder: Path
    settings: Settings
    selection: Selection = field(default_factory=Selection)
    sequence_rate: Fraction | None = None
    overwrite: bool = False

    @property
    def episode(self) -> str:
        """Name of the episode in the metadata."""
        return self.folder.name


def prepare(job: Job) -> Manifest:
    """Check input and output folder before any work; returns the manifest that the folder has or gets.

    With ``complete`` set there is nothing left to do.

    Raises:
        VideoError: the input is not usable.
        OutputError: the folder was made from something else, or cannot be written.
    """
    if not job.path.is_file():
        # Missing files, empty folders and patterns without a match are told here, by the one who knows.
        open_video(job.path, job.selection, sequence_rate=job.sequence_rate).close()
    wanted = manifest_of(job.path, job.episode, job.settings, job.selection, job.sequence_rate)
    if job.overwrite:
        return wanted
    found = read_manifest(job.folder)
    if found is None:
        if has_strange_layers(job.folder):
            raise OutputError(
                f"{job.folder}: holds layers of unknown origin; choose another folder or pass --overwrite"
            )
        return wanted
    difference = wanted.difference(found)
    if difference is not None:
        raise OutputError(
            f"{job.folder}: was made with {difference}; start over with --overwrite or choose another folder"
        )
    return found if not found.complete or is_whole(job.folder) else wanted


def process_episode(
    job: Job,
    decompose: Decompose,
    reporter: Reporter | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Process one episode, or finish what an earlier run began.

    The bytes written do not depend on how often it was interrupted: a shot is either finished or done again.

    Args:
        job: what to do.
        decompose: usually ``lambda items, settings: Pipeline(server, settings).run(items)``.
        reporter: hears of the progress.
        stop: when set, reading ends at once with :class:`Interrupted`.

    Raises:
        VideoError: the input cannot be read.
        OutputError: the output cannot be written, or belongs to another run.
        ServerError: the server failed for good.
    """
    reporter = reporter or Reporter()
    started = time.monotonic()
    manifest = prepare(job)
    if manifest.complete:
        return Summary(job.episode, "already complete", str(job.folder), seconds=_since(started))
    with ExitStack() as stack:
        # The reader first: an input that is no video leaves no folder behind.
        reader = stack.enter_context(open_video(job.path, job.selection, sequence_rate=job.sequence_rate))
        reader.start()
        if job.overwrite:
            remove_outputs(job.folder)
        lock = FolderLock(job.folder / PROGRESS / "lock")
        stack.callback(lock.release)
        Manifest(manifest.episode, manifest.source, manifest.settings).write(job.folder)
        writer = EpisodeWriter(job.folder)
        stack.callback(writer.close)
        run = _Run(job, reader, writer, reporter, stop or threading.Event(), started)
        run.layers(decompose)
        summary = run.finish()
        lock.release()
    _forget_progress(job.folder)
    return summary


class _Run:
    """The work on one episode, between opening and closing."""

    def __init__(
        self,
        job: Job,
        reader: VideoReader,
        writer: EpisodeWriter,
        reporter: Reporter,
        stop: threading.Event,
        started: float,
    ) -> None:
        self._job = job
        self._reader = reader
        self._writer = writer
        self._reporter = reporter
        self._stop = stop
        self._finished = writer.records.finished()
        self._warned = 0
        self._began_at = datetime.now(timezone.utc)
        self.progress = Progress(job.episode, total=reader.frame_count, started=started)

    def layers(self, decompose: Decompose) -> None:
        """Everything up to the last layer on disk."""
        facts = {
            "width": self._reader.width,
            "height": self._reader.height,
            "frame_rate": rational(self._reader.frame_rate),
            "folder": str(self._job.folder),
        }
        self._reporter.begin(self.progress, facts)
        results = decompose(self._unfinished(), self._job.settings)
        with closing(results) as items:  # type: ignore[type-var]
            for item in items:
                self._writer.add(item)
                self._tick(item.drawing.shot)
        self._writer.flush()
        self._tick(self.progress.shot)

    def _unfinished(self) -> Iterator[Drawing]:
        """The drawings of shots that no earlier run has finished; read in a thread of the pipeline."""
        progress = self.progress
        for drawing in drawings(self._reader, self._rate):
            if self._stop.is_set():
                raise Interrupted("reading was stopped")
            progress.read += len(drawing.frames)
            self._reporter.tick(progress)
            if drawing.shot in self._finished:
                progress.skipped += len(drawing.frames)
                continue
            progress.drawings += 1
            yield drawing

    @property
    def _rate(self) -> Fraction:
        rate = self._job.selection.rate
        return self._reader.frame_rate if rate is None else min(rate, self._reader.frame_rate)

    def _tick(self, shot: int) -> None:
        progress = self.progress
        progress.shot = shot
        progress.written = self._writer.frames_written
        progress.drawings_written = self._writer.drawings_written
        if progress.first_written is None and progress.written:
            progress.first_written = progress.seconds
        self._reporter.tick(progress)
        self._warn()

    def _warn(self) -> None:
        new = self._reader.warnings[self._warned :]
        self._warned += len(new)
        for text in new:
            self._reporter.warn(self._job.episode, text)

    def finish(self) -> Summary:
        """Metadata, statistics and the final manifest."""
        self._warn()
        facts = Facts(
            episode=self._job.episode,
            frame_rate=self._reader.frame_rate,
            frame_step=1 / self._rate,
            width=self._reader.width,
            height=self._reader.height,
            warnings=tuple(self._reader.warnings),
        )
        found = self._writer.finish(facts)
        progress = self.progress
        seconds = progress.seconds
        summary = Summary(
            episode=self._job.episode,
            status="complete",
            folder=str(self._job.folder),
            frames=found.frames,
            drawings=found.drawings,
            scenes=found.scenes,
            resumed_frames=progress.skipped,
            seconds=round(seconds, 2),
            frames_per_second=round(progress.written / seconds, 3) if progress.written else None,
            first_layer_seconds=None if progress.first_written is None else round(progress.first_written, 2),
            mask_quality=found.mask_quality.mean,
            residual_psnr=found.residual_psnr,
            residual_mae=found.residual_mae.mean,
            absent_roles=tuple(sorted(found.absent_roles)),
            warnings=facts.warnings,
        )
        self._log(summary)
        manifest = read_manifest(self._job.folder)
        assert manifest is not None
        Manifest(manifest.episode, manifest.source, manifest.settings, complete=True).write(self._job.folder)
        return summary

    def _log(self, summary: Summary) -> None:
        """Times belong here and nowhere else: every other file is the same whenever it is made."""
        line: dict[str, Any] = {
            "began": self._began_at.isoformat(timespec="seconds"),
            "seconds": summary.seconds,
            "frames_written": self.progress.written,
            "frames_resumed": self.progress.skipped,
            "drawings": self.progress.drawings_written,
            "first_layer_seconds": summary.first_layer_seconds,
            "frames_per_second": summary.frames_per_second,
            "stage_seconds": {
                "decode": round(self._reader.busy_seconds, 2),
                "encode": round(self._writer.busy_seconds, 2),
            },
        }
        path = self._job.folder / RUN_LOG
        with output_errors(self._job.folder), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _forget_progress(folder: Path) -> None:
    """Delete the working files of a complete run."""
    progress = folder / PROGRESS
    with output_errors(folder):
        for path in progress.glob("*") if progress.is_dir() else ():
            path.unlink(missing_ok=True)
        if progress.is_dir():
            progress.rmdir()


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)


def as_error(error: BaseException, job: Job) -> TritonAnimeError:
    """What to tell a user about an exception that ended an episode."""
    if isinstance(error, TritonAnimeError):
        return error
    kind = type(error).__name__
    return TritonAnimeError(
        f"{job.path}: unexpected {kind}: {error}; please report it, with --debug for the trace"
    )
