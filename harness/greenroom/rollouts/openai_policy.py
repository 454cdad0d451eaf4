"""A policy served by any endpoint that speaks the OpenAI chat API."""

import asyncio
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from greenroom.errors import PolicyError, UsageError
from greenroom.messages import Message, ToolCall, assistant
from greenroom.policy import TOO_LONG, EpisodeStart, PolicySession, TokenRecord

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ATTEMPTS = 5
TIMEOUT = 120.0
MAX_TOKENS = 4096
"""Of one turn: a model that babbles would else go on until its context is full."""
_FULL = re.compile(r"context[ _](?:length|size|window)", re.IGNORECASE)
"""How servers say that a conversation is longer than their model can read: OpenAI and vLLM, llama.cpp."""


class OpenAIPolicy:
    """Asks a model behind an OpenAI-compatible endpoint: write openai:MODEL@URL, such as openai:qwen3@http://localhost:8000/v1.

    The key is read from `OPENAI_API_KEY`; local servers need none. What is transient (connections, rate limits,
    errors of the server) is tried again with growing pauses; what remains is a `PolicyError`. A turn is cut off after
    `max_tokens`, and stands as it is; a conversation that the model cannot read any more is given up. Both are scored.

    Args:
        spec: `MODEL@URL`; without URL it is `OPENAI_BASE_URL`, or OpenAI itself.
        temperature: Of sampling.
        pause: Seconds before the second attempt; doubles from there.
        max_tokens: The most that a turn may have.

    Raises:
        UsageError: There is no model, or no key for an endpoint that wants one.
    """

    def __init__(
        self, spec: str, *, temperature: float = 1.0, pause: float = 0.5, max_tokens: int = MAX_TOKENS
    ) -> None:
        model, at, url = spec.partition("@http")
        if not model:
            raise UsageError(f"'{spec}' names no model: write openai:MODEL@URL")
        self.model, self.url = model, f"http{url}" if at else os.environ.get("OPENAI_BASE_URL")
        self.name = f"openai:{model}" + (f"@{self.url}" if self.url else "")
        self.temperature, self.pause = temperature, pause
        # OpenAI's newer models refuse the older name, which is the one that all others know.
        self._limit = {"max_tokens" if self.url else "max_completion_tokens": max_tokens}
        self._key = os.environ.get("OPENAI_API_KEY") or ("none" if self.url else "")
        if not self._key:
            raise UsageError("OPENAI_API_KEY is not set: set it, or name your own server as openai:MODEL@URL")
        self._clients: dict[asyncio.AbstractEventLoop, AsyncOpenAI] = {}

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        return _Chat(self, start)

    async def complete(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int) -> Message | None:
        """One completion, tried again while the trouble is transient; None where the model cannot read so much.

        Raises:
            PolicyError: The endpoint refused, or failed every time.
        """
        import openai
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

        transient = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(transient),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=self.pause, max=30),
            reraise=True,
        )
        try:
            return await attempts(self._complete, messages, tools, seed)
        except openai.OpenAIError as error:
            if isinstance(error, openai.BadRequestError) and _FULL.search(str(error)):
                return None
            where = self.url or "OpenAI"
            raise PolicyError(f"model '{self.model}' at {where}: {type(error).__name__}: {error}") from error

    async def _complete(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int) -> Message:
        request: dict[str, Any] = {"model": self.model, "messages": list(messages), "seed": seed}
        if tools:
            request["tools"] = list(tools)
        reply = await self._create({**request, "temperature": self.temperature})
        if not reply.choices:
            raise PolicyError(f"model '{self.model}' at {self.url} answered without a choice")
        said = reply.choices[0].message
        calls = [cast(ToolCall, c.model_dump(include={"id", "type", "function"})) for c in said.tool_calls or ()]
        return assistant(said.content, *calls)

    async def _create(self, request: dict[str, Any]) -> Any:
        import openai

        completions: Any = self._client().chat.completions
        try:
            return await completions.create(**request, **self._limit)
        except openai.BadRequestError as error:
            if not _FULL.search(str(error)):
                raise
            # Some want room for the longest turn behind the conversation; a shorter one may still fit.
            return await completions.create(**request)

    def _client(self) -> "AsyncOpenAI":
        """One client for each event loop: its connections belong to the loop that opened them."""
        from openai import AsyncOpenAI

        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = AsyncOpenAI(api_key=self._key, base_url=self.url, max_retries=0, timeout=TIMEOUT)
        return self._clients[loop]

    async def aclose(self) -> None:
        """Close this event loop's connections."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()


class _Chat:
    """One episode: the conversation so far goes out with each request."""

    def __init__(self, policy: OpenAIPolicy, start: EpisodeStart) -> None:
        self._policy, self._start = policy, start
        self._messages: list[Message] = []
        self._full = False

    async def act(self, new: Sequence[Message]) -> Message:
        """The model's next message."""
        self._messages.extend(new)
        seed = (self._start.seed + len(self._messages)) % 2**31
        message = None if self._full else await self._policy.complete(self._messages, self._start.tools, seed)
        self._full = message is None
        self._messages.append(message or assistant(TOO_LONG))
        return self._messages[-1]

    def tokens(self) -> TokenRecord | None:
        """A chat API gives none."""
        return None

    def close(self) -> None:
        """Nothing is held."""
