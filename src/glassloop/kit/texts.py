"""A text file, read as a person wrote it, or refused in one line."""

from pathlib import Path

from glassloop.errors import UserError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, its line ends as \\n, without a byte-order mark.

    Raises UserError where there is no such file, where it is empty, and where it is not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); give a file with text") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        raise UserError(f"{path} holds zero bytes, as programs and pictures do; give a file with text")
    if not text.strip():
        raise UserError(f"{path} is empty; give a file with text")
    return text.replace("\r\n", "\n").replace("\r", "\n")
