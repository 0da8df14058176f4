// The URL's hash is the truth about who acts and where: #/U0BOB/C0APPROVALS/1700000000.000100

import { state, emit } from "./state.js";
import { attempt } from "./api.js";
import { loadWorld } from "./loader.js";
import { actors, findChannel, findDm, findUser } from "./people.js";

/** The hash of a place; `user` defaults to the acting person. */
export function hashOf(place, { user = state.me, thread = "" } = {}) {
  return `#/${user}/${place}${thread ? `/${thread}` : ""}`;
}

/** Go somewhere. */
export function go(place, options) {
  location.hash = hashOf(place, options);
}

/** Go to the direct messages with a user; the simulator opens them if there were none. */
export async function goDirect(userId) {
  const held = findDm(userId)?.id;
  const channel = held ?? (await attempt("open", { as: state.me, user: userId }))?.channel;
  if (!channel) return;
  if (!held) await loadWorld();
  go(channel);
}

/** The channel that a newcomer should see first. */
function firstPlace() {
  const channels = state.world.channels;
  return (channels.find((channel) => channel.name === "approvals") ?? channels[0])?.id ?? "home";
}

/** The first part of the hash: who acts. Needs no world. */
export function personInHash() {
  return location.hash.split("/")[1] ?? "";
}

/** Read the hash into the state; announces `person` or `place` when they changed. */
export function readHash() {
  const [, user, place, thread] = location.hash.split("/");
  const person = findUser(user) ? user : (actors()[0]?.id ?? "");
  const before = { me: state.me, place: state.place, thread: state.threadTs };
  state.me = person;
  state.place = place === "home" || findChannel(place) ? place : firstPlace();
  state.threadTs = thread ?? "";
  history.replaceState(null, "", hashOf(state.place, { thread: state.threadTs }));
  if (before.me !== person) emit("person");
  else if (before.place !== state.place) emit("place");
  else if (before.thread !== state.threadTs) emit("threadTs");
}

/** Channels may have come or gone with the person: correct the place if it is no longer one. */
export function settlePlace() {
  if (state.place === "home" || findChannel(state.place)) return;
  state.place = firstPlace();
  history.replaceState(null, "", hashOf(state.place));
  emit("place");
}
