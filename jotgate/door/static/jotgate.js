"use strict";
(() => {
  // A page loads this for itself and for each frame: the first one does it all.
  if (window.jotgateStart) return window.jotgateStart();
  const SETTLING = ["open", "sent", "pending"];
  const ANSWER = { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } };
  const part = (root, name) => root.querySelector(`[data-jotgate="${name}"]`);
  const pause = ms => new Promise(done => setTimeout(done, ms));

  // A form may tell its height, once, before this page is whole.
  const early = [];
  const keep = event => early.push(event);
  addEventListener("message", keep);

  const groupCode = input => {
    const symbols = text => text.replace(/[\s\-._\u2010-\u2015]/g, "").replace(/[a-z]+/g, s => s.toUpperCase());
    const group = text => symbols(text).replace(/(.{4})(?=.)/g, "$1-");
    const before = group(input.value.slice(0, input.selectionStart));
    const whole = group(input.value);
    if (whole === input.value) return;
    input.value = whole;
    // After a fifth symbol the caret follows it; after deleting a hyphen it stays before the hyphen.
    input.setSelectionRange(before.length, before.length);
  };

  const codeFromAddress = () => {
    const given = /^#code=(.+)/.exec(location.hash);
    if (!given) return "";
    history.replaceState(history.state, "", location.pathname + location.search);
    try {
      return decodeURIComponent(given[1]).slice(0, 64);
    } catch (malformed) {
      return "";
    }
  };

  const countDown = async (form, input) => {
    const count = part(form, "count");
    part(form, "wait").hidden = false;
    const due = Date.now() + 1000 * form.dataset.retryAfter;
    for (let left; (left = Math.ceil((due - Date.now()) / 1000)) > 0 && form.isConnected;) {
      count.textContent = left;
      await pause(250);
    }
    if (!form.isConnected) return;
    part(form, "wait").hidden = true;
    if (input.value) send(form, input);
    else input.focus();
  };

  // Only the form is taken out of the page that answers: what was typed is kept, and the page that embeds the
  // door. Whatever is odd is left to the browser.
  const send = async (form, input) => {
    if (form.dataset.sending) return;
    // A fetch could not follow to JotForm's own address.
    if ("leadsAway" in form.dataset) return form.submit();
    form.dataset.sending = "yes";
    form.querySelector("button").setAttribute("aria-disabled", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { ...ANSWER, method: "POST", body, headers: { Accept: "text/html" } });
      if (answer.redirected) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const root = form.closest("[data-jotgate-root]");
      const fresh = part(page, "code");
      if (!fresh) {
        root.replaceChildren(...page.querySelector("[data-jotgate-root]").childNodes);
        const heading = root.querySelector("h1");
        heading.tabIndex = -1;
        return heading.focus();
      }
      form.replaceWith(fresh);
      if (root.matches("main")) document.title = page.title;
      const again = startCode(fresh, input.value);
      again.focus();
      if (answer.status === 403) again.select();
    } catch (failed) {
      delete form.dataset.sending;
      form.querySelector("button").removeAttribute("aria-disabled");
      if (navigator.onLine) return form.submit();
      part(form, "offline").hidden = false;
    }
  };

  const startCode = (form, typed) => {
    const input = form.elements.code;
    if (typed) input.value = typed;
    if (input.value) groupCode(input);
    input.addEventListener("input", event => event.isComposing || groupCode(input));
    form.addEventListener("submit", event => {
      event.preventDefault();
      send(form, input);
    });
    if (form.dataset.retryAfter) countDown(form, input);
    return input;
  };

  const sayWhen = (panel, iso) => {
    const line = part(panel, "expected");
    const when = new Date(iso || NaN);
    if (!line || isNaN(when)) return;
    const today = when.toDateString() === new Date().toDateString();
    const day = today ? {} : { weekday: "short", day: "numeric", month: "short" };
    // A day in the page's language, a time of day as the visitor's own clock shows it.
    const text = when.toLocaleString(today ? [] : line.closest("[lang]").lang, { ...day, hour: "2-digit", minute: "2-digit" });
    line.hidden = false;
    if (line.lastElementChild.textContent !== text) line.lastElementChild.textContent = text;
  };

  // A person follows the link; a web view hears it by what Android, iOS and React Native give a page.
  const tellApp = (root, state) => {
    const line = part(root, "outcome");
    if (!line || !state || line.dataset.told === state) return;
    line.dataset.told = state;
    const { form, ref, origin } = line.dataset;
    const link = line.querySelector("a");
    if (link) {
      const address = new URL(link.href);
      address.searchParams.set("state", state);
      link.href = address.href;
      line.hidden = false;
    }
    const message = JSON.stringify({ state, ref, form });
    for (const view of [window.webkit?.messageHandlers?.jotgate, window.jotgate, window.ReactNativeWebView]) {
      try {
        view?.postMessage?.(message);
      } catch (gone) {}
    }
    for (const page of origin ? [opener, parent] : []) if (page && page !== window) page.postMessage(message, origin);
  };

  const show = (root, area, state, expectedBy) => {
    const words = root.querySelector(`template[data-jotgate-state="${CSS.escape(state)}"]`);
    if (words && (area.dataset.state !== state || !area.firstElementChild)) {
      area.dataset.state = state;
      area.replaceChildren(words.content.cloneNode(true));
    }
    sayWhen(area, expectedBy);
    tellApp(root, state);
  };

  const watch = (root, area) => {
    let wait = 1000;
    let timer = setTimeout(ask, wait);
    async function ask() {
      timer = 0;
      if (document.hidden || !area.isConnected) return;
      timer = -1;
      try {
        const answer = await fetch(area.dataset.stateUrl, ANSWER);
        if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return;
        const { state, expected_by: expectedBy } = await answer.json();
        if (answer.ok && state !== "open") show(root, area, state, expectedBy);
        if (answer.ok && !SETTLING.includes(state)) return;
      } catch (unreachable) {}
      wait = Math.min(wait * 2, 15000);
      timer = setTimeout(ask, wait * (0.9 + Math.random() / 10));
    }
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !timer) ask();
    });
  };

  const reportSent = async url => {
    for (const wait of [1000, 2000, 4000, 8000, 0]) {
      try {
        const answer = await fetch(url, { ...ANSWER, method: "POST", keepalive: true });
        if (answer.status < 500 && answer.status !== 429) return;
      } catch (unreachable) {}
      await pause(wait);
    }
  };

  // JotForm led here by itself: nobody else can say that the form was sent.
  const arrive = async ({ sentUrl, doorUrl }) => {
    try {
      const answer = await fetch(sentUrl, { ...ANSWER, method: "POST" });
      if ((await answer.json()).state) location.replace(doorUrl);
    } catch (unreachable) {}
  };

  const startFrame = (root, frame, area) => {
    const origins = JSON.parse(frame.dataset.messageOrigins);
    const formId = frame.dataset.formId;
    let sent = false;

    const markSent = async () => {
      if (sent) return;
      sent = true;
      if (!area) return;
      show(root, area, "sent");
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      area.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
      await reportSent(frame.dataset.sentUrl);
      watch(root, area);
    };
    const orders = {
      setHeight: value => {
        const height = /^\d{1,6}(\.\d+)?$/.test(value) && Math.min(Math.max(parseFloat(value), 200), 20000);
        if (height) frame.style.height = `${height}px`;
      },
      scrollIntoView: () => frame.scrollIntoView(),
      collapseErrorPage: () => {
        if (frame.clientHeight > innerHeight) frame.style.height = `${innerHeight}px`;
      },
      reloadPage: () => {
        if (!sent) frame.src = frame.getAttribute("src");
      },
    };

    const hear = event => {
      const { data } = event;
      if (!event.source || event.source !== frame.contentWindow || !data) return;
      if (event.origin === location.origin && data.jotgate === "done") {
        orders.setHeight(data.height);
        return markSent();
      }
      if (!origins.includes(event.origin)) return;
      if (data.action === "submission-completed" && String(data.formID) === formId) return markSent();
      const [, name, value, id] = /^(\w+):(.*):(\d+)$/.exec(data) || [];
      if (id === formId && Object.keys(orders).includes(name)) orders[name](value);
    };
    addEventListener("message", hear);
    early.forEach(hear);
  };

  let given = codeFromAddress();
  const start = root => {
    if (root.dataset.jotgateRoot) return;
    root.dataset.jotgateRoot = "started";
    const [form, frame, area] = ["code", "frame", "state"].map(name => part(root, name));
    if (form) {
      startCode(form, given);
      if (given) form.parentNode.open = true;
      given = "";
    }
    if (frame) startFrame(root, frame, area);
    else if (area && SETTLING.includes(area.dataset.state)) watch(root, area);
    tellApp(root, part(root, "outcome")?.dataset.state);
    const done = part(root, "done");
    if (!done) return;
    if (parent !== window) {
      parent.postMessage({ jotgate: "done", height: `${root.offsetTop + root.offsetHeight}` }, location.origin);
    }
    if (done.dataset.sentUrl) arrive(done.dataset);
  };

  const startAll = (window.jotgateStart = () => {
    if (document.readyState === "loading") return;
    document.querySelectorAll("[data-jotgate-root]").forEach(start);
    removeEventListener("message", keep);
  });
  document.addEventListener("DOMContentLoaded", startAll);
  startAll();
})();
