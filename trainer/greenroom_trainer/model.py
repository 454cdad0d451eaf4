"""Policy models: a tiny one made from a config, or any Hugging Face causal LM by path or id; LoRA by peft."""

import json
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenroom.errors import MissingExtraError, UnknownNameError, UsageError
from greenroom_trainer.checkpoint import newest
from greenroom_trainer.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from greenroom_trainer.network import Network

COMPACT = "compact.json"
"""Beside a tiny model: how its tokenizer was made, and that its transcripts are compact."""
LORA_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, kw_only=True)
class TinyShape:
    """The shape of a tiny Qwen3.

    Attributes:
        hidden: Width of the residual stream.
        layers: Transformer blocks.
        heads: Attention heads.
        head_width: Width of one; copying wants wide heads, and several to look back one piece, two, three.
        feed_forward: Width of the feed-forward part.
        theta: Base of the rotary embedding: small for short transcripts, or near positions look alike.
        spread: Standard deviation of the initial weights.
    """

    hidden: int = 64
    layers: int = 2
    heads: int = 2
    head_width: int = 32
    feed_forward: int = 128
    theta: float = 1000.0
    spread: float = 0.05


def tiny_model(vocabulary: int, shape: TinyShape, *, pad_id: int, end_id: int, seed: int) -> Any:
    """A Qwen3ForCausalLM with random weights: 0.1 to a few million of them."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.head_width,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        initializer_range=shape.spread,
        pad_token_id=pad_id,
        eos_token_id=end_id,
        bos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": shape.theta},
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen3ForCausalLM(config)


@dataclass(kw_only=True, eq=False)
class PolicyModel:
    """A model with all that it takes to train it and to play with it.

    Attributes:
        module: The Hugging Face module, or peft's around it.
        network: Scores and samples with the module.
        codec: Between messages and ids.
        tokenizer: A `tokenizers.Tokenizer` (compact) or a Hugging Face tokenizer.
        base: Where it was loaded from; empty for one made here.
        turn_tokens: A turn is cut off after so many tokens.
        max_tokens: A conversation may grow to so many.
    """

    module: Any
    network: "Network"
    codec: Codec
    tokenizer: Any
    base: str = ""
    turn_tokens: int = 64
    max_tokens: int = 1024

    @property
    def parameters(self) -> "Sequence[Any]":
        """What is trained: the adapter's weights with LoRA, else all."""
        return [p for p in self.module.parameters() if p.requires_grad]

    @property
    def compact(self) -> bool:
        """Whether it reads compact transcripts."""
        from greenroom_trainer.compact import CompactCodec

        return isinstance(self.codec, CompactCodec)

    @property
    def lora(self) -> bool:
        """Whether only an adapter is trained."""
        return hasattr(self.module, "peft_config")

    def save(self, folder: Path) -> None:
        """Write a folder that `load_model` and Hugging Face read; with LoRA the adapter and its base's name."""
        folder.mkdir(parents=True, exist_ok=True)
        self.module.save_pretrained(folder)
        if self.compact:
            from greenroom_trainer.compact import END, PAD, fast_tokenizer

            fast_tokenizer(self.tokenizer, pad=PAD, end=END).save_pretrained(folder)
            (folder / COMPACT).write_text(json.dumps({"format": 1}) + "\n", encoding="utf-8")
        else:
            self.tokenizer.save_pretrained(folder)
        _share(folder)


def _share(folder: Path) -> None:
    """Whoever may read the config may read the weights: safetensors writes them for their owner alone.

    A server of models runs as somebody else.
    """
    mode = (folder / "tokenizer_config.json").stat().st_mode
    for weights in folder.glob("*.safetensors"):
        weights.chmod(mode)


def make_tiny(tokenizer: "Tokenizer", shape: TinyShape, seed: int) -> PolicyModel:
    """A tiny model around a tokenizer trained by `train_tokenizer`."""
    from greenroom_trainer.compact import CompactCodec

    codec = CompactCodec(tokenizer)
    module = tiny_model(tokenizer.get_vocab_size(), shape, pad_id=codec.pad_id, end_id=min(codec.end_ids), seed=seed)
    return PolicyModel(module=module, network=network_of(module), codec=codec, tokenizer=tokenizer)


def network_of(module: Any) -> "Network":
    """The fast network where the architecture is Qwen3 in float32 on the CPU, else the general one."""
    from greenroom_trainer.hf import HFNetwork, base_of
    from greenroom_trainer.qwen3 import Qwen3Network

    base: Any = base_of(module)
    first = next(base.parameters())
    plain = base.config.model_type == "qwen3" and base.config.rope_parameters.get("rope_type") == "default"
    if plain and first.device.type == "cpu" and not getattr(base.config, "use_sliding_window", False):
        return Qwen3Network(module)
    return HFNetwork(module)


def load_model(path: str, *, lora: int = 0, seed: int = 0) -> PolicyModel:
    """A model by path or Hugging Face id: any causal LM whose tokenizer has a chat template, or a tiny one.

    Args:
        path: A folder (a checkpoint of greenroom's, or of Hugging Face's), or an id on the Hugging Face hub.
        lora: The rank of a new adapter to train; 0 trains all weights, or the adapter that is there.
        seed: Of the new adapter's weights.

    Raises:
        UsageError: There is no model there, or it cannot be used.
        MissingExtraError: The packages of `greenroom[train]` are not installed.
    """
    try:
        import torch
        import transformers
    except ImportError:
        raise MissingExtraError("a policy model", "train") from None
    transformers.utils.logging.disable_progress_bar()
    folder = resolve(path)
    where = str(folder) if folder else path
    adapter = folder is not None and (folder / "adapter_config.json").exists()
    base = _adapter_base(folder) if folder and adapter else where
    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    try:
        module: Any = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot load a model from '{path}': {_first_line(error)}") from error
    if torch.cuda.is_available():
        module = module.cuda()
    if adapter:
        from peft import PeftModel

        with _quiet():
            module = PeftModel.from_pretrained(module, where, is_trainable=True)
    elif lora:
        module = with_lora(module, lora, seed)
    codec, tokenizer = _codec(where, folder)
    compact = folder is not None and (folder / COMPACT).exists()
    longest = int(getattr(module.config, "max_position_embeddings", 4096))
    limits = {"turn_tokens": 64, "max_tokens": 1024} if compact else {"turn_tokens": 512, "max_tokens": longest}
    return PolicyModel(module=module, network=network_of(module), codec=codec, tokenizer=tokenizer, base=base, **limits)


def with_lora(module: Any, rank: int, seed: int) -> Any:
    """The module with a fresh LoRA adapter (arXiv 2106.09685) on all its projections, alpha twice the rank."""
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(LORA_TARGETS), lora_dropout=0.0)
    with torch.random.fork_rng(), _quiet():
        torch.manual_seed(seed)
        return get_peft_model(module, config)


@contextmanager
def _quiet() -> Generator[None]:
    """Leave out the warnings that peft earns by calling what transformers is about to rename."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def resolve(path: str) -> Path | None:
    """The folder of a model: the path itself, or the newest checkpoint of a run's folder; None for an id.

    Raises:
        UsageError: It looks like a path, but there is no model.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        for candidate in (folder, newest(folder), newest(folder / "checkpoints")):
            if candidate and any((candidate / f).exists() for f in ("config.json", "adapter_config.json")):
                return candidate
        held = ", ".join(sorted(child.name for child in folder.iterdir())) or "nothing"
        raise UsageError(f"no model in '{path}': it needs a config.json, but holds {held}")
    if folder.is_absolute() or path.startswith((".", "~")) or path.count("/") != 1:
        near = folder.parent
        known = [child.name for child in near.iterdir()] if near.is_dir() else []
        error = UnknownNameError("file or folder", folder.name, known)
        raise UsageError(f"no model at '{path}': in '{near}', {error}")
    return None


def _codec(where: str, folder: Path | None) -> tuple[Codec, Any]:
    if folder is not None and (folder / COMPACT).exists():
        from tokenizers import Tokenizer

        from greenroom_trainer.compact import CompactCodec

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return CompactCodec(tokenizer), tokenizer
    from transformers import AutoTokenizer

    from greenroom_trainer.template import TemplateCodec

    try:
        general = AutoTokenizer.from_pretrained(where)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot load the tokenizer of '{where}': {_first_line(error)}") from error
    return TemplateCodec(general), general


def _adapter_base(folder: Path) -> str:
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    return str(config["base_model_name_or_path"])


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
