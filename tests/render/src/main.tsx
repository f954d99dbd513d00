// SPDX-License-Identifier: Apache-2.0
// What run.py calls.
import { createTheme, dateTime, type TimeRange } from '@grafana/data';
import { createRoot, type Root } from 'react-dom/client';
import { flushSync } from 'react-dom';
import 'uplot/dist/uPlot.min.css';
import { DashboardPage, boxOf, heightOf } from './dashboard';
import { makeFieldConfigRegistry } from './field_config';
import { installGaugePlot } from './gauge_plot';
import { inspectPanel, recordCanvasTexts, type Inspection } from './inspect';
import { checkAnnotations, loadPanel, type DrawContext, type PanelData } from './panel_data';
import { isRow, layout, type PanelModel } from './panel_model';
import { Prometheus } from './prometheus';
import type { DrawReport, DrawRequest } from './protocol';
import { checkLayout, checkPanel } from './validate';
import { Variables } from './variables';

declare global {
  interface Window {
    __grafana_public_path__: string;
    dashboardHeight: (request: DrawRequest) => Promise<number>;
    drawDashboard: (request: DrawRequest) => Promise<DrawReport>;
  }
}

// How long a drawn panel may take to show everything that it should, in milliseconds.
const DRAW_LIMIT = 20000;
const LOOK_AGAIN = 100;

window.__grafana_public_path__ = '/public/';
recordCanvasTexts();
installGaugePlot();
const registry = makeFieldConfigRegistry();
let root: Root | undefined;

function timeRange(request: DrawRequest): TimeRange {
  const [from, to] = [dateTime(request.from), dateTime(request.to)];
  return { from, to, raw: { from, to } };
}

async function inspectAll(panels: PanelModel[], data: Map<number, PanelData>, context: DrawContext): Promise<Map<number, Inspection>> {
  const deadline = performance.now() + DRAW_LIMIT;
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const inspections = new Map(
      panels.map((panel) => [
        panel.id,
        inspectPanel(panel, data.get(panel.id)!, document.getElementById(`panel-${panel.id}`)!, context),
      ])
    );
    const isComplete = [...inspections.values()].every((inspection) => inspection.missing.length === 0);
    if (isComplete || performance.now() > deadline) {
      return inspections;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
}

/** For the size of the window: what is outside of it may stay undrawn. */
window.dashboardHeight = async ({ dashboard, width }) => heightOf(layout(dashboard), width);

window.drawDashboard = async (request) => {
  const { dashboard, width } = request;
  const prometheus = new Prometheus(request.prometheus);
  const variables = new Variables();
  await variables.load(dashboard.templating?.list ?? [], request.variables, prometheus);
  const context: DrawContext = {
    prometheus,
    variables,
    registry,
    theme: createTheme({ colors: { mode: request.theme } }),
    range: timeRange(request),
    scrapeInterval: request.scrapeInterval,
  };
  const all = layout(dashboard);
  const panels = all.filter((panel): panel is PanelModel => !isRow(panel));
  const loaded = await Promise.all(panels.map((panel) => loadPanel(panel, boxOf(panel.gridPos, width).width, context)));
  const data = new Map(panels.map((panel, i) => [panel.id, loaded[i]!]));
  const onError = (panel: PanelModel, error: Error) => data.get(panel.id)!.problems.push(error.message);

  root?.unmount();
  root = createRoot(document.getElementById('root')!);
  flushSync(() =>
    root!.render(
      <DashboardPage
        title={dashboard.title ?? ''}
        panels={all}
        data={data}
        context={context}
        width={width}
        onError={onError}
      />
    )
  );
  await document.fonts.ready;
  const inspections = await inspectAll(panels, data, context);
  return {
    problems: [...variables.problems, ...checkLayout(all), ...(await checkAnnotations(dashboard, context))],
    panels: panels.map((panel) => {
      const { names, values, noValue, problems, missing } = inspections.get(panel.id)!;
      const { queries, problems: dataProblems } = data.get(panel.id)!;
      const all = [...checkPanel(panel, registry, context.theme), ...dataProblems, ...problems, ...missing];
      return { id: panel.id, title: panel.title, type: panel.type, problems: [...new Set(all)], queries, names, values, noValue };
    }),
  };
};
