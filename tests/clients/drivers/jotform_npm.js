// npm `jotform`: JotForm's own client for Node, which sends its key in the query.
"use strict";
const { ADDRESS, FOREIGN, FORM, IDS, KEY, PACKAGE, answers, drive } = require("./driving.js");
const { default: Jotform } = require(PACKAGE);

const client = new Jotform(KEY, { baseURL: ADDRESS });
const ids = (answer) => answer.content.map((row) => row.id);

drive({
  account: async () => (await client.user.get()).content.status,
  forms: async () => ids(await client.user.getForms({})),
  form: async () => (await client.form.get(FORM)).content.title,
  questions: async () => Object.keys((await client.form.getQuestions(FORM)).content).sort(),
  submissions: async () => ids(await client.form.getSubmissions(FORM, { limit: 100 })),
  "all submissions": async () => ids(await client.user.getSubmissions({})),
  newer: async () => ids(await client.form.getSubmissions(FORM, { filter: { "id:gt": IDS[0] } })),
  submission: async () => answers((await client.submission.get(IDS[0])).content),
  folders: async () => (await client.user.getFolders()).content.subfolders,
  reports: async () => (await client.user.getReports()).content,
  history: async () => (await client.user.getHistory({})).content.map((event) => event.type),
  foreign: () => client.form.get(FOREIGN),
  write: async () => [(await client.form.addSubmission(FORM, { 4: "7c" })).content].length,
});
