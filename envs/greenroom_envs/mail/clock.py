"""Days and times as the user has them: the world keeps UTC, tools speak and understand the profile's time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail.dates import read_date, read_time, shown
from greenroom_envs.mail.desk import Profile
from greenroom_envs.mail.mailbox import utc_now

ZONE = select(Profile.time_zone).where(Profile.id == 1)


@dataclass(frozen=True)
class Clock:
    """The user's clock at one moment; made once a call, so that a list asks for the zone once.

    Attributes:
        zone: The user's time zone.
        utc_now: The virtual time, UTC without a zone, as everything is stored.
    """

    zone: ZoneInfo
    utc_now: datetime

    @staticmethod
    def of(world: World) -> "Clock":
        """The clock of the mailbox's user."""
        return Clock(ZoneInfo(world.session.scalar(ZONE) or "UTC"), utc_now(world))

    @property
    def now(self) -> datetime:
        """What the user's clock says."""
        return self.local(self.utc_now)

    @property
    def today(self) -> date:
        """The user's day."""
        return self.now.date()

    def local(self, moment: datetime) -> datetime:
        """A stored moment as the user's clock says it."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    def utc(self, moment: datetime) -> datetime:
        """What is stored for a moment of the user's clock."""
        return moment.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    def shown(self, moment: datetime) -> str:
        """A stored moment as tools show it: `14 March 2026 10:30`."""
        return shown(self.local(moment))

    def short(self, moment: datetime) -> str:
        """The day of a stored moment as lists show it: `3 Mar`, with the year when it is another."""
        there = self.local(moment)
        day = f"{there.day} {there:%b}"
        return day if there.year == self.now.year else f"{day} {there.year}"

    def begin(self, day: date) -> datetime:
        """The stored moment at which a day of the user's begins."""
        return self.utc(datetime.combine(day, time()))

    def read(self, date: str, time: str) -> datetime:
        """The stored moment that a date and a time of the user's mean.

        Raises:
            Refusal: One of them is none.
        """
        return self.utc(datetime.combine(read_date(date, self.today), read_time(time)))

    def read_future(self, date: str, time: str) -> datetime:
        """The stored moment that a date and a time of the user's mean, which must be to come.

        Raises:
            Refusal: One of them is none, or it is past.
        """
        moment = self.read(date, time)
        if moment <= self.utc_now:
            raise Refusal(
                "past", f"{self.shown(moment)} is past; it is {self.shown(self.utc_now)} now. Name a later time."
            )
        return moment

    def days(self, first: date, last: date) -> tuple[datetime, datetime]:
        """The stored moments between which days of the user's lie, the end excluded."""
        return self.begin(first), self.begin(last + timedelta(days=1))
