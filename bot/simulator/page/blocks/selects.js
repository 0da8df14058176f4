// Selects: static, external, users, conversations and channels; one or several.

import { append, fill, h, icon, iconButton } from "../dom.js";
import { plainText } from "../mrkdwn.js";
import { avatar, channelLabel, channelMark, userName } from "../people.js";
import { openListbox } from "../popup.js";
import { state } from "../state.js";
import { confirmed } from "./confirm.js";

const SEARCH_FROM = 8;

/** An entry of the list from an option object of Block Kit. */
const fromOption = (option) => ({
  key: option.value,
  label: plainText(option.text),
  hint: plainText(option.description),
  raw: option,
});
const fromUser = (user) => ({
  key: user.id,
  label: user.real_name || user.name,
  hint: `@${user.name}`,
  mark: avatar(user.id, "s"),
  raw: user.id,
});
const fromChannel = (channel) => ({
  key: channel.id,
  label: channelLabel(channel),
  mark: channelMark(channel),
  raw: channel.id,
});

function matching(groups, query) {
  const words = query.toLowerCase();
  return groups.map((group) => ({
    ...group,
    options: group.options.filter((option) =>
      `${option.label} ${option.hint ?? ""}`.toLowerCase().includes(words),
    ),
  }));
}

function fromAnswer({ options, option_groups: groups }) {
  if (groups)
    return groups.map((group) => ({ label: plainText(group.label), options: group.options.map(fromOption) }));
  return [{ options: (options ?? []).map(fromOption) }];
}

function conversations(element) {
  const include = element.filter?.include;
  const kinds = { im: "dm", private: "private", public: "channel" };
  const wanted = include && new Set(include.map((name) => kinds[name]));
  return state.world.channels.filter((channel) => !wanted || wanted.has(channel.kind));
}

const labelOfChannel = (id) => channelLabel(state.world.channels.find((channel) => channel.id === id)) || id;

/** Per source: the fields of the state, where options come from, how a chosen value reads. */
const SOURCES = {
  static: {
    one: "selected_option",
    many: "selected_options",
    initial: ["initial_option", "initial_options"],
    load: (element) => fromAnswer(element),
    key: (value) => value.value,
    label: (value) => plainText(value.text),
  },
  external: {
    one: "selected_option",
    many: "selected_options",
    initial: ["initial_option", "initial_options"],
    key: (value) => value.value,
    label: (value) => plainText(value.text),
  },
  users: {
    one: "selected_user",
    many: "selected_users",
    initial: ["initial_user", "initial_users"],
    load: () => [{ options: state.world.users.filter((user) => !user.deleted).map(fromUser) }],
    key: (value) => value,
    label: userName,
  },
  conversations: {
    one: "selected_conversation",
    many: "selected_conversations",
    initial: ["initial_conversation", "initial_conversations"],
    load: (element) => [{ options: conversations(element).map(fromChannel) }],
    key: (value) => value,
    label: labelOfChannel,
  },
  channels: {
    one: "selected_channel",
    many: "selected_channels",
    initial: ["initial_channel", "initial_channels"],
    load: () => [{ options: state.world.channels.filter(({ kind }) => kind === "channel").map(fromChannel) }],
    key: (value) => value,
    label: labelOfChannel,
  },
};

/** What the control shows inside. */
function drawControl({ control, chips }, { source, element, multi, chosen, drop }) {
  const placeholder = plainText(element.placeholder) || (multi ? "Select options" : "Select an option");
  const single = !multi && chosen.length ? source.label(chosen[0]) : placeholder;
  fill(
    control,
    h("span", { class: !multi && chosen.length ? "combo-value" : "combo-placeholder" }, single),
    icon("chevron"),
  );
  fill(
    chips,
    multi &&
      chosen.map((value) =>
        h(
          "span",
          { class: "chip" },
          source.label(value),
          iconButton("close", `Remove ${source.label(value)}`, () => drop(value)),
        ),
      ),
  );
}

/** The initially chosen values as a list. */
function initialOf(element, source, multi) {
  const value = element[source.initial[multi ? 1 : 0]];
  if (multi) return value ?? [];
  return value ? [value] : [];
}

/** Any select element. `label` names it for assistive technology. */
export function select(element, surface, block, label) {
  const multi = element.type.startsWith("multi_");
  const source = SOURCES[element.type.replace(/^multi_/, "").replace(/_select$/, "")];
  const field = multi ? source.many : source.one;
  const wrap = (list) => ({ [field]: multi ? list : (list[0] ?? null) });
  const held = surface.form.init(block, element, wrap(initialOf(element, source, multi)))[field];
  let chosen = multi ? (held ?? []) : held ? [held] : [];
  const name = label || plainText(element.placeholder) || "Select";
  const control = h("button", {
    type: "button",
    role: "combobox",
    class: "combo",
    "aria-haspopup": "listbox",
    "aria-expanded": "false",
    "aria-label": name,
    dataset: { key: `${block.block_id}/${element.action_id}` },
  });
  const chips = h("span", { class: "chips" });

  const draw = () =>
    drawControl(
      { control, chips },
      { source, element, multi, chosen, drop: (value) => update(chosen.filter((other) => other !== value)) },
    );
  async function update(list) {
    const before = chosen;
    chosen = list;
    draw();
    if (!(await confirmed(element.confirm))) {
      chosen = before;
      draw();
      return;
    }
    await surface.change(block, element, wrap(list));
  }
  const has = (option) => chosen.some((value) => source.key(value) === option.key);
  const pick = (option) => {
    if (!multi) return update([option.raw]);
    if (has(option)) return update(chosen.filter((value) => source.key(value) !== option.key));
    if (chosen.length < (element.max_selected_items ?? Infinity)) return update([...chosen, option.raw]);
    return undefined;
  };
  control.addEventListener("click", () => {
    const fixed = source.load?.(element);
    const least = element.min_query_length ?? 3;
    const load = fixed
      ? (query) => matching(fixed, query)
      : async (query) =>
          query.length < least ? [] : fromAnswer(await surface.suggest(block, element, query));
    const count = fixed?.reduce((sum, group) => sum + group.options.length, 0) ?? Infinity;
    openListbox(control, { label: name, multi, searchable: count >= SEARCH_FROM, load, isChosen: has, pick });
  });
  draw();
  return append(h("div", { class: "select" }), chips, control);
}
