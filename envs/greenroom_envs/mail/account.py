"""The account's secrets: passwords are kept as hashes, reset codes follow from the account's salt."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

from greenroom import Refusal, World
from greenroom_envs.mail.desk import Attempt, Profile, Reset, SessionRow
from greenroom_envs.mail.mailbox import utc_now, wait_of

SESSION = timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=10)
WINDOW = timedelta(hours=1)
TRIES = 5
RESETS = 3
SHORTEST = 8

# Made once: building a statement costs as much as running it.
LAST_SESSION = select(SessionRow).order_by(SessionRow.id.desc()).limit(1)
TRIED = select(func.count()).where(Attempt.at > bindparam("since"))
ASKED = select(func.count()).where(Reset.asked_at > bindparam("since"))


def hashed(salt: str, password: str) -> str:
    """What is kept of a password."""
    return hashlib.sha256(f"{salt}/{password}".encode()).hexdigest()


def reset_code(salt: str, number: int) -> str:
    """The code of the account's so-manieth reset: six digits."""
    return f"{int(hashlib.sha256(f'{salt}/reset/{number}'.encode()).hexdigest(), 16) % 1_000_000:06}"


def profile(world: World) -> Profile:
    """The account's settings."""
    return world.session.get_one(Profile, 1)


def require_session(world: World) -> SessionRow:
    """The session that is open now.

    Raises:
        Refusal: The user is not signed in, or no longer.
    """
    last = world.session.scalars(LAST_SESSION).one_or_none()
    if last is None:
        raise Refusal("not_signed_in", "The account's settings need the password: sign in with mail_sign_in first.")
    if last.expires_at <= utc_now(world):
        raise Refusal("session_expired", "The session has ended: sign in again with mail_sign_in.")
    return last


def tries_left(world: World) -> int:
    """How many wrong passwords or codes are still allowed within this hour."""
    return max(0, TRIES - (world.session.scalar(TRIED, {"since": utc_now(world) - WINDOW}) or 0))


def require_tries(world: World) -> None:
    """Refuse to look at another password or code after too many wrong ones.

    Raises:
        Refusal: There were too many.
    """
    if tries_left(world) == 0:
        left = _until_free(world, Attempt.at, TRIES)
        told = f"There were {TRIES} wrong tries within an hour: wait {wait_of(left)}, then try again."
        raise Refusal("locked", told, retry_after=int(left.total_seconds()))


def require_codes(world: World) -> None:
    """Refuse to send another code after too many of them.

    Raises:
        Refusal: There were too many within an hour.
    """
    if (world.session.scalar(ASKED, {"since": utc_now(world) - WINDOW}) or 0) >= RESETS:
        left = _until_free(world, Reset.asked_at, RESETS)
        told = f"{RESETS} codes were sent within an hour: use the last one, or wait {wait_of(left)}."
        raise Refusal("too_many_codes", told, retry_after=int(left.total_seconds()))


def _until_free(world: World, column: "InstrumentedAttribute[datetime]", most: int) -> timedelta:
    """How long until the so-manieth latest of something is an hour old."""
    latest = select(column).order_by(column.desc()).offset(most - 1).limit(1)
    return world.session.scalars(latest).one() + WINDOW - utc_now(world)


def note_wrong_try(world: World) -> int:
    """Count a wrong password or code; returns how many more there may be."""
    world.session.add(Attempt(at=utc_now(world)))
    world.session.flush()
    return tries_left(world)


def set_password(settings: Profile, password: str) -> None:
    """Replace the password.

    Raises:
        Refusal: It is too short, or the old one.
    """
    if len(password) < SHORTEST:
        raise Refusal("weak_password", f"A password has {SHORTEST} characters at least: name a longer one.")
    if hashed(settings.salt, password) == settings.password:
        raise Refusal("same_password", "That is the password already: name another one.")
    settings.password = hashed(settings.salt, password)
