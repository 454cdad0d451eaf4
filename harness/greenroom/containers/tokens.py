"""Tokens of compose: each app has one of its own, so that who takes over one app drives no other."""

import re
from collections.abc import Mapping, Sequence

from greenroom.errors import UsageError

VARIABLE = "GREENROOM_TOKEN"
"""What the containers of an app find theirs in."""
NAMED = re.compile(rf"\$\{{?({VARIABLE}_\w+)")


def variable(app: str) -> str:
    """The setting that holds an app's token: GREENROOM_TOKEN_MAIL, and GREENROOM_TOKEN_MAIL_SHOP of `mail+shop`."""
    return f"{VARIABLE}_{re.sub(r'[^A-Z0-9]', '_', app.upper())}"


def named(text: str) -> list[str]:
    """The settings for tokens that a compose file names."""
    return list(dict.fromkeys(NAMED.findall(text)))


def token(app: str, places: Sequence[Mapping[str, str]]) -> str | None:
    """The token of an app: its own, else that of all, of the first place that has either.

    Args:
        app: The app.
        places: Where settings are, the first first.
    """
    names = (variable(app), VARIABLE)
    return next((found for place in places for name in names if (found := place.get(name))), None)


def made() -> str:
    """A new one."""
    from greenroom.wire import tokens

    return tokens.made()


def check(given: Mapping[str, str]) -> None:
    """Check the tokens of services.

    Args:
        given: Of each service, by its name.

    Raises:
        UsageError: One is a placeholder, or two services have the same.
    """
    from greenroom.wire import tokens

    owners: dict[str, str] = {}
    for service, value in given.items():
        tokens.check(value, variable(service))
        other = owners.setdefault(value, service)
        if other != service:
            raise UsageError(
                f"'{other}' and '{service}' have the same token, so who takes over one drives the other: give "
                f"'{service}' its own with `environment: {{ {VARIABLE}: '${{{variable(service)}}}' }}` in "
                "compose.override.yaml, and another value where compose/.env has one for both"
            )
