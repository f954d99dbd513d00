// SPDX-License-Identifier: Apache-2.0
// Queries a Prometheus server and shapes the answer into data frames as Grafana's Prometheus data source does.
import { FieldType, createDataFrame, type DataFrame, type Field } from '@grafana/data';

/** One query of a panel, as the dashboard's JSON has it. */
export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  format?: string;
  interval?: string;
  hide?: boolean;
}

type Labels = Record<string, string>;
type Sample = [number, string];
interface Series {
  metric: Labels;
  values?: Sample[];
  value?: Sample;
}
interface Answer {
  status: string;
  error?: string;
  data?: unknown;
}

export interface QueryResult {
  frames: DataFrame[];
  series: number;
  values: number;
  problems: string[];
}

const LEGEND_LABEL = /\{\{\s*(.+?)\s*\}\}/g;

function toNumber(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function samples(series: Series): Sample[] {
  return series.values ?? (series.value ? [series.value] : []);
}

function legendName(format: string | undefined, labels: Labels, problems: Set<string>): string {
  if (!format || format === '__auto') {
    const text = Object.entries(labels)
      .filter(([name]) => name !== '__name__')
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ');
    return `${labels['__name__'] ?? ''}{${text}}`;
  }
  const name = format.replace(LEGEND_LABEL, (_, label: string) => {
    if (!labels[label]) {
      problems.add(`the legend "${format}" uses the label ${label}, which a series does not have`);
    }
    return labels[label] ?? '';
  });
  if (name.trim() === '') {
    problems.add(`the legend "${format}" is empty`);
  }
  return name;
}

function seriesFrame(target: Target, series: Series, stepMs: number, problems: Set<string>): DataFrame {
  const points = samples(series);
  return createDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: stepMs }, values: points.map(([time]) => time * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels: series.metric,
        config: { displayNameFromDS: legendName(target.legendFormat, series.metric, problems) },
        values: points.map(([, value]) => toNumber(value)),
      },
    ],
  });
}

function tableFrame(target: Target, result: Series[], queries: number): DataFrame {
  const names = [...new Set(result.flatMap((series) => Object.keys(series.metric)))].sort();
  const rows = result.flatMap((series) => samples(series).map(([time, value]) => ({ labels: series.metric, time, value })));
  const fields: Array<Partial<Field> & { name: string }> = [
    { name: 'Time', type: FieldType.time, values: rows.map((row) => row.time * 1000) },
    ...names.map((name) => ({ name, type: FieldType.string, values: rows.map((row) => row.labels[name] ?? '') })),
    {
      name: queries > 1 ? `Value #${target.refId}` : 'Value',
      type: FieldType.number,
      values: rows.map((row) => toNumber(row.value)),
    },
  ];
  return createDataFrame({ refId: target.refId, fields });
}

export class Prometheus {
  constructor(private readonly base: string) {}

  private async get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') {
      throw new Error(answer.error ?? `HTTP ${response.status}`);
    }
    return answer.data;
  }

  async labelValues(label: string, selector?: string): Promise<string[]> {
    return (await this.get(`label/${label}/values`, selector ? { 'match[]': selector } : {})) as string[];
  }

  /** Runs one query; `expr` has its variables replaced already. */
  async query(target: Target, expr: string, from: number, to: number, stepMs: number, queries: number): Promise<QueryResult> {
    const step = stepMs / 1000;
    const data = target.instant
      ? await this.get('query', { query: expr, time: String(to / 1000) })
      : await this.get('query_range', {
          query: expr,
          start: String(Math.floor(from / stepMs) * step),
          end: String(Math.floor(to / stepMs) * step),
          step: String(step),
        });
    const { result, resultType } = data as { result: Series[]; resultType: string };
    if (resultType !== 'vector' && resultType !== 'matrix') {
      throw new Error(`the query returns a ${resultType}`);
    }
    const problems = new Set<string>();
    let frames: DataFrame[] = [];
    if (target.format === 'table') {
      frames = result.length > 0 ? [tableFrame(target, result, queries)] : [];
    } else if ((target.format ?? 'time_series') === 'time_series') {
      frames = result.map((series) => seriesFrame(target, series, stepMs, problems));
    } else {
      problems.add(`query ${target.refId}: the format ${target.format} is not supported by this test`);
    }
    const values = result.flatMap(samples).filter(([, value]) => Number.isFinite(toNumber(value))).length;
    return { frames, series: result.length, values, problems: [...problems] };
  }
}
