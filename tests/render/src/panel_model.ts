// SPDX-License-Identifier: Apache-2.0
// The parts of a dashboard's JSON that the page reads.
import type { DataTransformerConfig, FieldConfigSource } from '@grafana/data';
import type { Dashboard } from '@grafana/schema';
import { OPTIONS } from './panel_defaults';
import type { Target } from './prometheus';

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: GridPos;
  targets: Target[];
  fieldConfig: FieldConfigSource;
  options: Record<string, unknown>;
  transformations: DataTransformerConfig[];
  interval?: string;
  maxDataPoints?: number;
  repeat?: string;
}

export interface RowModel {
  id: number;
  type: 'row';
  title: string;
  gridPos: GridPos;
  collapsed: boolean;
  panels: PanelModel[];
  repeat?: string;
}

export function isRow(panel: PanelModel | RowModel): panel is RowModel {
  return panel.type === 'row';
}

function withDefaults(json: Partial<PanelModel>): PanelModel {
  return {
    ...json,
    id: json.id ?? 0,
    type: json.type ?? '',
    title: json.title ?? '',
    gridPos: json.gridPos ?? { x: 0, y: 0, w: 0, h: 0 },
    targets: (json.targets ?? []).filter((target) => !target.hide),
    fieldConfig: json.fieldConfig ?? { defaults: {}, overrides: [] },
    options: { ...OPTIONS[json.type ?? ''], ...json.options },
    transformations: json.transformations ?? [],
  };
}

/** Rows and panels from top to bottom; a collapsed row is opened, and what is below moves down. */
export function layout(dashboard: Dashboard): Array<PanelModel | RowModel> {
  const list = (dashboard.panels ?? []) as unknown as Array<Partial<PanelModel> | RowModel>;
  const drawn: Array<PanelModel | RowModel> = [];
  let shift = 0;
  for (const json of list) {
    const panel = json.type === 'row' ? (json as RowModel) : withDefaults(json as Partial<PanelModel>);
    const { y } = panel.gridPos;
    drawn.push({ ...panel, gridPos: { ...panel.gridPos, y: y + shift } });
    if (isRow(panel) && panel.collapsed) {
      const inner = panel.panels.map(withDefaults);
      const top = Math.min(...inner.map((one) => one.gridPos.y));
      const bottom = Math.max(...inner.map((one) => one.gridPos.y + one.gridPos.h));
      for (const one of inner) {
        drawn.push({ ...one, gridPos: { ...one.gridPos, y: one.gridPos.y - top + y + 1 + shift } });
      }
      shift += bottom - top;
    }
  }
  return drawn;
}
