// SPDX-License-Identifier: Apache-2.0
// What each type of panel starts from where the JSON says nothing.
import { defaultTableFieldOptions, defaultTableOptions } from '@grafana/schema';
import { defaultOptions as barGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import { defaultOptions as gauge } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import { defaultOptions as stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import { defaultOptions as stateTimeline } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';

type Options = Record<string, unknown>;

const SINGLE_VALUE = { orientation: 'auto', reduceOptions: { calcs: ['lastNotNull'], values: false, fields: '' } };

export const OPTIONS: Record<string, Options> = {
  bargauge: { ...SINGLE_VALUE, ...barGauge },
  gauge: { ...SINGLE_VALUE, ...gauge },
  stat: { ...SINGLE_VALUE, ...stat },
  'state-timeline': { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] }, ...stateTimeline },
  table: { ...defaultTableOptions },
  timeseries: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] } },
};

// The schema has none for timeseries: Grafana's own panel sets these.
export const CUSTOM: Record<string, Options> = {
  table: { ...defaultTableFieldOptions },
  timeseries: {
    axisPlacement: 'auto',
    barAlignment: 0,
    drawStyle: 'line',
    fillOpacity: 0,
    gradientMode: 'none',
    hideFrom: { viz: false, legend: false, tooltip: false },
    lineInterpolation: 'linear',
    lineWidth: 1,
    pointSize: 5,
    scaleDistribution: { type: 'linear' },
    showPoints: 'auto',
    spanNulls: false,
    stacking: { mode: 'none', group: 'A' },
    thresholdsStyle: { mode: 'off' },
  },
};
