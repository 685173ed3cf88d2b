"""which gateway sees a device, so that it can end what it left open when it was killed"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("offload", schema=None) as batch_op:
        batch_op.add_column(sa.Column("executor", sa.String(), nullable=True))
    with op.batch_alter_table("devicestatus", schema=None) as batch_op:
        batch_op.add_column(sa.Column("executor", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("devicestatus", schema=None) as batch_op:
        batch_op.drop_column("executor")
    with op.batch_alter_table("offload", schema=None) as batch_op:
        batch_op.drop_column("executor")
