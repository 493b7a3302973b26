// Runs before textual.js, which reads from the page where its program is.
"use strict";

// The terminal makes links of what looks like one. Captures write what stands in it: no click may follow it.
const openWindow = window.open.bind(window);
window.open = (url, target) =>
  url && new URL(url, location).href.startsWith(`${location.origin}/download/`) ? openWindow(url, target) : null;

document.addEventListener("DOMContentLoaded", () => {
  const place = `${location.protocol.replace("http", "ws")}//${location.host}/ws`;
  document.getElementById("terminal").dataset.sessionWebsocketUrl = place;
  document.getElementById("again").addEventListener("click", () => location.reload());

  // The first byte comes through an open socket, which hears of the focus.
  new MutationObserver((_, observer) => {
    if (document.body.classList.contains("-first-byte")) {
      observer.disconnect();
      document.querySelector(".xterm-helper-textarea").focus();
    }
  }).observe(document.body, { attributeFilter: ["class"] });
});
