// The middle of the page: a channel with its messages, or the app with its Home tab.

import { post } from "./api.js";
import { Composer } from "./composer.js";
import { placeMenu, setArchived } from "./channelmenu.js";
import { fill, h, icon } from "./dom.js";
import { homeView } from "./home.js";
import { loadViews } from "./loader.js";
import { avatar, channelLabel, channelMark, findChannel, isApp } from "./people.js";
import { go, goDirect, hashOf } from "./router.js";
import { on, state } from "./state.js";
import { Timeline } from "./timeline.js";
import { toast } from "./toasts.js";

const timeline = new Timeline({ label: "Messages" });
/** The composer of the open channel. */
export const composer = new Composer({ id: "composer-input", target: () => ({ channel: state.place }) });
let wasArchived = false;
const heading = h("header", { class: "pane-head" });
const body = h("div", { class: "pane-body" });

const isAppPlace = () => state.place === "home" || isApp(findChannel(state.place)?.with);

function tab(label, isCurrent, onclick) {
  return h(
    "button",
    { type: "button", class: "tab", role: "tab", "aria-selected": String(isCurrent), onclick },
    label,
  );
}

function drawHeading() {
  const { app } = state.world;
  const channel = findChannel(state.place);
  if (isAppPlace()) {
    fill(
      heading,
      avatar(app.bot_user, "s"),
      h("h2", { class: "pane-title" }, app.name),
      h(
        "div",
        { class: "tabs", role: "tablist", "aria-label": app.name },
        tab("Home", state.place === "home", () => go("home")),
        tab("Messages", state.place !== "home", () => goDirect(app.bot_user)),
      ),
      h("span", { class: "spring" }),
      placeMenu(),
    );
    return;
  }
  fill(
    heading,
    h("span", { class: "pane-mark" }, channel && channelMark(channel)),
    h("h2", { class: "pane-title" }, channel?.kind === "dm" ? channelLabel(channel) : channel?.name),
    channel?.topic && h("p", { class: "pane-topic" }, channel.topic),
    h("span", { class: "spring" }),
    placeMenu(),
  );
}

/** Stands where the composer would, in a channel that nobody can write in. */
function archivedNote(channel) {
  return h(
    "div",
    { class: "archived" },
    icon("lock"),
    h("p", {}, "This channel is archived. Nobody can write here."),
    h("button", { type: "button", class: "button", onclick: () => setArchived(channel, false) }, "Open again"),
  );
}

/** Stands where the composer would, in the messages of an app that takes none. */
function readOnlyNote() {
  return h(
    "div",
    { class: "archived" },
    icon("lock"),
    h("p", {}, "This app takes no messages here. Use its buttons, or write a command in a channel."),
  );
}

/** What stands below the messages. */
function below(channel) {
  if (channel.is_archived) return archivedNote(channel);
  return channel.is_read_only ? readOnlyNote() : composer.node;
}

/** What stands at the very top of a channel. */
function intro(channel) {
  const label = channelLabel(channel);
  const words =
    channel.kind === "dm"
      ? `This is the beginning of your conversation with ${label}.`
      : channel.topic || `This is the beginning of ${label}.`;
  return h(
    "div",
    { class: "intro" },
    h("span", { class: "intro-mark" }, channelMark(channel)),
    h("h3", {}, label),
    h("p", {}, words),
  );
}

function drawMessages() {
  const channel = findChannel(state.place);
  if (!channel) return;
  timeline.show(state.messages, { channel: channel.id, intro: intro(channel) });
  if (channel.unread && document.visibilityState === "visible") markRead(channel);
}

function markRead(channel) {
  channel.unread = 0;
  post("read", { as: state.me, channel: channel.id }).catch((error) => toast(error.message, "warning"));
}

async function openHome() {
  try {
    await post("home", { as: state.me });
    await loadViews();
  } catch (error) {
    toast(error.message, "warning");
  }
}

function drawPlace() {
  const channel = findChannel(state.place);
  drawHeading();
  if (state.place === "home") {
    fill(body, homeView());
    openHome();
    return;
  }
  composer.label(channel.kind === "dm" ? `Message ${channelLabel(channel)}` : `Message #${channel.name}`);
  fill(body, timeline.node, below(channel));
  wasArchived = channel.is_archived;
  composer.enter(hashOf(channel.id));
  timeline.toEnd();
}

/** Keep the middle up to date. */
export function mountChannel(main) {
  main.append(heading, body);
  // Not a link to a fragment: the fragment says who acts and where.
  document
    .getElementById("skip")
    .addEventListener("click", () => (state.place === "home" ? main : composer.input).focus());
  const arrive = () => {
    timeline.clear();
    drawPlace();
  };
  on("place", () => {
    arrive();
    // On a touch screen the focus would bring up the keyboard.
    if (state.place !== "home" && !state.threadTs && matchMedia("(hover: hover)").matches)
      composer.input.focus();
  });
  on("person", arrive);
  on("world", () => {
    if (!state.place) return;
    if (!heading.contains(document.activeElement)) drawHeading();
    const channel = findChannel(state.place);
    if (channel && channel.is_archived !== wasArchived) drawPlace();
    if (channel?.unread && document.visibilityState === "visible") markRead(channel);
  });
  on("messages", drawMessages);
  on("home", () => {
    if (state.place === "home") fill(body, homeView());
  });
  document.addEventListener("visibilitychange", drawMessages);
}
