"""The opening that all members of a group proved."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of groups from before, the opening is not known."""
    op.add_column("rollout_groups", sa.Column("opening", sa.String(200), nullable=False, server_default=""))
