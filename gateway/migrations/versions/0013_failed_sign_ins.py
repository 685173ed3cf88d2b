"""who guesses passwords has to wait"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failedsignins",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "address", name=op.f("pk_failedsignins")),
    )


def downgrade() -> None:
    op.drop_table("failedsignins")
