"""Slack's two ways to the bot, and what is checked before anything is read."""
