// npm `n8n-nodes-base`: the choice of a form, and the trigger that registers a webhook and names its answers.
"use strict";
const path = require("node:path");
const { ADDRESS, FORM, KEY, PACKAGE, drive } = require("./driving.js");
const { receiving, submit } = require("./webhooks.js");
const { JotFormTrigger } = require(path.join(PACKAGE, "dist/nodes/JotForm/JotFormTrigger.node.js"));

const node = new JotFormTrigger();

// n8n's part of `helpers.request`: the options that this node gives it.
async function request(options) {
  const address = new URL(options.uri);
  Object.entries(options.qs || {}).forEach(([name, value]) => address.searchParams.set(name, value));
  const answer = await fetch(address, {
    method: options.method,
    headers: options.headers,
    body: options.form && new URLSearchParams(options.form),
  });
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(`${answer.status} - ${text}`), { statusCode: answer.status });
  return JSON.parse(text);
}

// What n8n hands to a node.
const hostOf = (address, kept, body) => ({
  getCredentials: async () => ({ apiKey: KEY, apiDomain: ADDRESS.slice("http://".length) }),
  getNode: () => ({ name: "Jotform Trigger", type: "jotFormTrigger", typeVersion: 1, parameters: {} }),
  getNodeParameter: (name) => ({ form: FORM, resolveData: true, onlyAnswers: true })[name],
  getNodeWebhookUrl: () => address,
  getWorkflowStaticData: () => kept,
  getRequestObject: () => ({ body }),
  helpers: { request, returnJsonArray: (json) => [{ json }] },
});

const delivered = () =>
  receiving(async (address, delivery) => {
    const hooks = node.webhookMethods.default, host = hostOf(address, {});
    if (await hooks.checkExists.call(host)) throw new Error("the webhook is there before it was made");
    await hooks.create.call(host);
    if (!(await hooks.checkExists.call(host))) throw new Error("the webhook is not there");
    await submit("7d");
    const { workflowData } = await node.webhook.call({ ...host, ...hostOf(address, {}, { data: await delivery }) });
    if (!(await hooks.delete.call(host))) throw new Error("the webhook stayed");
    return workflowData[0][0].json.Class;
  });

const named = async () => {
  const body = { data: { rawRequest: JSON.stringify({ q4_class: "7e", slug: "submit" }) } };
  return (await node.webhook.call(hostOf("", {}, body))).workflowData[0][0].json;
};

drive({
  forms: async () => (await node.methods.loadOptions.getForms.call(hostOf("", {}))).map((one) => one.value),
  names: named,
  webhook: delivered,
});
