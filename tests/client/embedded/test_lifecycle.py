"""Starting, dying and stopping: nothing may be left behind, and no request lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from triton_anime.embedded import EmbeddedServer
from triton_anime.embedded.launch import free_ports
from triton_anime.embedded.supervisor import children
from triton_anime.errors import RoleAbsentError, ServerError, ServerStartError

pytestmark = pytest.mark.triton

_CLIENT = """
import sys, time
from pathlib import Path
import numpy as np
from triton_anime.embedded import EmbeddedServer

with EmbeddedServer(["twice"], repositories=[Path(path) for path in sys.argv[1:]]) as embedded:
    embedded.server.infer("twice", {"FRAME": np.zeros((300, 400, 3), np.uint8)})
    print(embedded.pid, flush=True)
    time.sleep(30)
"""
_FRAME = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)


def _family(pid: int) -> list[int]:
    """The process, its parent (the supervisor) and its children (the models)."""
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return [parent, pid, *children(pid)]


def _shared_memory(pids: list[int]) -> list[str]:
    """Names in /dev/shm that say they belong to one of the processes."""
    return [path.name for pid in pids for path in Path("/dev/shm").glob(f"triton_anime_{pid}_*")]


def _alive(pids: list[int]) -> list[int]:
    def state(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "gone"

    return [pid for pid in pids if state(pid) not in {"gone", "Z"}]


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_client_leaves_no_process_and_no_shared_memory(
    small_repositories: tuple[Path, Path], number: int
) -> None:
    command = [sys.executable, "-c", _CLIENT, *map(str, small_repositories)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
        assert client.stdout
        family = _family(int(client.stdout.readline()))
        assert len(family) == 4
        assert _alive(family) == family
        family.append(client.pid)
        assert _shared_memory(family)
        client.send_signal(number)
        client.wait(90)
    assert _until(lambda: not _alive(family)), f"left behind: {_alive(family)}"
    assert _until(lambda: not _shared_memory(family)), f"left behind: {_shared_memory(family)}"


def test_a_killed_supervisor_takes_the_server_along_and_the_next_start_sweeps(
    small_repositories: tuple[Path, Path],
) -> None:
    command = [sys.executable, "-c", _CLIENT, *map(str, small_repositories)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
        assert client.stdout
        family = _family(int(client.stdout.readline()))
        client.kill()
        os.kill(family[0], signal.SIGKILL)
        client.wait(90)
    assert _until(lambda: not _alive(family[:2])), f"left behind: {_alive(family[:2])}"
    with EmbeddedServer(repositories=small_repositories):
        assert _until(lambda: not _alive(family)), f"left behind: {_alive(family)}"
        assert not _shared_memory(family)


def test_work_in_flight_survives_the_death_of_the_server(small_repositories: tuple[Path, Path]) -> None:
    with EmbeddedServer(["slow"], repositories=small_repositories) as embedded:
        embedded.wait_for(["slow"])
        first = embedded.pid
        answers = [embedded.server.infer_async("slow", {"FRAME": _FRAME}) for _ in range(3)]
        time.sleep(0.3)
        os.kill(first, signal.SIGKILL)
        for answer in answers:
            np.testing.assert_array_equal(answer.result(60)["OUT"], _FRAME)
        assert embedded.pid != first
        # A model that was not in use is there again as well.
        np.testing.assert_array_equal(embedded.server.infer("twice", {"FRAME": _FRAME})["OUT"], _FRAME * 2)
    assert not _alive([embedded.pid])


def test_work_in_flight_survives_the_death_of_a_model_process(small_repositories: tuple[Path, Path]) -> None:
    with EmbeddedServer(["slow"], repositories=small_repositories) as embedded:
        embedded.wait_for(["slow"])
        answer = embedded.server.infer_async("slow", {"FRAME": _FRAME})
        time.sleep(0.3)
        (model,) = children(embedded.pid)
        os.kill(model, signal.SIGKILL)
        np.testing.assert_array_equal(answer.result(60)["OUT"], _FRAME)


def test_closing_ends_what_is_under_way(small_repositories: tuple[Path, Path]) -> None:
    with EmbeddedServer(["slow"], repositories=small_repositories) as embedded:
        embedded.wait_for(["slow"])
        answer = embedded.server.infer_async("slow", {"FRAME": _FRAME})
    with pytest.raises(ServerError, match="closed"):
        answer.result(1)
    with pytest.raises(ServerError, match="closed"):
        embedded.server.infer("slow", {"FRAME": _FRAME})


def test_a_port_in_use_is_named(small_repositories: tuple[Path, Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = EmbeddedServer(repositories=small_repositories, grpc_port=port)
        with pytest.raises(ServerStartError, match=f"port {port} .*in use.*--grpc-port"):
            server.start()


def test_a_need_that_is_not_there_is_an_absent_role(
    tmp_path: Path, make_python_model: Callable[..., Path]
) -> None:
    make_python_model(tmp_path, "orphan", 'CALLS = ("nowhere",)\n')
    with (
        EmbeddedServer(["orphan"], repositories=[tmp_path]) as embedded,
        pytest.raises(RoleAbsentError, match="nowhere, which orphan calls"),
    ):
        embedded.server.infer("orphan", {"FRAME": _FRAME})


def test_serve_ends_cleanly_on_sigterm(small_repositories: tuple[Path, Path], tmp_path: Path) -> None:
    ports = [str(port) for port in free_ports("127.0.0.1", 3)]
    command = [sys.executable, "-c", "from triton_anime.commands.serve import command; command()"]
    command += ["--grpc-port", ports[0], "--metrics-port", ports[1], "--http-port", ports[2]]
    command += ["--models", "twice"]
    command += [part for path in small_repositories for part in ("--repository", str(path))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as serve:
        assert serve.stdout
        lines = [serve.stdout.readline() for _ in range(4)]
        assert f"serving 2 models on 127.0.0.1:{ports[0]}" in lines[-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[2]}/v2/health/ready") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/metrics") as answer:
            assert b"nv_inference_count" in answer.read()
        (supervisor,) = children(serve.pid)
        family = [supervisor, *children(supervisor)]
        serve.terminate()
        assert serve.wait(20) == 0
    assert not _alive(family)


def test_a_model_that_dies_of_the_canary_is_not_ready(
    tmp_path: Path, make_python_model: Callable[..., Path]
) -> None:
    source = (
        "import os\n\n\nclass TritonPythonModel:\n    def execute(self, requests):\n        os._exit(1)\n"
    )
    make_python_model(tmp_path, "dying", source)
    with (
        EmbeddedServer(["dying"], repositories=[tmp_path]) as embedded,
        pytest.raises(ServerStartError, match=r"keeps dying.*log"),
    ):
        embedded.wait_for(["dying"])


def test_a_log_that_cannot_be_written_is_named(small_repositories: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ServerStartError, match=r"server's log in .* cannot be written \(.*directory\)"):
        EmbeddedServer(repositories=small_repositories, log_path=tmp_path).start()
