"""cases are sampled and checked, reports are made as files"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

Instant = gateway.models.columns.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "casesample",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.Column("until", Instant(timezone=True), nullable=False),
        sa.Column(
            "basis", sa.Enum("CLOSED", "ACTIVE", name="basis", native_enum=False, length=16), nullable=False
        ),
        sa.Column("per_unit", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("frame", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("frame_digest", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("sealed_by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("drawn_by", sa.String(), nullable=False),
        sa.Column("drawn_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_casesample_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_casesample")),
        sa.UniqueConstraint("unit_id", "period", "number", name=op.f("uq_casesample_unit_id")),
    )
    op.create_index(op.f("ix_casesample_unit_id"), "casesample", ["unit_id"])
    op.create_table(
        "samplecase",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("case_uid", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["casesample.id"], name=op.f("fk_samplecase_sample_id_casesample")
        ),
        sa.ForeignKeyConstraint(
            ["case_uid"], ["caserecord.uid"], name=op.f("fk_samplecase_case_uid_caserecord")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samplecase")),
        sa.UniqueConstraint("sample_id", "case_uid", name=op.f("uq_samplecase_sample_id")),
    )
    op.create_index(op.f("ix_samplecase_sample_id"), "samplecase", ["sample_id"])
    op.create_index(op.f("ix_samplecase_case_uid"), "samplecase", ["case_uid"])
    op.create_table(
        "sampleremark",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("case_uid", sa.String(), nullable=False),
        sa.Column(
            "result",
            sa.Enum("SOUND", "FAULTY", "FOLLOWED", "SETTLED", name="result", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answers", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(timezone=True), nullable=False),
        sa.Column("superseded_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["casesample.id"], name=op.f("fk_sampleremark_sample_id_casesample")
        ),
        sa.ForeignKeyConstraint(
            ["case_uid"], ["caserecord.uid"], name=op.f("fk_sampleremark_case_uid_caserecord")
        ),
        sa.ForeignKeyConstraint(
            ["answers"], ["sampleremark.id"], name=op.f("fk_sampleremark_answers_sampleremark")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampleremark")),
    )
    for column in ("sample_id", "case_uid", "answers"):
        op.create_index(op.f(f"ix_sampleremark_{column}"), "sampleremark", [column])
    op.create_table(
        "reportmade",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("sample_id", sa.String(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("as_of", Instant(timezone=True), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_reportmade_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["casesample.id"], name=op.f("fk_reportmade_sample_id_casesample")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reportmade")),
    )
    op.create_index(op.f("ix_reportmade_unit_id"), "reportmade", ["unit_id"])
    op.create_index(op.f("ix_reportmade_sample_id"), "reportmade", ["sample_id"])


def downgrade() -> None:
    for table in ("reportmade", "sampleremark", "samplecase", "casesample"):
        op.drop_table(table)
