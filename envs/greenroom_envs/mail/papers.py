"""Files that hang on messages: names as people give them, sizes that differ as files do.

Which and how big follows from a key by a stable hash, not from drawing: a mailbox looks the same with and without it.
"""

import zlib
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

from greenroom_envs.mail.prose import pick


@dataclass(frozen=True, slots=True)
class Paper:
    """A file: its name, its size in bytes, and what can be read of it, None for pictures, tables and scans."""

    name: str
    size: int
    text: str | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        names: How such files are called; `{topic}`, `{number}` and `{version}` are filled in.
        median: The size of half of them, in bytes.
        spread: Of sizes, as the sigma of a log-normal distribution.
    """

    names: tuple[str, ...]
    median: int
    spread: float

    def paper(self, topic: str, *key: object, text: str | None = None) -> Paper:
        """A file of this kind, the same for the same key."""
        share = zlib.crc32(repr(("size", *key)).encode()) / 2**32
        size = int(self.median * exp(self.spread * NormalDist().inv_cdf(min(0.999, max(0.001, share)))))
        number, version = zlib.crc32(repr(("number", *key)).encode()) % 9_000 + 1_000, pick("2345", "version", *key)
        return Paper(pick(self.names, "name", *key).format(topic=topic, number=number, version=version), size, text)


NOTES = Kind(("notes.pdf", "{topic}.pdf", "{topic} notes.pdf", "minutes.pdf", "{topic} v{version}.pdf"), 84_000, 0.6)
TABLE = Kind(("figures.xlsx", "{topic}.xlsx", "{topic} figures.xlsx", "costs v{version}.xlsx"), 31_000, 0.8)
SCAN = Kind(("scan.pdf", "scan {number}.pdf", "signed page.pdf", "{topic} signed.pdf"), 512_000, 0.5)
PHOTO = Kind(("photo.jpg", "IMG_{number}.jpg", "IMG_{number}.jpg", "DSC0{number}.jpg"), 2_100_000, 0.4)
INVOICE = Kind(("invoice.pdf",), 48_000, 0.15)
KINDS = (NOTES, TABLE, SCAN, PHOTO)
