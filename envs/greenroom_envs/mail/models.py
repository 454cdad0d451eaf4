"""The data model of mail: one account, its messages, its address book and its calendar."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FOLDERS = ("inbox", "archive", "sent", "spam", "trash", "clients", "finance", "travel")
LABELS = ("paid", "urgent", "later", "family", "work", "tax", "private", "project")


class Base(DeclarativeBase):
    """The declarative base of mail's tables."""


class Account(Base):
    """Whose mailbox it is. One row."""

    __tablename__ = "mail_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)


class Contact(Base):
    """Somebody, or a company, in the address book. Names may occur twice, addresses may not."""

    __tablename__ = "mail_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(collation="NOCASE"), index=True)
    address: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]


class Folder(Base):
    """A place that holds messages; every message is in exactly one."""

    __tablename__ = "mail_folder"

    name: Mapped[str] = mapped_column(primary_key=True)
    system: Mapped[bool]


class Thread(Base):
    """Messages that answer each other."""

    __tablename__ = "mail_thread"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str]


class MessageRow(Base):
    """A message, received or sent.

    Attributes:
        tag: First name of the sender, or first word of a company: `Danielle`.
        number: Counts the messages of a tag; tag and number are the id that agents see: `Danielle-12`.
        sender: The sender's name as the message carries it, `address` the address beside it.
        recipient: The address that it went to.
        sent_at: Virtual time, UTC.
        read_at: When it was opened, None while unread.
        reply_to: The message that this one answers.
        forward_of: The message that this one passes on.
    """

    __tablename__ = "mail_message"
    __table_args__ = (
        UniqueConstraint("tag", "number"),
        Index("mail_message_folder", "folder"),
        Index("mail_message_thread", "thread_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str]
    number: Mapped[int]
    thread_id: Mapped[int] = mapped_column(ForeignKey("mail_thread.id"))
    folder: Mapped[str] = mapped_column(ForeignKey("mail_folder.name"))
    sender: Mapped[str]
    address: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    starred: Mapped[bool] = mapped_column(default=False)
    reply_to: Mapped[int | None] = mapped_column(ForeignKey("mail_message.id"))
    forward_of: Mapped[int | None] = mapped_column(ForeignKey("mail_message.id"))

    @property
    def handle(self) -> str:
        """The id that agents see."""
        return f"{self.tag}-{self.number}"


Index("mail_message_sent", MessageRow.sent_at)
# Few messages are unread: counting them needs no walk through all others.
Index("mail_message_unread", MessageRow.folder, sqlite_where=MessageRow.read_at.is_(None))
Index("mail_message_starred", MessageRow.folder, sqlite_where=MessageRow.starred.is_(True))
# Folders can be listed by these too, a page at a time.
Index("mail_message_by_sender", MessageRow.folder, MessageRow.sender)
Index("mail_message_by_subject", MessageRow.folder, MessageRow.subject)


class Attachment(Base):
    """A file that hangs on a message; `text` is what can be read of it, None for pictures and the like."""

    __tablename__ = "mail_attachment"
    __table_args__ = (Index("mail_attachment_message", "message_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("mail_message.id"))
    name: Mapped[str]
    size: Mapped[int]
    text: Mapped[str | None]


class Label(Base):
    """A word that messages can carry, any number of them."""

    __tablename__ = "mail_label"

    name: Mapped[str] = mapped_column(primary_key=True)


class MessageLabel(Base):
    """One label on one message."""

    __tablename__ = "mail_message_label"
    __table_args__ = (Index("mail_message_label_label", "label"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("mail_message.id"), primary_key=True)
    label: Mapped[str] = mapped_column(ForeignKey("mail_label.name"), primary_key=True)


class Draft(Base):
    """A message not sent yet.

    Attributes:
        recipient: To whom, several addresses with commas between; `cc` and `bcc` likewise.
        send_at: When it sends itself, UTC; None for a draft that waits for its writer.
        version: Counts the edits, so that nobody overwrites what they have not seen.
    """

    __tablename__ = "mail_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    cc: Mapped[str] = mapped_column(default="")
    bcc: Mapped[str] = mapped_column(default="")
    send_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Subscription(Base):
    """A newsletter that the account gets while `active`."""

    __tablename__ = "mail_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool]


class CalendarEvent(Base):
    """An entry in the calendar."""

    __tablename__ = "mail_event"
    __table_args__ = (Index("mail_event_starts", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    starts_at: Mapped[datetime]
