"""what connected devices tell"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devicesignal",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("device_time", gateway.models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_devicesignal_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "event_id", name=op.f("pk_devicesignal")),
    )
    with op.batch_alter_table("devicesignal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devicesignal_received_at"), ["received_at"], unique=False)
    op.create_table(
        "track",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("begins_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("points", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_track_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "begins_at", name=op.f("pk_track")),
    )


def downgrade() -> None:
    op.drop_table("track")
    with op.batch_alter_table("devicesignal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_devicesignal_received_at"))
    op.drop_table("devicesignal")
