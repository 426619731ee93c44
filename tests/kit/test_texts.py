"""Files of text are read as written, or refused with what is wrong and where."""

import re

import pytest

from glassloop.errors import UserError
from glassloop.kit.texts import read_text


def test_line_ends_and_marks_of_other_systems(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfna\xc3\xafve\r\nold mac\rend\n")
    assert read_text(tmp_path / "a.txt") == "naïve\nold mac\nend\n"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty; give a file with text"),
        (b" \n\n", "is empty"),
        (b"one\ntw\xf6\n", "line 2: byte 0xf6 is not UTF-8; save the file as UTF-8"),
        ("wide".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
        (b"\x89PNG"[1:] + b"\0\0", "holds zero bytes, as programs and pictures do"),
    ],
)
def test_refusals(tmp_path, raw, said):
    (tmp_path / "a.txt").write_bytes(raw)
    with pytest.raises(UserError, match=re.escape(said)):
        read_text(tmp_path / "a.txt")


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"a.txt cannot be read \(No such file"):
        read_text(tmp_path / "a.txt")
    with pytest.raises(UserError, match="cannot be read"):
        read_text(tmp_path)
