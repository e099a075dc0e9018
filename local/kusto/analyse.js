// Reads {"tables": {name: "column:type, ..."}, "queries": {name: text}} on stdin and binds each query against the tables
// with Microsoft's own parser. Writes {name: ["KS142 at 17: ...", ...]} on stdout; an empty list is a good query.
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

const parser = path.join(__dirname, "node_modules", "@kusto", "language-service-next");
global.window = global; // the parser is built for browsers
require(path.join(parser, "bridge.js"));
vm.runInThisContext(fs.readFileSync(path.join(parser, "Kusto.Language.Bridge.js"), "utf8"));
const { KustoCode, GlobalState, Symbols } = global.Kusto.Language;

const told = JSON.parse(fs.readFileSync(0, "utf8"));
const tables = Object.entries(told.tables).map(([name, columns]) =>
  Symbols.TableSymbol.From(`(${columns})`).WithName(name),
);
const workspace = new Symbols.DatabaseSymbol.ctor("workspace", tables);
const globals = GlobalState.Default.WithDatabase(workspace);

const found = {};
for (const [name, text] of Object.entries(told.queries)) {
  const diagnostics = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  found[name] = [];
  for (let index = 0; index < diagnostics.Count; index++) {
    const { Code, Start, Message } = diagnostics.getItem(index);
    found[name].push(`${Code} at ${Start}: ${Message}`);
  }
}
process.stdout.write(JSON.stringify(found));
