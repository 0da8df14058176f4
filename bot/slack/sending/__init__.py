"""Everything that the bot says by itself, from the outbox to the call."""
