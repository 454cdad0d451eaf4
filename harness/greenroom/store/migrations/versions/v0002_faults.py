"""What went wrong on the way of a rollout's calls."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; rollouts from before met no faults."""
    op.add_column("rollouts", sa.Column("faults", sa.JSON, nullable=False, server_default="[]"))
