// Works for one code, instead of waiting; jotgate/signed/work.py says what is to be found. The page and its worker load it.
const SIZE = 65536;

const digest = async bytes => new DataView(await crypto.subtle.digest("SHA-256", bytes));

const solve = async (seed, puzzle, limit) => {
  const text = new Uint8Array(SIZE);
  const view = new DataView(text.buffer);
  view.setUint32(0, puzzle);
  text.set(seed, 8);
  for (let number = 0; ; number += 1) {
    view.setUint32(4, number);
    if ((await digest(text)).getUint32(0) <= limit) return number;
  }
};

const answer = async ({ challenge, puzzles, limit }) => {
  const seed = new Uint8Array((await digest(new TextEncoder().encode(challenge))).buffer);
  const numbers = [];
  for (let puzzle = 0; puzzle < puzzles; puzzle += 1) numbers.push(await solve(seed, puzzle, limit));
  return numbers.join(".");
};

export const work = (form, send) => {
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.addEventListener("message", ({ data }) => {
    worker.terminate();
    const { answer: place, code } = form.elements;
    place.value = data;
    // A code that is still being typed is sent by its owner.
    if (form.isConnected && code.value.length >= code.placeholder.length) send(form, code);
  });
  worker.postMessage(form.dataset.work);
};

if (typeof document === "undefined") {
  self.addEventListener("message", async ({ data }) => self.postMessage(await answer(JSON.parse(data))));
}
