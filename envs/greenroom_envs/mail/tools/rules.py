"""What the user arranged beforehand: filter rules, and the answer while away; and the rules of the house."""

from datetime import timedelta
from typing import Annotated, TypedDict

from pydantic import Field
from sqlalchemy import delete, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.dates import read_date, shown_day
from greenroom_envs.mail.desk import Rule, Vacation, VacationSent
from greenroom_envs.mail.mailbox import require_text, resolve
from greenroom_envs.mail.rules import RULES
from greenroom_envs.mail.tools.filing import require_label
from greenroom_envs.mail.tools.folders import require_folder

RuleId = Annotated[int, Field(ge=1, le=1_000_000_000)]
LONGEST = timedelta(days=30)
MOST_RULES = 100
ALL = select(Rule).order_by(Rule.id)
FORGET = delete(VacationSent)

RuleLine = TypedDict(
    "RuleLine",
    {
        "rule": int,
        "from": str | None,
        "subject": str | None,
        "folder": str | None,
        "label": str | None,
        "star": bool | None,
    },
)


class Away(TypedDict):
    """While the user is away: the days, both included, and the answer."""

    from_day: str
    to_day: str
    body: str


@app.tool
def add_rule(
    world: World,
    sender: str = "",
    subject: str = "",
    folder: str | None = None,
    label: str | None = None,
    star: bool = False,
) -> RuleLine:
    """Make a rule for mail that arrives from now on: what fits sender and subject is filed, labelled or starred.

    Args:
        sender: An address, or the name of a contact; empty for anybody.
        subject: A part of the subject; empty for any.
        folder: Where it goes instead of the inbox.
        label: The label that it gets.
        star: Whether it gets a star.
    """
    if not sender.strip() and not subject.strip():
        raise Refusal("empty_rule", "A rule needs a sender or a part of a subject that it is for.")
    if folder is None and label is None and not star:
        raise Refusal("empty_rule", "A rule needs something to do: give a folder, a label or a star.")
    rule = Rule(
        sender=resolve(world, sender) if sender.strip() else "",
        subject=subject.strip(),
        folder=None if folder is None else require_folder(world, folder),
        label=None if label is None else require_label(world, label),
        star=star,
    )
    others = world.session.scalars(ALL).all()
    if any(_does(other) == _does(rule) for other in others):
        raise Refusal("already_there", "There is such a rule already; mail_list_rules shows it.")
    if len(others) >= MOST_RULES:
        raise Refusal("too_many_rules", f"There are {MOST_RULES} rules, the most that can be: delete one first.")
    world.session.add(rule)
    world.session.flush()
    return _line(rule)


@app.tool
def list_rules(world: World) -> list[RuleLine]:
    """List the user's rules for arriving mail, first made first."""
    return [_line(rule) for rule in world.session.scalars(ALL)]


@app.tool
def delete_rule(world: World, rule_id: RuleId) -> RuleLine:
    """Delete a rule for arriving mail; what it filed stays where it is.

    Args:
        rule_id: Its number, as mail_list_rules shows it.
    """
    rule = world.session.get(Rule, rule_id)
    if rule is None:
        raise Refusal("no_such_rule", f"There is no rule {rule_id}; mail_list_rules shows those there are.")
    world.session.delete(rule)
    return _line(rule)


@app.tool
def set_vacation(world: World, first_day: str, last_day: str, body: str) -> Away:
    """Let everybody of the address book who writes between two days get an answer, once each.

    Rule: a vacation answer is set for thirty days at most.

    Args:
        first_day: The first day away, such as 14 March or 2026-03-14.
        last_day: The last day away.
        body: The answer.
    """
    require_text(body=body)
    today = Clock.of(world).today
    first = read_date(first_day, today)
    last = read_date(last_day, max(first, today))
    if last < first or last < today:
        begin = shown_day(max(first, today))
        raise Refusal("bad_period", f"{shown_day(last)} is over before {begin}: give the first day first.")
    if last - first >= LONGEST:
        days = (last - first).days + 1
        raise Refusal("too_long", f"{shown_day(first)} to {shown_day(last)} is {days} days. {RULES['away']}")
    world.session.execute(FORGET)
    world.session.merge(Vacation(id=1, first_day=first, last_day=last, body=body))
    return {"from_day": shown_day(first), "to_day": shown_day(last), "body": body}


@app.tool
def show_vacation(world: World) -> Away:
    """Show the answer that people get while the user is away."""
    return _away(_vacation(world))


@app.tool
def end_vacation(world: World) -> Away:
    """Take back the answer that people get while the user is away."""
    vacation = _vacation(world)
    world.session.delete(vacation)
    return _away(vacation)


@app.tool
def show_policy(world: World) -> list[str]:
    """Show the rules of the house: what is never done, whoever asks."""
    return list(RULES.values())


def _vacation(world: World) -> Vacation:
    vacation = world.session.get(Vacation, 1)
    if vacation is None:
        raise Refusal("no_vacation", "No vacation answer is set; mail_set_vacation sets one.")
    return vacation


def _away(vacation: Vacation) -> Away:
    first, last = shown_day(vacation.first_day), shown_day(vacation.last_day)
    return {"from_day": first, "to_day": last, "body": vacation.body}


def _does(rule: Rule) -> tuple[object, ...]:
    return rule.sender, rule.subject.lower(), rule.folder, rule.label, rule.star


def _line(rule: Rule) -> RuleLine:
    return {
        "rule": rule.id,
        "from": rule.sender or None,
        "subject": rule.subject or None,
        "folder": rule.folder,
        "label": rule.label,
        "star": rule.star or None,
    }
