"""Block Kit: texts, blocks, elements and messages, each made to fit."""
