"""The first schema: runs, groups, rollouts, metrics.

Types are those of the database, not of the models: a migration must stay what it was when models move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("app", sa.String(200), nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("started", sa.DateTime, nullable=False),
        sa.Column("ended", sa.DateTime),
    )
    op.create_table(
        "rollout_groups",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("task", sa.String(300), nullable=False, index=True),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("snapshot", sa.String(200), nullable=False),
        sa.Column("state", sa.String(200), nullable=False),
    )
    op.create_table(
        "rollouts",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("group_number", sa.Integer, primary_key=True),
        sa.Column("member", sa.Integer, primary_key=True),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("messages", sa.JSON, nullable=False),
        sa.Column("token_ids", sa.LargeBinary),
        sa.Column("token_mask", sa.LargeBinary),
        sa.Column("logprobs", sa.LargeBinary),
        sa.Column("reward", sa.Double),
        sa.Column("valid", sa.Boolean, nullable=False),
        sa.Column("boundary", sa.String(16)),
        sa.Column("cause", sa.Text),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("acts", sa.JSON, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("content_id", sa.String(200)),
        sa.Column("seconds", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["run_id", "group_number"], ["rollout_groups.run_id", "rollout_groups.number"]),
    )
    op.create_table(
        "metrics",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
    )
