"""that a device's clock was set; which clips a reading reaches; what was corrected without knowing is decided anew"""

import sqlalchemy as sa
from alembic import op
from uuid_utils import uuid7

import gateway.models.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clocksetting",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("set_at", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("set_to", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("uncertainty_s", sa.Float(), nullable=False),
        sa.Column("host_synchronised", sa.Boolean(), nullable=True),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_clocksetting_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocksetting")),
    )
    with op.batch_alter_table("clocksetting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clocksetting_device_id"), ["device_id"], unique=False)
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("found_from", gateway.models.columns.UtcDateTime(timezone=True), nullable=True)
        )
    decide_anew()


def decide_anew() -> None:
    """Every clip of a device whose clock was read was corrected by the nearest reading alone until now."""
    connection = op.get_bind()
    due = sa.table(
        "relinkdue",
        sa.column("id", sa.String()),
        sa.column("why", sa.String()),
        sa.column("device_id", sa.String()),
        sa.column("written_at", gateway.models.columns.UtcDateTime(timezone=True)),
    )
    read = sa.select(sa.table("clockreading", sa.column("device_id")).c.device_id).distinct()
    now = gateway.models.columns.now()
    for (device,) in connection.execute(read).all():
        connection.execute(due.insert().values(id=uuid7().hex, why="clock", device_id=device, written_at=now))


def downgrade() -> None:
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.drop_column("found_from")
    with op.batch_alter_table("clocksetting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clocksetting_device_id"))
    op.drop_table("clocksetting")
