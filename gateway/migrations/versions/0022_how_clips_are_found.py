"""clips are found by words at once; searches are kept; what was done to many at once can be taken back"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import Json, UtcDateTime, new_id, now

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE clipterms USING fts5("
    "terms, content='clipsearch', content_rowid='number', detail='none', columnsize=0, tokenize=\"ascii tokenchars '='\")",
    "CREATE TRIGGER clipsearch_made AFTER INSERT ON clipsearch BEGIN "
    "INSERT INTO clipterms(rowid, terms) VALUES (new.number, new.terms); END",
    "CREATE TRIGGER clipsearch_gone AFTER DELETE ON clipsearch BEGIN "
    "INSERT INTO clipterms(clipterms, rowid, terms) VALUES ('delete', old.number, old.terms); END",
    "CREATE TRIGGER clipsearch_changed AFTER UPDATE OF terms ON clipsearch WHEN old.terms <> new.terms BEGIN "
    "INSERT INTO clipterms(clipterms, rowid, terms) VALUES ('delete', old.number, old.terms); "
    "INSERT INTO clipterms(rowid, terms) VALUES (new.number, new.terms); END",
)
POSTGRESQL = (
    "CREATE INDEX ix_clipsearch_terms ON clipsearch USING gin (array_to_tsvector(string_to_array(terms, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "clipsearch",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("own", sa.String(), nullable=False),
        sa.Column("of_cases", Json, nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_clipsearch_clip_id_clip")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_clipsearch")),
        sa.UniqueConstraint("clip_id", name=op.f("uq_clipsearch_clip_id")),
    )
    made_due = op.create_table(
        "searchdue",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searchdue")),
    )
    op.create_table(
        "savedsearch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_savedsearch_user_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savedsearch")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_savedsearch_user_id")),
    )
    op.create_table(
        "bulkaction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("given", Json, nullable=False),
        sa.Column("undoes", sa.String(), nullable=True),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.id"], name=op.f("fk_bulkaction_user_id_account")),
        sa.ForeignKeyConstraint(["undoes"], ["bulkaction.id"], name=op.f("fk_bulkaction_undoes_bulkaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulkaction")),
        sa.UniqueConstraint("undoes", name=op.f("uq_bulkaction_undoes")),
    )
    op.create_index("ix_bulkaction_user_id", "bulkaction", ["user_id"])
    op.create_table(
        "bulkitem",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("refused", Json, nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("link_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["bulkaction.id"], name=op.f("fk_bulkitem_action_id_bulkaction")
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_bulkitem_clip_id_clip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulkitem")),
    )
    op.create_index("ix_bulkitem_action_id", "bulkitem", ["action_id"])
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    if connection.execute(sa.text("SELECT 1 FROM clip LIMIT 1")).first():
        # the words are made when the database is opened (gateway/indexing), by code that knows later columns
        row = {"id": new_id(), "kind": "all", "ref": "", "cursor": "", "written_at": now()}
        connection.execute(made_due.insert(), row)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE clipterms")
    for name in ("bulkitem", "bulkaction", "savedsearch", "searchdue", "clipsearch"):
        op.drop_table(name)
