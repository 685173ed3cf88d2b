"""who was a party of a case once; papers that the case system no longer has"""

import sqlalchemy as sa
from alembic import op

from gateway.models.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_parties", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_at")
    with op.batch_alter_table("caserecord", schema=None) as batch_op:
        batch_op.drop_column("former_parties")
