"""Reset a password: a code has to be asked for, and found in the mail that comes."""

from sqlalchemy import func, select

from greenroom import Goal, Split, Task, World, names
from greenroom.rewards import expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.account import hashed, profile, reset_code
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Reset
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS, value_fact
from greenroom_envs.mail.life import POSTMASTER
from greenroom_envs.mail.mailbox import next_number
from greenroom_envs.mail.people import Party

REQUESTS = Wordings(
    OPENINGS,
    ("I forgot my mail password, ", "my password is lost, ", "I cannot sign in any more, "),
    ("set it to {password}", "make it {password}", "the new one is {password}"),
    ENDS,
)
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
    """Have a forgotten password replaced."""
    plant, rng = Plant(world, split), world.random
    # An older mail of the postmaster: the id of the one that will come follows from it.
    plant.message(Party(*POSTMASTER), "your mailbox", NOTICES.one(rng, split, percent=str(rng.randrange(20, 90))))
    plant.insert()
    password, other = (f"{names.word(rng, split)}-{rng.randrange(1000, 10_000)}" for _ in range(2))
    salt, number = profile(world).salt, (world.session.scalar(select(func.max(Reset.id))) or 0) + 1
    code, sender = reset_code(salt, number), POSTMASTER[0]
    handle = f"{sender}-{next_number(world, sender)}"
    start: tuple[s.Step, ...] = (("mail_request_reset", {}), s.search("reset code"), s.read(handle))

    def reset(with_code: str, to: str) -> s.Step:
        return "mail_reset_password", {"code": with_code, "password": to}

    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    return Task(
        goal=Goal(
            intent="reset_password",
            requests=REQUESTS.draw(rng, split, 3, password=password),
            facts=(value_fact(rng, split, "password", password, "new one"),),
            slots={"password": password},
        ),
        tools=TOOLS,
        solution=s.script(*start, reset(code, password), s.DONE),
        slips=(
            s.script(*start, reset(code, other), s.DONE),
            s.script(*start, reset(wrong, password), s.DONE),
            s.script(*start, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted("mail_reset", {"used": True}),
                updated("mail_profile", key=1, values={"password": hashed(salt, password)}),
            ]
        ),
        max_steps=s.MAX_STEPS,
    )
