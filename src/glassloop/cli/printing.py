"""How a command prints what it found."""

from enum import Enum


class Format(str, Enum):
    """For people or for programs."""

    TEXT = "text"
    JSON = "json"
