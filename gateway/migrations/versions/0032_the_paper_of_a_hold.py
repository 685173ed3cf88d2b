"""the number of the paper that asks for a hold: it stood in brackets behind the reason"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legalhold", sa.Column("doc_no", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("legalhold", "doc_no")
