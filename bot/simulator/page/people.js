// Users, channels and groups: finding, naming and picturing them.

import { h, icon } from "./dom.js";
import { state } from "./state.js";

const TONES = 8;

/** The user with this id, or undefined. */
export const findUser = (id) => state.world?.users.find((user) => user.id === id);
/** The channel with this id, or undefined. */
export const findChannel = (id) => state.world?.channels.find((channel) => channel.id === id);
/** The user group with this id, or undefined. */
export const findGroup = (id) => state.world?.usergroups.find((group) => group.id === id);

/** The acting person. */
export const me = () => findUser(state.me);

/** The time zone that times are shown in. */
export function zone() {
  return me()?.tz || Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A person's full name, or the id when nobody has it. */
export function userName(id) {
  const user = findUser(id);
  return user ? user.real_name || user.name : id;
}

/** The direct channel with this user, or undefined. */
export function findDm(userId) {
  return state.world?.channels.find((channel) => channel.kind === "dm" && channel.with === userId);
}

/** "#approvals", or the other person's name in a direct message. */
export function channelLabel(channel) {
  if (!channel) return "";
  return channel.kind === "dm" ? userName(channel.with) : `#${channel.name}`;
}

/** Is this user the app under test? */
export const isApp = (userId) => userId === state.world?.app.bot_user;

/** What sets a person apart from a member: guest, of another organisation. */
export function standing(user) {
  if (user.is_stranger) return "external";
  if (user.is_ultra_restricted) return "guest in one channel";
  return user.is_restricted ? "guest" : "";
}

/** People that can act: neither bots nor deactivated. */
export const actors = () => state.world.users.filter((user) => !user.is_bot && !user.deleted);

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => word[0].toUpperCase())
      .join("") || "?"
  );
}

function tone(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 9973;
  return sum % TONES;
}

/** A square picture of a user; decorative, the name stands beside it. */
export function avatar(userId, size = "m") {
  if (isApp(userId)) return h("img", { class: `avatar avatar-${size}`, src: "/page/icons/app.svg", alt: "" });
  const text = initials(userName(userId));
  return h("span", { class: `avatar avatar-${size} tone-${tone(userId)}`, "aria-hidden": "true" }, text);
}

/** The mark before a channel's name: hash, lock or picture. */
export function channelMark(channel) {
  if (channel.kind === "dm") return avatar(channel.with, "s");
  return icon(channel.kind === "private" ? "lock" : "hash");
}
