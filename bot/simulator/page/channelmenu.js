// What an administrator can do to a channel, and to the app: the menu beside the name.

import { attempt } from "./api.js";
import { confirmed } from "./blocks/confirm.js";
import { icon, iconButton } from "./dom.js";
import { loadWorld } from "./loader.js";
import { channelLabel, findChannel, isApp } from "./people.js";
import { openMenu } from "./popup.js";
import { state } from "./state.js";

const question = (title, text, confirm) => ({
  title: { text: title },
  text: { text },
  confirm: { text: confirm },
  style: "danger",
});

async function act(name, body) {
  await attempt(name, { as: state.me, ...body });
  await loadWorld();
}

/** Archive a channel, or open it again. */
export async function setArchived(channel, isArchived) {
  const ask = question(
    `Archive ${channelLabel(channel)}?`,
    "Nobody can write in it any more, the app included. It can be opened again.",
    "Archive",
  );
  if (isArchived && !(await confirmed(ask))) return;
  await act("archive", { channel: channel.id, is_archived: isArchived });
}

async function setMember(channel, isMember) {
  await act("invite", { channel: channel.id, user: state.world.app.bot_user, is_member: isMember });
}

async function uninstall() {
  const { name } = state.world.app;
  const text = `${name} hears nothing of this workspace any more, and its token is refused.`;
  if (await confirmed(question(`Uninstall ${name}?`, text, "Uninstall"))) await act("uninstall", {});
}

function ofChannel(channel) {
  const { app } = state.world;
  const isMember = channel.members.includes(app.bot_user);
  return [
    {
      label: isMember ? `Remove ${app.name}` : `Add ${app.name}`,
      hint: isMember ? "It is told that it left" : "It is told that it joined",
      mark: icon("bolt"),
      pick: () => setMember(channel, !isMember),
    },
    {
      label: channel.is_archived ? "Open again" : "Archive channel…",
      mark: icon("lock"),
      danger: !channel.is_archived,
      pick: () => setArchived(channel, !channel.is_archived),
    },
  ];
}

/** The menu for the open place, or null where there is nothing to do. */
export function placeMenu() {
  const channel = findChannel(state.place);
  const isAppPlace = state.place === "home" || isApp(channel?.with);
  if (!isAppPlace && (!channel || channel.kind === "dm")) return null;
  if (isAppPlace && !state.world.team.is_installed) return null;
  const control = iconButton(
    "dots",
    isAppPlace ? "App actions" : "Channel actions",
    () =>
      openMenu(
        control,
        isAppPlace ? "App actions" : "Channel actions",
        isAppPlace
          ? [{ label: "Uninstall the app…", mark: icon("close"), danger: true, pick: uninstall }]
          : ofChannel(findChannel(state.place)),
      ),
    { "aria-haspopup": "menu", "aria-expanded": "false" },
  );
  return control;
}
