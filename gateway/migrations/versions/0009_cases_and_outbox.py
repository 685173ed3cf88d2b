"""the full record of a case with its parties; what comes from case systems and goes to them"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "casefeed",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failing_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("why", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_casefeed")),
    )
    op.create_table(
        "casefile",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("taken_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("put_away", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_casefile")),
        sa.UniqueConstraint("source_id", "sha256", name=op.f("uq_casefile_source_id")),
    )
    op.create_table(
        "caserefusal",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("why", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caserefusal")),
    )
    with op.batch_alter_table("caserefusal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_caserefusal_source_id"), ["source_id"], unique=False)

    op.create_table(
        "outboxevent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=True),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("cases", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outboxevent")),
        sa.UniqueConstraint("position", name=op.f("uq_outboxevent_position")),
    )
    with op.batch_alter_table("outboxevent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outboxevent_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outboxevent_subject"), ["subject"], unique=False)

    op.create_table(
        "outboxhead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outboxhead")),
    )
    op.create_table(
        "party",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("CITIZEN", "ORGANISATION", name="partykind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("id_hash", sa.String(), nullable=True),
        sa.Column("id_masked", sa.String(), nullable=True),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("code", name=op.f("uq_party_code")),
        sa.UniqueConstraint("id_hash", name=op.f("uq_party_id_hash")),
    )
    op.create_table(
        "endpoint",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("WEBHOOK", "CASE_SYSTEM", name="endpointkind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("kinds", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_endpoint_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
    )
    with op.batch_alter_table("endpoint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_endpoint_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "caseparty",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_uid", sa.String(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_uid"], ["caserecord.uid"], name=op.f("fk_caseparty_case_uid_caserecord")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_caseparty_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caseparty")),
        sa.UniqueConstraint("case_uid", "party_id", name=op.f("uq_caseparty_case_uid")),
    )
    with op.batch_alter_table("caseparty", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_caseparty_case_uid"), ["case_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_caseparty_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_caseparty_party_id"), ["party_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("DUE", "DONE", "DEAD", name="deliverystate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoint.id"], name=op.f("fk_delivery_endpoint_id_endpoint")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outboxevent.id"], name=op.f("fk_delivery_event_id_outboxevent")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_delivery_endpoint_id")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_endpoint_id_state_position", ["endpoint_id", "state", "position"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_delivery_event_id"), ["event_id"], unique=False)

    op.create_table(
        "endpointcursor",
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoint.id"], name=op.f("fk_endpointcursor_endpoint_id_endpoint")
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_endpointcursor")),
    )
    op.create_table(
        "deliveryattempt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_deliveryattempt_delivery_id_delivery")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveryattempt")),
    )
    with op.batch_alter_table("deliveryattempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveryattempt_delivery_id"), ["delivery_id"], unique=False)

    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("facts", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("filing_reasons", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("decided_on", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("archived_on", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("archive_no", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("retention_class", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("real_estate", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("certificates", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("decision", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("services", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("legal_review", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("closing", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("archive", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("told_version", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("told_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_caserecord_archive_no"), ["archive_no"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_caserecord_archive_no"))
        batch_op.drop_column("told_at")
        batch_op.drop_column("told_version")
        batch_op.drop_column("archive")
        batch_op.drop_column("closing")
        batch_op.drop_column("legal_review")
        batch_op.drop_column("services")
        batch_op.drop_column("decision")
        batch_op.drop_column("certificates")
        batch_op.drop_column("real_estate")
        batch_op.drop_column("retention_class")
        batch_op.drop_column("archive_no")
        batch_op.drop_column("archived_on")
        batch_op.drop_column("decided_on")
        batch_op.drop_column("filing_reasons")
        batch_op.drop_column("facts")
        batch_op.drop_column("origin")

    with op.batch_alter_table("deliveryattempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveryattempt_delivery_id"))

    op.drop_table("deliveryattempt")
    op.drop_table("endpointcursor")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_event_id"))
        batch_op.drop_index("ix_delivery_endpoint_id_state_position")

    op.drop_table("delivery")
    with op.batch_alter_table("caseparty", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_caseparty_party_id"))
        batch_op.drop_index(batch_op.f("ix_caseparty_name"))
        batch_op.drop_index(batch_op.f("ix_caseparty_case_uid"))

    op.drop_table("caseparty")
    with op.batch_alter_table("endpoint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_endpoint_unit_id"))

    op.drop_table("endpoint")
    op.drop_table("party")
    op.drop_table("outboxhead")
    with op.batch_alter_table("outboxevent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outboxevent_subject"))
        batch_op.drop_index(batch_op.f("ix_outboxevent_at"))

    op.drop_table("outboxevent")
    with op.batch_alter_table("caserefusal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_caserefusal_source_id"))

    op.drop_table("caserefusal")
    op.drop_table("casefile")
    op.drop_table("casefeed")
