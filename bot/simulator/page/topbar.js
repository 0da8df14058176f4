// The bar on top: which workspace, who acts, is the app there, colours, log.

import { fill, h, icon, iconButton } from "./dom.js";
import { safeUrl } from "./mentions.js";
import { actors, avatar, standing } from "./people.js";
import { go, hashOf } from "./router.js";
import { emit, on, remember, remembered, state } from "./state.js";
import { teamHeading } from "./teams.js";

const THEMES = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function themeButton() {
  let theme = remembered("theme", "auto");
  const control = iconButton("auto", "", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("theme", theme);
    draw();
  });
  function draw() {
    applyTheme(theme);
    control.title = `Colours: ${theme}`;
    control.setAttribute("aria-label", `Colours: ${theme}`);
    fill(control, icon(THEME_ICONS[theme]));
  }
  draw();
  return control;
}

/** Is the app there, and is the page itself connected? */
function status() {
  if (!state.online)
    return {
      tone: "bad",
      text: "Reconnecting…",
      title: "The simulator does not answer. The page tries again every second.",
    };
  const { app, team } = state.world;
  if (!team.is_installed)
    return {
      tone: "warn",
      text: "Not installed",
      title: `${app.name} is not installed in ${team.name}. Open the app's own install page to add it.`,
      href: safeUrl(state.world.install_url),
    };
  if (state.world.faults.is_away)
    return { tone: "bad", text: "Slack is away", title: "A switch of the log keeps the app from Slack." };
  if (state.world.mode === "http")
    return { tone: "good", text: "HTTP", title: `${state.world.app.name} is called over HTTP` };
  const count = state.world.connections;
  if (!count)
    return {
      tone: "warn",
      text: `${state.world.app.name} is away`,
      title: "No Socket Mode connection: start the app, or wait for it to come back.",
    };
  return {
    tone: "good",
    text: "Connected",
    title: `${state.world.app.name} holds ${count} Socket Mode ${count === 1 ? "connection" : "connections"}`,
  };
}

function personSwitch() {
  const select = h(
    "select",
    {
      id: "acting-as",
      class: "acting-select",
      value: state.me,
      onchange: () => go(state.place, { user: select.value }),
    },
    actors().map((user) =>
      h(
        "option",
        { value: user.id },
        `${user.real_name || user.name}${standing(user) ? ` (${standing(user)})` : ""}`,
      ),
    ),
  );
  select.value = state.me;
  const other = actors().find(({ id }) => id !== state.me) ?? actors()[0];
  return h(
    "div",
    { class: "acting" },
    avatar(state.me, "s"),
    h("label", { class: "acting-label", for: "acting-as" }, "Acting as"),
    select,
    icon("chevron"),
    h(
      "a",
      {
        class: "icon-button",
        href: hashOf(state.place, { user: other.id }),
        target: "_blank",
        rel: "noopener",
        title: `Open a second window as ${other.real_name}`,
        "aria-label": "Open a second window",
      },
      icon("window"),
    ),
  );
}

/** Show or hide the developer log. */
export function toggleLog() {
  state.logOpen = !state.logOpen;
  remember("log", state.logOpen ? "open" : "closed");
  emit("logOpen");
}

/** Keep the bar up to date. */
export function mountTopbar(bar) {
  const theme = themeButton();
  const log = h(
    "button",
    {
      type: "button",
      class: "log-toggle",
      onclick: toggleLog,
      "aria-pressed": "false",
      title: "Every API call and every envelope (Ctrl + J)",
    },
    icon("log"),
    h("span", {}, "Log"),
  );
  const menu = iconButton("menu", "Channels", () => document.body.classList.toggle("sidebar-open"), {
    class: "menu-toggle",
  });
  const person = h("div", { class: "person-slot" });
  const pill = h("span", { class: "pill", role: "status" });
  const install = h("span", {});
  bar.append(
    menu,
    h("img", { class: "brand-mark", src: "/page/icons/workspace.svg", alt: "" }),
    teamHeading(),
    pill,
    install,
    h("span", { class: "spring" }),
    person,
    log,
    theme,
  );
  const drawPerson = () => {
    const hadFocus = person.contains(document.activeElement);
    fill(person, personSwitch());
    if (hadFocus) person.querySelector("select").focus();
  };
  const drawStatus = () => {
    const { tone, text, title, href } = status();
    pill.className = `pill pill-${tone}`;
    pill.title = title;
    fill(pill, text);
    if (href) fill(install, h("a", { class: "install-link", href }, "Install", h("span", {}, ` ${state.world.app.name}`)));
    else fill(install);
  };
  on("person", drawPerson);
  on("place", drawPerson);
  on("world", drawStatus);
  on("online", drawStatus);
  on("logOpen", () => log.setAttribute("aria-pressed", String(state.logOpen)));
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "j") {
      event.preventDefault();
      toggleLog();
    }
  });
}
