"""The trainer: a policy model, its engine, supervised warm start, GRPO, checkpoints."""
