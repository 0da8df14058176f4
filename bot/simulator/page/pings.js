// What Slack would sound for: somebody named the acting person, or wrote to them.

import { h } from "./dom.js";
import { unescapeText } from "./mentions.js";
import { channelLabel, findChannel, findGroup, userName } from "./people.js";
import { go } from "./router.js";
import { state } from "./state.js";
import { toast } from "./toasts.js";

const SHOWN = 140;

/** A message's text as one line of words, mentions by name. */
function words(text) {
  const said = text.replace(/<([@#!])([^|>]*)(?:\|([^>]*))?>/g, (_, sign, id, label) => {
    if (sign === "@") return `@${userName(id)}`;
    if (sign === "#") return label ? `#${label}` : channelLabel(findChannel(id));
    if (id.startsWith("subteam^")) return `@${findGroup(id.slice("subteam^".length))?.handle ?? "group"}`;
    return label ?? `@${id}`;
  });
  const line = unescapeText(said.replace(/[*_~`]/g, "")).replace(/\s+/g, " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

function isInSight({ channel, thread_ts: thread, ts }) {
  const isReply = thread && thread !== ts;
  const isOpen = state.place === channel && (!isReply || state.threadTs === thread);
  return isOpen && document.visibilityState === "visible";
}

/** Say it in the corner, unless the message is in sight anyway. */
export function announce(ping) {
  if (isInSight(ping)) return;
  const channel = findChannel(ping.channel);
  const where = channel && channel.kind !== "dm" ? ` in ${channelLabel(channel)}` : "";
  const isReply = ping.thread_ts && ping.thread_ts !== ping.ts;
  const open = () => go(ping.channel, { thread: isReply ? ping.thread_ts : "" });
  toast(`${userName(ping.from)}${where}: ${words(ping.text)}`, "ping", [
    h("button", { type: "button", class: "toast-open", onclick: open }, "Open"),
  ]);
}

/** How many messages call the acting person and were not read. */
export function waiting() {
  return state.world.channels.reduce((sum, channel) => sum + channel.pings, 0);
}
