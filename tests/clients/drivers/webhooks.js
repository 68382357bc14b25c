// What a workflow tool does with webhooks: have an address of its own, register it, and get the next submission.
"use strict";
const http = require("node:http");
const { FORM, SUBMIT } = require("./driving.js");

// Give an address to *use* while it listens, and a promise of the fields of the first delivery to it.
exports.receiving = (use) =>
  new Promise((resolve, reject) => {
    let deliver;
    const delivery = new Promise((resolve) => { deliver = resolve; });
    const server = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end("ok");
      const body = new Response(Buffer.concat(chunks), { headers: request.headers });
      deliver(Object.fromEntries((await body.formData()).entries()));
    });
    server.listen(0, "127.0.0.1", () => {
      use(`http://127.0.0.1:${server.address().port}/hook`, delivery).then(resolve, reject).finally(() => server.close());
    });
  });

// Fill in the form as a visitor does.
exports.submit = async (text) => {
  const fields = new FormData();
  fields.append("q4_class", text);
  await fetch(SUBMIT, { method: "POST", body: fields });
};
