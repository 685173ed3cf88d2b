"""which of the clips of a request were state secrets when it was asked: the heads decided knowing of them"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requestedclip", sa.Column("secret", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("requestedclip", "secret")
