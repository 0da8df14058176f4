// What the page knows, and who wants to hear that it changed.

/** The page's whole state; modules read it and change it through `loader.js` and `router.js`. */
export const state = {
  world: null,
  me: "",
  /** "home" or a channel id. */
  place: "",
  threadTs: "",
  messages: [],
  thread: [],
  modals: [],
  home: null,
  homeLoaded: false,
  online: true,
  log: [],
  logOpen: false,
};

const listeners = new Map();

/** Call `fn` whenever `topic` changes, until what is returned is called: world, place, messages, … */
export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(fn);
  return () => listeners.set(
    topic,
    listeners.get(topic).filter((other) => other !== fn),
  );
}

/** Tell everybody who listens to `topic`. */
export function emit(topic) {
  for (const fn of listeners.get(topic) ?? []) fn();
}

/** Read a remembered choice of this browser, or the fallback. */
export function remembered(key, fallback) {
  try {
    return localStorage.getItem(`signoff.${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remember a choice in this browser, if it lets us. */
export function remember(key, value) {
  try {
    localStorage.setItem(`signoff.${key}`, value);
  } catch {
    // Private windows may refuse storage; the choice then lasts for this page.
  }
}
