"""Digests of checkpoints: the same contents under any name, another for any change; a hostile file is one clear line."""

import json
import os
import pickle
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from glassloop.errors import UserError
from glassloop.record.reading import UnsafeError
from glassloop.record.tensors import ContentError, content_digest, fields_of, file_digest

STATE = {"weight": torch.arange(12.0).view(3, 4), "steps": [1, 2, {"deep": torch.ones(2, dtype=torch.bfloat16)}]}


def test_what_torch_saves_has_the_same_digest_under_any_name(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "a.pt")
    torch.save(STATE, tmp_path / "another-name.pt")
    assert file_digest(tmp_path / "a.pt") != file_digest(tmp_path / "another-name.pt")
    assert content_digest(tmp_path / "a.pt") == content_digest(tmp_path / "another-name.pt")
    torch.save({**STATE, "weight": STATE["weight"] + 1e-6}, tmp_path / "other.pt")  # type: ignore[operator]
    assert content_digest(tmp_path / "a.pt") != content_digest(tmp_path / "other.pt")


def test_tensors_count_and_their_place_in_the_file_does_not(tmp_path: Path) -> None:
    small, large = torch.ones(2), torch.zeros(3, 3, dtype=torch.float64)
    save_file({"a": small, "b": large}, tmp_path / "one.safetensors", metadata={"k": "v", "l": "w"})
    raw = (tmp_path / "one.safetensors").read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    first, second = (data[slice(*header[name]["data_offsets"])] for name in ("a", "b"))
    header["a"]["data_offsets"], header["b"]["data_offsets"] = [0, 8], [8, 80]
    text = json.dumps(dict(reversed(header.items()))).encode() + b"   "
    (tmp_path / "two.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + first + second)
    assert content_digest(tmp_path / "one.safetensors") == content_digest(tmp_path / "two.safetensors")
    save_file({"a": small.view(1, 2), "b": large}, tmp_path / "three.safetensors", metadata={"k": "v", "l": "w"})
    assert content_digest(tmp_path / "one.safetensors") != content_digest(tmp_path / "three.safetensors")


def test_a_folder_is_what_sha256sum_says_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "step-1"
    (folder / "deep").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "deep" / "x.bin").write_bytes(b"\0" * 10)
    listed = subprocess.run("sha256sum config.json deep/x.bin | sha256sum", shell=True, cwd=folder, capture_output=True)
    assert fields_of(folder)["sha256"] == listed.stdout.decode().split()[0]
    assert fields_of(folder)["bytes"] == 12


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(50 << 20))


def overlap(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", bytes(1 << 16))
        for number in range(2000):  # each leads to the same bytes
            member = zipfile.ZipInfo(f"x/data/{number}")
            member.header_offset, member.file_size, member.compress_size, member.CRC = 0, 1 << 16, 1 << 16, 0
            archive.filelist.append(member)


def long_list(path: Path) -> None:
    torch.save(STATE, path)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, raw.rindex(b"PK\x05\x06") + 12, 0xFFFFFFF0)
    path.write_bytes(raw)


def cut(path: Path) -> None:
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes()[:-200])


def deep(path: Path) -> None:
    text = b'{"a":' * 100_000
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 1 << 62) + b"{}")


def outside(path: Path) -> None:
    text = b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,1000000000000]}}'
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(36))


def fractions(path: Path) -> None:
    text = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0.0,4]}}'
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))


def holes(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(1 << 42)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("make", [bomb, overlap, long_list, cut, deep, huge_header, outside, fractions, holes, pipe, link])
def test_a_hostile_file_is_one_clear_line(tmp_path: Path, make: object) -> None:
    suffix = "safetensors" if make in (deep, huge_header, outside, fractions) else "pt"
    path = tmp_path / f"made.{suffix}"
    make(path)  # type: ignore[operator]
    with pytest.raises((ContentError, UnsafeError), match="made") as raised:
        content_digest(path)
    assert len(str(raised.value).splitlines()) == 1


def test_a_pickle_is_never_opened_as_one(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "harm"),)

    (tmp_path / "old.pt").write_bytes(pickle.dumps(Harm()))
    torch.save(Harm(), tmp_path / "new.pt")
    fields_of(tmp_path)
    assert not (tmp_path / "harm").exists()


def test_a_folder_with_a_link_in_it_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "step-1"
    folder.mkdir()
    (folder / "in").symlink_to(tmp_path)
    with pytest.raises(UserError, match="a link"):
        fields_of(folder)
