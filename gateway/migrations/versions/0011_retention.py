"""how long footage stays and how it goes: holds, marks, disposal runs, records of what was destroyed"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXES = {
    "legalhold": ("case_uid", "clip_id", "device_id", "lifted_at", "unit_id"),
    "retentionflag": ("clip_id",),
    "disposalrun": ("state", "unit_id"),
    "disposalitem": ("clip_id", "run_id", "state"),
    "destructionrecord": ("clip_id", "device_id", "gone_at", "run_id", "sha256"),
}


def text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=nullable)


def moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def told(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def word(name: str, kind: str, *words: str) -> sa.Column:
    return sa.Column(name, sa.Enum(*words, name=kind, native_enum=False, length=16), nullable=False)


def refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    other = to.partition(".")[0]
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}_{other}"))


def make(table: str, *parts: object) -> None:
    op.create_table(table, text("id"), *parts, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")))
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in INDEXES[table]:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def upgrade() -> None:
    with op.batch_alter_table("original", schema=None) as batch_op:
        batch_op.add_column(text("returns", nullable=True))
        batch_op.create_index(batch_op.f("ix_original_returns"), ["returns"], unique=False)
    make(
        "legalhold",
        word("kind", "holdkind", "CLIP", "CASE", "PARTY", "DEVICE"),
        *(
            text(name, nullable=True)
            for name in ("clip_id", "case_uid", "party_code", "party_name", "device_id")
        ),
        moment("span_from", nullable=True),
        moment("span_to", nullable=True),
        text("unit_id", nullable=True),
        text("why"),
        text("placed_by"),
        moment("placed_at"),
        text("lifted_by", nullable=True),
        moment("lifted_at", nullable=True),
        text("lifted_why", nullable=True),
        refers("legalhold", "clip_id", "clip.id"),
        refers("legalhold", "case_uid", "caserecord.uid"),
        refers("legalhold", "device_id", "device.id"),
        refers("legalhold", "unit_id", "unit.id"),
    )
    make(
        "retentionflag",
        *(text(name) for name in ("clip_id", "flag", "why", "set_by")),
        moment("set_at"),
        text("lifted_by", nullable=True),
        moment("lifted_at", nullable=True),
        text("lifted_why", nullable=True),
        refers("retentionflag", "clip_id", "clip.id"),
    )
    make(
        "disposalrun",
        word("state", "runstate", "PROPOSED", "APPROVED", "DONE", "CANCELLED"),
        text("unit_id", nullable=True),
        text("why"),
        text("authority", nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        text("listing"),
        text("proposed_by_id"),
        text("proposed_by"),
        moment("proposed_at"),
        text("approved_by_id", nullable=True),
        text("approved_by", nullable=True),
        moment("approved_at", nullable=True),
        sa.Column("approved_count", sa.Integer(), nullable=True),
        moment("ended_at", nullable=True),
        text("ended_by", nullable=True),
        text("ended_why", nullable=True),
        refers("disposalrun", "unit_id", "unit.id"),
        refers("disposalrun", "proposed_by_id", "account.id"),
        refers("disposalrun", "approved_by_id", "account.id"),
    )
    make(
        "disposalitem",
        text("run_id"),
        text("clip_id"),
        told("shown"),
        told("facts"),
        word("state", "itemstate", "LISTED", "DROPPED", "BEGUN", "DESTROYED"),
        told("why", nullable=True),
        refers("disposalitem", "run_id", "disposalrun.id"),
        refers("disposalitem", "clip_id", "clip.id"),
        sa.UniqueConstraint("run_id", "clip_id", name=op.f("uq_disposalitem_run_id")),
    )
    make(
        "destructionrecord",
        *(text(name) for name in ("original_id", "clip_id", "run_id", "device_id", "name")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        text("sha256"),
        text("sm3", nullable=True),
        told("labels"),
        told("links"),
        told("rule"),
        text("why"),
        text("authority", nullable=True),
        text("proposed_by"),
        text("approved_by"),
        moment("begun_at"),
        moment("gone_at", nullable=True),
        refers("destructionrecord", "original_id", "original.id"),
        refers("destructionrecord", "clip_id", "clip.id"),
        refers("destructionrecord", "run_id", "disposalrun.id"),
        refers("destructionrecord", "device_id", "device.id"),
        sa.UniqueConstraint("original_id", name=op.f("uq_destructionrecord_original_id")),
    )


def downgrade() -> None:
    for table in ("destructionrecord", "disposalitem", "disposalrun", "retentionflag", "legalhold"):
        op.drop_table(table)
    with op.batch_alter_table("original", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_original_returns"))
        batch_op.drop_column("returns")
