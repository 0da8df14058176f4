// Building DOM nodes. Text always becomes text nodes; nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Outline icons on a 20 × 20 grid, as path data. */
const PATHS = {
  hash: "M7.500 3.500 6 16.500M14 3.500 12.500 16.500M3.500 7.500h13M3 12.500h13",
  lock: "M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9",
  home: "M3.500 9.500 10 4l6.500 5.500M5.500 8.500v7.500h9V8.500M8.500 16v-4h3v4",
  bolt: "M11.500 2.500 4.500 11.500h5l-1 6 7-9h-5z",
  dots: "M10 5v.01M10 10v.01M10 15v.01",
  reply: "M3.500 4.500h13v9h-7l-3.500 3v-3h-2.500zM7 8h6M7 10.500h4",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4.500 6.500 10l5.500 5.500M7 10h10",
  send: "M3.500 4 17 10 3.500 16 5.500 10zM5.500 10H11",
  sun: "M10 6.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100",
  moon: "M15.800 12.300A6.500 6.500 0 0 1 7.700 4.200a6.500 6.500 0 1 0 8.100 8.100z",
  auto: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  log: "M3 4.500h14v11H3zM6 8l2.500 2L6 12M10.500 12.500h3.500",
  check: "M4.500 10.500l3.500 3.500 7.500-8",
  chevron: "M5.500 8 10 12.500 14.500 8",
  window: "M8 4.500H4v11.500h11.500V12M11 4h5v5M16 4l-7 7",
  warn: "M10 3.500 17.500 16.500h-15zM10 8.500v3.500M10 14.300v.01",
  eye: "M2.500 10S5 5 10 5s7.500 5 7.500 5-2.500 5-7.500 5-7.500-5-7.500-5zM10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  menu: "M3.500 5.500h13M3.500 10h13M3.500 14.500h13",
  file: "M5 3h6l4 4v10H5zM11 3v4h4M7.500 10.500h5M7.500 13.500h5",
  image: "M3.500 4.500h13v11h-13zM3.500 13l4-4 3.500 3.500 2.500-2 3 3M13 7.500v.01",
  down: "M10 4v12M5 11l5 5 5-5",
  download: "M10 3.500v9M6 9l4 4 4-4M4 16.500h12",
  bell: "M5.500 13.500V9a4.500 4.500 0 0 1 9 0v4.500M4 13.500h12M8.500 16.500h3",
};

/**
 * Create an element. `on…` functions become listeners, `dataset` data
 * attributes, `value`/`checked` properties, everything else an attribute.
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") el.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(el.dataset, value);
    else if (key !== "value" && key !== "checked") el.setAttribute(key, value === true ? "" : value);
  }
  append(el, children);
  // After the children: a select can only take a value that it offers.
  if (props?.value !== undefined && props.value !== null) el.value = props.value;
  if (props?.checked) el.checked = true;
  return el;
}

/** Append nodes and strings, skipping what is null, undefined or false. */
export function append(el, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) el.append(child);
  }
  return el;
}

/** Replace everything inside an element. */
export function fill(el, ...children) {
  el.replaceChildren();
  return append(el, children);
}

/** A decorative icon; the control around it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A square button that shows only an icon and is named by `label`. */
export function iconButton(name, label, onclick, props = {}) {
  const classes = `icon-button ${props.class ?? ""}`.trim();
  return h(
    "button",
    { type: "button", title: label, "aria-label": label, onclick, ...props, class: classes },
    icon(name),
  );
}

let counter = 0;
/** An id that is unique in this document. */
export function uid(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
