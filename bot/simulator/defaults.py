"""The people, channels and groups of a fresh workspace."""

from __future__ import annotations

from bot.simulator.world import BOT_USER, Channel, User, UserGroup, World

_FOUNDED = 1_700_000_000
"""Creation time of everything that was there before the first message."""

_PEOPLE = (
    User(
        id="U0ALICE",
        name="alice",
        real_name="Alice Archer",
        email="alice@example.com",
        is_admin=True,
    ),
    User(id="U0BOB", name="bob", real_name="Bob Baker", email="bob@example.com"),
    User(
        id="U0CAROL",
        name="carol",
        real_name="Carol Cooper",
        email="carol@example.com",
        tz="America/New_York",
    ),
    User(
        id="U0DAVE",
        name="dave",
        real_name="Dave Dyer",
        email="dave@example.com",
        tz="Asia/Tokyo",
    ),
    User(
        id="U0GUEST",
        name="gil",
        real_name="Gil Guest",
        email="gil@example.org",
        is_restricted=True,
    ),
)

_TEAM = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE")


def demo_world(bot_name: str) -> World:
    """Return the workspace that every new simulator starts with.

    The bot is a member of every channel but `#finance`, so that a missing invitation can be
    seen too.
    """
    world = World()
    for person in _PEOPLE:
        world.put(User(**{name: getattr(person, name) for name in User.__slots__}))
    world.put(User(id=BOT_USER, name="signoff", real_name=bot_name, is_bot=True, tz="Etc/UTC"))
    everyone = [*_TEAM, "U0GUEST", BOT_USER]
    rooms = (
        ("C0GENERAL", "general", "channel", everyone, "Announcements and everyday work"),
        ("C0APPROVALS", "approvals", "channel", everyone, "Questions that need a yes"),
        ("C0DEPLOYS", "deploys", "channel", [*_TEAM, BOT_USER], "What goes out, and when"),
        ("G0FINANCE", "finance", "private", ["U0ALICE", "U0CAROL", "U0DAVE"], "Payments"),
    )
    for channel, name, kind, members, topic in rooms:
        world.put(
            Channel(
                id=channel,
                name=name,
                kind=kind,
                members=list(members),
                topic=topic,
                created=_FOUNDED,
            )
        )
    groups = (
        ("S0EDITORS", "editors", "Editors", ["U0BOB", "U0CAROL"]),
        ("S0RELEASE", "release", "Release managers", ["U0BOB", "U0DAVE"]),
        ("S0FINANCE", "finance", "Finance", ["U0CAROL", "U0DAVE"]),
    )
    for group, handle, name, users in groups:
        world.put(UserGroup(id=group, handle=handle, name=name, users=users, created=_FOUNDED))
    return world
