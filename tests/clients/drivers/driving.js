// Run the calls of one client and write down what each found. It runs where only the client is installed.
"use strict";
const fs = require("node:fs");

exports.ADDRESS = process.env.JOTFORM_ADDRESS;
exports.KEY = process.env.JOTFORM_KEY;
exports.FORM = process.env.JOTFORM_FORM;
exports.FOREIGN = process.env.JOTFORM_FOREIGN;
// The ids of the form's submissions, oldest first.
exports.IDS = process.env.JOTFORM_IDS.split(",");
// Where the form is submitted, if that is JotForm's part and not the site's.
exports.SUBMIT = process.env.JOTFORM_SUBMIT;
// The folder of the client's package.
exports.PACKAGE = process.env.JOTFORM_PACKAGE;

exports.drive = async (calls) => {
  const found = {};
  for (const [name, call] of Object.entries(calls)) {
    try {
      found[name] = await call();
    } catch (problem) {
      const status = problem.response ? `${problem.response.status} ` : "";
      found[name] = { problem: `${status}${problem.message}`.slice(0, 300) };
    }
  }
  fs.writeFileSync(process.env.JOTFORM_FOUND, JSON.stringify(found));
};

exports.answers = (row) =>
  Object.fromEntries(
    Object.entries(row.answers).filter(([, one]) => "answer" in one).map(([qid, one]) => [qid, one.answer]));
