"""what a device can do and where it stands in its life, classes of units, annual checks, the look before use"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = gateway.models.columns.UtcDateTime(timezone=True)
DEVICE = {
    "vendor": sa.String(),
    "asset_no": sa.String(),
    "gb_code": sa.String(),
    "keeper_id": sa.String(),
    "procurement_doc_no": sa.String(),
    "acquired_on": sa.Date(),
    "accepted_on": sa.Date(),
    "in_service_from": sa.Date(),
    "in_service_to": sa.Date(),
    "spec": sa.JSON(none_as_null=True),
}
CHECKOUT = {
    "precheck_battery_pct": sa.Float(),
    "precheck_free_gb": sa.Float(),
    "clock_offset_s": sa.Float(),
    "clock_synced_at": MOMENT,
    "handed_by": sa.String(),
    "received_by": sa.String(),
    "in_condition": sa.String(length=16),
    "in_station_id": sa.String(),
    "in_recorded_at": MOMENT,
}
OFFICER = {"cert_issuer": sa.String(), "left_on": sa.Date()}


def upgrade() -> None:
    add_columns("device", DEVICE)
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_asset_no"), ["asset_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_keeper_id"), ["keeper_id"], unique=False)
        # an index, no constraint: SQLite would have to make the table anew, and other tables refer to its rows
        batch_op.create_index(batch_op.f("ix_device_gb_code"), ["gb_code"], unique=True)
    add_columns("checkout", CHECKOUT)
    add_columns("officer", OFFICER)
    add_columns("unit", {"is_section": sa.Boolean()})
    history("standing", "device", sa.Column("status", sa.String(length=16), nullable=False),
            sa.Column("since", MOMENT, nullable=False), sa.Column("why", sa.String(), nullable=False),
            sa.Column("doc_no", sa.String(), nullable=True))  # fmt: skip
    history("unitclass", "unit", sa.Column("grade", sa.String(length=16), nullable=False),
            sa.Column("doc_no", sa.String(), nullable=False), sa.Column("valid_from", sa.Date(), nullable=False),
            sa.Column("valid_to", sa.Date(), nullable=True))  # fmt: skip
    history("annualcheck", "officer", sa.Column("passed", sa.Boolean(), nullable=False),
            sa.Column("valid_from", sa.Date(), nullable=False), sa.Column("valid_to", sa.Date(), nullable=False),
            sa.Column("doc_no", sa.String(), nullable=True))  # fmt: skip


def add_columns(table: str, columns: dict[str, sa.types.TypeEngine]) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for name, kind in columns.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))


def history(table: str, of: str, *columns: sa.Column) -> None:
    """A table in which a correction supersedes."""
    op.create_table(
        table,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(f"{of}_id", sa.String(), nullable=False),
        *columns,
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=op.f(f"fk_{table}_{of}_id_{of}")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_{table}_{of}_id"), [f"{of}_id"], unique=False)


def downgrade() -> None:
    for table in ("annualcheck", "unitclass", "standing"):
        op.drop_table(table)
    drop_columns("unit", ["is_section"])
    drop_columns("officer", OFFICER)
    drop_columns("checkout", CHECKOUT)
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_gb_code"))
        batch_op.drop_index(batch_op.f("ix_device_keeper_id"))
        batch_op.drop_index(batch_op.f("ix_device_asset_no"))
    drop_columns("device", DEVICE)


def drop_columns(table: str, columns: list[str] | dict[str, sa.types.TypeEngine]) -> None:
    """No batch: SQLite would make the table anew, and other tables refer to its rows."""
    for name in columns:
        op.drop_column(table, name)
