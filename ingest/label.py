"""Labels and links: decided by gateway.linking in the transaction that commits this stage."""

from ingest.stage import Context, Item, Outcome


def label(_item: Item, _context: Context) -> Outcome:
    return Outcome(relink=True)
