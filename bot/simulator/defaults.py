"""The people, channels and groups of a fresh workspace."""

from __future__ import annotations

from bot.simulator.records import TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from bot.simulator.world import Channel, Team, User, UserGroup, World

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

_STAFF = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE")
FIRST = Team(id=TEAM_ID, name=TEAM_NAME, domain=TEAM_DOMAIN)
SECOND = Team(
    id="T1ACME",
    name="Acme",
    domain="acme-demo",
    bot_user="U1SIGNOFF",
    bot_id="B1SIGNOFF",
    is_installed=False,
)
"""A workspace with the same people under other ids; the app is installed by OAuth."""


def organisation() -> tuple[Team, Team]:
    """Return two workspaces of one organisation, for an app that is installed in all of it."""
    north, south = (
        Team(
            id=f"T{place}{name.upper()}",
            name=f"Orbit {name}",
            domain=f"orbit-{name.lower()}",
            bot_user=f"U{place}SIGNOFF",
            bot_id=f"B{place}SIGNOFF",
            enterprise_id="E0ORBIT",
            enterprise_name="Orbit",
            is_installed=False,
        )
        for place, name in ((2, "North"), (3, "South"))
    )
    return north, south


def demo_world(bot_name: str, team: Team = FIRST) -> World:
    """Return the workspace that every new simulator starts with, or another one like it.

    The bot is a member of every channel but `#finance`, so that a missing invitation can be
    seen too. In other workspaces the ids carry the workspace's number in place of the 0.
    """
    world = World(Team(**{name: getattr(team, name) for name in Team.__slots__}))

    def own(thing: str) -> str:
        first = "W" if thing[0] == "U" and team.enterprise_id else thing[0]
        return f"{first}{team.place}{thing[2:]}"

    for person in _PEOPLE:
        given = {name: getattr(person, name) for name in User.__slots__}
        world.put(User(**given | {"id": own(person.id), "team_id": team.id}))
    bot = User(id=team.bot_user, name="signoff", real_name=bot_name, is_bot=True, tz="Etc/UTC")
    bot.team_id = team.id
    world.put(bot)
    staff = [own(user) for user in _STAFF]
    everyone = [*staff, own("U0GUEST"), team.bot_user]
    rooms = (
        ("C0GENERAL", "general", "channel", everyone, "Announcements and everyday work"),
        ("C0APPROVALS", "approvals", "channel", everyone, "Questions that need a yes"),
        ("C0DEPLOYS", "deploys", "channel", [*staff, team.bot_user], "What goes out, and when"),
        ("G0FINANCE", "finance", "private", [staff[0], staff[2], staff[3]], "Payments"),
    )
    for channel, name, kind, members, topic in rooms:
        world.put(
            Channel(
                id=own(channel),
                name=name,
                kind=kind,
                members=list(members),
                topic=topic,
                created=_FOUNDED,
                creator=staff[0],
            )
        )
    groups = (
        ("S0EDITORS", "editors", "Editors", ["U0BOB", "U0CAROL"]),
        ("S0RELEASE", "release", "Release managers", ["U0BOB", "U0DAVE"]),
        ("S0FINANCE", "finance", "Finance", ["U0CAROL", "U0DAVE"]),
    )
    for group, handle, name, users in groups:
        world.put(
            UserGroup(
                id=own(group),
                handle=handle,
                name=name,
                users=[own(user) for user in users],
                created=_FOUNDED,
            )
        )
    return world
