"""Filling in: `{name}` in texts stands for a value. A text that is but a placeholder becomes the value itself."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, cast

from greenroom.errors import UsageError

_WHOLE = re.compile(r"\{[^{}]+\}")
_FORMATTER = Formatter()


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """A copy of plain data with all placeholders filled in, keys of objects left alone.

    Raises:
        UsageError: A placeholder names no value.
    """
    if isinstance(template, str):
        return _text(template, values)
    if isinstance(template, list):
        return [fill(item, values) for item in cast(list[Any], template)]
    if isinstance(template, dict):
        return {key: fill(item, values) for key, item in cast(dict[str, Any], template).items()}
    return template


def _text(template: str, values: Mapping[str, Any]) -> Any:
    try:
        if _WHOLE.fullmatch(template):
            return _FORMATTER.get_field(template[1:-1], (), values)[0]
        return _FORMATTER.vformat(template, (), values)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        known = ", ".join(sorted(values)) or "none"
        raise UsageError(f"{template!r} cannot be filled in ({error}); there is: {known}") from None
