"""Write an episode: layers while they come, metadata and statistics when all are there.

:class:`EpisodeWriter` takes the layers of one drawing after the other, encodes them in a few threads behind a
bounded queue, and marks each shot as finished once every file of it is on disk.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from triton_anime.cast.roll import call_roll
from triton_anime.drawing_layers import DrawingLayers
from triton_anime.errors import OutputError
from triton_anime.writers.annotations import write_embeddings, write_frame_annotations
from triton_anime.writers.files import output_errors
from triton_anime.writers.layers import write_layers
from triton_anime.writers.names import (
    CHARACTER_EMBEDDINGS,
    FRAME_ANNOTATIONS,
    QUALITY_REPORT,
    SCENE_DISTRIBUTION,
    TEMPORAL_MAPPING,
    make_folders,
)
from triton_anime.writers.records import Record, Records
from triton_anime.writers.statistics import (
    Overall,
    overall,
    write_quality_report,
    write_scene_distribution,
)
from triton_anime.writers.temporal import Facts, write_temporal_mapping

_THREADS = 2
_WAITING = 4


class EpisodeWriter:
    """The output folder of one episode while it is filled.

    Args:
        root: the episode's folder; created when missing.

    Attributes:
        frames_written, drawings_written: what this run has put on disk.
        busy_seconds: time spent encoding and writing, summed over the threads.

    Raises (every method):
        OutputError: the disk is full or the folder cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.frames_written = 0
        self.drawings_written = 0
        self.busy_seconds = 0.0
        with output_errors(root):
            make_folders(root)
        self.records = Records(root)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="write")
        self._failed = False
        self._clock = threading.Lock()
        self._waiting: deque[tuple[Future[Record], bool]] = deque()

    def add(self, layers: DrawingLayers) -> None:
        """Take the next drawing; waits while too many are being encoded."""
        job = self._pool.submit(self._write, layers)
        self._waiting.append((job, layers.drawing.is_shot_end))
        while len(self._waiting) > _WAITING or (self._waiting and self._waiting[0][0].done()):
            self._settle()

    def _write(self, layers: DrawingLayers) -> Record:
        since = time.monotonic()
        record = write_layers(self.root, layers)
        with self._clock:
            self.busy_seconds += time.monotonic() - since
        return record

    def _settle(self) -> None:
        """Record the oldest drawing whose files are written."""
        job, ends_shot = self._waiting.popleft()
        # From the first failure on nothing is recorded: a shot must not be finished with a drawing missing.
        self._failed = True
        with output_errors(self.root):
            record = job.result()
            self.records.add(record)
            if ends_shot:
                self.records.finish_shot()
        self._failed = False
        self.frames_written += len(record["frames"])
        self.drawings_written += 1

    def flush(self) -> None:
        """Wait until everything taken so far is on disk."""
        while self._waiting:
            self._settle()

    def finish(self, facts: Facts) -> Overall:
        """Write metadata/ and statistics/ from the records of all shots; returns the sums."""
        self.flush()
        with output_errors(self.root):
            found = overall(self.records)
            write_frame_annotations(self.root / FRAME_ANNOTATIONS, facts.episode, self.records)
            write_embeddings(self.root / CHARACTER_EMBEDDINGS)
            roll = call_roll(self.records)
            write_temporal_mapping(self.root / TEMPORAL_MAPPING, facts, self.records, roll)
            write_scene_distribution(self.root / SCENE_DISTRIBUTION, facts, self.records, found, roll)
            write_quality_report(self.root / QUALITY_REPORT, facts, self.records, found)
        return found

    def close(self) -> None:
        """Finish what was taken, if the disk allows; a later run goes on from the last finished shot."""
        try:
            if not self._failed:
                self.flush()
        except OutputError:
            pass  # whoever closes is already on the way out, with the first error
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self.records.close()
