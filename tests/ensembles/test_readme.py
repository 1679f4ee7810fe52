"""What the READMEs of ensembles/ say is run, and held against the configurations."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from triton_anime.repository import Catalogue, ensemble_repository

READMES = sorted(ensemble_repository().glob("**/README.md"))
_ROW = re.compile(r"^\| ([A-Z0-9_, ]+?)(\(out\)|, optional)? *\| ([A-Z0-9]+) \|", re.MULTILINE)
_TRITON = {"BYTES": "BYTES", "STRING": "BYTES"}


def snippets(language: str) -> list[tuple[str, str]]:
    found = []
    for path in READMES:
        blocks = re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        found += [(f"{path.parent.name}-{number}", block) for number, block in enumerate(blocks)]
    return found


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, int]]:
    """gRPC address and HTTP port of a server that has both open."""
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer
    from triton_anime.embedded.launch import free_ports

    (http,) = free_ports("127.0.0.1", 1)
    with EmbeddedServer(http_port=http) as embedded:
        missing = [name for name in Catalogue().servable() if not embedded.server.is_ready(name)]
        if missing:
            pytest.skip(f"not served: {', '.join(missing)}")
        yield embedded.address, http


@pytest.mark.triton
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in snippets("python")])
def test_python_snippets_run(addresses: tuple[str, int], code: str) -> None:
    assert "localhost:8001" in code
    exec(compile(code.replace("localhost:8001", addresses[0]), "README.md", "exec"), {})


@pytest.mark.triton
def test_shell_snippets_run(addresses: tuple[str, int], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    answers = []
    for _, code in snippets("sh"):
        here = code.replace("localhost:8000", f"127.0.0.1:{addresses[1]}")
        done = subprocess.run(
            ["bash", "-ec", here], cwd=tmp_path, capture_output=True, check=True, timeout=120
        )
        answers.append(json.loads(done.stdout))
    segmented, described = answers
    assert {tensor["name"] for tensor in segmented["outputs"]} == {"SCORES", "BOXES"}
    assert described["name"] == "refine_character"


def test_tables_name_the_tensors_of_the_configurations() -> None:
    main = (ensemble_repository() / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", main, re.DOTALL | re.MULTILINE))
    for name, model in Catalogue([ensemble_repository()]).models.items():
        own = ensemble_repository() / name / "README.md"
        text = own.read_text(encoding="utf-8") if own.is_file() else sections[name]
        said = {
            tensor.strip(): dtype for names, _, dtype in _ROW.findall(text) for tensor in names.split(",")
        }
        served = {tensor.name: tensor.dtype for tensor in (*model.inputs, *model.outputs)}
        assert {tensor: _TRITON.get(dtype, dtype) for tensor, dtype in said.items() if tensor} == served, name


def test_every_model_is_in_the_first_table_with_what_it_calls() -> None:
    main = (ensemble_repository() / "README.md").read_text(encoding="utf-8")
    for name, model in Catalogue([ensemble_repository()]).models.items():
        (row,) = re.findall(rf"^\| \[{name}\]\([^)]*\) \|.*$", main, re.MULTILINE)
        if name != "decompose_frame":
            for callee in {*model.needs, *model.wants}:
                assert callee in row, f"{name} calls {callee}"
