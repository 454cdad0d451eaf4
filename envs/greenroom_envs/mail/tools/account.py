"""The account: signing in, a forgotten password, settings."""

from datetime import timedelta
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import func, select

from greenroom import Refusal, World
from greenroom_envs.mail import account
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import Reset, SessionRow
from greenroom_envs.mail.life import CODE
from greenroom_envs.mail.mailbox import owner, require_text, utc_now

LAST_RESET = select(Reset).order_by(Reset.id.desc()).limit(1)
LAST_NUMBER = select(func.max(Reset.id))
Secret = Annotated[str, Field(max_length=200)]


class SignedIn(TypedDict):
    """Whether it worked: until when, or how many tries are left."""

    signed_in: bool
    until: str | None
    tries_left: int | None


class Changed(TypedDict):
    """Whether a password was changed; how many tries are left if not."""

    changed: bool
    tries_left: int | None


class CodeSent(TypedDict):
    """Where a code was sent."""

    code_sent_to: str


class Settings(TypedDict):
    """The account's settings."""

    name: str
    address: str
    phone: str
    signature: str
    time_zone: str
    now: str


@app.tool
def sign_in(world: World, address: str, password: Secret) -> SignedIn:
    """Sign in, to change the account's settings; the mailbox itself needs none of it. Lasts thirty minutes.

    Args:
        address: The user's mail address.
        password: The user's password.
    """
    account.require_tries(world)
    settings = account.profile(world)
    if address.strip().lower() != owner(world).address:
        raise Refusal(
            "others_account", f"'{address}' is not the account of this mailbox: sign in with the user's own address."
        )
    if account.hashed(settings.salt, password) != settings.password:
        return {"signed_in": False, "until": None, "tries_left": account.note_wrong_try(world)}
    until = utc_now(world) + account.SESSION
    world.session.add(SessionRow(expires_at=until))
    return {"signed_in": True, "until": Clock.of(world).shown(until), "tries_left": None}


@app.tool
def sign_out(world: World) -> SignedIn:
    """End the session."""
    account.require_session(world).expires_at = utc_now(world)
    return {"signed_in": False, "until": None, "tries_left": None}


@app.tool
def request_reset(world: World) -> CodeSent:
    """Have a code sent for a forgotten password; it comes by mail within half a minute and is good for ten."""
    now = utc_now(world)
    account.require_codes(world)
    number = (world.session.scalar(LAST_NUMBER) or 0) + 1
    world.session.add(
        Reset(id=number, code=account.reset_code(account.profile(world).salt, number), asked_at=now, used=False)
    )
    world.schedule(CODE, {"reset": number}, after=timedelta(seconds=4))
    return {"code_sent_to": owner(world).address}


@app.tool
def reset_password(world: World, code: Secret, password: Secret) -> Changed:
    """Replace a forgotten password with the code that came by mail.

    Args:
        code: The six digits of the last code.
        password: The new password, eight characters at least.
    """
    account.require_tries(world)
    last = world.session.scalars(LAST_RESET).one_or_none()
    if last is None or last.used:
        raise Refusal("no_code", "No code is waiting to be used: have one sent with mail_request_reset.")
    if last.asked_at + account.CODE_LIFE < utc_now(world):
        raise Refusal("code_expired", "The code was good for ten minutes: have another sent with mail_request_reset.")
    if code.strip() != last.code:
        return {"changed": False, "tries_left": account.note_wrong_try(world)}
    account.set_password(account.profile(world), password)
    last.used = True
    return {"changed": True, "tries_left": None}


@app.tool
def change_password(world: World, password: Secret) -> Changed:
    """Change the password of the account; the user must be signed in.

    Args:
        password: The new password, eight characters at least.
    """
    account.require_session(world)
    account.set_password(account.profile(world), password)
    return {"changed": True, "tries_left": None}


@app.tool
def show_profile(world: World) -> Settings:
    """Show the account's name, address and settings, and what the user's clock says."""
    me, settings, clock = owner(world), account.profile(world), Clock.of(world)
    return {
        "name": me.name,
        "address": me.address,
        "phone": settings.phone,
        "signature": settings.signature,
        "time_zone": settings.time_zone,
        "now": clock.shown(clock.utc_now),
    }


@app.tool
def edit_profile(
    world: World, phone: str | None = None, signature: str | None = None, time_zone: str | None = None
) -> Settings:
    """Change the account's settings; what is not given stays. The user must be signed in.

    Args:
        phone: The user's telephone number.
        signature: What stands under the user's mails.
        time_zone: Such as Europe/London.
    """
    account.require_session(world)
    settings = account.profile(world)
    for name, text in (("phone", phone), ("signature", signature)):
        if text is not None:
            require_text(**{name: text})
            setattr(settings, name, text.strip())
    if time_zone is not None:
        settings.time_zone = _zone(time_zone)
    return show_profile(world)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip()).key
    except (KeyError, ValueError, OSError):
        raise Refusal("no_such_zone", f"There is no time zone '{name}': write it like Europe/London.") from None
