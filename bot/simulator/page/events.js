// Live updates: one event stream per acting person, opened again for ever.

import { applyEvent, loadAll } from "./loader.js";
import { emit, state } from "./state.js";

const RETRY_MS = 1000;
let source = null;
let timer = 0;

function setOnline(online) {
  if (state.online === online) return;
  state.online = online;
  emit("online");
}

/** Listen as the acting person; replaces the stream of the person before. */
export function listen() {
  clearTimeout(timer);
  source?.close();
  const mine = new EventSource(`/sim/events?as=${encodeURIComponent(state.me)}`);
  source = mine;
  mine.onopen = () => {
    setOnline(true);
    // Whatever happened while nobody listened is read now.
    loadAll();
  };
  mine.onmessage = (message) => applyEvent(JSON.parse(message.data));
  mine.onerror = () => {
    mine.close();
    if (source !== mine) return;
    setOnline(false);
    timer = setTimeout(listen, RETRY_MS);
  };
}
