"use strict";
(() => {
  const button = document.querySelector("[data-copy]");
  button?.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch (refused) {
      button.textContent = "Press Ctrl+C";
    }
  });

  // What a real app hears by its web view's message handler.
  const told = document.querySelector("[data-told]");
  addEventListener("message", event => {
    if (!told || event.origin !== location.origin || typeof event.data !== "string") return;
    const { state, ref } = JSON.parse(event.data);
    told.hidden = false;
    told.classList.toggle("good", state === "verified");
    told.textContent = `The app was told: ${state}, reference ${ref}`;
  });
})();
