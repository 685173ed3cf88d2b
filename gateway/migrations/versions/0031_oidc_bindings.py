"""whom a city's sign-in service knows as which account"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oidcbinding",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("sub", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("bound_at", UtcDateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("sub", "issuer", name=op.f("uq_oidcbinding_sub")),
        sa.UniqueConstraint("user_id", "issuer", name=op.f("uq_oidcbinding_user_id")),
    )


def downgrade() -> None:
    op.drop_table("oidcbinding")
