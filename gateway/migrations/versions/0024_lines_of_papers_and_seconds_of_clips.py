"""lines of papers beside seconds of clips; evidence lists on record; cases by when they last moved"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_uid", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=True),
        sa.Column("activity_id", sa.String(), nullable=True),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_uid"], ["caserecord.uid"], name="fk_note_case_uid_caserecord"),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name="fk_note_clip_id_clip"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_note_document_id_document"),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_note_activity_id_activity"),
        sa.ForeignKeyConstraint(["replaces"], ["note.id"], name="fk_note_replaces_note"),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index("ix_note_case_uid_ref", ["case_uid", "ref"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_clip_id"), ["clip_id"], unique=False)
    with op.batch_alter_table("reportmade", schema=None) as batch_op:
        batch_op.add_column(sa.Column("case_uid", sa.String(), nullable=True))
        batch_op.create_foreign_key("fk_reportmade_case_uid_caserecord", "caserecord", ["case_uid"], ["uid"])
    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.create_index(
            "ix_caserecord_updated_at_uid_unit_id", ["updated_at", "uid", "unit_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.drop_index("ix_caserecord_updated_at_uid_unit_id")
    with op.batch_alter_table("reportmade", schema=None) as batch_op:
        batch_op.drop_constraint("fk_reportmade_case_uid_caserecord", type_="foreignkey")
        batch_op.drop_column("case_uid")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_clip_id"))
        batch_op.drop_index("ix_note_case_uid_ref")
    op.drop_table("note")
