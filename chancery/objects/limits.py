"""How large signed objects and their parts may be (docs/format.md).

Readers check these before they decode anything.  Sizes are bytes of the encoded text, or of the decoded part.
"""

from typing import Final

KIB: Final = 1024

OBJECT: Final = 16 * KIB
"""Every kind of signed object that has no limit of its own below."""
STATEMENT: Final = 256 * KIB
"""A statement lists all keys an organization ever had."""
PUBLISHING_LICENSE: Final = 256 * KIB
"""A policy may name thousands of people."""
USE_LICENSE_BATCH: Final = 2048 * KIB
"""A batch has up to 1,000 results."""
FEED: Final = 2048 * KIB
"""A feed has all live revocations."""

HEADER: Final = 64 * KIB
"""A header carries at most two certificates; it is bounded apart so that it cannot use up a large object's limit."""
SIGNATURE_TEXT: Final = 128
ENVELOPE: Final = 192 * KIB
"""The sealed part of a publishing license."""
CONTENT_KEY: Final = 4 * KIB
"""A content key has 32 bytes; under a second key (docs/protocol.md P17) it is a sealed blob of the customer's key."""
EDITION_ENVELOPE: Final = 4 * KIB
"""The sealed key of a new edition, in its body seal."""
SEALED_KEY: Final = 6 * KIB
"""The content key of a use license, sealed to the device."""
BATCH_KEYS: Final = 256 * KIB
"""The content keys of a batch, sealed to the device."""
CHECKPOINT: Final = 4 * KIB
"""The checkpoint in a feed."""
CARRIED_LICENSE: Final = 48 * KIB
"""One license of a licenses file with its delegation, sealed to the device."""
LICENSES_FILE: Final = 64 * 1024 * KIB
"""A licenses file as a whole; a reader holds it in memory."""
