"""Effects on the real server, by networks small enough to be written down: they find what is bright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.episode import Job, process_episode
from triton_anime.errors import ModelError, RoleAbsentError
from triton_anime.pipeline import Pipeline
from triton_anime.prompts import tokens
from triton_anime.repository import Catalogue, ensemble_repository, network_repository
from triton_anime.roles import Roles
from triton_anime.server import Server
from triton_anime.serving.effects import NETWORKS
from triton_anime.settings import Settings
from triton_anime.video import Selection

onnx = pytest.importorskip("onnx", reason="needs the extra triton-anime[export]")
pytestmark = pytest.mark.triton

U8 = NDArray[np.uint8]
BOXES_FRAME = (48, 84)
GLOW, CLIP_GLOW = 40, 77
"""The word "glow" for the one tokenizer and for the other."""
SEEN_BY_WORDS, SEEN_BY_CLIP = 150, 200
"""What the small clipseg answers for hashed tokens, and for those of clip_tokenizer."""
BOXED = 255 * (0.8 * 0.7) / (0.8 * 0.7 + 0.2 * 0.3) * 0.9

_TOKENIZER = """
import numpy as np
import triton_python_backend_utils as pb_utils

IDS = {ids}

class TritonPythonModel:
    def execute(self, requests):
        return [self._answer(pb_utils.get_input_tensor_by_name(request, "TEXT")) for request in requests]

    def _answer(self, texts):
        said = [text.decode().split() for text in texts.as_numpy()]
        rows = [[101, *(IDS.get(word, 44) for word in words), 102] for words in said]
        longest = max(map(len, rows))
        padded = np.array([row + [0] * (longest - len(row)) for row in rows], np.int32)
        return pb_utils.InferenceResponse([pb_utils.Tensor("TOKENS", padded)])
"""


class Graph:
    """An ONNX graph, node by node; ``graph("Add", a, b)`` gives the name of the sum."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __call__(self, operator: str, *inputs: Any, **attributes: Any) -> str:
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        output = attributes.pop("name", f"v{len(self.nodes)}")
        self.nodes.append(onnx.helper.make_node(operator, names, [output], **attributes))
        return str(output)

    def _constant(self, value: Any) -> str:
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array
        name = f"c{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(array, name))
        return name

    def bright(self) -> str:
        """1 where FRAME [B,h,w,3] is bright, float [B,h,w]."""
        real = self("Cast", "FRAME", to=onnx.TensorProto.FLOAT)
        least = self("ReduceMin", real, np.array([3]), keepdims=0)
        return self("Cast", self("Greater", least, 180.0), to=onnx.TensorProto.FLOAT)


Axes = Sequence[int]


def write(
    folder: Path, graph: Graph, inputs: dict[str, tuple[str, Axes]], outputs: dict[str, tuple[str, Axes]]
) -> None:
    """Save a network whose tensors are (type, axes without the batch)."""

    def values(tensors: dict[str, tuple[str, Axes]]) -> list[Any]:
        kinds = {
            "FP32": onnx.TensorProto.FLOAT,
            "UINT8": onnx.TensorProto.UINT8,
            "INT32": onnx.TensorProto.INT32,
        }
        return [
            onnx.helper.make_tensor_value_info(
                name, kinds[kind], ["b", *(f"{name}{i}" if n < 0 else n for i, n in enumerate(axes))]
            )
            for name, (kind, axes) in tensors.items()
        ]

    (folder / "1").mkdir(parents=True)
    made = onnx.helper.make_graph(graph.nodes, folder.name, values(inputs), values(outputs), graph.constants)
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "1" / "model.onnx")
    declare(folder, "onnxruntime", 32, inputs, outputs)


def declare(
    folder: Path,
    backend: str,
    max_batch_size: int,
    inputs: dict[str, tuple[str, Axes]],
    outputs: dict[str, tuple[str, Axes]],
) -> None:
    lines = [f'name: "{folder.name}"', f'backend: "{backend}"', f"max_batch_size: {max_batch_size}"]
    for side, tensors in (("input", inputs), ("output", outputs)):
        lines += [
            f'{side} {{ name: "{name}" data_type: TYPE_{kind} dims: [ {", ".join(map(str, axes))} ] }}'
            for name, (kind, axes) in tensors.items()
        ]
    lines.append("instance_group [ { count: 1 } ]")
    (folder / "config.pbtxt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def tokenizer(folder: Path, ids: dict[str, int]) -> None:
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text(_TOKENIZER.format(ids=ids), encoding="utf-8")
    declare(folder, "python", 0, {"TEXT": ("STRING", [-1])}, {"TOKENS": ("INT32", [-1, -1])})


def detector(folder: Path) -> None:
    """Two boxes around all that is bright, the second a little weaker; "glow" fits them by 0.8."""
    g, (h, w) = Graph(), BOXES_FRAME
    bright, both = g.bright(), np.array([1, 2])
    ends = []
    for size, places in ((w, np.arange(w)[None, None, :]), (h, np.arange(h)[None, :, None])):
        last = g("ReduceMax", g("Mul", bright, places + 1.0), both, keepdims=0)
        first = g("Sub", float(size), g("ReduceMax", g("Mul", bright, size - 1.0 * places), both, keepdims=0))
        ends.append((g("Div", first, float(size)), g("Div", last, float(size))))
    middle = [g("Div", g("Add", *pair), 2.0) for pair in ends]
    length = [g("Sub", last, first) for first, last in ends]
    box = g("Concat", *(g("Unsqueeze", value, both) for value in (*middle, *length)), axis=2)
    g("Concat", box, box, axis=1, name="BOXES")
    fits = g("Cast", g("Equal", "TOKENS", np.array(GLOW, np.int32)), to=onnx.TensorProto.FLOAT)
    score = g("Unsqueeze", g("Add", g("Mul", fits, 0.75), 0.05), np.array([1]))
    g("Concat", score, g("Mul", score, 0.9), axis=1, name="SCORES")
    write(
        folder,
        g,
        {"FRAME": ("UINT8", [h, w, 3]), "TOKENS": ("INT32", [-1])},
        {"SCORES": ("FP32", [2, -1]), "BOXES": ("FP32", [2, 4])},
    )


def encoder(folder: Path) -> None:
    g = Graph()
    real = g("Cast", "FRAME", to=onnx.TensorProto.FLOAT)
    mean = g("ReduceMean", real, np.array([1, 2, 3]), keepdims=1)
    g("Expand", mean, np.array([1, 256, 64, 64]), name="EMBEDDING")
    write(folder, g, {"FRAME": ("UINT8", [1024, 1024, 3])}, {"EMBEDDING": ("FP32", [256, 64, 64])})


def decoder(folder: Path) -> None:
    """The boxes filled, with an expected intersection of 0.9."""
    g = Graph()
    x0, y0, x1, y1 = (g("Gather", "BOXES", np.array(i), axis=2) for i in range(4))
    cells = np.arange(256.0) * 4
    inside = []
    for first, last, places in ((x0, x1, cells[None, None, None]), (y0, y1, cells[None, None, :, None])):
        first, last = (g("Unsqueeze", value, np.array([2, 3])) for value in (first, last))
        inside.append(g("And", g("Greater", places + 4, first), g("Less", places, last)))
    full, empty = np.array(255, np.uint8), np.array(0, np.uint8)
    g("Where", g("And", *inside), full, empty, name="MASKS")
    nothing = g("Mul", g("ReduceMean", "EMBEDDING", np.array([1, 2, 3]), keepdims=0), 0.0)
    g("Add", g("Add", g("Mul", x0, 0.0), g("Unsqueeze", nothing, np.array([1]))), 0.9, name="SCORES")
    write(
        folder,
        g,
        {"EMBEDDING": ("FP32", [256, 64, 64]), "BOXES": ("FP32", [-1, 4])},
        {"MASKS": ("UINT8", [-1, 256, 256]), "SCORES": ("FP32", [-1])},
    )


def text_tower(folder: Path) -> None:
    """Whether "glow" is said, in the words of either tokenizer."""
    g = Graph()
    said = [
        g(
            "ReduceMax",
            g("Cast", g("Equal", "TOKENS", np.array(word, np.int32)), to=onnx.TensorProto.FLOAT),
            np.array([1]),
            keepdims=1,
        )
        for word in (int(tokens("glow")[0]), CLIP_GLOW)
    ]
    g("Concat", *said, axis=1, name="CONDITION")
    write(folder, g, {"TOKENS": ("INT32", [-1])}, {"CONDITION": ("FP32", [2])})


def clipseg(folder: Path) -> None:
    g = Graph()
    levels = np.array([SEEN_BY_WORDS, SEEN_BY_CLIP], np.float32)
    level = g("ReduceSum", g("Mul", "CONDITION", levels), np.array([2]), keepdims=0)
    bright = g("Unsqueeze", g.bright(), np.array([1]))
    g(
        "Cast",
        g("Mul", bright, g("Unsqueeze", level, np.array([2, 3]))),
        to=onnx.TensorProto.UINT8,
        name="MASKS",
    )
    write(
        folder,
        g,
        {"FRAME": ("UINT8", [-1, -1, 3]), "CONDITION": ("FP32", [-1, 2])},
        {"MASKS": ("UINT8", [-1, -1, -1])},
    )


def ensembles(folder: Path, *names: str) -> Path:
    """Copies of the project's ensembles, for a detector with a small frame."""
    for name in names:
        shutil.copytree(
            ensemble_repository() / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
        file = folder / name / "config.pbtxt"
        small = file.read_text(encoding="utf-8").replace('"768x1344"', '"{}x{}"'.format(*BOXES_FRAME))
        file.write_text(small, encoding="utf-8")
    return folder


def serve(*repositories: Path) -> Any:
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer

    return EmbeddedServer(repositories=repositories)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Both sources, both tokenizers, and a segmentation."""
    networks = tmp_path_factory.mktemp("networks")
    tokenizer(networks / "bert_tokenizer", {"glow": GLOW, ".": 1012})
    tokenizer(networks / "clip_tokenizer", {"glow": CLIP_GLOW})
    detector(networks / "grounding_dino")
    encoder(networks / "sam_encode")
    decoder(networks / "sam_decode")
    text_tower(networks / "clipseg_text")
    clipseg(networks / "clipseg")
    for name in ("panoptic_deeplab", "u2net"):
        shutil.copytree(network_repository() / name, networks / name)
    faces = ensembles(tmp_path_factory.mktemp("ensembles"), "separate_effects", "decompose_frame")
    with serve(networks, faces) as embedded:
        yield embedded.server


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """CLIPSeg without CLIP's tokenizer, and a detector whose masks nobody answers."""
    networks = tmp_path_factory.mktemp("networks")
    tokenizer(networks / "bert_tokenizer", {"glow": GLOW, ".": 1012})
    detector(networks / "grounding_dino")
    text_tower(networks / "clipseg_text")
    clipseg(networks / "clipseg")
    faces = ensembles(tmp_path_factory.mktemp("ensembles"), "separate_effects")
    with serve(networks, faces) as embedded:
        yield embedded.server


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The ensembles without any network."""
    faces = ensembles(tmp_path_factory.mktemp("ensembles"), "separate_effects", "refine_character")
    with serve(faces) as embedded:
        yield embedded.server


def names(*said: str) -> NDArray[Any]:
    return np.array([name.encode() for name in said], object)


def lamp(height: int, width: int) -> tuple[U8, NDArray[np.bool_]]:
    """A dark picture with a bright rectangle, and where that is."""
    frame = np.full((height, width, 3), 30, np.uint8)
    where = np.zeros((height, width), bool)
    where[height // 4 : height // 2 + 1, width // 2 : width * 3 // 4 + 1] = True
    frame[where] = 240
    return frame, where


def iou(mask: U8, level: float, where: NDArray[np.bool_]) -> float:
    seen = mask > level
    return float((seen & where).sum() / (seen | where).sum())


SMALL, UHD, PORTRAIT, PIXEL = (270, 480), (2160, 3840), (640, 360), (1, 1)


@pytest.mark.parametrize(
    ("chosen", "shape"),
    [
        (("clipseg",), SMALL),
        (("grounded_sam",), SMALL),
        (("clipseg", "grounded_sam"), SMALL),
        (None, UHD),
        (None, PORTRAIT),
        (None, PIXEL),
    ],
)
def test_each_source_and_both(everything: Server, chosen: Any, shape: tuple[int, int]) -> None:
    frame, where = lamp(*shape)
    inputs = {"FRAME": frame, "PROMPTS": names("blue glow", "smoke")}
    if chosen is not None:
        inputs["NETWORKS"] = names(*chosen)
    found = everything.infer("separate_effects", inputs)
    glow, smoke = found["MASKS"]
    assert not smoke.any()
    assert iou(glow, 75, where) > 0.8
    level = float(np.median(glow[where]))
    if chosen == ("clipseg",):
        assert level == pytest.approx(SEEN_BY_CLIP, abs=1)
    elif chosen == ("grounded_sam",):
        assert level == pytest.approx(BOXED, abs=1)
    else:
        assert level > max(SEEN_BY_CLIP, BOXED) + 10
    assert found["INTENSITY"] == pytest.approx([level / 255, 0], abs=0.08)
    assert found["COVERAGE"] == pytest.approx([where.mean(), 0], abs=0.05)
    assert found["ALPHA"].shape == shape


def test_nothing_bright_needs_no_mask(everything: Server) -> None:
    everything.load("sam_encode")
    before = everything.statistics("sam_encode")["inferences"]
    dark = np.full((90, 160, 3), 30, np.uint8)
    found = everything.infer("separate_effects", {"FRAME": dark, "NETWORKS": names("grounded_sam")})
    assert found["MASKS"].shape == (5, 90, 160)
    assert not found["MASKS"].any()
    assert everything.statistics("sam_encode")["inferences"] == before


def test_an_unknown_source_is_one_line(everything: Server) -> None:
    frame, _ = lamp(90, 160)
    with pytest.raises(ModelError, match="NETWORKS names sam; name one or more of clipseg, grounded_sam"):
        everything.infer("separate_effects", {"FRAME": frame, "NETWORKS": names("sam")})


@pytest.mark.parametrize("chosen", [("clipseg",), ("grounded_sam",), ("grounded_sam", "clipseg")])
def test_all_layers_with_a_choice(everything: Server, chosen: tuple[str, ...]) -> None:
    callees = {name: [*NETWORKS[name]] for name in NETWORKS}
    everything.load("decompose_frame")
    before = {name: everything.statistics(calls[-1])["inferences"] for name, calls in callees.items()}
    frame, _ = lamp(270, 480)
    inputs = {"FRAME": frame, "PROMPTS": names("glow"), "EFFECT_NETWORKS": names(*chosen)}
    found = everything.infer("decompose_frame", {**inputs, "DETAIL_NETWORKS": names("u2net")})
    assert found["EFFECTS"].shape == (270, 480, 4)
    for name, calls in callees.items():
        asked = everything.statistics(calls[-1])["inferences"] - before[name]
        assert asked == (name in chosen), name


def test_all_layers_with_an_unknown_choice(everything: Server) -> None:
    frame, _ = lamp(90, 160)
    with pytest.raises(ModelError, match="DETAIL_NETWORKS names sam"):
        everything.infer("decompose_frame", {"FRAME": frame, "DETAIL_NETWORKS": names("sam")})
    with pytest.raises(ModelError, match="EFFECT_NETWORKS names sam"):
        everything.infer("decompose_frame", {"FRAME": frame, "EFFECT_NETWORKS": names("sam")})


def test_of_the_usual_sources_the_served_one_answers(little: Server) -> None:
    frame, where = lamp(270, 480)
    asked = {"FRAME": frame, "PROMPTS": names("glow")}
    glow = little.infer("separate_effects", asked)["MASKS"][0]
    assert np.median(glow[where]) == SEEN_BY_WORDS
    with pytest.raises(
        RoleAbsentError, match="role effects by prompt is not served: grounded_sam needs sam_encode"
    ):
        little.infer("separate_effects", {**asked, "NETWORKS": names("clipseg", "grounded_sam")})


def test_without_any_network_the_role_is_absent(nothing: Server, tmp_path: Path) -> None:
    frame, _ = lamp(90, 160)
    with pytest.raises(RoleAbsentError, match="role effects by prompt is not served"):
        nothing.infer("separate_effects", {"FRAME": frame})
    roles = Roles(nothing)
    assert roles.ask("effects by prompt", {"FRAME": frame})() is None
    assert "effects by prompt" in roles.absent
    demo = Path(__file__).parents[1] / "data" / "demo.mp4"
    job = Job(demo, tmp_path / "demo", Settings(), Selection(max_frames=2))
    process_episode(job, lambda drawings, settings: Pipeline(nothing, settings).run(drawings))
    report = (tmp_path / "demo" / "statistics" / "quality_report.json").read_text(encoding="utf-8")
    assert '"effects by prompt"' in report


def test_the_catalogue_serves_the_ensemble_alone(tmp_path: Path) -> None:
    catalogue = Catalogue([ensembles(tmp_path, "separate_effects")])
    assert catalogue.servable() == ["separate_effects"]
    assert catalogue.load_order(["separate_effects"]) == ["separate_effects"]
    assert {network for needed in NETWORKS.values() for network in needed} < {
        *catalogue["separate_effects"].wants
    }
