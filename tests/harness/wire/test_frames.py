import os
import random

import pytest
from websockets.frames import Frame, Opcode

from greenroom.wire.frames import text_frame, whole_text

MOST = 1 << 20
SIZES = [0, 1, 125, 126, 127, 128, 255, 256, 65_535]


def client(data: bytes, opcode: Opcode = Opcode.TEXT, **bits: bool) -> bytes:
    return Frame(opcode, data, **bits).serialize(mask=True)


def generated(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_text_is_read_wherever_it_begins(size: int) -> None:
    said, before = generated(size), os.urandom(7)
    frame = client(said)
    assert whole_text(before + frame + b"\x81", 7, MOST) == (said, 7 + len(frame))


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_that_is_not_all_there_is_none(size: int) -> None:
    frame = client(generated(size))
    for cut in {*range(12), len(frame) // 2, len(frame) - 1}:
        assert whole_text(frame[: min(cut, len(frame) - 1)], 0, MOST) is None


OTHERS = {
    "bytes": client(b"bytes", Opcode.BINARY),
    "a continuation": client(b"more", Opcode.CONT),
    "a ping": client(b"ping", Opcode.PING),
    "a goodbye": client(b"", Opcode.CLOSE),
    "a part": client(b"a part", fin=False),
    "a reserved bit": bytes([client(b"reserved")[0] | 0x40]) + client(b"reserved")[1:],
    "not masked": Frame(Opcode.TEXT, b"x" * 20).serialize(mask=False),
    "not masked, longer": Frame(Opcode.TEXT, b"x" * 200).serialize(mask=False),
    "64 KiB": client(b"x" * 65_536),
}


@pytest.mark.parametrize("other", OTHERS)
def test_anything_else_is_left_to_the_library(other: str) -> None:
    assert whole_text(OTHERS[other] + b"\x00" * 400, 0, MOST) is None


def test_a_text_that_is_too_long_is_left_to_the_library() -> None:
    frame = client(b"x" * 200)
    assert whole_text(frame, 0, 200) is not None
    assert whole_text(frame, 0, 199) is None


@pytest.mark.parametrize("size", [*SIZES, 65_536, 200_000])
def test_an_answer_is_the_frame_that_the_library_writes(size: int) -> None:
    said = generated(size)
    assert text_frame(said) == Frame(Opcode.TEXT, said).serialize(mask=False)
