// SPDX-License-Identifier: Apache-2.0
// Dashboards as plain functions that return Grafana's classic JSON. Only what our dashboards use.
local datasource = { type: 'prometheus', uid: '${datasource}' };

// Units that our panels use. Others are fine too, once they are listed: the list catches misspelt ones.
local units = ['none', 'short', 'percentunit', 'bytes', 'Bps', 's', 'ops', 'cps', 'currencyUSD', 'string'];

local override(matcher, what, properties) = { matcher: { id: matcher, options: what }, properties: properties };

// Texts and colors in the place of values: {value: [text, color]}.
local mappings(texts) = [{
  type: 'value',
  options: { [value]: { text: texts[value][0], color: texts[value][1], index: 0 } for value in std.objectFields(texts) },
}];

// Pixels for the labels of an axis in these units: Grafana measures the labels before it knows all of them.
local axisWidths = { bytes: 64, Bps: 70, ops: 76, cps: 64, s: 64, currencyUSD: 76 };

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

// Panels on Grafana's grid: from left to right, in lines that are as high as their highest panel. A column is placed
// as one panel.
local place(rows) =
  local flow(state, p) =
    local wraps = state.x + p.w > 24;
    local x = if wraps then 0 else state.x;
    local y = if wraps then state.y + state.height else state.y;
    assert p.w <= 24 : 'panel %s is wider than the grid' % p.title;
    local add(below, panel) = {
      y: below.y + panel.h,
      panels: below.panels + [panel { id: std.length(below.panels) + 1, gridPos: { x: x, y: below.y, w: p.w, h: panel.h } }],
    };
    {
      x: x + p.w,
      y: y,
      height: if wraps then p.h else std.max(state.height, p.h),
      panels: std.foldl(add, if std.objectHasAll(p, 'column') then p.column else [p], { y: y, panels: state.panels }).panels,
    };
  local addRow(state, row) =
    local header = { type: 'row', title: row.title, collapsed: false, panels: [], w:: 24, h:: 1 };
    // A header takes a whole line, so the panels after it start a new one.
    std.foldl(flow, [header] + row.panels, state { x: 24 });
  std.foldl(addRow, rows, { x: 24, y: 0, height: 0, panels: [] }).panels;

// From every dashboard to the first one.
local toOverview(config) = {
  type: 'link',
  title: 'Overview',
  url: std.strReplace(config.dashboardURLPattern, '%s', 'binnacle-overview') + '?${datasource:queryparam}',
  tags: [],
  asDropdown: false,
  includeVars: false,
  keepTime: true,
  targetBlank: false,
  icon: 'dashboard',
  tooltip: 'Health of every component, and what fires',
};

{
  row(title, panels):: { title: title, panels: panels },

  // Panels below one another, as wide as the first one. It stands in a row in the place of a panel.
  column(panels):: {
    title: panels[0].title,
    column:: panels,
    w:: panels[0].w,
    h:: std.foldl(function(sum, panel) sum + panel.h, panels, 0),
  },

  timeseries(title, description, unit, queries, extra={}):: panel('timeseries', title, description, unit, queries, {
    fieldConfig+: {
      defaults+: {
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: 0,
          gradientMode: 'none',
          showPoints: 'never',
          pointSize: 5,
          spanNulls: false,
          stacking: { mode: 'none', group: 'A' },
          axisPlacement: 'auto',
          axisLabel: '',
          [if std.objectHas(axisWidths, unit) then 'axisWidth']: axisWidths[unit],
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

  // A bar for each series, whose colors and texts are those of its values (`valueTexts`).
  timeline(title, description, queries, extra={}):: panel('state-timeline', title, description, 'none', queries, {
    fieldConfig+: {
      defaults+: {
        color: { mode: 'thresholds' },
        custom: { lineWidth: 0, fillOpacity: 80, hideFrom: { legend: false, tooltip: false, viz: false } },
      },
    },
    options: {
      mergeValues: true,
      showValue: 'never',
      rowHeight: 0.85,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
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
      displayMode: 'basic',
      orientation: 'horizontal',
      // Grafana 12 draws the unfilled part longer than a full bar.
      showUnfilled: false,
      valueMode: 'text',
      sizing: 'manual',
    },
  } + instant + extra),

  // `columns` maps the labels that are shown to their headings; every other column is left out.
  table(title, description, queries, columns, hidden, extra={}):: panel('table', title, description, 'none', queries, {
    fieldConfig+: {
      defaults+: { custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: false, inspect: false, minWidth: 90 } },
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
  // A table's column of values, which is left out otherwise.
  valueColumn(heading, unit):: {
    fieldConfig+: { defaults+: { unit: unit } },
    transformations: [transformation {
      options+: {
        excludeByName: { [name]: true for name in std.objectFields(super.excludeByName) if name != 'Value' },
        renameByName+: { Value: heading },
      },
    } for transformation in super.transformations],
  },
  // Changes the names of series where they match.
  rename(regexp, by):: { transformations+: [{ id: 'renameByRegex', options: { regex: regexp, renamePattern: by } }] },
  valueTexts(texts):: { fieldConfig+: { defaults+: { mappings: mappings(texts) } } },
  // What a click on a value leads to.
  linked(title, url):: { fieldConfig+: { defaults+: { links: [{ title: title, url: url, targetBlank: false }] } } },

  // Extras of bargauge: sizes in pixels.
  bars(namePlacement, minHeight, maxHeight):: { options+: { namePlacement: namePlacement, minVizHeight: minHeight, maxVizHeight: maxHeight } },

  // Extras of timeseries. `query` is the letter of one of the panel's queries.
  // The axis starts at 0 and reaches `least` at least. Without that, Grafana gives a line of zeros an axis up to 100.
  fromZero(least):: { fieldConfig+: { defaults+: { min: 0, custom+: { axisSoftMax: least } } } },
  axisLabel(text):: { fieldConfig+: { defaults+: { custom+: { axisLabel: text } } } },
  stacked:: { fieldConfig+: { defaults+: { min: 0, custom+: { fillOpacity: 40, stacking: { mode: 'normal', group: 'A' } } } } },
  // For states, which hold until the next value.
  steps:: { fieldConfig+: { defaults+: { custom+: { lineInterpolation: 'stepAfter' } } } },
  // For what happens now and then: a bar at each time, of those that happened together above one another.
  events:: { fieldConfig+: { defaults+: { custom+: { drawStyle: 'bars', fillOpacity: 70, stacking: { mode: 'normal', group: 'A' } } } } },
  // For panels with many series: a legend that scrolls, with those on top that reached most.
  tableLegend(placement):: {
    options+: { legend+: { displayMode: 'table', placement: placement, calcs: ['max'], sortBy: 'Max', sortDesc: true } },
  },
  // A color for each name, the same in every panel that shows it.
  colors(byName):: {
    fieldConfig+: {
      overrides+: [
        override('byName', name, [{ id: 'color', value: { mode: 'fixed', fixedColor: byName[name] } }])
        for name in std.objectFields(byName)
      ],
    },
  },
  // The lines of a query, in shades of a color.
  shades(query, color):: { fieldConfig+: { overrides+: [override('byFrameRefID', query, [{ id: 'color', value: { mode: 'shades', fixedColor: color } }])] } },
  // The lines of a query are limits or forecasts.
  dashed(query):: { fieldConfig+: { overrides+: [override('byFrameRefID', query, [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } }])] } },
  // The lines of a query have an axis of their own, from 0 to `least` at least.
  rightAxis(query, unit, label, least):: {
    fieldConfig+: {
      overrides+: [override('byFrameRefID', query, [
        { id: 'unit', value: unit },
        { id: 'custom.axisPlacement', value: 'right' },
        { id: 'custom.axisLabel', value: label },
        { id: 'custom.axisSoftMax', value: least },
      ])],
    },
  },

  // Extras of tables. `column` is its heading; the texts' values are [text, color].
  columnWidths(pixels):: {
    fieldConfig+: { overrides+: [override('byName', column, [{ id: 'custom.width', value: pixels[column] }]) for column in std.objectFields(pixels)] },
  },
  coloredColumn(column, texts):: {
    fieldConfig+: {
      overrides+: [override('byName', column, [
        { id: 'custom.cellOptions', value: { type: 'color-text' } },
        { id: 'mappings', value: mappings(texts) },
      ])],
    },
  },
  linkedColumn(column, title, url, targetBlank=true):: {
    fieldConfig+: { overrides+: [override('byName', column, [{ id: 'links', value: [{ title: title, url: url, targetBlank: targetBlank }] }])] },
  },
  // A column with names of alerts leads to their runbooks.
  runbookColumn(runbookURLPattern):: $.linkedColumn('Alert', 'Runbook', std.strReplace(runbookURLPattern, '%s', '${__value.text}')),
  columnUnit(column, unit, properties=[]):: {
    fieldConfig+: { overrides+: [override('byName', column, [{ id: 'unit', value: unit }] + properties)] },
  },
  // The order of columns, by their labels; without it, Grafana has that of the alphabet.
  columnOrder(names):: {
    transformations: [transformation {
      options+: { indexByName: { [names[index]]: index for index in std.range(0, std.length(names) - 1) } },
    } for transformation in super.transformations],
  },
  // A column that is left out otherwise. It stands before `merged`.
  showColumn(name):: {
    transformations: [transformation {
      options+: { excludeByName: { [other]: true for other in std.objectFields(super.excludeByName) if other != name } },
    } for transformation in super.transformations],
  },
  // Several queries side by side: a row for all results that agree in the labels which every query has. `headings` has
  // one for each query.
  merged(headings):: {
    transformations: [{ id: 'merge', options: {} }] + [transformation {
      options+: {
        renameByName+: { ['Value #' + refId(index)]: headings[index] for index in std.range(0, std.length(headings) - 1) },
      },
    } for transformation in super.transformations],
  },

  // A variable whose values are those of a label of a metric. All means every one of them; or, with `allValue`, whatever
  // that matches: shorter where there are many, and it may match series without the label.
  labelVariable(name, label, selector, allValue=''):: {
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
    [if allValue != '' then 'allValue']: allValue,
    current: { text: ['All'], value: ['$__all'], selected: true },
    hide: 0,
    regex: '',
    options: [],
    skipUrlSync: false,
  },

  // The jobs and instances of an exporter, by a metric that it alone has. Metrics such as `up` and process_* are of other
  // jobs too, so that All must not be `.+` for the job.
  exporterVariables(metric):: [
    self.labelVariable('job', 'Job', metric),
    self.labelVariable('instance', 'Instance', metric + '{job=~"$job"}', allValue='.+'),
  ],

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

  // The two annotations of every dashboard; tests/rules/lint_dashboards.py asks for them.
  exporterRestarts(selector, who='exporter'):: self.annotation(
    std.asciiUpper(who[0]) + who[1:] + ' restarts',
    'blue',
    'changes(process_start_time_seconds{%s}[$__rate_interval]) > 0' % selector,
    who + ' {{instance}} restarted',
  ),
  firingAlerts(selector, title='{{alertname}} on {{instance}}'):: self.annotation(
    'Firing alerts',
    'red',
    'ALERTS{%s,alertstate="firing"}' % selector,
    title,
  ),

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
    links: (if uid == 'binnacle-overview' then [] else [toOverview(config)]) + [{
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
