"""figures of a quarter as they were when they were frozen"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=nullable)


def number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def moment(name: str) -> sa.Column:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=False)


def told(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "snapshot",
        text("id"),
        text("unit_id"),
        text("quarter"),
        number("revision"),
        moment("since"),
        moment("until"),
        moment("as_of"),
        told("packs"),
        text("digest"),
        moment("frozen_at"),
        text("frozen_by"),
        text("why", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("unit_id", "quarter", "revision", name=op.f("uq_snapshot_unit_id")),
    )
    op.create_table(
        "snapshotfigure",
        text("id"),
        text("snapshot_id"),
        text("code"),
        number("place"),
        sa.Column("told", sa.Boolean(), nullable=False),
        number("numerator", nullable=True),
        number("denominator", nullable=True),
        told("notes"),
        told("rules"),
        told("sources"),
        told("members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshotfigure")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshot.id"], name=op.f("fk_snapshotfigure_snapshot_id_snapshot")
        ),
        sa.UniqueConstraint("snapshot_id", "code", name=op.f("uq_snapshotfigure_snapshot_id")),
    )
    op.create_index(op.f("ix_snapshot_unit_id"), "snapshot", ["unit_id"], unique=False)
    op.create_index(op.f("ix_snapshotfigure_snapshot_id"), "snapshotfigure", ["snapshot_id"], unique=False)
    op.create_index("ix_custodyevent_event_at", "custodyevent", ["event", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_custodyevent_event_at", table_name="custodyevent")
    op.drop_table("snapshotfigure")
    op.drop_table("snapshot")
