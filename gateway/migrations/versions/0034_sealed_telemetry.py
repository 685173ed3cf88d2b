"""what connected devices tell is sealed in a chain of custody; what is there already with the first seal"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = ("devicesignal", "track")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("seal", sa.Integer(), nullable=True))
        op.create_index(f"ix_{table}_seal", table, ["seal"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_seal", table)
        op.drop_column(table, "seal")
