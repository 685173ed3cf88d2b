"""links say whether a person's decision still agrees with the facts; clips carry what the linking rules ask"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("doubt", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.add_column(sa.Column("case_key", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("secrecy", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("transcript", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_clip_case_key"), ["case_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clip_case_key"))
        batch_op.drop_column("transcript")
        batch_op.drop_column("secrecy")
        batch_op.drop_column("case_key")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_column("doubt")
        batch_op.drop_column("fingerprint")
