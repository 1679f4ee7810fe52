"""The tables of the top README: networks that are served, and those with a published size."""

from __future__ import annotations

from collections.abc import Iterable

from triton_anime_export import folders, records
from triton_anime_export.cards.card import weight
from triton_anime_export.cards.published import commercial, errors_of
from triton_anime_export.errors import StaleError
from triton_anime_export.folders import is_served
from triton_anime_export.network import Network, Tensor
from triton_anime_export.records import Record
from triton_anime_export.sizes import count, has_full_size, size_of, sizes_of

SERVED = ("<!-- networks:begin -->", "<!-- networks:end -->")
FULL = ("<!-- published:begin -->", "<!-- published:end -->")


def served(networks: Iterable[Network]) -> str:
    """The networks whose weights are committed."""
    rows = [
        f"| {_link(network)} | {network.role} "
        f"| {_list(network.inputs)} | {_list(network.outputs)} | {weight(network)} |"
        for network in networks
        if is_served(network)
    ]
    return "\n".join(["| network | role | inputs | outputs | weights |", "|---|---|---|---|---|", *rows])


def published(networks: Iterable[Network]) -> str:
    """The networks that have a published size; of several sizes the first."""
    measured, golden = records.read(records.full_size_file()), records.read(records.golden_file())
    rows = [
        _row(network, measured, golden.get(network.name)) for network in networks if has_full_size(network)
    ]
    head = "| network | role | parameters | licence | commercial use | authors' number | our parity | ONNX |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def with_tables(readme: str, networks: Iterable[Network]) -> str:
    """The top README with its tables replaced.

    Raises:
        StaleError: markers are missing.
        DataError: a file of records is damaged.
    """
    listed = list(networks)
    for (begin, end), table in ((SERVED, served(listed)), (FULL, published(listed))):
        if begin not in readme or end not in readme:
            raise StaleError(f"README.md has no place for a table of networks; add {begin} and {end}")
        head, rest = readme.split(begin, 1)
        _, tail = rest.split(end, 1)
        readme = f"{head}{begin}\n{table}\n{end}{tail}"
    return readme


def _row(network: Network, measured: dict[str, Record], replayed: Record | None) -> str:
    size = next(iter(sizes_of(network)))
    weights = next((w for w in network.official if size_of(network, w) == size), network.official[0])
    record = measured.get(network.name, {})
    number = next((said for said in network.published if said.variant in ("", size)), None)
    said = f"{number.measure}: {number.value}" if number else "–"
    return (
        f"| {_link(network)} | {network.role} | {count(network)[size] / 1e6:.1f} M | {weights.licence} "
        f"| {commercial(weights)} | {said} "
        f"| {parity(record, replayed)} | {_megabytes(record)} |"
    )


def parity(record: Record, replayed: Record | None) -> str:
    """In a few words, how near ours is: to the authors' code or package, and its graph to PyTorch."""
    parts = []
    reference = record.get("reference") or {}
    if replayed:
        parts.append(f"reference {max(replayed[r]['absolute'] for r in ('PyTorch', 'ONNX')):.0e}")
    elif reference.get("core"):
        parts.append(f"network of {reference['package']}")
    elif floats := [
        s["relative"] for s in reference.get("compared", {}).values() if s.get("dtype") != "uint8"
    ]:
        parts.append(f"{reference['package']} {max(floats):.0e}")
    if "failed" in record:
        parts.append("**ONNX fails**")
    elif record:
        parts.append(f"ONNX {errors_of(record)}{'' if record['within'] else ' **beyond tolerance**'}")
    return "; ".join(parts) or "–"


def _megabytes(record: Record) -> str:
    return f"{record['onnx_mb']:,.0f} MB" if "onnx_mb" in record else "–"


def _link(network: Network) -> str:
    card = folders.card_file(network).relative_to(folders.CHECKOUT).as_posix()
    return f"[{network.name}]({card})"


def _list(tensors: Iterable[Tensor]) -> str:
    return ", ".join(f"{tensor.name} {tensor.dtype}" for tensor in tensors)
