"""clips are found by the kind of step that they show: what they are found by is made anew when the database is opened"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime, new_id, now

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

DUE = sa.table(
    "searchdue",
    *(sa.column(name, sa.String) for name in ("id", "kind", "ref", "cursor")),
    sa.column("written_at", UtcDateTime(timezone=True)),
)


def upgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT 1 FROM clip LIMIT 1")).first():
        row = {"id": new_id(), "kind": "all", "ref": "", "cursor": "", "written_at": now()}
        op.get_bind().execute(DUE.insert(), row)


def downgrade() -> None:
    """What is found by more is no harm."""
