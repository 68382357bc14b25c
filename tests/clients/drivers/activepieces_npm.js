// npm `@activepieces/piece-jotform`: the choice of a form, and the trigger that registers a webhook.
"use strict";
const { FORM, KEY, PACKAGE, drive } = require("./driving.js");
const { receiving, submit } = require("./webhooks.js");
const { jotform } = require(PACKAGE);

// Its HTTP client writes every refusal to the terminal as well.
console.error = () => {};
const auth = { apiKey: KEY, region: "us" };
const trigger = jotform._triggers ? Object.values(jotform._triggers)[0] : Object.values(jotform.triggers())[0];

// What Activepieces hands to a trigger.
const contextOf = (webhookUrl, kept) => ({
  auth,
  webhookUrl,
  propsValue: { formId: FORM },
  store: { put: async (key, value) => kept.set(key, value), get: async (key) => kept.get(key) },
});

const delivered = () =>
  receiving(async (address, delivery) => {
    const context = contextOf(address, new Map());
    await trigger.onEnable(context);
    await submit("7d");
    const [fields] = await trigger.run({ ...context, payload: { body: await delivery } });
    await trigger.onDisable(context);
    return JSON.parse(fields.rawRequest).q4_class;
  });

drive({
  forms: async () => (await trigger.props.formId.options({ auth })).options.map((option) => option.value),
  webhook: delivered,
});
