/* What the office's pages do better with a script: figures that stay fresh, and no change that is sent twice. */
(() => {
  "use strict";

  const live = document.getElementById("office-live");

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("office-live");
      if (!fresh || live.contains(document.activeElement)) return;
      // Charts are drawn anew, and the old ones stay until they are.
      const stamp = Date.now();
      for (const chart of fresh.querySelectorAll("[data-office-chart]")) chart.src += `?at=${stamp}`;
      await Promise.all([...fresh.querySelectorAll("[data-office-chart]")].map((chart) => chart.decode().catch(() => {})));
      if (fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
    } catch {
      // The next time.
    }
  }

  if (live) setInterval(refresh, 1000 * Number(live.dataset.officeLive));

  for (const field of document.querySelectorAll("[data-office-select]")) {
    field.addEventListener("focus", () => field.select());
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    // A download may be asked for twice.
    if (form.method !== "post" || event.defaultPrevented || form.dataset.again !== undefined) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  // Long work goes on by itself, a request at a time, while its page is open.
  const goesOn = document.querySelector("form[data-office-go-on]");
  if (goesOn) setTimeout(() => goesOn.requestSubmit(), 1000);

  // A page that comes back out of the browser's memory may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
