"""Scaffold: a new plugin, complete and passing `greenroom check` from its first minute."""

from greenroom.scaffold.plugin import check_name, new_plugin

__all__ = ["check_name", "new_plugin"]
