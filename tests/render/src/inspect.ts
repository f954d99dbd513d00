// SPDX-License-Identifier: Apache-2.0
// Looks at what a panel has put on the screen, and compares it with the data that it was given.
import {
  FieldType,
  formattedValueToString,
  getDisplayProcessor,
  getFieldDisplayName,
  getFieldSeriesColor,
  type DataFrame,
  type Field,
} from '@grafana/data';
import type { DrawContext, PanelData } from './panel_data';
import type { PanelModel } from './panel_model';
import { timelines } from './timeline';
import { WITH_VALUES, displayValues } from './visualization';

export interface Inspection {
  names: string[];
  values: string[];
  noValue?: string;
  /** Defects of the data or of the dashboard: waiting does not help. */
  problems: string[];
  /** What should be on the screen and is not, or not yet. */
  missing: string[];
}

const UNITLESS = new Set(['', 'none', 'short', 'string', 'sishort', 'locale']);
const NUMBER_WITH_UNIT = /\d\s*(%|[A-Za-zµ°])|\$\d/;

const canvasTexts = new WeakMap<HTMLCanvasElement, Set<string>>();

/** Remembers the texts drawn on canvases; axis labels and the value of a gauge are nowhere else. */
export function recordCanvasTexts(): void {
  const original = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const texts = canvasTexts.get(this.canvas) ?? new Set();
    canvasTexts.set(this.canvas, texts.add(text));
    original.call(this, text, ...rest);
  };
}

function textsOnCanvases(element: Element): string[] {
  return [...element.querySelectorAll('canvas')].flatMap((canvas) => [...(canvasTexts.get(canvas) ?? [])]);
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, '');
}

function isShown(element: Element, text: string): boolean {
  return squeeze([element.textContent, ...textsOnCanvases(element)].join('\n')).includes(squeeze(text));
}

function lastNumber(field: Field): number | undefined {
  return field.values.findLast((value) => Number.isFinite(value));
}

function duplicates(names: string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

function checkNames(names: string[], kind: string): string[] {
  return [
    ...(names.some((name) => name.trim() === '') ? [`${kind} without a name`] : []),
    ...duplicates(names).map((name) => `${kind} have the same name: "${name}"`),
  ];
}

function rgb(color: string): number[] {
  const context = document.createElement('canvas').getContext('2d')!;
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** Whether any pixel has one of the colors; lines are blended with the background, so it need not be exact. */
function isPainted(canvas: HTMLCanvasElement, colors: string[]): boolean {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  const wanted = colors.map(rgb);
  for (let i = 0; i < data.length; i += 4) {
    const near = ([r, g, b]: number[]) =>
      Math.abs(data[i]! - r!) + Math.abs(data[i + 1]! - g!) + Math.abs(data[i + 2]! - b!) < 60;
    if (data[i + 3]! > 100 && wanted.some(near)) {
      return true;
    }
  }
  return false;
}

function numberFields(frames: DataFrame[]): Array<{ field: Field; name: string }> {
  return frames.flatMap((frame) =>
    frame.fields
      .filter((field) => field.type === FieldType.number)
      .map((field) => ({ field, name: getFieldDisplayName(field, frame, frames) }))
  );
}

function formatted(field: Field, context: DrawContext): string {
  const display = field.display ?? getDisplayProcessor({ field, theme: context.theme });
  return formattedValueToString(display(lastNumber(field)));
}

function inspectTimeSeries(panel: PanelModel, frames: DataFrame[], element: Element, context: DrawContext): Inspection {
  const series = numberFields(frames);
  const names = series.map(({ name }) => name);
  const withValues = series.filter(({ field }) => lastNumber(field) !== undefined);
  const legend = panel.options['legend'] as { showLegend?: boolean } | undefined;
  const missing: string[] = [];
  if (legend?.showLegend !== false) {
    missing.push(...names.filter((name) => !isShown(element, name)).map((name) => `"${name}" is not in the legend`));
  }
  const canvas = element.querySelector<HTMLCanvasElement>('.uplot canvas');
  const colors = withValues.map(({ field }) => getFieldSeriesColor(field, context.theme).color);
  if (!canvas || canvas.width === 0) {
    missing.push('there is no graph');
  } else if (!isPainted(canvas, colors)) {
    missing.push('no line is visible in the graph');
  }
  const units = [...new Set(series.map(({ field }) => field.config.unit ?? ''))].filter((unit) => !UNITLESS.has(unit));
  if (units.length > 0 && !textsOnCanvases(element).some((text) => NUMBER_WITH_UNIT.test(text))) {
    missing.push(`no axis label carries the unit ${units.join(', ')}`);
  }
  return { names, values: withValues.map(({ field }) => formatted(field, context)), problems: checkNames(names, 'series'), missing };
}

function inspectTimeline(frames: DataFrame[], element: Element, context: DrawContext): Inspection {
  const lines = timelines(frames, context.range.to.valueOf());
  const names = lines.map(({ name }) => name);
  const values = lines.flatMap(({ blocks }) => blocks.slice(-1).map(({ text }) => text));
  const missing = [...names, ...values].filter((text) => !isShown(element, text)).map((text) => `"${text}" is not shown`);
  const blocks = [...element.querySelectorAll('rect[data-state]')];
  if (!blocks.some((block) => block.getAttribute('fill') !== 'transparent' && block.getBoundingClientRect().width > 0)) {
    missing.push('no block is visible in the timeline');
  }
  return { names, values, problems: checkNames(names, 'series'), missing };
}

function inspectValues(panel: PanelModel, frames: DataFrame[], element: Element, context: DrawContext): Inspection {
  const shown = displayValues(panel, frames, context);
  const names = shown.length > 1 ? shown.map(({ display }) => display.title ?? '') : [];
  const values = shown.map(({ display }) => formattedValueToString(display));
  const missing = values.filter((text) => !isShown(element, text)).map((text) => `the value ${text} is not shown`);
  missing.push(...names.filter((name) => !isShown(element, name)).map((name) => `the name "${name}" is not shown`));
  const problems = checkNames(names, 'values');
  for (const { field, display } of shown) {
    const isMapped = (field.mappings ?? []).length > 0;
    if (!UNITLESS.has(field.unit ?? '') && !isMapped && !display.prefix && !display.suffix && !/[^\d.,-]/.test(display.text)) {
      problems.push(`the value ${display.text} does not carry its unit ${field.unit}`);
    }
  }
  return { names, values, problems, missing };
}

function inspectTable(panel: PanelModel, frames: DataFrame[], element: Element, context: DrawContext): Inspection {
  const problems: string[] = [];
  if (frames.length > 1) {
    problems.push(`a table shows one frame, and this one has ${frames.length}: a transformation is missing`);
  }
  const frame = frames[0];
  if (!frame) {
    return { names: [], values: [], problems, missing: ['there is no table'] };
  }
  const columns = frame.fields.filter((field) => !field.config.custom?.hideFrom?.viz);
  const names = columns.map((field) => getFieldDisplayName(field, frame, frames));
  problems.push(...checkNames(names, 'columns'));
  columns.forEach((field, i) => {
    if (!field.values.some((value) => value !== '' && value !== null && !Number.isNaN(value))) {
      problems.push(`the column "${names[i]}" is empty`);
    }
    if (field.type === FieldType.number && field.config.unit === undefined) {
      problems.push(`the column "${names[i]}" has no unit`);
    }
  });
  const values = columns.map((field) => {
    const display = field.display ?? getDisplayProcessor({ field, theme: context.theme });
    return formattedValueToString(display(field.values[0]));
  });
  const missing = values.filter((text) => !isShown(element, text)).map((text) => `the cell "${text}" is not shown`);
  if (panel.options['showHeader'] !== false) {
    missing.push(...names.filter((name) => !isShown(element, name)).map((name) => `the column "${name}" is not shown`));
  }
  const grid = element.querySelector('[role="grid"]');
  if (grid && grid.scrollWidth > grid.clientWidth + 1) {
    missing.push('the columns do not fit the width of the panel');
  }
  return { names, values, problems, missing };
}

function inspectEmpty(panel: PanelModel, element: Element): Inspection {
  const { noValue } = panel.fieldConfig.defaults;
  const missing = noValue !== undefined && !isShown(element, noValue) ? [`"${noValue}" is not shown`] : [];
  return { names: [], values: [], noValue, problems: [], missing };
}

function inspectTitle(panel: PanelModel, element: Element): string[] {
  const heading = element.querySelector('h2');
  if (!heading || heading.textContent !== panel.title) {
    return [`the title is not shown`];
  }
  return heading.scrollWidth > heading.clientWidth + 1 ? ['the title is cut'] : [];
}

export function inspectPanel(panel: PanelModel, data: PanelData, element: Element, context: DrawContext): Inspection {
  const isEmpty = !data.queries.some((query) => query.values > 0);
  let inspection: Inspection;
  if (panel.type === 'text') {
    inspection = { names: [], values: [], problems: [], missing: element.textContent ? [] : ['there is no text'] };
  } else if (isEmpty) {
    inspection = inspectEmpty(panel, element);
  } else if (panel.type === 'timeseries') {
    inspection = inspectTimeSeries(panel, data.frames, element, context);
  } else if (panel.type === 'state-timeline') {
    inspection = inspectTimeline(data.frames, element, context);
  } else if (panel.type === 'table') {
    inspection = inspectTable(panel, data.frames, element, context);
  } else if (panel.type in WITH_VALUES) {
    inspection = inspectValues(panel, data.frames, element, context);
  } else {
    inspection = { names: [], values: [], problems: [], missing: [] };
  }
  if (panel.type !== 'text' && panel.fieldConfig.defaults.unit === undefined) {
    inspection.problems.push('the panel has no unit');
  }
  inspection.missing.push(...inspectTitle(panel, element));
  return inspection;
}
