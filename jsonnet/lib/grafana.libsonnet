// SPDX-License-Identifier: Apache-2.0
// Dashboards as plain functions that return Grafana's classic JSON. Only what our dashboards use.
local datasource = { type: 'prometheus', uid: '${datasource}' };

// Units that our panels use. Others are fine too, once they are listed: the list catches misspelt ones.
local units = ['none', 'short', 'percentunit', 'bytes', 'Bps', 's', 'ops', 'pps', 'cps', 'string'];

local lastValue = { calcs: ['lastNotNull'], fields: '', values: false };

local steps(list) = { mode: 'absolute', steps: [{ color: step[1], value: step[0] } for step in list] };

// Numbers 0, 1, 2 ... as A, B, C ...
local refId(index) = std.char(std.codepoint('A') + index);

// `queries` is a list of [expression, legend].
local panel(type, title, description, unit, queries, extra) = {
  assert title != '' : 'a panel has no title',
  assert description != '' : 'panel %s has no description' % title,
  assert std.member(units, unit) : 'panel %s: unit %s is not in the list in grafana.libsonnet' % [title, unit],
  assert std.length(queries) > 0 && std.length(queries) <= 26 : 'panel %s needs 1 to 26 queries' % title,
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  targets: std.mapWithIndex(function(index, query) {
    assert query[1] != '' : 'panel %s: a query has no legend' % title,
    refId: refId(index),
    datasource: datasource,
    expr: query[0],
    legendFormat: query[1],
    editorMode: 'code',
    format: 'time_series',
    range: true,
    instant: false,
  }, queries),
  fieldConfig: {
    defaults: { unit: unit, color: { mode: 'palette-classic' }, mappings: [], thresholds: steps([[null, 'green']]) },
    overrides: [],
  },
  // Size in Grafana's grid of 24 columns; `dashboard` places the panels.
  w:: 8,
  h:: 8,
} + extra;

// Instant queries are cheaper where only the newest value is shown.
local instant = { targets: [target { range: false, instant: true } for target in super.targets] };

local place(rows) =
  local flow(state, p) =
    local wraps = state.x + p.w > 24;
    local x = if wraps then 0 else state.x;
    local y = if wraps then state.y + state.height else state.y;
    assert p.w <= 24 : 'panel %s is wider than the grid' % p.title;
    {
      x: x + p.w,
      y: y,
      height: if wraps then p.h else std.max(state.height, p.h),
      panels: state.panels + [p { id: std.length(state.panels) + 1, gridPos: { x: x, y: y, w: p.w, h: p.h } }],
    };
  local addRow(state, row) =
    local header = { type: 'row', title: row.title, collapsed: false, panels: [], w:: 24, h:: 1 };
    // A header takes a whole line, so the panels after it start a new one.
    std.foldl(flow, [header] + row.panels, state { x: 24 });
  std.foldl(addRow, rows, { x: 24, y: 0, height: 0, panels: [] }).panels;

{
  row(title, panels):: { title: title, panels: panels },

  timeseries(title, description, unit, queries, extra={}):: panel('timeseries', title, description, unit, queries, {
    fieldConfig+: {
      defaults+: {
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: 8,
          gradientMode: 'none',
          showPoints: 'never',
          pointSize: 5,
          spanNulls: false,
          stacking: { mode: 'none', group: 'A' },
          axisPlacement: 'auto',
          axisLabel: '',
          scaleDistribution: { type: 'linear' },
          thresholdsStyle: { mode: 'off' },
          hideFrom: { legend: false, tooltip: false, viz: false },
        },
      },
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  } + extra),

  stat(title, description, unit, queries, extra={}):: panel('stat', title, description, unit, queries, {
    w:: 3,
    h:: 4,
    fieldConfig+: { defaults+: { color: { mode: 'thresholds' } } },
    options: {
      reduceOptions: lastValue,
      colorMode: 'background',
      graphMode: 'none',
      textMode: 'value',
      justifyMode: 'auto',
      orientation: 'auto',
    },
  } + instant + extra),

  gauge(title, description, unit, queries, extra={}):: panel('gauge', title, description, unit, queries, {
    w:: 4,
    h:: 4,
    fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, min: 0 } },
    options: {
      reduceOptions: lastValue,
      orientation: 'auto',
      showThresholdLabels: false,
      showThresholdMarkers: true,
    },
  } + instant + extra),

  bargauge(title, description, unit, queries, extra={}):: panel('bargauge', title, description, unit, queries, {
    fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, min: 0 } },
    options: {
      reduceOptions: lastValue,
      displayMode: 'gradient',
      orientation: 'horizontal',
      showUnfilled: true,
      valueMode: 'color',
    },
  } + instant + extra),

  // `columns` maps the labels that are shown to their headings; every other column is left out.
  table(title, description, queries, columns, hidden, extra={}):: panel('table', title, description, 'none', queries, {
    fieldConfig+: {
      defaults+: { custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: false, inspect: false } },
    },
    options: {
      showHeader: true,
      cellHeight: 'sm',
    },
    transformations: [
      {
        id: 'organize',
        options: {
          excludeByName: { [name]: true for name in ['Time', 'Value', '__name__', 'job'] + hidden },
          indexByName: {},
          renameByName: columns,
        },
      },
    ],
  } + instant + { targets: [target { format: 'table' } for target in super.targets] } + extra),

  // Extras: the last argument of the functions above; they add up.
  size(w, h):: { w:: w, h:: h },
  thresholds(list):: { fieldConfig+: { defaults+: { thresholds: steps(list) } } },
  range(min, max):: { fieldConfig+: { defaults+: { min: min, max: max } } },
  noValue(text):: { fieldConfig+: { defaults+: { noValue: text } } },
  decimals(n):: { fieldConfig+: { defaults+: { decimals: n } } },
  sparkline:: { options+: { graphMode: 'area' }, targets: [target { range: true, instant: false } for target in super.targets] },
  stacked:: { fieldConfig+: { defaults+: { min: 0, custom+: { fillOpacity: 40, stacking: { mode: 'normal', group: 'A' } } } } },
  valueTexts(texts):: {
    fieldConfig+: {
      defaults+: {
        mappings: [{
          type: 'value',
          options: { [value]: { text: texts[value][0], color: texts[value][1], index: 0 } for value in std.objectFields(texts) },
        }],
      },
    },
  },
  // Lines whose name matches are limits: dashed, without a filled area.
  dashed(regexp):: {
    fieldConfig+: {
      overrides+: [{
        matcher: { id: 'byRegexp', options: regexp },
        properties: [
          { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
          { id: 'custom.fillOpacity', value: 0 },
        ],
      }],
    },
  },

  // A variable whose values are those of a label of a metric.
  labelVariable(name, label, selector):: {
    type: 'query',
    name: name,
    label: label,
    datasource: datasource,
    query: { query: 'label_values(%s, %s)' % [selector, name], refId: name },
    definition: self.query.query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: ['All'], value: ['$__all'], selected: true },
    hide: 0,
    regex: '',
    options: [],
    skipUrlSync: false,
  },

  annotation(name, color, expr, title):: {
    name: name,
    datasource: datasource,
    enable: true,
    hide: false,
    iconColor: color,
    expr: expr,
    titleFormat: title,
    useValueForTime: false,
  },

  dashboard(config, uid, title, description, variables, annotations, rows):: {
    assert std.length(uid) >= 8 && std.length(uid) <= 40 : 'uid %s must have 8 to 40 characters' % uid,
    uid: uid,
    title: title,
    description: description,
    tags: config.dashboardTags,
    // Grafana 11, 12 and 13 load this version and raise it themselves; a higher one is refused by older servers.
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    time: { from: config.dashboardTimeFrom, to: 'now' },
    refresh: config.dashboardRefresh,
    timezone: 'browser',
    fiscalYearStartMonth: 0,
    links: [{
      type: 'dashboards',
      title: 'Binnacle',
      tags: [config.dashboardTags[0]],
      asDropdown: true,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      icon: 'external link',
      tooltip: '',
      url: '',
    }],
    annotations: { list: annotations },
    templating: {
      list: [{
        type: 'datasource',
        name: 'datasource',
        label: 'Data source',
        query: 'prometheus',
        refresh: 1,
        multi: false,
        includeAll: false,
        hide: 0,
        regex: '',
        options: [],
        skipUrlSync: false,
      }] + variables,
    },
    panels: place(rows),
  },
}
