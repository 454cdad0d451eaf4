"""A world out of a real mailbox: an mbox file or a Maildir, names replaced consistently on request.

Only the standard library reads the mail. Nothing of it leaves this machine; what is written is a snapshot.
"""

import hashlib
import mailbox
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from html import unescape
from pathlib import Path
from random import Random

from greenroom import Size, Split, World, names
from greenroom.errors import UsageError
from greenroom.worlds import Recipe
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import ADDRESS
from greenroom_envs.mail.papers import Paper
from greenroom_envs.mail.people import Circle, Party
from greenroom_envs.mail.populate import fill
from greenroom_envs.mail.traffic import Note

TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]+>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Mail:
    """One message of a file, read. `files`: name and size of each attachment."""

    key: str
    parents: Sequence[str]
    sender: tuple[str, str]
    to: Sequence[tuple[str, str]]
    subject: str
    body: str
    sent_at: datetime
    files: tuple[tuple[str, int], ...] = ()


def read_mail(path: Path) -> list[Mail]:
    """All messages of an mbox file or a Maildir that have a sender, a recipient and a date, oldest first.

    Raises:
        UsageError: There is no such file or folder, or no message in it.
    """
    if not path.exists():
        raise UsageError(f"there is no '{path}': give an mbox file or a Maildir")
    box = mailbox.Maildir(path, create=False) if path.is_dir() else mailbox.mbox(path, create=False)
    try:
        found = [mail for number, message in enumerate(box) if (mail := _mail(message, number))]
    except (mailbox.Error, OSError) as error:
        raise UsageError(f"'{path}' cannot be read as a mailbox: {error}") from error
    finally:
        box.close()
    if not found:
        raise UsageError(f"'{path}' holds no message with a sender, a recipient and a date: is it an mbox or Maildir?")
    return sorted(found, key=lambda mail: (mail.sent_at, mail.key))


def recipe(mails: Sequence[Mail], owner: str = "", *, rename: bool = False, split: Split = Split.TRAIN) -> Recipe:
    """What a world is made from that holds these messages.

    Args:
        mails: As `read_mail` gives them.
        owner: Whose mailbox it is, an address; whoever most of the messages went to when empty.
        rename: Replace all names and addresses by others, the same person always by the same.
        split: Whose words the new names, and mail that arrives later, are made of.

    Raises:
        UsageError: The owner has no message here.
    """
    me = owner.lower() or Counter(a for mail in mails for _, a in mail.to).most_common(1)[0][0]
    if all(me != address for mail in mails for _, address in (mail.sender, *mail.to)):
        raise UsageError(f"nobody with the address '{me}' wrote or got any of these messages: name one who did")
    people = _people(mails)
    parties = rename_all(people, split) if rename else {a: Party(name, a) for a, name in people.items()}
    notes = list(_notes(mails, me, parties, people if rename else {}))
    digest = hashlib.sha256(repr((app.source_digest(), me, rename, notes)).encode()).hexdigest()
    contacts = [party for address, party in parties.items() if address != me]

    def populate(world: World) -> None:
        world.reseed(f"imported/{split}/{digest}")
        fill(world, split, Circle(parties[me], contacts, (), (), (), ()), notes)

    latest = max(mail.sent_at for mail in mails)
    return Recipe(
        name=app.name,
        tables=app.tables,
        size=str(Size.SMALL),
        split=str(split),
        seed=0,
        source_digest=digest,
        populate=populate,
        started=(latest + timedelta(days=4)).replace(tzinfo=UTC, hour=9, minute=0, second=0, microsecond=0),
    )


def rename_all(people: Mapping[str, str], split: Split) -> dict[str, Party]:
    """Somebody else for everybody: drawn from their number alone, so that the new names tell nothing of the old."""
    rng = Random(f"rename/{split}/{len(people)}")
    found: dict[str, Party] = {}
    taken: set[str] = set()
    for address in sorted(people):
        while (name := names.person(rng, split)) in taken:
            pass
        taken.add(name)
        found[address] = Party(name, names.address(name, f"{names.word(rng, split)}.com"))
    return found


def _people(mails: Sequence[Mail]) -> dict[str, str]:
    """The longest name that each address goes by."""
    found: dict[str, str] = {}
    for name, address in (pair for mail in mails for pair in (mail.sender, *mail.to)):
        plain = " ".join(name.split()) or address.split("@")[0].replace(".", " ").title()
        if len(plain) > len(found.get(address, "")):
            found[address] = plain
    return found


def _notes(mails: Sequence[Mail], me: str, parties: Mapping[str, Party], old: Mapping[str, str]) -> Iterator[Note]:
    swap = _swapper(old, parties)
    threads: dict[str, int] = {}
    for number, mail in enumerate(mails, start=1):
        known = next((threads[key] for key in mail.parents if key in threads), number)
        threads[mail.key] = known
        mine = mail.sender[1] == me
        to = me if not mine and any(a == me for _, a in mail.to) else mail.to[0][1]
        note = Note(known, parties[mail.sender[1]], parties[to], mail.subject, mail.body, mail.sent_at, "inbox")
        yield replace(
            note,
            subject=swap(mail.subject),
            body=swap(mail.body),
            folder="sent" if mine else "inbox",
            read_at=mail.sent_at,
            attachments=tuple(Paper(swap(name), size) for name, size in mail.files),
        )


def _swapper(old: Mapping[str, str], new: Mapping[str, Party]) -> "Swap":
    """Replaces addresses, full names, and each word of a name that is three letters or longer."""
    table: dict[str, str] = {}
    for address, name in old.items():
        for before, after in zip(name.split(), new[address].name.split(), strict=False):
            if len(before) > 2:
                table.setdefault(before.lower(), after)
        table[name.lower()], table[address.lower()] = new[address].name, new[address].address
    return Swap(table)


class Swap:
    """Replaces names and addresses of a text, longest first; addresses of nobody known are blotted out.

    Args:
        table: What stands for what, keys in lower case.
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        words = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
        self._words = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def __call__(self, text: str) -> str:
        """The text with everything replaced."""
        if self._words is None:
            return text
        hidden = ADDRESS.sub(lambda m: m[0] if m[0].lower() in self._table else "someone@example.com", text)
        return self._words.sub(self._other, hidden)

    def _other(self, found: re.Match[str]) -> str:
        """A word in lower case is no name: `will` is not Will."""
        word = found[0]
        is_name = word[0].isupper() or "@" in word or " " in word
        return self._table[word.lower()] if is_name else word


def _mail(message: Message, number: int) -> Mail | None:
    senders, to = _pairs(message, "From"), [p for h in ("To", "Cc") for p in _pairs(message, h)]
    sent_at = _date(message)
    if not senders or not to or sent_at is None:
        return None
    parents = re.findall(r"<[^>]+>", f"{message.get('In-Reply-To', '')} {message.get('References', '')}")
    body, files = _contents(message)
    return Mail(
        key=str(message.get("Message-ID", f"<{number}>")).strip(),
        parents=parents,
        sender=senders[0],
        to=to,
        subject=_text(message.get("Subject", "")) or "(no subject)",
        body=body or "(empty)",
        sent_at=sent_at,
        files=files,
    )


def _pairs(message: Message, header: str) -> list[tuple[str, str]]:
    found = getaddresses([_text(value) for value in message.get_all(header, [])])
    return [(name, address.lower()) for name, address in found if ADDRESS.fullmatch(address)]


def _text(value: object) -> str:
    """A header as people read it; one that cannot be decoded stays as it is."""
    try:
        decoded = str(make_header(decode_header(str(value))))
    except (LookupError, ValueError):
        decoded = str(value)
    return " ".join(decoded.encode("utf-8", "replace").decode().split())


def _date(message: Message) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _contents(message: Message) -> tuple[str, tuple[tuple[str, int], ...]]:
    """The text, plain rather than HTML, and the names and sizes of the files."""
    texts: dict[str, str] = {}
    files: list[tuple[str, int]] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if part.get_filename():
            files.append((_text(part.get_filename()), len(data)))
        elif part.get_content_maintype() == "text":
            texts.setdefault(part.get_content_subtype(), _decoded(data, part.get_content_charset()))
    plain = texts.get("plain") or unescape(TAGS.sub(" ", texts.get("html", "")))
    return plain.strip(), tuple(files)


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
