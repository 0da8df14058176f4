// Reads from the simulator into the state. For each thing a newer answer is never replaced by an older one.

import { get } from "./api.js";
import { emit, state } from "./state.js";
import { personInHash, settlePlace } from "./router.js";
import { announce } from "./pings.js";
import { toast } from "./toasts.js";

const started = new Map();
const applied = new Map();
const pending = new Map();

/** Run `read`, then `apply` unless something newer was applied meanwhile or the person changed. */
async function latest(key, read, apply) {
  const ticket = (started.get(key) ?? 0) + 1;
  const person = state.me;
  started.set(key, ticket);
  try {
    const answer = await read();
    if (ticket < (applied.get(key) ?? 0) || person !== state.me) return;
    applied.set(key, ticket);
    apply(answer);
  } catch (error) {
    toast(error.message, "warning");
  }
}

/** Join calls that come in a burst into one. */
function soon(key, fn) {
  if (pending.has(key)) return;
  pending.set(
    key,
    setTimeout(() => {
      pending.delete(key);
      fn();
    }, 15),
  );
}

const FIRST_ACTOR = "U0ALICE";

/** The world as the acting person sees it; an address that names nobody leads to the first. */
async function readWorld() {
  const as = state.me || personInHash() || FIRST_ACTOR;
  try {
    return await get("world", { as });
  } catch (error) {
    if (state.world || as === FIRST_ACTOR) throw error;
    return get("world", { as: FIRST_ACTOR });
  }
}

/** People, channels, commands and switches. */
export function loadWorld() {
  return latest(
    "world",
    readWorld,
    (world) => {
      state.world = world;
      if (state.me) settlePlace();
      emit("world");
    },
  );
}

/** The messages of the current channel. */
export function loadMessages() {
  const channel = state.place;
  if (channel === "home") return Promise.resolve();
  return latest(
    "messages",
    () => get("messages", { as: state.me, channel }),
    ({ messages }) => {
      if (state.place !== channel) return;
      state.messages = messages.filter((message) => !message.thread_ts || message.thread_ts === message.ts);
      emit("messages");
    },
  );
}

/** The open thread. */
export function loadThread() {
  const { place: channel, threadTs: ts } = state;
  if (!ts || channel === "home") return Promise.resolve();
  return latest(
    "thread",
    () => get("thread", { as: state.me, channel, ts }),
    ({ messages }) => {
      state.thread = messages;
      emit("thread");
    },
  );
}

/** The stack of modals and the Home tab. */
export function loadViews() {
  return latest(
    "views",
    () => get("views", { as: state.me }),
    ({ modals, home }) => {
      state.modals = modals ?? [];
      state.home = home;
      state.homeLoaded = true;
      emit("modals");
      emit("home");
    },
  );
}

/** New and changed entries of the log, while somebody looks at it. */
export function loadLog(from = Infinity) {
  if (!state.logOpen) return Promise.resolve();
  const open = state.log.filter((entry) => entry.status === "pending").map((entry) => entry.n);
  const last = state.log.at(-1)?.n ?? 0;
  const after = Math.max(0, Math.min(last, from - 1, ...open.map((n) => n - 1)));
  return latest(
    "log",
    () => get("log", { after }),
    ({ entries }) => {
      const byNumber = new Map(state.log.map((entry) => [entry.n, entry]));
      for (const entry of entries) byNumber.set(entry.n, entry);
      state.log = [...byNumber.values()].sort((a, b) => a.n - b.n);
      emit("log");
    },
  );
}

/** Everything that the page shows. */
export async function loadAll() {
  await Promise.all([loadWorld(), loadMessages(), loadThread(), loadViews(), loadLog()]);
}

/** Re-read what an event of the simulator says has changed. */
export function applyEvent(event) {
  if (event.type === "toast") toast(event.text, event.level);
  if (event.type === "ping") announce(event);
  if (event.type === "steps") emit("steps");
  if (event.type === "messages") {
    soon("world", loadWorld);
    if (event.channel === state.place) {
      soon("messages", loadMessages);
      if (state.threadTs) soon("thread", loadThread);
    }
  }
  if (event.type === "world") soon("world", loadWorld);
  if (event.type === "views" || event.type === "home") soon("views", loadViews);
  if (event.type === "log") soon("log", () => loadLog(event.n));
}
