"""the units' item lists, what people state about the recording of a step, links by their step"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Instant = gateway.models.columns.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "scopelist",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("valid_from", Instant(timezone=True), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(timezone=True), nullable=False),
        sa.Column("superseded_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_scopelist_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scopelist")),
    )
    with op.batch_alter_table("scopelist", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scopelist_unit_id"), ["unit_id"], unique=False)
    texts = (
        "number", "category", "matter", "step", "place", "means", "recorder", "starts", "content", "ends",
        "keep", "record_class", "time_limit", "marking", "demand", "note",
    )  # fmt: skip
    op.create_table(
        "scopeitem",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        sa.ForeignKeyConstraint(["list_id"], ["scopelist.id"], name=op.f("fk_scopeitem_list_id_scopelist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scopeitem")),
    )
    with op.batch_alter_table("scopeitem", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scopeitem_list_id"), ["list_id"], unique=False)
    kinds = sa.Enum("OMISSION", "GAP", "URGENCY", "AWAY", name="statementkind", native_enum=False, length=16)
    op.create_table(
        "statement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("ground", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("from_at", Instant(timezone=True), nullable=True),
        sa.Column("to_at", Instant(timezone=True), nullable=True),
        sa.Column("work_record", sa.String(), nullable=True),
        sa.Column("reported_to", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", Instant(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(timezone=True), nullable=False),
        sa.Column("superseded_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_statement_activity_id_activity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_activity_id"), ["activity_id"], unique=False)
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_activity_id"), ["activity_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_activity_id"))
    op.drop_table("statement")
    op.drop_table("scopeitem")
    op.drop_table("scopelist")
