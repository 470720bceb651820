"""Pairs from the names in a listing, as questions to its database: nothing is held in memory."""

from hashlib import blake2b

from unetdoctor.data.listing import IMAGE, MASK, Listing

RULES = (
    "i.folder = m.folder AND i.stem = m.stem",
    "i.folder = m.folder AND i.lower = m.lower",
    "i.folder = m.folder AND i.lower = m.mask_key",
    "i.folder = m.folder AND i.image_key = m.mask_key",
)
"""When a mask belongs to an image, the surest rule first."""
RULES_WITHOUT_FOLDERS = ("i.stem = m.stem", "i.lower = m.mask_key", "i.image_key = m.mask_key")
"""The same where the folders of images and masks have nothing in common."""


def match(listing: Listing) -> int:
    """Find the masks of all images and return how many images have one; each rule asks for what the former left."""
    base = listing.base
    base.executescript(
        """
        DROP TABLE IF EXISTS matches;
        CREATE TABLE matches (image INT, mask INT);
        CREATE INDEX matches_image ON matches (image);
        CREATE INDEX matches_mask ON matches (mask);
        CREATE INDEX IF NOT EXISTS files_stem ON files (role, stem);
        CREATE INDEX IF NOT EXISTS files_lower ON files (role, lower);
        CREATE INDEX IF NOT EXISTS files_key ON files (role, mask_key);
        """
    )
    for rules in (RULES, RULES_WITHOUT_FOLDERS):
        for rule in rules:
            base.execute(
                f"INSERT INTO matches SELECT i.id, m.id FROM files i JOIN files m ON {rule} "
                "WHERE i.role = ? AND m.role = ? "
                "AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.image = i.id) "
                "AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.mask = m.id)",
                (IMAGE, MASK),
            )
        found = int(base.execute("SELECT COUNT(DISTINCT image) FROM matches").fetchone()[0])
        if found:
            return found
    return 0


def number_pairs(listing: Listing, *, with_lone_masks: bool = True) -> None:
    """Fill the table of pairs from what was matched, in the order of the addresses."""
    listing.base.execute(
        "INSERT INTO pairs (image, mask, rivals) SELECT image, mask, rivals FROM ("
        "SELECT i.address AS address, i.id AS image, CASE WHEN COUNT(x.mask) = 1 THEN MIN(x.mask) END AS mask, "
        "CASE WHEN COUNT(x.mask) > 1 THEN group_concat(x.mask) END AS rivals "
        "FROM files i LEFT JOIN matches x ON x.image = i.id WHERE i.role = ? GROUP BY i.id "
        "UNION ALL SELECT m.address, NULL, m.id, NULL FROM files m WHERE m.role = ? AND ? "
        "AND NOT EXISTS (SELECT 1 FROM matches x WHERE x.mask = m.id)) ORDER BY address",
        (IMAGE, MASK, with_lone_masks),
    )


def sample(listing: Listing, count: int, seed: int) -> None:
    """Keep a sample of the pairs: the same for the same seed and names, wherever they lie in the order."""

    def drawn(address: bytes) -> bytes:
        return blake2b(address, digest_size=8, key=str(seed).encode()).digest()

    base = listing.base
    base.create_function("drawn", 1, drawn, deterministic=True)
    base.executescript(
        f"""
        CREATE TABLE chosen (number INTEGER PRIMARY KEY, image INT, mask INT, rivals TEXT);
        INSERT INTO chosen (image, mask, rivals) SELECT image, mask, rivals FROM (
            SELECT p.number, p.image, p.mask, p.rivals FROM pairs p JOIN files f ON f.id = COALESCE(p.image, p.mask)
            ORDER BY drawn(f.address) LIMIT {int(count)}
        ) ORDER BY number;
        DROP TABLE pairs;
        ALTER TABLE chosen RENAME TO pairs;
        """
    )
