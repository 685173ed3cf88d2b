"""watching beyond one's own right is asked for, decided by heads of units, and ends; copies bear a mark"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

Instant = gateway.models.columns.UtcDateTime
Json = sa.JSON(none_as_null=True)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=nullable)


def at(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, Instant(timezone=True), nullable=nullable)


def word(name: str, kind: str, *words: str) -> sa.Column:
    return sa.Column(name, sa.Enum(*words, name=kind, native_enum=False, length=16), nullable=False)


def key(table: str, column: str, to: str, their: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{their}"], name=op.f(f"fk_{table}_{column}_{to}"))


def primary(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    op.create_table(
        "viewapprover",
        text("id"), text("user_id"), text("unit_id"), text("entered_by"), at("since", nullable=False),
        at("ended_at"), text("ended_by", nullable=True),
        key("viewapprover", "user_id", "account"), key("viewapprover", "unit_id", "unit"),
        primary("viewapprover"),
    )  # fmt: skip
    index("viewapprover", "user_id", "unit_id")
    op.create_table(
        "viewrequest",
        text("id"), text("user_id"), text("user"), text("asker_unit_id", nullable=True), text("unit_id"),
        word("scope", "requestscope", "CLIPS", "CASE", "PARTY", "SPAN"),
        sa.Column("subject", Json, nullable=False),
        word("use", "requestuse", "INSIDE", "OUTSIDE"),
        sa.Column("copying", sa.Boolean(), nullable=False),
        text("purpose"),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        at("asked_at", nullable=False),
        word("state", "requeststate", "ASKED", "GRANTED", "DECLINED", "WITHDRAWN", "REVOKED"),
        at("granted_at"), at("valid_until"), at("ended_at"), text("ended_by", nullable=True),
        text("ended_why", nullable=True),
        key("viewrequest", "user_id", "account"), key("viewrequest", "asker_unit_id", "unit"),
        key("viewrequest", "unit_id", "unit"),
        primary("viewrequest"),
    )  # fmt: skip
    index("viewrequest", "asker_unit_id", "unit_id", "state")
    op.create_index("ix_viewrequest_user_id_state", "viewrequest", ["user_id", "state"])
    op.create_table(
        "requestedclip",
        text("id"), text("request_id"), text("clip_id"),
        key("requestedclip", "request_id", "viewrequest"), key("requestedclip", "clip_id", "clip"),
        primary("requestedclip"),
    )  # fmt: skip
    index("requestedclip", "request_id", "clip_id")
    op.create_table(
        "viewdecision",
        text("id"), text("request_id"), text("user_id"), text("user"), text("unit_id"),
        sa.Column("approved", sa.Boolean(), nullable=False),
        text("why", nullable=True), at("at", nullable=False),
        key("viewdecision", "request_id", "viewrequest"), key("viewdecision", "user_id", "account"),
        key("viewdecision", "unit_id", "unit"),
        primary("viewdecision"),
    )  # fmt: skip
    index("viewdecision", "request_id")
    op.create_table(
        "clipcopy",
        text("id"), text("clip_id"), text("request_id"), text("user_id"), text("user"), text("purpose"),
        sa.Column("lines", Json, nullable=False),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        at("asked_at", nullable=False),
        word("state", "copystate", "MAKING", "READY", "FAILED", "REMOVED"),
        sa.Column("why", Json, nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        text("sha256", nullable=True), at("made_at"), at("keep_until"),
        sa.Column("taken", sa.Integer(), nullable=False),
        at("removed_at"),
        key("clipcopy", "clip_id", "clip"), key("clipcopy", "request_id", "viewrequest"),
        key("clipcopy", "user_id", "account"),
        primary("clipcopy"),
    )  # fmt: skip
    index("clipcopy", "clip_id", "request_id", "user_id", "state")
    op.add_column("viewing", text("request_id", nullable=True))
    index("viewing", "request_id", "started_at")
    index("liveview", "started_at")


def downgrade() -> None:
    for table, column in (("liveview", "started_at"), ("viewing", "started_at"), ("viewing", "request_id")):
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_column("viewing", "request_id")
    for table in ("clipcopy", "viewdecision", "requestedclip", "viewrequest", "viewapprover"):
        op.drop_table(table)
