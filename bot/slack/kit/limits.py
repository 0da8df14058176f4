"""Every size limit of Slack that rendering has to keep, in one place.

Characters unless a name says otherwise. Sources: https://docs.slack.dev/reference/block-kit/ and
https://docs.slack.dev/reference/views/ ; text is measured in UTF-16 units, the strictest reading
of "characters", and after escaping.
"""

from __future__ import annotations

from typing import Final

MESSAGE_BLOCKS: Final = 50  # blocks
VIEW_BLOCKS: Final = 100  # blocks
VIEW_BYTES: Final = 250_000  # bytes of JSON
TEXT: Final = 3000  # of a text object
HEADER_TEXT: Final = 150
SECTION_FIELDS: Final = 10  # items
FIELD_TEXT: Final = 2000
CONTEXT_ELEMENTS: Final = 10  # items
ACTIONS_ELEMENTS: Final = 25  # items
BLOCK_ID: Final = 255
ACTION_ID: Final = 255
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2000
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
SELECT_OPTIONS: Final = 100  # items
OVERFLOW_MAX: Final = 5  # items
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
INPUT_LABEL: Final = 2000
INPUT_HINT: Final = 2000
INPUT_VALUE: Final = 3000
PLACEHOLDER: Final = 150
VIEW_TITLE: Final = 24
VIEW_BUTTON: Final = 24
PRIVATE_METADATA: Final = 3000
CALLBACK_ID: Final = 255
TABLE_ROWS: Final = 100  # items
TABLE_COLUMNS: Final = 20  # items
TABLE_TEXT: Final = 10_000  # in all cells of a table
#: chat.update refuses more with msg_too_long; chat.postMessage advises the same.
UPDATE_TEXT: Final = 4000
#: A notification shows much less; the rest of a message is in its blocks.
SUMMARY_TEXT: Final = 1000
METADATA_BYTES: Final = 8000  # bytes of JSON
#: One rich text block. Slack names no limit of its own, a message as a whole has one.
RICH_TEXT: Final = 3000
#: Entries of a list in rich text. Slack names no limit of its own either.
LIST_ITEMS: Final = 40  # items
