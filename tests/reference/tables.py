"""What Slack documents beside its recorded bodies: common errors, optional fields, events."""

from __future__ import annotations

COMMON_ERRORS = frozenset(
    {
        "account_inactive",
        "fatal_error",
        "internal_error",
        "invalid_arguments",
        "invalid_auth",
        "invalid_form_data",
        "invalid_json",
        "json_not_object",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "ratelimited",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Errors that every method can answer: https://docs.slack.dev/apis/web-api/using-the-web-api."""

TOLERATED_ARGUMENTS = frozenset({"token", "team_id"})
"""Bolt adds team_id to every call."""

ORG_ONLY = frozenset({"enterprise_id", "enterprise_name", "authed_users"})
"""Sent to apps of an Enterprise organization, or no longer sent."""

DOCUMENTED: dict[str, frozenset[str]] = {
    "channel_archive": frozenset({"type", "channel", "user", "event_ts"}),
    "channel_left": frozenset({"type", "channel", "event_ts"}),
    "channel_unarchive": frozenset({"type", "channel", "user", "event_ts"}),
    "function_executed": frozenset(
        {
            "type",
            "function",
            "inputs",
            "function_execution_id",
            "workflow_execution_id",
            "event_ts",
            "bot_access_token",
        }
    ),
    "group_archive": frozenset({"type", "channel", "user", "event_ts"}),
    "group_left": frozenset({"type", "channel", "event_ts"}),
    "member_left_channel": frozenset(
        {"type", "user", "channel", "channel_type", "team", "event_ts"}
    ),
    "message_changed": frozenset(
        {
            "type",
            "subtype",
            "hidden",
            "channel",
            "channel_type",
            "ts",
            "event_ts",
            "message",
            "previous_message",
        }
    ),
    "message_deleted": frozenset(
        {
            "type",
            "subtype",
            "hidden",
            "channel",
            "channel_type",
            "ts",
            "event_ts",
            "deleted_ts",
            "previous_message",
        }
    ),
}
"""Fields of events for which there is no recording: https://docs.slack.dev/reference/events."""

IN_VIEW_ABSENT = frozenset({"channel", "response_url"})
EXTRAS: dict[str, frozenset[str]] = {
    "": frozenset({"enterprise", "is_enterprise_install"}),
    "block_actions": frozenset({"message", "state", "view"}),
    "block_suggestion": frozenset({"message", "channel"}),
    "slash_command": frozenset({"api_app_id", "is_enterprise_install"}),
    "view_closed": frozenset({"is_cleared"}),
    "event_callback": frozenset(
        {
            "authorizations",
            "context_enterprise_id",
            "context_team_id",
            "event_context",
            "is_ext_shared_channel",
        }
    ),
}
"""Keys that Slack documents or sends beside those of the recorded bodies."""

NESTED = ("user", "team", "container", "channel", "view")
NULLABLE = frozenset({"close", "submit", "previous_view_id", "title", "enterprise"})
INNER_EXTRAS = frozenset(
    {
        "blocks",
        "bot_id",
        "app_id",
        "bot_profile",
        "channel",
        "channel_type",
        "client_msg_id",
        "edited",
        "event_ts",
        "files",
        "parent_user_id",
        "previous_view_id",
        "subtype",
        "team",
        "team_id",
        "thread_ts",
        "upload",
        "username",
        "name",
    }
)
INBOUND = {
    "block_actions": "block_actions__body",
    "block_suggestion": "block_suggestion__body",
    "view_submission": "view_submission__body",
    "view_closed": "view_closed__body",
    "shortcut": "shortcut__global_shortcut_body",
    "message_action": "shortcut__message_shortcut_body",
    "slash_command": "slash_command__slash_command_body",
}
EVENTS = {
    "message": "message__message_body",
    "app_mention": "events__app_mention_body",
    "member_joined_channel": "events__join_event_body",
    "app_uninstalled": "events__app_uninstalled_body",
    "tokens_revoked": "events__tokens_revoked_body",
}
