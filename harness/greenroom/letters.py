"""Letters: the event by which one app's news reaches a person, whichever app delivers it.

The shop sends a receipt, the host of a booking answers: both call `send_letter`. If an app of the world handles
`letter` (mail does), it arrives there; if none does, it is lost, as mail to somebody without a mailbox is.
"""

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from pydantic import TypeAdapter

from greenroom.worlds import World

LETTER = "letter"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that comes with a letter."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is sent.

    Attributes:
        sender: The name that is shown.
        address: The sender's address.
        to: The recipient's address.
        subject: One line.
        body: The text.
        attachments: Files.
        reference: What the sending app calls it (`shop:order:17`), so that others may refer to it.
    """

    sender: str
    address: str
    to: str
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = field(default=())
    reference: str = ""


_LETTER = TypeAdapter(Letter)


def send_letter(world: World, letter: Letter, *, after: timedelta = timedelta(0)) -> None:
    """Send a letter; it arrives when its time has come, at the earliest before the next tool call."""
    world.schedule(LETTER, asdict(letter), after=after)


def read_letter(payload: dict[str, object]) -> Letter:
    """The letter in an event's payload: for the app that handles `letter`."""
    return _LETTER.validate_python(payload)
