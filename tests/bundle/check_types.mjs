// SPDX-License-Identifier: Apache-2.0
// Kubernetes objects against the types and the schemas of their kinds: node check_types.mjs < OBJECTS
// Reads [{name, object}...], prints one line "name: what is wrong" for each fault, and then how many were checked. The types know
// which fields there are, the schemas which values they may have.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = fileURLToPath(new URL('.', import.meta.url));
const KINDS = {
  'v1 ConfigMap': 'kubernetes-models/v1/ConfigMap',
  'v1 Service': 'kubernetes-models/v1/Service',
  'v1 ServiceAccount': 'kubernetes-models/v1/ServiceAccount',
  'apps/v1 DaemonSet': 'kubernetes-models/apps/v1/DaemonSet',
  'apps/v1 Deployment': 'kubernetes-models/apps/v1/Deployment',
  'monitoring.coreos.com/v1 PrometheusRule': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule',
  'monitoring.coreos.com/v1 ServiceMonitor': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor',
};

const all = JSON.parse(readFileSync(0, 'utf8')).map((entry) => ({ ...entry, kind: `${entry.object.apiVersion} ${entry.object.kind}` }));
const known = all.filter(({ kind }) => kind in KINDS);
const faults = all.filter(({ kind }) => !(kind in KINDS)).map(({ name, kind }) => `${name}: no types for ${kind}`);

// A statement a line, so that the line tells the object.
const className = (kind) => kind.split(' ')[1];
const imports = Object.entries(KINDS).map(([kind, path]) => `import type { I${className(kind)} } from '${path}';`);
const statements = known.map(({ kind, object }) => `(${JSON.stringify(object)}) satisfies I${className(kind)};`);
const source = join(here, 'objects.ts');
const text = [...imports, ...statements].join('\n');
const options = { strict: true, noEmit: true, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022, skipLibCheck: true, types: [] };
const host = ts.createCompilerHost(options);
const { readFile, fileExists, getSourceFile } = host;
host.readFile = (path) => (path === source ? text : readFile(path));
host.fileExists = (path) => path === source || fileExists(path);
host.getSourceFile = (path, target) => (path === source ? ts.createSourceFile(path, text, target) : getSourceFile(path, target));
for (const { file, start, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([source], options, host))) {
  const line = file?.fileName === source ? file.getLineAndCharacterOfPosition(start).line - imports.length : -1;
  const message = ts.flattenDiagnosticMessageText(messageText, ' ').slice(0, 300);
  faults.push(`${known[line]?.name ?? file?.fileName}: ${message}`);
}

for (const { name, kind, object } of known) {
  const { [className(kind)]: Model } = await import(KINDS[kind]);
  try {
    new Model(object).validate();
  } catch (error) {
    faults.push(`${name}: ${error.message.slice(0, 300)}`);
  }
}
console.log([...faults, `${known.length} objects checked`].join('\n'));
