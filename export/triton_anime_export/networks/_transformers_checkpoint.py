"""Official checkpoints of networks that the ``transformers`` package implements.

The package has renamed layers since some checkpoints were published, leaves out of a checkpoint what is tied,
and knows which keys do not matter. Its own loader is therefore asked what belongs where.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging as package_logging

from triton_anime_export.network import StateDict


def current_keys(model: type[PreTrainedModel], config: PretrainedConfig, state: StateDict) -> StateDict:
    """A published state dict under the keys that the installed package uses.

    Args:
        model: the class whose checkpoint it is.
        config: of the checkpoint.
        state: official key -> values.

    Returns:
        The state dict of ``model``, tied weights included. Keys that the checkpoint lacks are left out, keys
        that the package does not know are kept and so are other shapes: whoever loads it can name them.
    """
    loader: Any = model
    with _quiet():
        loaded, info = loader.from_pretrained(
            None,
            config=config,
            state_dict=dict(state),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    found: StateDict = {key: value.detach() for key, value in loaded.state_dict().items()}
    for key in info["missing_keys"]:
        found.pop(key, None)
    for key, given, _ in info["mismatched_keys"]:
        found[key] = found[key].new_empty(given)
    return found | {key: state[key] for key in info["unexpected_keys"] if key in state}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bar and no table of keys: what does not fit becomes an error of one line."""
    logging: Any = package_logging
    level, shown = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
