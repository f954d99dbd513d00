// SPDX-License-Identifier: Apache-2.0
// Runs a panel's queries, its transformations and its field options.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  transformDataFrame,
  type DataFrame,
  type FieldConfigOptionsRegistry,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import type { Dashboard } from '@grafana/schema';
import { firstValueFrom } from 'rxjs';
import { CUSTOM } from './panel_defaults';
import type { PanelModel } from './panel_model';
import type { Prometheus } from './prometheus';
import type { QueryReport } from './protocol';
import { intervals, type Variables } from './variables';

export const TIME_ZONE = 'utc';
// The fewest milliseconds between two points, whatever the panel asks for: Prometheus refuses more points.
const MAX_POINTS = 11000;

export interface DrawContext {
  prometheus: Prometheus;
  variables: Variables;
  registry: FieldConfigOptionsRegistry;
  theme: GrafanaTheme2;
  range: TimeRange;
  scrapeInterval: number;
}

export interface PanelData {
  frames: DataFrame[];
  queries: QueryReport[];
  problems: string[];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export async function loadPanel(panel: PanelModel, width: number, context: DrawContext): Promise<PanelData> {
  const { prometheus, variables, range, scrapeInterval } = context;
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const data: PanelData = { frames: [], queries: [], problems: [] };
  for (const target of panel.targets) {
    const query: QueryReport = { refId: target.refId, expr: target.expr, series: 0, values: 0 };
    data.queries.push(query);
    try {
      const shortest = target.interval || panel.interval || `${scrapeInterval}s`;
      const builtins = intervals(range, panel.maxDataPoints ?? Math.round(width), shortest, scrapeInterval);
      const stepMs = Math.max(Number(builtins['__interval_ms']), Math.ceil((to - from) / MAX_POINTS));
      const expr = variables.promql(target.expr, builtins);
      const result = await prometheus.query(target, expr, from, to, stepMs, panel.targets.length);
      Object.assign(query, { expr, series: result.series, values: result.values });
      data.frames.push(...result.frames);
      data.problems.push(...result.problems);
    } catch (error) {
      data.problems.push(`query ${target.refId}: ${messageOf(error)}`);
    }
  }
  const { defaults, overrides } = panel.fieldConfig;
  try {
    data.frames = applyFieldOverrides({
      data: await firstValueFrom(transformDataFrame(panel.transformations, data.frames)),
      fieldConfig: { defaults: { ...defaults, custom: { ...CUSTOM[panel.type], ...defaults.custom } }, overrides },
      fieldConfigRegistry: context.registry,
      replaceVariables: (text) => text,
      theme: context.theme,
      timeZone: TIME_ZONE,
    });
  } catch (error) {
    data.problems.push(messageOf(error));
    data.frames = [];
  }
  cacheFieldDisplayNames(data.frames);
  return data;
}

/** Annotations are not drawn; their queries must work all the same. */
export async function checkAnnotations(dashboard: Dashboard, context: DrawContext): Promise<string[]> {
  const problems: string[] = [];
  const [from, to] = [context.range.from.valueOf(), context.range.to.valueOf()];
  const builtins = intervals(context.range, 1000, `${context.scrapeInterval}s`, context.scrapeInterval);
  for (const annotation of (dashboard.annotations?.list ?? []) as unknown as Array<{ name: string; expr?: string }>) {
    try {
      const expr = context.variables.promql(annotation.expr ?? '', builtins);
      await context.prometheus.query({ refId: 'A', expr }, expr, from, to, Number(builtins['__interval_ms']), 1);
    } catch (error) {
      problems.push(`annotation ${annotation.name}: ${messageOf(error)}`);
    }
  }
  return problems;
}
