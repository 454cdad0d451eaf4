"""The rest of the data model: what lies around the mailbox. Session, files, rules, invitations, vacation, habits."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from greenroom_envs.mail.models import Base


class Profile(Base):
    """The account's settings, beside its name and address. One row.

    Attributes:
        split: Whose words the mail that arrives later is made of.
        salt: Goes into the password's hash and into reset codes.
        password: SHA-256 of salt and password.
        signature: Stands under what the user writes in a mail client; shown only.
        time_zone: Of the user, as the IANA names it.
    """

    __tablename__ = "mail_profile"

    id: Mapped[int] = mapped_column(ForeignKey("mail_account.id"), primary_key=True)
    split: Mapped[str]
    salt: Mapped[str]
    password: Mapped[str]
    signature: Mapped[str]
    phone: Mapped[str]
    time_zone: Mapped[str]


class SessionRow(Base):
    """One time that the user signed in; needed for the account's settings only, the mailbox itself is open."""

    __tablename__ = "mail_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class Attempt(Base):
    """A wrong password or a wrong code."""

    __tablename__ = "mail_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Reset(Base):
    """A code by which a forgotten password may be replaced, sent by mail."""

    __tablename__ = "mail_reset"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    asked_at: Mapped[datetime]
    used: Mapped[bool] = mapped_column(default=False)


class Recipient(Base):
    """One of several people that a message went to; a message to one person alone has none of these.

    Attributes:
        kind: `to`, `cc` or `bcc`; the last is known for the user's own messages only.
    """

    __tablename__ = "mail_recipient"
    __table_args__ = (Index("mail_recipient_address", "address"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("mail_message.id"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Reference(Base):
    """What another app calls the thing that a letter of its is about: `shop:order:17`."""

    __tablename__ = "mail_reference"
    __table_args__ = (Index("mail_reference_name", "name"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("mail_message.id"), primary_key=True)
    name: Mapped[str]


class File(Base):
    """A file that the user has: downloaded, ready to be attached."""

    __tablename__ = "mail_file"

    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    text: Mapped[str | None]


class DraftFile(Base):
    """A file that hangs on a draft."""

    __tablename__ = "mail_draft_file"

    draft_id: Mapped[int] = mapped_column(ForeignKey("mail_draft.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    text: Mapped[str | None]


class Rule(Base):
    """What happens to mail that arrives: `sender` (an address) and `subject` (a part of it) must both fit, if given."""

    __tablename__ = "mail_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender: Mapped[str]
    subject: Mapped[str]
    folder: Mapped[str | None] = mapped_column(ForeignKey("mail_folder.name"))
    label: Mapped[str | None] = mapped_column(ForeignKey("mail_label.name"))
    star: Mapped[bool]


class Verdict(Base):
    """What the user said about mail from an address: spam, or not."""

    __tablename__ = "mail_verdict"

    address: Mapped[str] = mapped_column(primary_key=True)
    spam: Mapped[bool]


class Invitation(Base):
    """An invitation that came with a message.

    Attributes:
        status: `open`, `accepted`, `declined`, or `proposed` when the user named another time.
        proposed_at: That other time.
        flexible: Whether the organizer will agree to another time.
    """

    __tablename__ = "mail_invitation"
    __table_args__ = (
        Index("mail_invitation_status", "status", "starts_at"),
        Index("mail_invitation_starts", "starts_at"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("mail_message.id"), primary_key=True)
    title: Mapped[str]
    starts_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="open")
    proposed_at: Mapped[datetime | None]
    flexible: Mapped[bool] = mapped_column(default=True)


class Vacation(Base):
    """The answer that everybody gets while the user is away. At most one row."""

    __tablename__ = "mail_vacation"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    body: Mapped[str]


class VacationSent(Base):
    """Somebody who got the vacation's answer: nobody gets it twice."""

    __tablename__ = "mail_vacation_sent"

    address: Mapped[str] = mapped_column(primary_key=True)


class Habit(Base):
    """How somebody deals with mail.

    Attributes:
        minutes: After how long they answer.
        answer: What they write; made up when None.
    """

    __tablename__ = "mail_habit"

    address: Mapped[str] = mapped_column(primary_key=True)
    minutes: Mapped[int]
    answer: Mapped[str | None]
