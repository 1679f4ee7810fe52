"""Everything the exporter raises on purpose.

::

    ExportError              exit code 1
    ├── UnknownNetworkError  2   no description of that name
    ├── WeightsError         3   missing, damaged or foreign weights
    ├── ParityError          4   ONNX and PyTorch disagree beyond the network's tolerance
    ├── StaleError           5   a generated file differs from what the descriptions say
    └── DataError            6   training data or golden vectors are missing or damaged
"""

from __future__ import annotations


class ExportError(Exception):
    """Root of the tree; ``str(error)`` is one line with the remedy."""

    exit_code: int = 1


class UnknownNetworkError(ExportError):
    """No network description carries the name that was asked for."""

    exit_code = 2


class WeightsError(ExportError):
    """Weights are missing, damaged, or belong to another network."""

    exit_code = 3


class ParityError(ExportError):
    """Two implementations of one network disagree beyond its tolerance."""

    exit_code = 4


class StaleError(ExportError):
    """A generated file is not what its description says; run the command without ``--check``."""

    exit_code = 5


class DataError(ExportError):
    """Training data or golden vectors are missing or damaged."""

    exit_code = 6
