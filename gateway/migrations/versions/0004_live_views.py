"""who watched a live picture"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "liveview",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("started_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_liveview_device_id_device")),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_liveview_user_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liveview")),
    )
    with op.batch_alter_table("liveview", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_liveview_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_liveview_ended_at"), ["ended_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("liveview", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_liveview_ended_at"))
        batch_op.drop_index(batch_op.f("ix_liveview_device_id"))
    op.drop_table("liveview")
