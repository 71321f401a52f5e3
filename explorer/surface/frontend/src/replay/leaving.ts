/** Which press of a key brings the map back from a film? Esc, or the key that asked for the film; once, however long it is held. */

export function asksToLeave(event: KeyboardEvent): boolean {
  const { key, ctrlKey, metaKey, altKey, repeat } = event;
  const isAsked = key === "Escape" || (key === "f" && !ctrlKey && !metaKey && !altKey);
  return isAsked && !repeat && !isElsewhere(event);
}

/** Whether a key is meant for a list, a dialog or a field of the page. */
function isElsewhere(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (one) =>
        one instanceof Element &&
        one.matches(
          "[role=dialog], [role=listbox], [role=combobox], [contenteditable=true], textarea, input:not([type=range])",
        ),
    );
}
