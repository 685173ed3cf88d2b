"""links say whether a person's decision still agrees with the facts; clips carry what the linking rules ask"""

import sqlalchemy as sa
from alembic import op

import gateway.models.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("doubt", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("matter_proposed", sa.String(), nullable=True))
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.add_column(sa.Column("case_key", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("secrecy", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("transcript", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_clip_case_key"), ["case_key"], unique=False)
    op.create_table(
        "rulepackuse",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("since", gateway.models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulepackuse")),
    )
    with op.batch_alter_table("rulepackuse", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rulepackuse_unit"), ["unit"], unique=False)


def downgrade() -> None:
    op.drop_table("rulepackuse")
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clip_case_key"))
        batch_op.drop_column("transcript")
        batch_op.drop_column("secrecy")
        batch_op.drop_column("case_key")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_column("matter_proposed")
        batch_op.drop_column("doubt")
        batch_op.drop_column("fingerprint")
