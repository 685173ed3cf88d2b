"""what a 询问笔录 says of the asking, and an approval form of who agreed"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("interview", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("approval", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_column("told")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("approval")
        batch_op.drop_column("interview")
