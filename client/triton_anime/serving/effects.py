"""The role "effects by prompt": CLIPSeg, Grounded SAM, or both made one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from triton_anime.bls import complaint
from triton_anime.grounding import Options
from triton_anime.serving import clipseg, grounded_sam
from triton_anime.serving.calls import AbsentError, Caller, FailedError, NotServedError, RefusedError, listed
from triton_anime.serving.clipseg import ClipSeg
from triton_anime.serving.fusion import fuse
from triton_anime.serving.grounded_sam import GroundedSam
from triton_anime.settings import EFFECTS

U8 = NDArray[np.uint8]

ROLE = "effects by prompt"
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "clipseg": clipseg.NETWORKS,
    "grounded_sam": grounded_sam.NETWORKS,
}
"""What each source cannot do without."""


class EffectNetworks:
    """The sources that are served, with what they keep between requests.

    Args:
        caller: reaches the networks.
        parameters: of the model's configuration: those of :meth:`triton_anime.grounding.Options.read`.
        usual: sources of a request that names none, separated by commas; those that are served count.

    Raises:
        ValueError: a parameter cannot be read.
    """

    def __init__(self, caller: Caller, parameters: Mapping[str, str], usual: str) -> None:
        self._caller = caller
        self._usual = listed(usual)
        self._clipseg = ClipSeg(caller)
        self._grounded = GroundedSam(caller, Options.read(parameters))

    async def maps(
        self, frame: U8, small: U8, sentences: Sequence[str], names: Sequence[str] | None, tensor: str
    ) -> U8:
        """Where the frame shows each sentence.

        Args:
            frame: uint8 [H,W,3], for the source that looks for itself how large it wants it.
            small: the same, uint8 [h,w,3], for the other.
            sentences: P of them.
            names: sources that the request named (``clipseg``, ``grounded_sam``), all of which must answer;
                ``None``: the usual ones, of which those that are served answer.
            tensor: the input that named them, for the message.

        Returns:
            Probability · 255, uint8 [P,h,w].

        Raises:
            NotServedError: a named source is not served, or none of the usual ones is.
            RefusedError: a name is unknown, or a network failed.
        """
        wanted = self._usual if names is None else names
        if not wanted or not set(wanted) <= set(EFFECTS):
            raise RefusedError(
                f"{tensor} names {', '.join(wanted) or 'none'}; name one or more of {', '.join(EFFECTS)}"
            )
        # a fixed order, so that neither the order of names nor a repeated one changes the answer
        sources = [source for source in EFFECTS if source in wanted]
        answers = await asyncio.gather(
            *(self._maps(source, frame, small, sentences) for source in sources), return_exceptions=True
        )
        absent = [answer for answer in answers if isinstance(answer, AbsentError)]
        for answer in answers:
            if isinstance(answer, FailedError):
                raise RefusedError(f"role {ROLE} failed: {answer}") from answer
            if isinstance(answer, BaseException) and not isinstance(answer, AbsentError):
                raise answer
        found = [answer for answer in answers if not isinstance(answer, BaseException)]
        if absent and (names is not None or not found):
            raise NotServedError(complaint(ROLE, str(absent[0])))
        return fuse(found)

    async def _maps(self, source: str, frame: U8, small: U8, sentences: Sequence[str]) -> U8:
        # Asked beforehand: a picture without boxes never reaches SAM, and whether an absent network is told
        # must not depend on what the picture shows.
        for network in NETWORKS[source]:
            if not self._caller.serves(network):
                raise AbsentError(f"{source} needs {network}, which is not ready")
        if source == "clipseg":
            return await self._clipseg.maps(small, sentences)
        return await self._grounded.maps(frame, sentences, small.shape[0], small.shape[1])
