"""what asks for a person is found at once, however much does not; and who comes back to something later"""

import sqlalchemy as sa
from alembic import op

from gateway.models import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NO_TIME = r"\u91c7\u96c6\u65f6\u95f4", "采集时间"
CLIPS = ["id", "device_id"]


def upgrade() -> None:
    for name, table, columns, where in indexes():
        condition = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "postponed",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_postponed_user_id_account")),
        sa.PrimaryKeyConstraint("user_id", "queue", "item_id", name=op.f("pk_postponed")),
    )


def downgrade() -> None:
    op.drop_table("postponed")
    for name, table, _, _ in indexes():
        op.drop_index(name, table)


def indexes() -> list[tuple[str, str, list[str], str]]:
    proposed = "ended_at IS NULL AND status = 'PROPOSED'"
    timeless = " OR ".join(says("reasons", word) for word in NO_TIME)
    either = f"status = 'PROPOSED' AND {says('reasons', 'time.either')}"
    untimed = " OR ".join(says("unlinked", word) for word in ("unlinked.no_time", "unlinked.either"))
    lacking = f"ended_at IS NULL AND verdict != 'REJECTED' AND {says('reasons', 'labels.missing')}"
    return [
        ("ix_clip_unlinked", "clip", CLIPS, "unlinked IS NOT NULL"),
        ("ix_clip_aside", "clip", CLIPS, "quarantine IS NOT NULL"),
        ("ix_clip_untimed", "clip", CLIPS, untimed),
        ("ix_link_proposed", "link", ["verdict", "clip_id"], proposed),
        ("ix_link_doubted", "link", ["clip_id"], "ended_at IS NULL AND doubt IS NOT NULL"),
        ("ix_link_lacking", "link", ["clip_id"], lacking),
        ("ix_link_clock", "link", ["clip_id"], f"ended_at IS NULL AND ({timeless} OR {either})"),
    ]


def says(column: str, word: str) -> str:
    """JSON is kept as text; each database has its own word for where something stands in it."""
    if op.get_context().dialect.name == "sqlite":
        return f"(instr({column}, '{word}') > 0)"
    return f"(strpos(({column})::text, '{word}') > 0)"
