"""One clear line for whatever keeps the embedded server from running, and its command line."""

from __future__ import annotations

import ctypes.util
import platform
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from triton_anime.embedded import installation
from triton_anime.embedded.launch import Endpoints, free_ports, server_arguments
from triton_anime.errors import ServerStartError


def _message() -> str:
    with pytest.raises(ServerStartError) as caught:
        installation.find_installation()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_another_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert "runs on Linux x86-64, not on Linux aarch64; use a Triton elsewhere with --server" in _message()


@pytest.mark.parametrize(
    ("package", "called"), [("pytriton", "nvidia-pytriton"), ("onnxruntime", "onnxruntime")]
)
def test_a_missing_package(monkeypatch: pytest.MonkeyPatch, package: str, called: str) -> None:
    real = installation._package
    monkeypatch.setattr(
        installation, "_package", lambda name: None if name == package else Path(str(real(name)))
    )
    assert called in _message()
    assert 'pip install "triton-anime[local]"' in _message()


def test_a_python_without_a_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pytriton")
    monkeypatch.setattr(sys, "version_info", type("Version", (tuple,), {"major": 3, "minor": 99})((3, 99)))
    assert "no part for Python 3.99, only for 3.8, 3.9, 3.10" in _message()


def test_a_python_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pytriton")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: "/nowhere")
    monkeypatch.setattr(sys, "base_prefix", "/nowhere")
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    assert "apt install libpython" in _message()


def test_a_home_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pytriton")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRITON_ANIME_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    backends = installation.find_installation().backends
    assert backends.is_relative_to(tmp_path)
    assert (backends / "python" / "triton_python_backend_stub").is_file()
    assert (backends / "onnxruntime" / "model.py").is_file()


def test_the_backend_directory_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pytriton")
    monkeypatch.setenv("TRITON_ANIME_HOME", str(tmp_path))
    first = installation.find_installation()
    stamp = first.backends.stat().st_mtime_ns
    assert installation.find_installation() == first
    assert first.backends.stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == [first.backends.name]


@pytest.mark.parametrize(("version", "flag"), [((2, 51), False), ((2, 68), False), ((2, 69), True)])
def test_flags_follow_the_version(version: tuple[int, int], flag: bool) -> None:
    arguments = server_arguments(
        [Path("/a"), Path("/b")],
        Path("/backends/"),
        Endpoints("127.0.0.1", 1, None, 2),
        token="secret",
        shm_prefix="prefix_",
        version=version,
    )
    assert ("--allow-client-shm=true" in arguments) is flag
    assert "--backend-directory=/backends" in arguments
    assert "--allow-http=false" in arguments
    assert [each for each in arguments if "0.0.0.0" in each] == []
    assert "--metrics-address=127.0.0.1" in arguments


def test_free_ports_are_different() -> None:
    assert len(set(free_ports("127.0.0.1", 8))) == 8
