"""Times as people write them, always exact: seconds are :class:`fractions.Fraction`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from triton_anime.errors import InputError

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)(?:[:;](\d{1,3}))?")
_FRAMES = re.compile(r"(\d+)\s*f(?:rames?)?")
_SECONDS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*s?")


@dataclass(frozen=True)
class Mark:
    """A point in a video: ``seconds``, or a source frame number in ``frame``, plus ``extra_frames``.

    Attributes:
        seconds: time from the beginning of the file.
        frame: source frame number from 0; ``None`` when the mark is a time.
        extra_frames: the FF of HH:MM:SS:FF, counted at the nominal frame rate of the video.
    """

    seconds: Fraction = Fraction(0)
    frame: int | None = None
    extra_frames: int = 0

    def at(self, frame_rate: Fraction) -> Fraction:
        """The mark in seconds for a video of this nominal rate (frame marks included)."""
        if self.frame is not None:
            return self.frame / frame_rate
        return self.seconds + self.extra_frames / frame_rate


@dataclass(frozen=True)
class Span:
    """From ``start`` (included) to ``end`` (excluded); ``None`` is the open end."""

    start: Mark | None = None
    end: Mark | None = None


def parse_mark(text: str) -> Mark:
    """Read ``83.5``, ``83.5s``, ``1:23.5``, ``00:01:23:12`` (HH:MM:SS:FF) or ``2004f`` (frame number).

    Raises:
        InputError: the text is none of these.
    """
    text = text.strip()
    if match := _FRAMES.fullmatch(text):
        return Mark(frame=int(match[1]))
    if match := _SECONDS.fullmatch(text):
        return Mark(seconds=Fraction(match[1].rstrip(".") or "0"))
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds, frames = match.groups()
        total = Fraction(seconds) + 60 * int(minutes) + 3600 * int(hours or 0)
        return Mark(seconds=total, extra_frames=int(frames or 0))
    raise InputError(
        f"'{text}' is no time: write seconds (83.5), a timecode (00:01:23:12) or a frame (2004f)"
    )


def parse_span(text: str) -> Span:
    """Read ``IN-OUT``; either end may be left out (``-30``, ``1:00-``).

    Raises:
        InputError: no dash, an unreadable time, or an end before its start.
    """
    start, dash, end = text.partition("-")
    if not dash or "-" in end or not (start.strip() or end.strip()):
        raise InputError(
            f"'{text}' is no range: write IN-OUT, for example 00:01:00-00:01:30, 60-90 or 100f-200f"
        )
    span = Span(
        parse_mark(start) if start.strip() else None,
        parse_mark(end) if end.strip() else None,
    )
    if span.start is not None and span.end is not None:
        same_kind = (span.start.frame is None) == (span.end.frame is None)
        # At one frame a second the FF part weighs most: an end that is late even so lies after the start.
        if same_kind and span.end.at(Fraction(1)) <= span.start.at(Fraction(1)) and not _later(span):
            raise InputError(f"'{text}': the range ends before it begins")
    return span


def _later(span: Span) -> bool:
    assert span.start is not None
    assert span.end is not None
    if span.start.frame is not None and span.end.frame is not None:
        return span.end.frame > span.start.frame
    return (span.end.seconds, span.end.extra_frames) > (span.start.seconds, span.start.extra_frames)


def timecode(time: Fraction, frame_rate: Fraction) -> str:
    """Non-drop SMPTE timecode ``HH:MM:SS:FF``.

    Frames are counted at the nearest whole rate from the frame number that ``time`` has at ``frame_rate``,
    so the count of a 24000/1001 video does not drift against its frames.
    """
    base = max(1, round(frame_rate))
    number = round(time * frame_rate)
    seconds, frames = divmod(number, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}:{frames:02d}"


def rational(value: Fraction) -> str:
    """``"24000/1001"``, ``"24/1"``: the exact form used in the metadata."""
    return f"{value.numerator}/{value.denominator}"
