// Starts the page: first the world, then everything that listens to it.

import { mountChannel } from "./channel.js";
import { mountDrawer } from "./drawer.js";
import { listen } from "./events.js";
import { mountHint } from "./hint.js";
import { loadAll, loadMessages, loadWorld } from "./loader.js";
import { mountModal } from "./modal.js";
import { readHash } from "./router.js";
import { mountSidebar } from "./sidebar.js";
import { emit, on, state } from "./state.js";
import { waiting } from "./pings.js";
import { mountThread } from "./thread.js";
import { mountTopbar } from "./topbar.js";
import { channelLabel, findChannel, me } from "./people.js";

const RETRY_MS = 1000;
const byId = (id) => document.getElementById(id);

function nameWindow() {
  const where = state.place === "home" ? state.world.app.name : channelLabel(findChannel(state.place));
  const count = waiting();
  document.title = `${count ? `(${count}) ` : ""}${where} · ${me()?.real_name ?? ""} · Signoff demo workspace`;
}

/** Nothing of the person before may be shown to the next. */
function becomePerson() {
  Object.assign(state, { messages: [], thread: [], modals: [], home: null, homeLoaded: false });
  emit("modals");
  listen();
}

async function start() {
  await loadWorld();
  if (!state.world) {
    setTimeout(start, RETRY_MS);
    return;
  }
  on("person", becomePerson);
  mountTopbar(byId("topbar"));
  mountSidebar(byId("sidebar"));
  mountChannel(byId("main"));
  mountHint(byId("main"));
  mountThread(byId("side"));
  mountDrawer(byId("drawer"));
  mountModal();
  on("place", () => {
    state.messages = [];
    loadMessages();
  });
  for (const topic of ["place", "person", "world"]) on(topic, nameWindow);
  addEventListener("hashchange", readHash);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") loadAll();
  });
  readHash();
  emit("world");
  emit("logOpen");
  document.body.classList.add("ready");
}

start();
