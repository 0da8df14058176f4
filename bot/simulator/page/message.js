// One message as an article.

import { attempt } from "./api.js";
import { confirmed } from "./blocks/confirm.js";
import { renderBlocks } from "./blocks/layout.js";
import { Surface } from "./blocks/surface.js";
import { clockTime, fullTime, since, tsDate } from "./dates.js";
import { append, h, icon, iconButton } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { fileCard } from "./files.js";
import { showJson } from "./json.js";
import { link } from "./mentions.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar, isApp, me, userName } from "./people.js";
import { openMenu } from "./popup.js";
import { go } from "./router.js";
import { state } from "./state.js";

const COLOR = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i;
const NAMED_COLORS = new Set(["good", "warning", "danger"]);

/** Who wrote it: the app's user for messages that only carry a bot id. */
export function authorOf(message) {
  return message.user ?? (message.bot_id ? state.world.app.bot_user : "");
}

function authorName(message) {
  if (message.username) return message.username;
  return isApp(authorOf(message)) ? state.world.app.name : userName(authorOf(message));
}

function head(message) {
  const date = tsDate(message.ts);
  const fromApp = isApp(authorOf(message));
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, authorName(message)),
    fromApp && h("span", { class: "badge" }, "APP"),
    h("time", { class: "message-time", title: fullTime(date) }, clockTime(date)),
  );
}

function attachment(item, surface) {
  const box = h(
    "div",
    { class: "attachment" },
    item.pretext && h("div", { class: "text" }, mrkdwn(item.pretext)),
    item.title && h("b", {}, item.title_link ? link(item.title_link, item.title) : item.title),
    item.blocks
      ? renderBlocks(item.blocks, surface)
      : h("div", { class: "text" }, mrkdwn(item.text ?? item.fallback ?? "")),
  );
  if (NAMED_COLORS.has(item.color)) box.classList.add(`color-${item.color}`);
  else if (COLOR.test(item.color ?? "")) box.style.borderLeftColor = `#${item.color.replace("#", "")}`;
  return box;
}

/** The message's content: blocks if it has them, else its text. */
function body(message, channel) {
  const surface = new Surface({
    type: "message",
    channel,
    ts: message.ts,
    ...(message.ephemeral && { is_ephemeral: true }),
  });
  const edited =
    message.edited &&
    h("span", { class: "edited", title: `Edited ${since(tsDate(message.edited.ts))}` }, "(edited)");
  const box = h("div", { class: "message-body" });
  if (message.blocks?.length) append(box, renderBlocks(message.blocks, surface), edited);
  else append(box, h("div", { class: "text" }, mrkdwn(message.text ?? ""), edited && " ", edited));
  append(
    box,
    message.attachments?.map((item) => attachment(item, surface)),
    message.files?.map(fileCard),
  );
  return box;
}

/** The emoji under a message, with who put them there. */
function reactionsBar(message) {
  if (!message.reactions?.length) return null;
  const marks = message.reactions.map(({ name, count, users }) => {
    const who = users.map((user) => authorName({ user })).join(", ");
    const label = `${who} reacted with :${name}:`;
    const mark = emojiOf(name) ?? `:${name}:`;
    return h("span", { class: "reaction", role: "img", title: label, "aria-label": label }, `${mark} ${count}`);
  });
  return h("div", { class: "reactions" }, marks);
}

function repliesBar(message, channel) {
  const count = message.reply_count;
  if (!count || message.thread_ts !== message.ts) return null;
  const latest = message.latest_reply && ` Last reply ${since(tsDate(message.latest_reply))}`;
  return h(
    "button",
    { type: "button", class: "replies", onclick: () => go(channel, { thread: message.ts }) },
    (message.reply_users ?? []).slice(0, 4).map((id) => avatar(id, "s")),
    h("b", {}, count === 1 ? "1 reply" : `${count} replies`),
    latest && h("span", { class: "muted" }, latest),
  );
}

function shortcutItems(message, channel) {
  return state.world.shortcuts
    .filter(({ type }) => type === "message")
    .map((shortcut) => ({
      label: shortcut.name,
      hint: shortcut.description,
      mark: icon("bolt"),
      pick: () =>
        attempt("shortcut", { as: state.me, callback_id: shortcut.callback_id, channel, ts: message.ts }),
    }));
}

const DELETION = {
  title: { text: "Delete this message?" },
  text: { text: "It goes away for everybody. The app hears of it only if it asked to." },
  confirm: { text: "Delete" },
  style: "danger",
};

/** One's own messages can be deleted, and by an administrator everybody's. */
function deletion(message, channel) {
  const isAllowed = message.user === state.me || me()?.is_admin;
  if (!isAllowed || message.ephemeral || message.subtype === "tombstone") return [];
  const pick = async () => {
    if (await confirmed(DELETION)) await attempt("delete", { as: state.me, channel, ts: message.ts });
  };
  return [{ label: "Delete message…", mark: icon("close"), danger: true, pick }];
}

function tools(message, channel, inThread) {
  const thread =
    !inThread &&
    !message.ephemeral &&
    iconButton("reply", "Reply in thread", () => go(channel, { thread: message.thread_ts ?? message.ts }));
  const more = iconButton(
    "dots",
    "More actions",
    () =>
      openMenu(more, "Message actions", [
        ...(message.ephemeral ? [] : shortcutItems(message, channel)),
        { label: "Show as JSON", mark: icon("log"), pick: () => showJson("Message", message) },
        ...deletion(message, channel),
      ]),
    { "aria-haspopup": "menu", "aria-expanded": "false" },
  );
  return h("div", { class: "message-tools", role: "group", "aria-label": "Message tools" }, thread, more);
}

/** Draw a message. `compact` leaves out who wrote it, after another one of the same author. */
export function messageNode(message, { channel, compact = false, inThread = false }) {
  const classes = ["message"];
  if (compact) classes.push("compact");
  if (message.ephemeral) classes.push("ephemeral");
  const date = tsDate(message.ts);
  const gutter = compact
    ? h("time", { class: "gutter-time", "aria-hidden": "true" }, clockTime(date).replace(/ [AP]M$/, ""))
    : avatar(authorOf(message));
  return h(
    "article",
    {
      class: classes.join(" "),
      dataset: { ts: message.ts },
      tabindex: "-1",
      "aria-label": `${authorName(message)}, ${clockTime(date)}`,
    },
    message.ephemeral && h("p", { class: "ephemeral-note" }, icon("eye"), "Only visible to you"),
    h("div", { class: "gutter" }, gutter),
    h(
      "div",
      { class: "message-main" },
      !compact && head(message),
      body(message, channel),
      reactionsBar(message),
      !inThread && repliesBar(message, channel),
    ),
    tools(message, channel, inThread),
  );
}
