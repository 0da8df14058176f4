// The name of the workspace, and the way to the others when the simulator has several.

import { fill, h, icon } from "./dom.js";
import { openMenu } from "./popup.js";
import { hashOf } from "./router.js";
import { on, state } from "./state.js";

/** Another workspace has other people and channels: the page begins anew there. */
function enter(team) {
  location.hash = hashOf("", { user: team.actor });
  location.reload();
}

function items() {
  return state.world.teams.map((team) => ({
    label: team.name,
    hint: [team.organisation && `in ${team.organisation}`, !team.is_installed && "app not installed"]
      .filter(Boolean)
      .join(", "),
    mark: icon(team.id === state.world.team.id ? "check" : "window"),
    pick: () => {
      if (team.id !== state.world.team.id) enter(team);
    },
  }));
}

/** The heading of the page: a name, or with several workspaces a menu of them. */
export function teamHeading() {
  const heading = h("h1", { class: "brand" });
  const menu = h(
    "button",
    {
      type: "button",
      class: "brand-menu",
      title: "Switch the workspace",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: () => openMenu(menu, "Workspaces", items(), { align: "start" }),
    },
    h("span", { class: "brand-name" }),
    icon("chevron"),
  );
  const draw = () => {
    const { team, teams } = state.world;
    const name = teams.length > 1 ? team.name : "Signoff demo workspace";
    heading.classList.toggle("brand-several", teams.length > 1);
    if (teams.length < 2) return fill(heading, name);
    menu.firstChild.textContent = name;
    if (heading.firstChild !== menu) fill(heading, menu);
    return heading;
  };
  on("world", draw);
  draw();
  return heading;
}
