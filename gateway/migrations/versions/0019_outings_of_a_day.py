"""what the cameras of a unit recorded on one day is found at once, and is decided anew together"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.String(), nullable=True))
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.create_index("ix_clip_device_id_started_at", ["device_id", "started_at"], unique=False)
        batch_op.drop_index(batch_op.f("ix_clip_device_id"))


def downgrade() -> None:
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clip_device_id"), ["device_id"], unique=False)
        batch_op.drop_index("ix_clip_device_id_started_at")
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.drop_column("unit_id")
