"""steps of a day are found at once, however many years of them there are: what lasts long has its own index"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_activity_long",
        "activity",
        ["ended_at"],
        sqlite_where=sa.text("((julianday(ended_at) - julianday(started_at)) * 86400) > 172800"),
        postgresql_where=sa.text("EXTRACT(EPOCH FROM (ended_at - started_at)) > 172800"),
    )


def downgrade() -> None:
    op.drop_index("ix_activity_long", "activity")
