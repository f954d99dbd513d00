// SPDX-License-Identifier: Apache-2.0
// What run.py hands to the page, and what the page answers.
import type { Dashboard } from '@grafana/schema';

export interface DrawRequest {
  dashboard: Dashboard;
  /** Base address of the Prometheus server. */
  prometheus: string;
  /** Seconds; Grafana takes it from the data source's settings. */
  scrapeInterval: number;
  /** The time range, in milliseconds since the epoch. */
  from: number;
  to: number;
  /** The chosen values of each variable; a variable that is not named is set to All. */
  variables: Record<string, string[]>;
  theme: 'dark' | 'light';
  /** Width of the dashboard, in pixels. */
  width: number;
}

export interface QueryReport {
  refId: string;
  expr: string;
  series: number;
  /** Samples that are finite numbers. */
  values: number;
}

export interface PanelReport {
  id: number;
  title: string;
  type: string;
  problems: string[];
  queries: QueryReport[];
  /** Display names of the drawn series or columns. */
  names: string[];
  /** Last values as they are shown, with their units. */
  values: string[];
  /** What the panel says instead of values, when it declares that. */
  noValue?: string;
}

export interface DrawReport {
  problems: string[];
  panels: PanelReport[];
}
