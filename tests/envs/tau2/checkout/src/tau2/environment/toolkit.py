"""Toolkits in the shape that tau2-bench gives them; written for greenroom's tests."""

from enum import StrEnum


class ToolType(StrEnum):
    READ = "read"
    WRITE = "write"
    GENERIC = "generic"


def is_tool(kind=ToolType.READ):
    def mark(function):
        function.__tool__ = True
        function.__tool_type__ = kind
        return function

    return mark


class ToolKitBase:
    def __init__(self, db=None):
        self.db = db

    @property
    def tools(self):
        marked = [name for name in dir(type(self)) if hasattr(getattr(type(self), name), "__tool__")]
        return {name: getattr(self, name) for name in marked}

    def update_db(self, data):
        merged = {**self.db.model_dump(), **data}
        self.db = type(self.db).model_validate(merged)
