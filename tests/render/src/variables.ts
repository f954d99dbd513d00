// SPDX-License-Identifier: Apache-2.0
// Template variables, as Grafana's Prometheus data source puts them into a query.
import { rangeUtil, type TimeRange } from '@grafana/data';
import type { VariableModel } from '@grafana/schema';
import type { Prometheus } from './prometheus';

interface Value {
  /** null: All. */
  chosen: string[] | null;
  allValue: string;
  multi: boolean;
}

export type Builtins = Record<string, string>;

const REFERENCE = /\$\{(\w+)(?::(\w+))?\}|\$([A-Za-z_]\w*)/g;

/** Escapes one value twice: for RE2, and for the quoted string that it stands in. */
function escapeRegex(value: string): string {
  return value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
}

function escapeString(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/'/g, "\\'");
}

export class Variables {
  private readonly values = new Map<string, Value>();
  readonly problems: string[] = [];

  /** Asks Prometheus for the values of each query variable, as opening the dashboard does. */
  async load(list: VariableModel[], chosen: Record<string, string[]>, prometheus: Prometheus): Promise<void> {
    for (const variable of list) {
      if (variable.type === 'datasource') {
        this.values.set(variable.name, { chosen: ['prometheus'], allValue: '', multi: false });
        continue;
      }
      if (variable.type !== 'query') {
        this.problems.push(`variable ${variable.name}: type ${variable.type} is not supported by this test`);
        continue;
      }
      const options = await this.options(variable, prometheus);
      const wanted = chosen[variable.name] ?? null;
      for (const value of wanted ?? []) {
        if (!options.includes(value)) {
          this.problems.push(`variable ${variable.name}: ${value} is not among its values: ${options.join(', ')}`);
        }
      }
      // All of nothing is well where it also matches series without the label.
      if (options.length === 0 && (wanted !== null || variable.allValue !== '.*')) {
        this.problems.push(`variable ${variable.name} has no values`);
      }
      this.values.set(variable.name, {
        chosen: wanted ?? (variable.includeAll && variable.allValue ? null : options),
        allValue: variable.allValue ?? '',
        multi: Boolean(variable.multi || variable.includeAll),
      });
    }
  }

  private async options(variable: VariableModel, prometheus: Prometheus): Promise<string[]> {
    const query = typeof variable.query === 'string' ? variable.query : String(variable.query?.query ?? '');
    const match = /^label_values\(\s*(?:(.+),\s*)?(\w+)\s*\)$/s.exec(query);
    if (!match) {
      this.problems.push(`variable ${variable.name}: only label_values() is supported by this test: ${query}`);
      return [];
    }
    return prometheus.labelValues(match[2]!, match[1] && this.promql(match[1], {}));
  }

  /** Replaces the variables in a PromQL expression. */
  promql(text: string, builtins: Builtins): string {
    return this.replace(text, builtins, ({ chosen, allValue, multi }) => {
      if (chosen === null) {
        return allValue;
      }
      if (!multi) {
        return escapeString(chosen[0] ?? '');
      }
      const values = chosen.map(escapeRegex);
      return values.length === 1 ? values[0]! : `(${values.join('|')})`;
    });
  }

  /** Replaces the variables in a title or another text for people. */
  plain(text: string): string {
    return this.replace(text, {}, ({ chosen }) => (chosen === null ? 'All' : chosen.join(' + ')));
  }

  private replace(text: string, builtins: Builtins, format: (value: Value) => string): string {
    return text.replace(REFERENCE, (whole, braced, formatName, bare) => {
      const name: string = braced ?? bare;
      const builtin = builtins[name];
      const value = this.values.get(name);
      if (formatName !== undefined || (builtin === undefined && value === undefined)) {
        throw new Error(`${whole} is not a variable that this test knows`);
      }
      return builtin ?? format(value!);
    });
  }
}

/** $__interval and its family: a query's step from the panel's width and the shortest interval allowed. */
export function intervals(range: TimeRange, points: number, minInterval: string, scrapeInterval: number): Builtins {
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, points, minInterval);
  const rangeMs = range.to.valueOf() - range.from.valueOf();
  const rateSeconds = Math.max(intervalMs / 1000 + scrapeInterval, 4 * scrapeInterval);
  return {
    __interval: interval,
    __interval_ms: String(intervalMs),
    __rate_interval: `${rateSeconds}s`,
    __rate_interval_ms: String(rateSeconds * 1000),
    __range: `${Math.round(rangeMs / 1000)}s`,
    __range_s: String(Math.round(rangeMs / 1000)),
    __range_ms: String(rangeMs),
    __from: String(range.from.valueOf()),
    __to: String(range.to.valueOf()),
  };
}
