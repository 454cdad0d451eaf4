"""Environments in the shape that tau2-bench gives them."""

import json
import os
from pathlib import Path

from pydantic import BaseModel

DATA = Path(os.environ.get("TAU2_DATA_DIR", Path(__file__).parents[3] / "data")) / "tau2" / "domains"


class Environment:
    def __init__(self, domain_name, policy, tools=None, user_tools=None):
        self.domain_name, self.policy, self.tools, self.user_tools = domain_name, policy, tools, user_tools
        self.sync_tools()

    def get_policy(self):
        return self.policy

    def sync_tools(self):
        pass

    def make_tool_call(self, tool_name, requestor="assistant", **arguments):
        kit = self.user_tools if requestor == "user" else self.tools
        if tool_name not in kit.tools:
            raise ValueError(f"Tool '{tool_name}' not found.")
        return kit.tools[tool_name](**arguments)

    @classmethod
    def to_json_str(cls, result):
        if isinstance(result, str):
            return result
        return json.dumps(result, default=lambda x: x.model_dump() if isinstance(x, BaseModel) else str(x))
