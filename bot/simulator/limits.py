"""Slack's size limits, in one table of our own.

Sources: https://docs.slack.dev/reference/block-kit and the pages of each block, element and
view; numbers are characters unless a name says otherwise. This table is deliberately not
shared with any application, so that a test may compare the two.
"""

from __future__ import annotations

from typing import Final

MESSAGE_BLOCKS: Final = 50  # blocks
VIEW_BLOCKS: Final = 100  # blocks
VIEW_BYTES: Final = 250_000  # bytes of JSON
TEXT: Final = 3000
BLOCK_ID: Final = 255
ACTION_ID: Final = 255

SECTION_FIELDS: Final = 10  # items
FIELD_TEXT: Final = 2000
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10  # items
ACTIONS_ELEMENTS: Final = 25  # items
CONTEXT_ACTIONS_ELEMENTS: Final = 5  # items
INPUT_LABEL: Final = 2000
INPUT_HINT: Final = 2000
IMAGE_URL: Final = 3000
IMAGE_ALT: Final = 2000
IMAGE_TITLE: Final = 2000
MARKDOWN_TEXT: Final = 12_000  # of all markdown blocks of a message together

BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2000
BUTTON_URL: Final = 3000
ACCESSIBILITY_LABEL: Final = 75
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTION_DESCRIPTION: Final = 75
OPTION_URL: Final = 3000
SELECT_OPTIONS: Final = 100  # items
OPTION_GROUPS: Final = 100  # items
GROUP_LABEL: Final = 75
OVERFLOW_MIN: Final = 2  # items
OVERFLOW_MAX: Final = 5  # items
CHOICES: Final = 10  # items of radio buttons and checkboxes
PLACEHOLDER: Final = 150
INPUT_VALUE: Final = 3000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30

VIEW_TITLE: Final = 24
VIEW_BUTTON: Final = 24
PRIVATE_METADATA: Final = 3000
CALLBACK_ID: Final = 255
EXTERNAL_ID: Final = 255

TABLE_ROWS: Final = 100  # rows
TABLE_COLUMNS: Final = 20  # columns
TABLE_TEXT: Final = 10_000  # of all cells together
DATA_TABLE_ROWS: Final = 201  # rows, the header included
DATA_TABLE_TEXT: Final = 20_000  # of all cells together
CARD_TITLE: Final = 150
CARD_BODY: Final = 200
CARD_ACTIONS: Final = 5  # items
CAROUSEL_CARDS: Final = 10  # items
VIDEO_TITLE: Final = 200

UPDATE_TEXT: Final = 4000  # chat.update answers msg_too_long above
METADATA_BYTES: Final = 8000  # bytes of JSON
ATTACHMENTS: Final = 100  # items
