"use strict";
(() => {
  // A page may load this several times: the first does it all.
  if (window.jotgateStart) return window.jotgateStart();
  const SETTLING = ["open", "sent", "pending"];
  // How long the pages that follow a sending take to come, and how long a form may say nothing.
  const ONCE_MS = 5000;
  const THANKS_MS = 15000;
  const SILENT_MS = 10000;
  const ANSWER = { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } };
  const part = (root, name) => root.querySelector(`[data-jotgate="${name}"]`);
  const pause = ms => new Promise(done => setTimeout(done, ms));

  // A form may tell its height before this page is whole.
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
    // After a fifth symbol the caret follows it; where a hyphen was deleted it stays.
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

  const focusOn = heading => {
    heading.tabIndex = -1;
    heading.focus();
  };

  // Only the form is taken out of the answer, so what was typed stays. Whatever is odd is left to the browser.
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
      if (root.matches("main")) document.title = page.title;
      if (!fresh) {
        root.replaceChildren(...page.querySelector("[data-jotgate-root]").childNodes);
        return focusOn(root.querySelector("h1"));
      }
      form.replaceWith(fresh);
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
    if (form.dataset.work) import(form.dataset.worker).then(({ work }) => work(form, send));
    return input;
  };

  const sayWhen = (panel, iso) => {
    const line = part(panel, "expected");
    const when = new Date(iso || NaN);
    if (!line || isNaN(when)) return;
    const today = when.toDateString() === new Date().toDateString();
    const day = today ? {} : { weekday: "short", day: "numeric", month: "short" };
    // A day in the page's language with the digits of the page, a time of day as the visitor's own clock shows it.
    const text = when.toLocaleString(today ? [] : `${line.closest("[lang]").lang}-u-nu-latn`, { ...day, hour: "2-digit", minute: "2-digit" });
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

  const put = (root, place, name) => {
    const words = root.querySelector(`template[data-jotgate-state="${CSS.escape(name)}"]`);
    if (words && (place.dataset.state !== name || !place.firstElementChild)) {
      place.dataset.state = name;
      place.replaceChildren(words.content.cloneNode(true));
      // A tab is known by what became of its form.
      const title = place.querySelector("h1");
      if (title) document.title = [title.textContent, ...document.title.split(" · ").slice(1)].join(" · ");
    }
  };

  const show = (root, area, state, expectedBy) => {
    put(root, area, state);
    sayWhen(area, expectedBy);
    tellApp(root, state);
  };

  // What the site says of this page's own ticket; nothing while it is silent.
  const ask = async (url, method) => {
    try {
      const answer = await fetch(url, { ...ANSWER, method, keepalive: method === "POST" });
      if (answer.ok) return await answer.json();
      if (answer.status < 500 && answer.status !== 429) return { state: "unknown" };
    } catch (unreachable) {}
    return null;
  };

  const watch = (root, area) => {
    if (!SETTLING.includes(area.dataset.state)) return;
    let wait = 1000;
    let timer = setTimeout(look, wait);
    async function look() {
      timer = 0;
      if (document.hidden || !area.isConnected) return;
      timer = -1;
      const told = await ask(area.dataset.stateUrl, "GET");
      if (told && told.state !== "open") show(root, area, told.state, told.expected_by);
      if (told && !SETTLING.includes(told.state)) return;
      wait = Math.min(wait * 2, 15000);
      timer = setTimeout(look, wait * (0.9 + Math.random() / 10));
    }
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !timer) look();
    });
  };

  const reportSent = async url => {
    for (const wait of [1000, 2000, 4000, 8000, 0]) {
      const told = await ask(url, "POST");
      if (told) return told;
      await pause(wait);
    }
    return null;
  };

  // Measured by a clock that nobody sets, and by the site's whenever the page is looked at again.
  const startLimit = (root, limit, isOver) => {
    const warnMs = 1000 * limit.dataset.warn;
    const button = limit.querySelector("button");
    let due, timer;
    const tell = (said = "") => {
      clearTimeout(timer);
      if (isOver() || !limit.isConnected) return void (limit.hidden = true);
      const left = due - performance.now();
      const words = left <= 0 ? "over" : left <= warnMs ? "soon" : said;
      limit.hidden = !words;
      for (const line of limit.querySelectorAll("[data-jotgate-limit]")) {
        line.hidden = line.dataset.jotgateLimit !== words;
      }
      const count = part(limit, "minutes");
      const minutes = `${Math.max(1, Math.ceil(left / 60000))}`;
      // The same number is read aloud once.
      if (words === "soon" && count.textContent !== minutes) count.textContent = minutes;
      button.hidden = words === "longer";
      if (left > 0) timer = setTimeout(tell, Math.min(left > warnMs ? left - warnMs : 15000, 2 ** 31 - 1));
    };
    const set = (seconds, said) => {
      due = performance.now() + 1000 * seconds;
      tell(said);
    };
    button.addEventListener("click", async event => {
      event.preventDefault();
      const told = await ask(button.form.action, "POST");
      const isLonger = told?.state === "open" && 1000 * told.expires_in > due - performance.now() + 30000;
      part(limit, "refused").hidden = isLonger;
      if (!isLonger) return;
      set(told.expires_in, "longer");
      part(root, "frame").focus();
    });
    set(limit.dataset.seconds);
    return set;
  };

  // JotForm led here by itself: nobody else can say that the form was sent.
  const arrive = async ({ sentUrl, doorUrl }) => {
    const told = await ask(sentUrl, "POST");
    if (told && told.state !== "unknown") location.replace(doorUrl);
  };

  // The token leaves address and history; nobody looks, nobody spends it.
  const enter = form => {
    history.replaceState(null, "", location.pathname);
    const go = () =>
      document.hidden ? document.addEventListener("visibilitychange", go, { once: true }) : form.submit();
    go();
  };

  const startFrame = (root, frame, area) => {
    const origins = JSON.parse(frame.dataset.messageOrigins);
    const formId = frame.dataset.formId;
    const silent = part(root, "silent");
    let heard = false;
    let sentAt = 0;
    let loads = 0;
    let reported;
    const sheet = frame.closest(".jotgate-sheet") || frame;

    // Who was in the form goes on where the page tells of it.
    const takeAway = place => {
      if (document.activeElement === frame) focusOn(place);
      sheet.remove();
    };
    // What was sent leaves no form behind that looks as if it could be sent once more.
    const withdraw = name => {
      const place = document.createElement("div");
      sheet.before(place);
      put(root, place, name);
      takeAway(place.querySelector(".jotgate-strong") || place);
    };
    const markSent = isJotForm => {
      // Two pages may say it of one sending, before or after they load.
      const again = loads > (performance.now() - sentAt < ONCE_MS);
      if (sentAt) return isJotForm && again && frame.isConnected && withdraw("again");
      sentAt = performance.now();
      loads = 0;
      if (!area) return;
      limit?.(Infinity);
      show(root, area, "sent");
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      area.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
      reported = report();
    };
    const report = async () => {
      const told = await reportSent(frame.dataset.sentUrl);
      if (told && told.state !== "open") show(root, area, told.state, told.expected_by);
      watch(root, area);
      return told;
    };
    const limit = part(root, "limit") && startLimit(root, part(root, "limit"), () => sentAt || !frame.isConnected);

    // Another tab of this browser, or another device, may have sent it, or ended it.
    const look = async () => {
      if (!area || sentAt || document.hidden || !frame.isConnected) return;
      const told = await ask(area.dataset.stateUrl, "GET");
      // A refusal says nothing of the form.
      if (!told || sentAt || told.state === "unknown") return;
      if (told.state === "open") return limit?.(told.expires_in);
      show(root, area, told.state, told.expected_by);
      if (["revoked", "expired"].includes(told.state)) return takeAway(area);
      withdraw("withdrawn");
      watch(root, area);
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("pageshow", event => event.persisted && look());

    frame.addEventListener("load", () => {
      loads += 1;
      if (area && sentAt && performance.now() - sentAt > THANKS_MS) withdraw("withdrawn");
    });
    // A filter's or an outage's page loads as well. Only the form speaks.
    const saySilent = () => {
      if (silent) silent.hidden = heard || !frame.isConnected;
    };
    setTimeout(saySilent, SILENT_MS);

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
        if (!sentAt) frame.src = frame.getAttribute("src");
      },
    };

    const hear = event => {
      const { data } = event;
      if (!event.source || event.source !== frame.contentWindow || !data) return;
      if (event.origin === location.origin && data.jotgate === "done") {
        orders.setHeight(data.height);
        markSent(false);
        // The page says more than its thanks do.
        return reported?.then(told => told && takeAway(area));
      }
      if (!origins.includes(event.origin)) return;
      if (!heard) {
        heard = true;
        saySilent();
      }
      if (data.action === "submission-completed" && String(data.formID) === formId) return markSent(true);
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
    const [form, frame, area, entrance] = ["code", "frame", "state", "enter"].map(name => part(root, name));
    if (entrance) enter(entrance);
    if (form) {
      startCode(form, given);
      if (given) form.parentNode.open = true;
      given = "";
    }
    if (frame) startFrame(root, frame, area);
    else if (area) watch(root, area);
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
