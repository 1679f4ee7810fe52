"""Peak memory of a long run against a short one: the ratio should be 1.

    python perf/memory.py [--short 400] [--long 2000]

The clip is the demo looped; sizes are proportional set sizes of the client alone and of the whole tree.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
from measure import run

DEMO = Path(__file__).parents[1] / "tests" / "data" / "demo.mp4"


def loop(source: Path, target: Path, frames: int, width: int, height: int) -> None:
    """Write ``frames`` frames of ``source``, repeated end to end, at width x height."""
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "20", "preset": "ultrafast"}
        written = 0
        while written < frames:
            with av.open(str(source)) as container:
                for frame in container.decode(video=0):
                    if written == frames:
                        break
                    fresh = frame.reformat(width=width, height=height, format="yuv420p")
                    fresh.pts, fresh.time_base = written, Fraction(1, 24)
                    out.mux(stream.encode(fresh))
                    written += 1
        out.mux(stream.encode())


def main() -> None:
    """Run both lengths and print the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", type=int, default=400)
    parser.add_argument("--long", type=int, default=2000)
    parser.add_argument("--size", default="640x360")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    peaks = []
    with tempfile.TemporaryDirectory() as temporary:
        for frames in (options.short, options.long):
            clip = Path(temporary) / f"loop{frames}.mp4"
            loop(DEMO, clip, frames, width, height)
            out = Path(temporary) / f"out{frames}"
            one = run([sys.executable, "-m", "triton_anime", "process", "--quiet", "-o", str(out), str(clip)])
            peaks.append(one)
            print(
                f"{frames} frames: {one.wall_s:.0f} s, peak {one.client_peak_mib:.0f} MiB client, "
                f"{one.tree_peak_mib:.0f} MiB with server",
                flush=True,
            )
    print(f"ratio long/short: client {peaks[1].client_peak_mib / peaks[0].client_peak_mib:.3f}", end=", ")
    print(f"with server {peaks[1].tree_peak_mib / peaks[0].tree_peak_mib:.3f}")


if __name__ == "__main__":
    main()
