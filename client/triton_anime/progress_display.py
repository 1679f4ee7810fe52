"""The progress display of a terminal: one bar for the episode, one line of rates, a table at the end."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from triton_anime.progress import Progress, Reporter, Summary


class Display(Reporter):
    """Rich bars while there is a terminal; plain lines otherwise. Everything goes to standard error."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        # Into a pipe or a file there is no width to keep to.
        self._console = console if console.is_terminal else Console(stderr=True, width=120)
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def begin(self, progress: Progress, facts: dict[str, Any]) -> None:
        """See :class:`Reporter`."""
        size = f"{facts['width']}x{facts['height']}"
        frames = "? frames" if progress.total is None else f"{progress.total} frames"
        rate = f"{float(Fraction(facts['frame_rate'])):.3f}".rstrip("0").rstrip(".")
        self._console.print(Text.assemble((progress.episode, "bold"), f"  {size}, {rate} fps, {frames}"))
        if not self._console.is_terminal:
            return
        self._bars = Bars(
            TextColumn("  {task.fields[shot]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.fields[of]}"),
            TextColumn("{task.fields[rates]}", style="dim"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            refresh_per_second=4,
            transient=True,
        )
        self._bars.start()
        self._task = self._bars.add_task(
            "", total=progress.total, shot="starting", of=progress.total or "?", rates="", left=""
        )

    def tick(self, progress: Progress) -> None:
        """See :class:`Reporter`."""
        if self._bars is None or self._task is None:
            return
        waiting = progress.written == 0
        self._bars.update(
            self._task,
            completed=progress.done,
            shot="loading networks" if waiting else f"scene{progress.shot:04d}",
            rates=rates(progress),
            left="" if progress.remaining is None else f"{clock(progress.remaining)} left",
        )

    def warn(self, episode: str, text: str) -> None:
        """See :class:`Reporter`."""
        self._console.print(Text.assemble(("  warning: ", "yellow"), text), soft_wrap=True)

    def end(self, summary: Summary) -> None:
        """See :class:`Reporter`."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        if summary.error is not None:
            style = "yellow" if summary.status == "interrupted" else "red"
            line = Text.assemble((f"  {summary.status}: ", style), summary.error)
            self._console.print(line, soft_wrap=True)
        elif summary.status == "already complete":
            self._console.print(
                Text.assemble((summary.episode, "bold"), "  is complete already; --overwrite starts over")
            )

    def close(self, summaries: list[Summary]) -> None:
        """See :class:`Reporter`."""
        done = [summary for summary in summaries if summary.exit_code == 0]
        if not done and len(summaries) < 2:
            return
        self._console.print(table(summaries))
        if len(done) == 1:
            self._console.print(Text.assemble("layers and metadata in ", (f"{done[0].folder}/", "bold")))
        absent = sorted({role for summary in summaries for role in summary.absent_roles})
        if absent:
            self._console.print(
                Text(f"not served, so null in the metadata: {', '.join(absent)}", style="dim")
            )


def rates(progress: Progress) -> str:
    """Speed of each stage, in its own unit per second."""
    seconds = progress.working_seconds
    if progress.rate is None or seconds <= 0:
        return f"read {progress.read}"
    return (
        f"read {progress.read} · "
        f"drawings {progress.drawings_written / seconds:.1f}/s · "
        f"frames {progress.rate:.1f}/s"
    )


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def table(summaries: list[Summary]) -> Table:
    """The table at the end of a run."""
    found = Table(show_edge=False, pad_edge=False)
    found.add_column("episode", overflow="fold", min_width=8)
    found.add_column("result", no_wrap=True)
    for name in ("scenes", "drawings", "frames", "time", "fps", "mask", "residual"):
        found.add_column(name, justify="right", no_wrap=True)
    for item in summaries:
        colour = "green" if item.exit_code == 0 else "yellow" if item.status == "interrupted" else "red"
        found.add_row(
            item.episode,
            Text(item.status, style=colour),
            *(str(value) if value else "-" for value in (item.scenes, item.drawings, item.frames)),
            clock(item.seconds),
            "-" if item.frames_per_second is None else f"{item.frames_per_second:.2f}",
            "-" if item.mask_quality is None else f"{item.mask_quality:.3f}",
            "-" if item.residual_psnr is None else f"{item.residual_psnr:.1f} dB",
        )
    return found
