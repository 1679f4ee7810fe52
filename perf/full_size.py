"""Exports the published sizes with random weights and compares the graphs with PyTorch.

    python perf/full_size.py u2net u2net/u2netp lama     # these
    python perf/full_size.py --all                       # the first published size of every network

Each runs in a process of its own, so that peak memory is its own. Results are put into a JSON file by name,
from where `triton-anime-export card` takes them. Seconds are the processor's. ``--device cuda`` computes both
sides on a GPU and writes perf/full_size_cuda.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from triton_anime_export.errors import ExportError
from triton_anime_export.full_size import THREADS, measure, providers
from triton_anime_export.network import Network
from triton_anime_export.networks import NETWORKS
from triton_anime_export.records import Record, put
from triton_anime_export.sizes import find_size, keys

PERF = Path(__file__).parent
WAYS = ("single", "lean")
"""Options that measure with less memory."""


def alone(name: str, runs: int, device: str, timeout_s: float, *flags: str) -> Record:
    """Measure one size in a process of its own, with further ``flags`` of this script.

    Returns:
        The record of :func:`triton_anime_export.full_size.measure`, or ``{"failed": why}``.
    """
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "record.json"
        command = [sys.executable, __file__, name, "--into", str(into), "--onnx-runs", str(runs)]
        try:
            done = subprocess.run(
                [*command, "--device", device, *flags],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {timeout_s:g} s"}
        if into.is_file():
            record: Record = json.loads(into.read_text("utf-8"))
            return record
        said = done.stderr.strip().splitlines()
        return {"failed": said[-1] if said else f"the process ended with {done.returncode}"}


def _attempt(network: Network, size: str, folder: Path, runs: int, device: str, **ways: bool) -> Record:
    """The measurement, or why there is none: exporters raise whatever they meet."""
    try:
        return measure(network, size, folder, runs, device, **ways)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return {"failed": f"{type(error).__name__}: {' '.join(lines)[:300]}"}


def row(name: str, record: Record) -> str:
    """One line of the table."""
    if "failed" in record:
        return f"{name:24} FAILED: {record['failed']}"
    call = record["call"]
    reference = record["reference"]
    verdict = "ok" if record["within"] else "BEYOND TOLERANCE"
    line = (
        f"{name:24} {record['parameters']:>12,} {record['onnx_mb']:>8.1f} {record['nodes']:>6} "
        f"{record['export_cpu_s']:>7.1f} {record['peak_mib']:>6} {record['largest_absolute']:>9.2e} "
        f"{record['largest_relative']:>9.2e} {call['cpu_s']:>7.2f}  {verdict}"
    )
    same = [output for output, said in record["outputs"].items() if said["deviation"] == 0]
    if same:
        line += f"; the same everywhere: {', '.join(same)}"
    for what, said in (reference or {}).get("compared", {}).items():
        verdict = "ok" if said["within"] else "DIFFERS"
        line += f"\n{'':24} against {reference['package']}: {what} {said['relative']:.2e} {verdict}"
    return "\n".join([line, *(f"{'':24} {warning}" for warning in record["tensorrt"])])


def main() -> None:
    """Measure what was named; exit 1 where something fails or strays."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="the first published size of every network")
    parser.add_argument(
        "--onnx-runs", type=int, default=3, metavar="N", help="timed calls, of which the fastest"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--output", type=Path, help="JSON file to put the results into")
    parser.add_argument("--single", action="store_true", help="no batch of two: half the memory")
    parser.add_argument(
        "--lean",
        action="store_true",
        help="ONNX Runtime keeps no memory between steps: slower, far less of it",
    )
    parser.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS", help="for each")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = keys(NETWORKS) if options.all else options.names
    if not names:
        parser.error(f"name a network or say --all; there are: {', '.join(keys(NETWORKS, every=True))}")
    try:
        sizes = [find_size(NETWORKS, name) for name in names]
        providers(options.device)
        if options.into is not None:
            with tempfile.TemporaryDirectory() as folder:
                ways = {name: getattr(options, name) for name in WAYS}
                record = _attempt(*sizes[0], Path(folder), options.onnx_runs, options.device, **ways)
            options.into.write_text(json.dumps(record), "utf-8")
            return
    except ExportError as error:
        parser.error(str(error))
    usual = PERF / ("full_size.json" if options.device == "cpu" else "full_size_cuda.json")
    print(
        f"{'':24} {'parameters':>12} {'ONNX MB':>8} {'nodes':>6} {'export':>7} {'MiB':>6} {'absolute':>9} "
        f"{'relative':>9} {'call':>7}   (seconds of processor time, {THREADS} threads)"
    )
    wrong = 0
    flags = [f"--{name}" for name in WAYS if getattr(options, name)]
    for name in names:
        record = alone(name, options.onnx_runs, options.device, options.timeout, *flags)
        put(options.output or usual, name, record)
        print(row(name, record), flush=True)
        compared = ((record.get("reference") or {}).get("compared") or {}).values()
        wrong += not record.get("within", False) or not all(said["within"] for said in compared)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
