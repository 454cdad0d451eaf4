"""Tiny models and conversations for the trainer's tests; nothing here needs a network or a GPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from greenroom.messages import Message, assistant, call, tool, user

TEXT = {"type": "string"}


def schema(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


TOOLS = (
    schema("mail_search", query=TEXT, limit={"type": "integer"}),
    schema("mail_forward", message_id=TEXT, to=TEXT, note={"anyOf": [TEXT, {"type": "null"}]}),
    schema("mail_move", message_ids={"type": "array", "items": TEXT}, folder=TEXT),
    schema("mail_star", message_id=TEXT, on={"type": "boolean"}),
)
HITS = '[{"from": "Ann Webb", "id": "Ann-12", "subject": "norvik lease", "date": "2 Mar"}]'
CONVERSATION: Sequence[Message] = (
    {"role": "system", "content": "You manage a mailbox."},
    user("Please forward the norvik lease from Ann Webb to Bo Lund."),
    assistant(None, call("mail_search", query="norvik lease")),
    tool("call_0", HITS),
    assistant(None, call("mail_forward", message_id="Ann-12", to="Bo Lund")),
    tool("call_0", '{"sent": true}'),
    assistant("Done."),
    user("Thanks."),
)
_FIRST = "Danielle Marcus Ann Bo Harold Yvonne Candice Vernon Pam Timothy Stacie Lori".split()
_LAST = "Johnson Ortiz Webb Lund Potter Malone Petty Hansen Wilcox Avery Bartlett Vargas".split()
_WORDS = "norvik dorum gragus kamix deso prakor mobum weray skakel keldin rilmay lundor".split()
TEXTS = [
    f"Please {verb} the {word} lease from {first} {last}.\n search | {word} lease\n {verb} | {first}-{k} | {last}\n Done."
    for verb in ("forward", "move", "star")
    for k, (first, last, word) in enumerate(zip(_FIRST, _LAST, _WORDS, strict=True), start=10)
]
"""Transcripts of many people, so that no name is in many of them."""

CHAT_TEMPLATE = """{%- if tools %}<|im_start|>system
{% for t in tools %}{{ t | tojson }}{% endfor %}<|im_end|>
{% endif %}{%- for m in messages %}<|im_start|>{{ m.role }}
{{ m.content or '' }}{% for c in m.tool_calls or [] %}<tool_call>
{{ {'name': c.function.name, 'arguments': c.function.arguments} | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def save_chat_model(folder: Path, kind: str) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    fast = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|im_end|>", clean_up_tokenization_spaces=False)
    fast.chat_template = CHAT_TEMPLATE
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = AutoConfig.for_model(kind, vocab_size=len(fast), intermediate_size=32, **sizes)
    torch.manual_seed(3)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
