"""Reset a password: a code has to be asked for, and found in the mail that comes."""

from datetime import timedelta

from sqlalchemy import func, select

from greenroom import Goal, Split, Task, World, names
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.account import hashed, profile, reset_code
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Reset
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, LONG, PLAIN, value_fact
from greenroom_envs.mail.life import CODE_SUBJECT, POSTMASTER, code_text
from greenroom_envs.mail.mailbox import next_number, owner, utc_now
from greenroom_envs.mail.people import Party

HELLO = ("", "hello, ", "bad news: ", "sorry, ", "one thing: ")
LOST = ("I forgot my mail password", "my password is lost", "I cannot sign in any more")
NEW = (
    "; set the password to {password}",
    ", so make the new password {password}",
    ": please let the new one be {password}",
)
PHONE = (", and change my telephone number to {phone}", ", then set my phone to {phone}")
REQUESTS = Wordings(HELLO, LOST, NEW, PLAIN)
MORE = Wordings(HELLO, LOST, NEW, PHONE, PLAIN)
NOTICES = Wordings(
    ("your mailbox ", "at the moment your mailbox ", "this month your mailbox "),
    ("uses {percent} percent of its room", "is {percent} percent full", "holds {percent} percent of what it may"),
    (".", ". There is nothing to do.", ". This is a monthly note.", ". No answer is needed."),
)
TOOLS = (
    "mail_search",
    "mail_list_folder",
    "mail_read",
    "mail_delete",
    "mail_wait_for_mail",
    "mail_sign_in",
    "mail_sign_out",
    "mail_request_reset",
    "mail_reset_password",
    "mail_change_password",
    "mail_show_profile",
    "mail_edit_profile",
)


@app.task_family
def reset_password(world: World, split: Split) -> Task:
    """Have a forgotten password replaced.

    From level 2 on an older code lies in the mailbox; at level 3 a setting has to be changed with the new password.
    """
    plant, rng = Plant(world, split), world.random
    level, (password, other) = rng.choice(LEVELS), (_password(plant) for _ in range(2))
    salt, number = profile(world).salt, (world.session.scalar(select(func.max(Reset.id))) or 0) + 1
    # An older mail of the postmaster: the id of the one that will come follows from it.
    postmaster = Party(*POSTMASTER)
    plant.message(postmaster, "your mailbox", NOTICES.one(rng, split, percent=str(rng.randrange(20, 90))))
    if level > 1:
        old = reset_code(salt, number)
        plant.message(postmaster, CODE_SUBJECT, code_text(old))
        asked_at = utc_now(world) - timedelta(days=1)
        world.session.add(Reset(id=number, code=old, asked_at=asked_at, used=False))
        number += 1
    plant.insert()
    code, phone = reset_code(salt, number), f"555-01{rng.randrange(100):02}-{rng.randrange(10_000):04}"
    wrong = f"{(int(code) + 1) % 1_000_000:06}" if level == 1 else reset_code(salt, number - 1)
    handle = f"{postmaster.first}-{next_number(world, postmaster.first)}"
    start: tuple[s.Step, ...] = (("mail_request_reset", {}), s.search("reset code"), s.read(handle))
    more: list[s.Step] = []
    if level > 2:
        more = [
            ("mail_sign_in", {"address": owner(world).address, "password": password}),
            ("mail_edit_profile", {"phone": phone}),
        ]

    def reset(with_code: str, to: str) -> s.Step:
        return "mail_reset_password", {"code": with_code, "password": to}

    told = [value_fact(rng, split, "phone", phone, "number", "telephone")] if level > 2 else []
    return Task(
        goal=Goal(
            intent="reset_password",
            requests=(MORE if level > 2 else REQUESTS).draw(rng, split, 3, password=password, phone=phone),
            facts=(value_fact(rng, split, "password", password, "new one"), *told),
            slots={"password": password},
        ),
        tools=TOOLS,
        solution=s.script(*start, reset(code, password), *more, s.DONE),
        slips=(
            s.script(*start, reset(code, other), s.DONE),
            s.script(*start, reset(wrong, password), s.DONE),
            s.script(*start, *([reset(code, password)] if level > 2 else []), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(_wanted(hashed(salt, password), phone if level > 2 else None)),
        max_steps=LONG if level > 2 else s.MAX_STEPS,
        level=level,
    )


def _password(plant: Plant) -> str:
    return f"{names.word(plant.rng, plant.split)}-{plant.rng.randrange(1000, 10_000)}"


def _wanted(password: str, phone: str | None) -> list[Wanted]:
    settings = {"password": password} | ({"phone": phone} if phone else {})
    wanted = [inserted("mail_reset", {"used": True}), updated("mail_profile", key=1, values=settings)]
    return [*wanted, inserted("mail_session", {})] if phone else wanted
