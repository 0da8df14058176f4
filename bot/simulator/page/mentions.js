// What stands for somebody or something: people, groups, channels, links.

import { h } from "./dom.js";
import { findChannel, findGroup, findUser, userName } from "./people.js";
import { hashOf } from "./router.js";
import { state } from "./state.js";

/** Undo Slack's three escapes, and only these. */
export function unescapeText(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Write a text so that Slack shows it as it is. */
export function escapeText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The address if it is http or https, else null. */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link to the outside; other schemes than http(s) become their text. */
export function link(url, ...label) {
  const href = safeUrl(url);
  const shown = label.length ? label : [url];
  if (!href) return h("span", { class: "dead-link", title: "This address is not a web link" }, shown);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, shown);
}

/** "@Bob Baker". */
export function userMention(id) {
  const mine = id === state.me ? " mention-me" : "";
  return h("span", { class: `mention${mine}`, title: findUser(id)?.name ?? id }, `@${userName(id)}`);
}

/** "@editors". */
export function groupMention(id, label) {
  const group = findGroup(id);
  const mine = group?.users.includes(state.me) ? " mention-me" : "";
  const name = group ? `@${group.handle}` : label || `@${id}`;
  const members = group ? group.users.map(userName).join(", ") : undefined;
  return h("span", { class: `mention${mine}`, title: members }, name);
}

/** "#approvals", as a link where it can be opened. */
export function channelMention(id, label) {
  const channel = findChannel(id);
  if (!channel) return h("span", { class: "mention" }, `#${label || "private channel"}`);
  return h("a", { class: "mention", href: hashOf(id) }, `#${channel.name}`);
}

/** "@channel", "@here" or "@everyone": a real broadcast, loud on purpose. */
export function broadcast(range) {
  return h("span", { class: "mention mention-me", title: "Notifies everybody here" }, `@${range}`);
}
