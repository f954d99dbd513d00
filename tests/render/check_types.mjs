// SPDX-License-Identifier: Apache-2.0
// Type checks the page's sources, and dashboards against Grafana's schema: node check_types.mjs DASHBOARD.json...
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = fileURLToPath(new URL('.', import.meta.url));

/** A TypeScript source that holds one dashboard, a statement for the frame and one for each panel. */
function toSource(text) {
  const { panels = [], ...frame } = JSON.parse(text);
  const rows = panels.flatMap(({ panels: inner = [], ...panel }) => [panel.type === 'row' ? { ...panel, panels: [] } : panel, ...inner]);
  const parts = [
    { name: 'the dashboard', json: { ...frame, panels: [] }, type: 'DashboardJson' },
    ...rows.map((panel) => ({ name: `"${panel.title}"`, json: panel, type: 'PanelJson' })),
  ];
  const statements = parts.map(({ json, type }) => `(${JSON.stringify(json)}) satisfies ${type};`);
  return {
    names: [undefined, ...parts.map(({ name }) => name)],
    text: ["import type { DashboardJson, PanelJson } from './dashboard';", ...statements].join('\n'),
  };
}

const dashboards = new Map(
  process.argv.slice(2).map((file) => [join(here, 'types', `${basename(file)}.ts`), { file, ...toSource(readFileSync(file, 'utf8')) }])
);
const { config } = ts.readConfigFile(join(here, 'tsconfig.json'), ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, here);
const host = ts.createCompilerHost(options);
const { readFile, fileExists } = host;
host.readFile = (path) => dashboards.get(path)?.text ?? readFile(path);
host.fileExists = (path) => dashboards.has(path) || fileExists(path);
host.getSourceFile = (path, target) => {
  const text = host.readFile(path);
  return text === undefined ? undefined : ts.createSourceFile(path, text, target);
};

const program = ts.createProgram([...fileNames, ...dashboards.keys()], options, host);
const diagnostics = ts.getPreEmitDiagnostics(program);
for (const { file, start, messageText } of diagnostics) {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n');
  const dashboard = dashboards.get(file?.fileName);
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
  const place = dashboard ? `${basename(dashboard.file)}: ${dashboard.names[line]}` : `${file?.fileName ?? 'options'}:${line + 1}`;
  const near = dashboard ? ` (at ${file.text.slice(start, start + 60)})` : '';
  console.error(`${place}: ${message}${near}`);
}
console.log(`types: ${dashboards.size} dashboards, ${fileNames.length} sources, ${diagnostics.length} errors`);
process.exit(diagnostics.length === 0 ? 0 : 1);
