"""What must be told to the user, however it is put: verifiers by changes and by what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from greenroom.rewards import Expectation, Wanted, mentions
from greenroom.tasks import Evidence, Verdict, Verifier

Said = str | tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """Changes as expected, and of each group of texts one said as whole words, letter case ignored.

    Attributes:
        changes: The wanted changes.
        said: One text, or several of which one is enough.
        unsaid: None of these may be said.
    """

    changes: Expectation
    said: Sequence[Said]
    unsaid: Sequence[Said]

    def __call__(self, evidence: Evidence) -> Verdict:
        """Score an episode; the findings name each miss."""
        findings = list(self.changes(evidence).findings)
        findings += [f"not said: {said}" for said in self.said if not _any(said, evidence.said)]
        findings += [f"wrongly said: {said}" for said in self.unsaid if _any(said, evidence.said)]
        return Verdict(score=0.0 if findings else 1.0, findings=tuple(findings))


def told(wanted: Sequence[Wanted] = (), *, said: Sequence[Said], unsaid: Sequence[Said] = ()) -> Verifier:
    """A verifier of what was changed and said; without wanted changes, nothing may be changed."""
    return Told(Expectation(wanted=tuple(wanted)), tuple(said), tuple(unsaid))


def _any(said: Said, lines: Sequence[str]) -> bool:
    texts = (said,) if isinstance(said, str) else said
    return any(mentions(line, text) for text in texts for line in lines)


def money(cents: int) -> tuple[str, ...]:
    """The ways to say an amount."""
    return f"{cents // 100}.{cents % 100:02}", f"{cents // 100:,}.{cents % 100:02}"


def whole(cents: int) -> tuple[str, ...]:
    """The ways to say an amount of whole dollars."""
    return str(cents // 100), f"{cents // 100}.00"


def spoken(day: date) -> str:
    """A day as the policy has it said: `14 March`."""
    return f"{day.day} {day:%B}"


def ways(day: date) -> tuple[str, ...]:
    """The ways to say a day."""
    return spoken(day), f"{day:%B} {day.day}", f"{day.day} {day:%b}", f"{day:%b} {day.day}", day.isoformat()
