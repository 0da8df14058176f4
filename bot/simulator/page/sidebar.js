// The list of channels, direct messages and the app.

import { fill, h, icon } from "./dom.js";
import { actors, avatar, channelMark, findDm, isApp, standing, userName } from "./people.js";
import { go, goDirect, hashOf } from "./router.js";
import { on, state } from "./state.js";

/** A row of the list. The unread mark is part of the name for those who cannot see the dot. */
function row({ href, mark, label, note, unread, pings = 0, current, onclick }) {
  return h(
    "li",
    {},
    h(
      "a",
      {
        class: `row${unread > 0 ? " unread" : ""}`,
        href,
        onclick,
        "aria-current": current ? "page" : undefined,
      },
      h("span", { class: "row-mark" }, mark),
      h("span", { class: "row-label" }, label),
      note && h("span", { class: "row-note" }, note),
      pings > 0 && h("span", { class: "count", role: "img", "aria-label": `${pings} unread for you` }, pings),
      unread > 0 && !pings && h("span", { class: "dot", role: "img", "aria-label": "unread" }),
    ),
  );
}

function channelRow(channel) {
  return row({
    href: hashOf(channel.id),
    mark: channelMark(channel),
    label: channel.name,
    note: channel.is_archived ? "archived" : channel.is_shared ? "shared" : "",
    unread: channel.unread,
    pings: channel.pings,
    current: state.place === channel.id,
  });
}

function personRow(user) {
  const dm = findDm(user.id);
  const open = (event) => {
    event.preventDefault();
    goDirect(user.id);
  };
  return row({
    href: dm ? hashOf(dm.id) : location.hash,
    mark: avatar(user.id, "s"),
    label: userName(user.id),
    note: standing(user),
    unread: dm?.unread,
    pings: dm?.pings,
    current: dm && state.place === dm.id,
    onclick: open,
  });
}

function appRow() {
  const { app, team } = state.world;
  const dm = findDm(app.bot_user);
  return row({
    href: hashOf("home"),
    mark: avatar(app.bot_user, "s"),
    label: app.name,
    note: team.is_installed ? "app" : "not installed",
    unread: dm?.unread,
    pings: dm?.pings,
    current: state.place === "home" || (dm && state.place === dm.id),
  });
}

function group(title, rows) {
  return h("section", { class: "group" }, h("h2", { class: "group-title" }, title), h("ul", {}, rows));
}

function draw(nav) {
  const { channels } = state.world;
  const focused = nav.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const people = actors().filter(({ id }) => !isApp(id) && id !== state.me);
  fill(
    nav,
    group("Apps", appRow()),
    group("Channels", channels.filter(({ kind }) => kind !== "dm").map(channelRow)),
    group("People", people.map(personRow)),
    h("p", { class: "local-note" }, icon("lock"), "Runs on this machine only. Nothing is sent to Slack."),
  );
  if (focused) nav.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

/** Keep the list up to date. */
export function mountSidebar(nav) {
  const redraw = () => draw(nav);
  for (const topic of ["world", "place", "person"]) on(topic, redraw);
  // On a phone the list lies above the page: whatever is pressed next puts it away.
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".menu-toggle") && (event.target.closest("a") || !nav.contains(event.target)))
      document.body.classList.remove("sidebar-open");
  });
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    const places = ["home", ...state.world.channels.map(({ id }) => id)];
    const step = event.key === "ArrowDown" ? 1 : -1;
    go(places[(places.indexOf(state.place) + step + places.length) % places.length]);
  });
}
