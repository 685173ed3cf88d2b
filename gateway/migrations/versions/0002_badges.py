"""officers' badges"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("badge", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_officer_badge"), ["badge"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_badge"))
        batch_op.drop_column("badge")
