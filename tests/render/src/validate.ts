// SPDX-License-Identifier: Apache-2.0
// Ids that are plain strings to the type checker, looked up in Grafana's own registries.
import {
  fieldColorModeRegistry,
  fieldMatchers,
  fieldReducers,
  getValueFormats,
  standardTransformersRegistry,
  type FieldConfigOptionsRegistry,
  type GrafanaTheme2,
} from '@grafana/data';
import type { GridPos, PanelModel, RowModel } from './panel_model';
import { isRow } from './panel_model';

const UNIT_IDS = new Set(getValueFormats().flatMap((category) => category.submenu.map((unit) => String(unit.value))));
// Grafana makes these up from what follows the colon.
const FREE_UNIT = /^(prefix|suffix|time|si|count|currency|bool):./;

type Json = Record<string, unknown>;

function reducersOf(options: Json, transformations: PanelModel['transformations']): unknown[] {
  const lists = [
    (options['reduceOptions'] as Json | undefined)?.['calcs'],
    (options['legend'] as Json | undefined)?.['calcs'],
    (options['footer'] as Json | undefined)?.['reducer'],
    ...transformations.map((transformation) => (transformation.options as Json | undefined)?.['reducers']),
  ];
  return lists.flatMap((list) => (Array.isArray(list) ? list : []));
}

function checkProperty(path: string, value: unknown, theme: GrafanaTheme2): string[] {
  const isColor = (color: string) => CSS.supports('color', theme.visualization.getColorByName(color));
  if (path === 'unit' && !UNIT_IDS.has(String(value)) && !FREE_UNIT.test(String(value))) {
    return [`unknown unit "${value}"`];
  }
  if (path === 'color') {
    const { mode, fixedColor } = value as { mode: string; fixedColor?: string };
    return [
      ...(fieldColorModeRegistry.getIfExists(mode) ? [] : [`unknown color mode "${mode}"`]),
      ...(mode === 'fixed' && !isColor(fixedColor ?? '') ? [`unknown color "${fixedColor}"`] : []),
    ];
  }
  if (path === 'thresholds') {
    const { steps } = value as { steps: Array<{ color: string; value: number | null }> };
    const limits = steps.slice(1).map((step) => step.value);
    return [
      ...steps.filter((step) => !isColor(step.color)).map((step) => `unknown color "${step.color}"`),
      ...(steps[0]?.value === null ? [] : ['the first threshold has a value']),
      ...(limits.some((limit, i) => limit === null || (i > 0 && limit <= limits[i - 1]!)) ? ['thresholds do not rise'] : []),
    ];
  }
  return [];
}

/** What Grafana would silently ignore or replace. */
export function checkPanel(panel: PanelModel, registry: FieldConfigOptionsRegistry, theme: GrafanaTheme2): string[] {
  const { defaults, overrides } = panel.fieldConfig;
  const problems = [
    ...Object.entries(defaults).flatMap(([path, value]) => checkProperty(path, value, theme)),
    ...panel.transformations
      .filter((transformation) => !standardTransformersRegistry.getIfExists(transformation.id))
      .map((transformation) => `unknown transformation "${transformation.id}"`),
    ...reducersOf(panel.options, panel.transformations)
      .filter((id) => !fieldReducers.getIfExists(String(id)))
      .map((id) => `unknown reducer "${id}"`),
  ];
  for (const key of Object.keys(defaults).filter((name) => name !== 'custom')) {
    if (!registry.getIfExists(key)) {
      problems.push(`unknown field option "${key}"`);
    }
  }
  for (const { matcher, properties } of overrides) {
    if (!fieldMatchers.getIfExists(matcher.id)) {
      problems.push(`unknown matcher "${matcher.id}"`);
    }
    for (const { id, value } of properties) {
      if (!registry.getIfExists(id)) {
        problems.push(`unknown property "${id}" in an override`);
      }
      problems.push(...checkProperty(id, value, theme));
    }
  }
  if (panel.repeat) {
    problems.push('a repeated panel is not supported by this test');
  }
  return problems;
}

function overlap(a: GridPos, b: GridPos): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Ids that appear twice, and panels that leave the 24 columns or lie on one another. */
export function checkLayout(panels: Array<PanelModel | RowModel>): string[] {
  const problems: string[] = [];
  panels.forEach((panel, i) => {
    const { x, y, w, h } = panel.gridPos;
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > 24) {
      problems.push(`"${panel.title}" does not fit the grid`);
    }
    for (const other of panels.slice(0, i)) {
      if (other.id === panel.id) {
        problems.push(`"${other.title}" and "${panel.title}" have the same id`);
      }
      if (overlap(other.gridPos, panel.gridPos)) {
        problems.push(`"${other.title}" and "${panel.title}" overlap`);
      }
      if (!isRow(panel) && !isRow(other) && other.title === panel.title) {
        problems.push(`two panels have the title "${panel.title}"`);
      }
    }
  });
  return problems;
}
