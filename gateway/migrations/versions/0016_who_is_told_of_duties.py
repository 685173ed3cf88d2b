"""who is told of duties and viewings; notice given at a step; a take is noted as one"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recording_id", sa.String(), nullable=True))
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notice_given", sa.Boolean(), nullable=True))
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_viewing_ended_at"), ["ended_at"], unique=False)
    with op.batch_alter_table("endpoint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "dutydue",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dutydue")),
    )
    with op.batch_alter_table("dutydue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dutydue_activity_id"), ["activity_id"], unique=False)
    op.create_table(
        "dutywatch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("enrolled", sa.Boolean(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_until", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dutywatch")),
    )
    op.create_table(
        "dutytold",
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=True),
        sa.Column("look_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_dutytold_activity_id_activity")
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_dutytold")),
    )
    with op.batch_alter_table("dutytold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dutytold_look_at"), ["look_at"], unique=False)


def downgrade() -> None:
    op.drop_table("dutytold")
    op.drop_table("dutywatch")
    op.drop_table("dutydue")
    with op.batch_alter_table("endpoint", schema=None) as batch_op:
        batch_op.drop_column("ended_at")
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_viewing_ended_at"))
        batch_op.drop_column("ended_at")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_column("notice_given")
    with op.batch_alter_table("relinkdue", schema=None) as batch_op:
        batch_op.drop_column("recording_id")
