"""``triton-anime process``: episodes in, layers out."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triton_anime.errors import InputError, Interrupted, ServerError, TritonAnimeError
from triton_anime.inputs import expand, parse_prompts, parse_rate
from triton_anime.progress import JsonLines, Reporter, Summary, failure
from triton_anime.timecode import parse_span

if TYPE_CHECKING:
    from triton_anime.drawing_layers import DrawingLayers
    from triton_anime.drawings import Drawing
    from triton_anime.episode import Job
    from triton_anime.server_source import ServerSource
    from triton_anime.settings import Settings

_EPILOG = """\b
Examples:
  triton-anime process episode.mp4                      layers in output/episode/
  triton-anime process season/ -o /data/layers          every video of a folder
  triton-anime process ep.mkv --range 1:30-2:00         half a minute of it
  triton-anime process ep.mkv --range 100f-200f --fps 12
  triton-anime process cut_%04d.png --sequence-fps 24   pictures instead of a video
  triton-anime process ep.mp4 --prompts "blue lightning,smoke"
  triton-anime process ep.mp4 --server gpu-box:8001     on another Triton server
  triton-anime process ep.mp4 --networks full/ --detail u2net,modnet,vitmatte
  triton-anime process ep.mp4 --json | jq .             for scripts

Run the same command again after an interruption: finished shots are kept and the result is the same to the
byte. Exit codes: 0 done, 2 bad argument, 3 unusable video, 4 output cannot be written or disk full,
5-7 server, 130/143 stopped by Ctrl-C or SIGTERM.
"""


@click.command(name="process", epilog=_EPILOG)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="output",
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Each episode gets a folder of its name in here.",
)
@click.option(
    "--server",
    "address",
    envvar="TRITON_ANIME_SERVER",
    metavar="HOST:PORT",
    help="Use this Triton server (gRPC) instead of an embedded one. [env: TRITON_ANIME_SERVER]",
)
@click.option(
    "--networks",
    "repository",
    envvar="TRITON_ANIME_NETWORKS",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    metavar="DIR",
    help="Model repository for the embedded server instead of the package's own, e.g. one written by "
    "`triton-anime-export build --profile full`. [env: TRITON_ANIME_NETWORKS]",
)
@click.option(
    "--prompts",
    multiple=True,
    metavar="A,B,...",
    help="What counts as an effect, in words; comma-separated or repeated. Default: the five of the design.",
)
@click.option(
    "--tracker",
    type=click.Choice(("xmem", "deaot", "flow")),
    default="xmem",
    show_default=True,
    help="Follow characters with XMem's or DeAOT's memory, or along optical flow, which is quicker.",
)
@click.option(
    "--segmentation",
    default="",
    metavar="A,B",
    help="Networks that say what is where, the first that is served: mask2former, panoptic_deeplab. "
    "Default: as the server is configured.",
)
@click.option(
    "--class-roles",
    "roles_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="JSON file that says which of COCO's classes are characters, effects and objects, for networks that "
    "know these classes. Default: the server's.",
)
@click.option(
    "--detail",
    default="",
    metavar="A,B,...",
    help="Networks that refine the characters: u2net, isnet_anime, modnet, and vitmatte for their edges. "
    "Default: those the server is configured for.",
)
@click.option(
    "--effects",
    default="",
    metavar="A,B",
    help="Where effects come from: clipseg, grounded_sam or both. Default: as the server is configured.",
)
@click.option(
    "--flow",
    type=click.Choice(("network", "dis")),
    default="network",
    show_default=True,
    help="Optical flow by the served network, or by OpenCV's DIS in this process (faster).",
)
@click.option(
    "--flow-long-side",
    type=click.IntRange(min=64),
    metavar="N",
    help="Find the flow on frames of this long side and enlarge it: quicker, and coarser. Default: the long "
    "side that it is used at, 512.",
)
@click.option(
    "--video-inpainting",
    type=click.Choice(("lama", "sttn", "e2fgvi_hq", "propainter")),
    default="lama",
    show_default=True,
    help="What draws the background that no drawing shows: LaMa for each drawing, or a network that looks at "
    "many together and must be served. Licences: STTN MIT; E2FGVI-HQ CC-BY-NC-4.0 and ProPainter S-Lab "
    "License 1.0, neither for commercial use.",
)
@click.option("--fps", metavar="RATE", help="Process at most so many frames a second, e.g. 12 or 24000/1001.")
@click.option(
    "--range",
    "span",
    metavar="IN-OUT",
    help="Process only this part: seconds (60-90), timecodes (00:01:00-00:01:30:12) or frames (100f-200f).",
)
@click.option("--max-frames", type=click.IntRange(min=1), metavar="N", help="Stop after N frames.")
@click.option("--sequence-fps", metavar="RATE", help="Frame rate of a picture sequence. [default: 24]")
@click.option(
    "--resume/--overwrite",
    default=True,
    help="Go on where an earlier run stopped (default), or delete what it wrote and start over.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print progress and results as JSON, one object a line."
)
@click.option(
    "--embedded-log",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the embedded server writes its log.",
)
def command(
    inputs: tuple[Path, ...],
    output: Path,
    address: str | None,
    repository: Path | None,
    prompts: tuple[str, ...],
    tracker: str,
    segmentation: str,
    roles_file: Path | None,
    detail: str,
    effects: str,
    flow: str,
    flow_long_side: int | None,
    video_inpainting: str,
    fps: str | None,
    span: str | None,
    max_frames: int | None,
    sequence_fps: str | None,
    resume: bool,
    quiet: bool,
    as_json: bool,
    embedded_log: Path | None,
) -> None:
    """Take videos apart into character, effect and background layers with metadata.

    INPUT is a video, an animated GIF/WebP/PNG, a folder of videos, a folder of pictures, or a pattern such as
    frame_%04d.png. Without --server a Triton server is started on this machine for the time of the run.
    """
    from triton_anime.interrupts import interruptible

    reporter = _reporter(quiet, as_json)
    with interruptible() as stop:
        from triton_anime.class_roles import read, words
        from triton_anime.episode import Job
        from triton_anime.server_source import ServerSource
        from triton_anime.settings import Settings
        from triton_anime.video import Selection

        settings = Settings(
            tracker=tracker,
            flow=flow,
            flow_long_side=flow_long_side,
            segmentation=_names(segmentation),
            class_roles=() if roles_file is None else words(read(roles_file)),
            detail=_names(detail),
            effects=_names(effects),
            video_inpainting=video_inpainting,
        )
        if prompts:
            settings = dataclasses.replace(settings, prompts=parse_prompts(prompts))
        selection = Selection(
            rate=None if fps is None else parse_rate(fps),
            span=None if span is None else parse_span(span),
            max_frames=max_frames,
        )
        sequence_rate = None if sequence_fps is None else parse_rate(sequence_fps)
        jobs = [
            Job(path, output / name, settings, selection, sequence_rate, overwrite=not resume)
            for path, name in expand(inputs)
        ]
        run = _Batch(jobs, reporter, lambda: ServerSource(address, embedded_log, repository))
        try:
            run.work(stop)
        finally:
            run.close()
    code = next((summary.exit_code for summary in run.summaries if summary.exit_code), 0)
    if code:
        raise click.exceptions.Exit(code)


class _Batch:
    """Episodes one after the other with one server."""

    def __init__(self, jobs: list[Job], reporter: Reporter, start: Callable[[], ServerSource]) -> None:
        self._jobs = jobs
        self._reporter = reporter
        self._start = start
        self._server: ServerSource | None = None
        self.summaries: list[Summary] = []

    def work(self, stop: threading.Event) -> None:
        """Process every job; one that fails does not keep the others from being done."""
        from triton_anime.episode import as_error, process_episode

        self._start_server()
        if self._server is not None:
            self._server.close_when(stop)
            self._check_choice(self._server)
        for job in self._jobs:
            began = time.monotonic()
            try:
                self._end(process_episode(job, self._decompose, self._reporter, stop))
            except Exception as error:
                told = as_error(error, job)
                if told is not error and click.get_current_context().find_root().params.get("debug"):
                    raise
                stopped = isinstance(error, Interrupted)
                self._end(failure(job.episode, str(job.folder), told, time.monotonic() - began, stopped))
                # Without a server, or told to stop, the others cannot be done either.
                if stopped or isinstance(error, ServerError):
                    break

    def _start_server(self) -> None:
        """Start it while the first video is opened, unless nothing is left to do."""
        from triton_anime.episode import prepare

        for job in self._jobs:
            try:
                complete = prepare(job).complete
            except TritonAnimeError:
                continue
            if not complete:
                self._server = self._start()
                return

    def _check_choice(self, server: ServerSource) -> None:
        """What was chosen and is not served is told before any folder is made for it."""
        from triton_anime.fillers.networks import open_inpainter

        for chosen in {job.settings.video_inpainting for job in self._jobs} - {"lama"}:
            open_inpainter(server.get(), chosen)

    def _decompose(self, items: Iterator[Drawing], settings: Settings) -> Iterator[DrawingLayers]:
        from triton_anime.pipeline import Pipeline

        if self._server is None:
            raise ServerError("no server was started; run the same command again")
        return Pipeline(self._server.get(), settings).run(items)

    def _end(self, summary: Summary) -> None:
        self.summaries.append(summary)
        self._reporter.end(summary)

    def close(self) -> None:
        """Report the whole and stop the server."""
        if self._server is not None:
            self._server.close()
        self._reporter.close(self.summaries)


def _names(said: str) -> tuple[str, ...]:
    """Names of networks, separated by commas."""
    return tuple(name.strip() for name in said.split(",") if name.strip())


def _reporter(quiet: bool, as_json: bool) -> Reporter:
    if quiet and as_json:
        raise InputError("--quiet and --json exclude one another; choose one")
    if as_json:
        return JsonLines(lambda line: click.echo(line))
    if quiet:
        return _ErrorsOnly()
    from triton_anime.progress_display import Display

    return Display()


class _ErrorsOnly(Reporter):
    """``--quiet``: nothing but what went wrong, on standard error."""

    def end(self, summary: Summary) -> None:
        """See :class:`Reporter`."""
        if summary.error is not None:
            click.echo(f"error: {summary.error}", err=True)
