"""What is asked of a Slack workspace: people, groups, channels, addresses."""
