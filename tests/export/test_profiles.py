"""A whole model repository: what is written for each profile, and that Triton serves the full one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from triton_anime_export import profiles, to_onnx
from triton_anime_export.cli import cli
from triton_anime_export.errors import UnknownNetworkError, WeightsError
from triton_anime_export.network import Network
from triton_anime_export.networks import (
    _clipseg_modules,
    _clipseg_text_modules,
    clipseg,
    clipseg_text,
    deaot,
    find,
    find_all,
    grounding_dino,
    isnet_anime,
    lama,
    mask2former,
    modnet,
    raft,
    sam,
    sttn,
    u2net,
    vitmatte,
    xmem,
)
from triton_anime_export.networks._deaot_core import R50_L, DeAOT
from triton_anime_export.networks._nested_u import LITE as NARROW
from triton_anime_export.networks._xmem_core import FULL, XMem
from triton_anime_export.profiles import PROFILES, Source, write
from triton_anime_export.to_config import parse

PATIENCE = 900.0
"""Seconds: the graphs are narrow, but of their published depth and frame."""

TEXT = dataclasses.replace(_clipseg_text_modules.FULL, width=16, heads=2, hidden=32, depth=1, condition=512)
IMAGE = dataclasses.replace(
    _clipseg_modules.FULL,
    width=32,
    heads=2,
    hidden=64,
    depth=4,
    taps=(1, 2, 3),
    reduced=16,
    decoder_hidden=32,
)


def tiny_sam() -> Any:
    """ViT-B's frame and embedding, a narrow tower."""
    config = sam.config("full")
    tower = config.vision_config
    tower.hidden_size, tower.num_hidden_layers, tower.num_attention_heads = 16, 2, 2
    tower.mlp_dim, tower.global_attn_indexes = 32, [1]
    config.mask_decoder_config.mlp_dim = 64
    return sam.SamModel(config)


def tiny_dino() -> nn.Module:
    """The published frame and queries, narrow layers, room for the ids of a small vocabulary."""
    config = grounding_dino.config("lite")
    config.num_queries = grounding_dino.QUERIES["full"]
    config.text_config.vocab_size = 3000
    return grounding_dino.Served(grounding_dino.GroundingDinoForObjectDetection(config))


def shallow_xmem() -> XMem:
    """The published tensors, one block where there are up to six."""
    return XMem(dataclasses.replace(FULL, blocks=(1, 1, 1)))


def shallow_deaot(network: Network) -> nn.Module:
    """The same of DeAOT: the part that its official keys would choose."""
    state = DeAOT(dataclasses.replace(R50_L, blocks=(1, 1, 1))).state_dict()
    assert network.variant is not None
    return network.variant({key: tuple(value.shape) for key, value in state.items()})


TINY: dict[str, Callable[[], nn.Module]] = {
    "mask2former_wide": lambda: mask2former.build("lite"),
    "u2net": lambda: u2net.Served(u2net.U2Net(NARROW), official=True),
    "isnet_anime": lambda: isnet_anime.build("lite"),
    "modnet": lambda: modnet.build("lite"),
    "vitmatte": lambda: vitmatte.build("lite"),
    "clipseg": lambda: clipseg.ServedClipseg(_clipseg_modules.Clipseg(IMAGE)),
    "clipseg_text": lambda: clipseg_text.ServedClipsegText(TEXT),
    "grounding_dino": tiny_dino,
    "sam_encode": lambda: sam.ServedEncode(tiny_sam()),
    "sam_decode": lambda: sam.ServedDecode(tiny_sam()),
    "lama": lambda: lama.build("lite"),
    "sttn": lambda: sttn.build("lite"),
    "raft": lambda: raft.build("lite"),
    "xmem_encode": lambda: xmem.ServedEncode(shallow_xmem(), xmem.LONG_SIDE["full"]),
    "xmem_decode": lambda: xmem.ServedDecode(shallow_xmem()),
    "xmem_value": lambda: xmem.ServedValue(shallow_xmem()),
    "deaot_encode": lambda: shallow_deaot(deaot.DEAOT_ENCODE),
    "deaot_reference": lambda: shallow_deaot(deaot.DEAOT_REFERENCE),
    "deaot_propagate": lambda: shallow_deaot(deaot.DEAOT_PROPAGATE),
    "deaot_identify": lambda: shallow_deaot(deaot.DEAOT_IDENTIFY),
}
"""Served modules with the published tensors and next to no weights."""


@pytest.fixture(scope="module")
def full(
    import_file: Callable[[Path], ModuleType], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[profiles.Placed]]:
    """The full profile with tiny random networks."""
    made = import_file(Path(__file__).with_name("test_to_tokenizer.py"))  # it draws small vocabularies
    words = tmp_path_factory.mktemp("words")
    vocabulary = {}
    for kind in ("clip", "bert"):
        (words / kind).mkdir()
        vocabulary[kind] = made.MAKE[kind](words / kind)

    def weights(network: Network) -> Source:
        torch.manual_seed(7)
        module = TINY[network.name]().eval()
        _, kind = profiles.TOKENIZERS.get(network.name, ("", ""))
        return Source(module, vocabulary.get(kind))

    folder = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patched:
        # Each network's own test compares its graph with its module; here it would take minutes.
        patched.setattr(profiles, "export", to_onnx.write)
        return folder, list(write("full", folder, find_weights=weights))


@pytest.mark.slow
@pytest.mark.timeout(3600)  # twenty graphs are traced
def test_every_role_is_there_and_nothing_twice(full: tuple[Path, list[profiles.Placed]]) -> None:
    folder, placed = full
    sizes = {each.name: each.size for each in placed}
    assert {name for name, size in sizes.items() if size == "full"} == set(PROFILES["full"])
    assert sizes["panoptic_deeplab"] is sizes["raft_small"] is None
    served = {path.parent.name for path in folder.glob("*/config.pbtxt")}
    named = {profiles.PLACES.get(name, name) for name, size in sizes.items() if size}
    assert served == named | {"clip_tokenizer", "bert_tokenizer"}


@pytest.fixture(scope="module")
def server(full: tuple[Path, list[profiles.Placed]]) -> Iterator[Any]:
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer
    from triton_anime.repository import repositories

    with EmbeddedServer(repositories=repositories(networks=full[0])) as embedded:
        yield embedded.server


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.triton
def test_the_same_ensembles_serve_it(server: Any) -> None:
    """Every stage with every published network, on a frame of another aspect than theirs."""
    frame = np.random.default_rng(0).integers(0, 256, (270, 360, 3), dtype=np.uint8)
    named = {name: np.array([word.encode() for word in words], object) for name, words in CHOICES.items()}
    found = server.infer("segment_frame", {"FRAME": frame}, timeout_s=PATIENCE)
    assert found["SEMANTIC"].shape == (270, 360)
    # the grid of the published frame, letterboxed: 768 / 4 rows
    assert found["PROBABILITY"].shape == (4, 192, 256)
    boxes = np.array([[40, 20, 200, 240]], np.int32)
    detail = {"FRAME": frame, "BOXES": boxes, "NETWORKS": named["DETAIL_NETWORKS"]}
    assert server.infer("refine_character", detail, timeout_s=PATIENCE)["ALPHA"].shape == (270, 360)
    effects = {"FRAME": frame, "PROMPTS": np.array([b"fire", b"low light"], object)}
    for networks in ([b"clipseg"], [b"grounded_sam"], [b"clipseg", b"grounded_sam"]):
        asked = effects | {"NETWORKS": np.array(networks, object)}
        assert server.infer("separate_effects", asked, timeout_s=PATIENCE)["MASKS"].shape == (2, 270, 360)
    layers = server.infer("decompose_frame", {"FRAME": frame, **named}, timeout_s=PATIENCE)
    assert layers["CHARACTER"].shape == (270, 360, 4)
    assert layers["BACKGROUND"].shape == (270, 360, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.triton
def test_a_shot_is_followed_with_it(server: Any) -> None:
    """Flow by RAFT in the place that the ensemble knows, tracking by both memories, a window of STTN."""
    from triton_anime.tracker import open_tracker

    frames = np.random.default_rng(1).integers(0, 256, (2, 144, 192, 3), dtype=np.uint8)
    flow = server.infer("estimate_flow", {"FRAME0": frames[:1], "FRAME1": frames[1:]}, timeout_s=PATIENCE)
    assert flow["FORWARD"].shape == flow["BACKWARD"].shape == (1, 144, 192, 2)
    assert np.abs(flow["FORWARD"] - flow["BACKWARD"]).max() > 0
    observed = np.zeros((144, 192), np.uint8)
    observed[40:100, 60:120] = 1
    for name in ("xmem", "deaot"):
        tracker = open_tracker(server, name)
        assert "Flow" not in type(tracker).__name__  # what stands in where a network is not served
        tracker.reset(0)
        assert tracker.step(frames[0], observed).identity[70, 90] == 1
        assert tracker.step(frames[1], observed).identity.shape == (144, 192)
    holes = np.zeros((2, 144, 192), np.uint8)
    holes[:, 60:80, 90:120] = 255
    window = {"FRAMES": frames, "MASKS": holes, "REFERENCES": frames[:1], "REFERENCE_MASKS": holes[:1]}
    (drawn,) = server.infer("sttn", window, timeout_s=PATIENCE).values()
    assert (drawn[holes == 0] == frames[holes == 0]).all()
    assert (drawn[holes > 0] != frames[holes > 0]).any()


CHOICES = {
    "DETAIL_NETWORKS": ("u2net", "isnet_anime", "modnet", "vitmatte"),
    "EFFECT_NETWORKS": ("clipseg", "grounded_sam"),
    "SEGMENTATION_NETWORKS": ("mask2former",),
}


# Which network gets which place: the graphs are empty files here --------------------------------------------


@pytest.fixture
def empty_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    def touch(network: Network, module: nn.Module, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")

    monkeypatch.setattr(profiles, "export", touch)


def placed_with(
    here: set[str], folder: Path, add: tuple[str, ...] = (), leave_out: tuple[str, ...] = ()
) -> dict[str, profiles.Placed]:
    """What the full profile makes of checkpoints of which only those ``here`` are on this machine."""

    def weights(network: Network) -> Source | None:
        return Source(nn.Identity()) if network.name in here else None

    found = list(write("full", folder, add=add, leave_out=leave_out, find_weights=weights))
    names = [each.name for each in found]
    assert len(set(names)) == len(names)
    return {each.name: each for each in found}


@pytest.mark.parametrize(
    ("here", "add", "flow"),
    [
        ({"raft"}, (), "raft"),
        ({"raft", "gma"}, (), "raft"),
        ({"raft", "gma"}, ("gma",), "gma"),
        ({"raft"}, ("gma",), "raft"),
        ({"raft", "raft_small"}, ("raft_small",), "raft_small"),
        ({"raft"}, ("raft_small",), "raft"),
        (set(), (), None),
    ],
)
@pytest.mark.usefixtures("empty_graphs")
def test_estimate_flow_gets_one_network(
    here: set[str], add: tuple[str, ...], flow: str | None, tmp_path: Path
) -> None:
    placed = placed_with(here, tmp_path, add)
    config = parse((tmp_path / "raft_small" / "config.pbtxt").read_text("utf-8"))
    assert config.name == "raft_small"
    assert {path.parent.name for path in tmp_path.glob("*/1")} >= {"raft_small"}
    assert not (tmp_path / "raft").exists()
    assert not (tmp_path / "gma").exists()
    assert [name for name in ("raft", "gma", "raft_small") if placed.get(name, SKIPPED).size == "full"] == (
        [flow] if flow else []
    )
    if flow is None:
        assert placed["raft_small"].size == "lite"
        assert (tmp_path / "raft_small" / "1" / "model.onnx").stat().st_size > 0
        assert "run: triton-anime-export weights raft" in placed["raft"].note
        return
    assert config.parameters["iterations"].string_value == ("12" if flow == "raft_small" else "32")
    if flow == "raft_small":
        assert placed["raft"].note == "raft_small fills its role"
    else:
        assert config.parameters["network"].string_value == flow
        assert placed[flow].note == "as raft_small"
        assert (placed["raft_small"].size, placed["raft_small"].note) == (None, f"{flow} fills its role")


SKIPPED = profiles.Placed("", None)


@pytest.mark.usefixtures("empty_graphs")
def test_what_forbids_commercial_use_comes_by_name_only(tmp_path: Path) -> None:
    family = {network.name for network in find_all("propainter")}
    here = family | {"e2fgvi_hq", "sttn"}
    without = placed_with(here, tmp_path / "without")
    assert without["sttn"].size == "full"
    assert not set(without) & (family | {"e2fgvi_hq"})
    asked = placed_with(here, tmp_path / "with", add=("propainter", "e2fgvi_hq"))
    assert {name for name, each in asked.items() if each.size == "full"} == here
    forbidden = {name for name in PROFILES["full"] if not find(name).official[0].commercial}
    # Its role has nothing else, and its weights are fetched with --accept-licence.
    assert forbidden == {"mask2former_wide"}


@pytest.mark.usefixtures("empty_graphs")
def test_a_family_is_left_out_by_its_name(tmp_path: Path) -> None:
    placed = placed_with({"xmem_encode", "xmem_decode", "xmem_value"}, tmp_path, leave_out=("deaot", "xmem"))
    assert not [name for name in placed if name.startswith(("xmem", "deaot"))]
    assert not list(tmp_path.glob("xmem*"))


def test_without_checkpoints_the_committed_networks_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRITON_ANIME_HOME", str(tmp_path / "home"))
    words = ["build", "--profile", "full", "--output", str(tmp_path / "out"), "--leave-out", "lama"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert "run: triton-anime-export weights mask2former" in done.output
    assert (tmp_path / "out" / "panoptic_deeplab" / "1" / "model.onnx").is_file()
    assert not (tmp_path / "out" / "lama").exists()
    # what is served is there, what is read by people is not
    assert not list((tmp_path / "out").glob("*/README.md"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["build"], "Name one network, or a --profile"),
        (["build", "u2net", "--profile", "full", "--output", "x"], "Name one network, or a --profile"),
        (["build", "--profile", "full"], "--profile needs --output"),
    ],
)
def test_wrong_words_are_refused(words: list[str], says: str) -> None:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert says in done.output


def test_unknown_names_and_places_are_refused(tmp_path: Path) -> None:
    words = ["build", "--profile", "lite", "--output"]
    unknown = CliRunner().invoke(cli, [*words, str(tmp_path), "--leave-out", "yolo"])
    assert isinstance(unknown.exception, UnknownNetworkError)
    (tmp_path / "file").write_text("")
    blocked = CliRunner().invoke(cli, [*words, str(tmp_path / "file" / "out")])
    assert isinstance(blocked.exception, WeightsError)
    assert "cannot be written" in str(blocked.exception)
