"""What a conversion answers where it has no value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text cannot be turned into what its field takes."""

    message: str
    """What is wrong, one sentence in lower case that names no value."""
    remedy: str
    """What to do, one sentence."""
