"""a second factor for who wants one, sessions that end when nobody is there any more, screens before docks"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secondfactor",
        sa.Column("user_id", sa.String(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
    )
    op.add_column("signin", sa.Column("seen_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("signin", sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("signin") as batch_op:
        batch_op.add_column(sa.Column("dock", sa.String(), nullable=True))
        batch_op.create_foreign_key("fk_signin_dock_device", "device", ["dock"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("signin") as batch_op:
        batch_op.drop_constraint("fk_signin_dock_device", type_="foreignkey")
        batch_op.drop_column("dock")
    op.drop_column("signin", "awaits_code")
    op.drop_column("signin", "seen_at")
    op.drop_table("secondfactor")
