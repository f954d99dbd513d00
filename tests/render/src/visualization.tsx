// SPDX-License-Identifier: Apache-2.0
// One panel's inside, drawn with Grafana's own components.
import {
  FieldType,
  VizOrientation,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderTextPanelMarkdown,
  type DataFrame,
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  type TimeRange,
} from '@grafana/data';
import type { Options as BarGaugeOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { LegendDisplayMode } from '@grafana/schema';
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  Gauge,
  TimeSeries,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { TIME_ZONE, type DrawContext } from './panel_data';
import type { PanelModel } from './panel_model';

export const SUPPORTED = ['timeseries', 'stat', 'gauge', 'bargauge', 'table', 'text'];

export interface VisualizationProps {
  panel: PanelModel;
  frames: DataFrame[];
  context: DrawContext;
  width: number;
  height: number;
}

/** The reduced values that a stat, gauge or bargauge shows. */
export function displayValues(panel: PanelModel, frames: DataFrame[], context: DrawContext): FieldDisplay[] {
  const { reduceOptions, graphMode } = panel.options as unknown as StatOptions;
  return getFieldDisplayValues({
    data: frames,
    fieldConfig: panel.fieldConfig,
    reduceOptions,
    replaceVariables: (text) => text,
    sparkline: graphMode !== undefined && graphMode !== 'none',
    theme: context.theme,
    timeZone: TIME_ZONE,
  });
}

export function hasNumbers(frames: DataFrame[]): boolean {
  return frames.some((frame) => frame.length > 0 && frame.fields.some((field) => field.type === FieldType.number));
}

function NoData({ panel }: { panel: PanelModel }) {
  const style = { display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center' } as const;
  return <div style={style}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

function withTimeRange(value: FieldDisplay, timeRange: TimeRange) {
  return value.sparkline && { ...value.sparkline, timeRange };
}

type RepeatedValue = VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>;

function Repeated({ panel, frames, context, width, height }: VisualizationProps) {
  const theme = context.theme;
  const values = displayValues(panel, frames, context);
  const common = panel.options as unknown as StatOptions;

  const renderStat = ({ value, width, height, count, alignmentFactors }: RepeatedValue) => (
    <BigValue
      theme={theme}
      width={width}
      height={height}
      count={count}
      value={value.display}
      sparkline={withTimeRange(value, context.range)}
      colorMode={(common.colorMode ?? 'value') as string as BigValueColorMode}
      graphMode={(common.graphMode ?? 'area') as string as BigValueGraphMode}
      justifyMode={common.justifyMode as never}
      textMode={common.textMode as never}
      text={common.text}
      alignmentFactors={alignmentFactors}
      disableWideLayout={common.wideLayout === false}
    />
  );
  const gauge = panel.options as unknown as GaugeOptions;
  const renderGauge = ({ value, width, height, count, orientation }: RepeatedValue) => (
    <Gauge
      theme={theme}
      width={width}
      height={height}
      field={value.field}
      value={{ ...value.display, title: count > 1 ? value.display.title : '' }}
      text={gauge.text}
      orientation={orientation}
      showThresholdLabels={gauge.showThresholdLabels ?? false}
      showThresholdMarkers={gauge.showThresholdMarkers ?? true}
    />
  );
  const bar = panel.options as unknown as BarGaugeOptions;
  const renderBar = ({ value, width, height, orientation, alignmentFactors, count }: RepeatedValue) => (
    <BarGauge
      theme={theme}
      width={width}
      height={height}
      field={value.field}
      value={{ ...value.display, title: count > 1 ? value.display.title : '' }}
      text={bar.text}
      display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
      orientation={orientation}
      alignmentFactors={alignmentFactors}
      displayMode={bar.displayMode}
      showUnfilled={bar.showUnfilled}
      valueDisplayMode={bar.valueMode}
      namePlacement={bar.namePlacement}
      itemSpacing={8}
      lcdCellWidth={12}
      isOverflow={false}
    />
  );
  const renderers: Record<string, (value: RepeatedValue) => JSX.Element> = { stat: renderStat, gauge: renderGauge, bargauge: renderBar };
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      width={width}
      height={height}
      source={frames}
      renderCounter={0}
      itemSpacing={panel.type === 'stat' ? 3 : 8}
      autoGrid={panel.type === 'stat'}
      orientation={(common.orientation ?? 'auto') as string as VizOrientation}
      minVizWidth={panel.type === 'bargauge' ? (bar.minVizWidth ?? 8) : undefined}
      minVizHeight={panel.type === 'bargauge' ? (bar.minVizHeight ?? 16) : undefined}
      maxVizHeight={panel.type === 'bargauge' ? (bar.maxVizHeight ?? 300) : undefined}
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={renderers[panel.type]!}
    />
  );
}

export function Visualization(props: VisualizationProps) {
  const { panel, frames, context, width, height } = props;
  if (panel.type === 'text') {
    const { content } = panel.options as unknown as TextOptions;
    return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(content) }} />;
  }
  if (panel.type === 'stat' || panel.type === 'gauge' || panel.type === 'bargauge') {
    return <Repeated {...props} />;
  }
  if (!hasNumbers(frames) && !(panel.type === 'table' && frames.some((frame) => frame.length > 0))) {
    return <NoData panel={panel} />;
  }
  if (panel.type === 'timeseries') {
    const { legend } = panel.options as unknown as TimeSeriesOptions;
    return (
      <TimeSeries
        frames={frames}
        width={width}
        height={height}
        timeRange={context.range}
        timeZone={TIME_ZONE}
        structureRev={1}
        legend={legend ?? { displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true, calcs: [] }}
      />
    );
  }
  if (panel.type === 'table') {
    const { showHeader, cellHeight } = panel.options as unknown as TableOptions;
    return (
      <TableNG
        data={frames[0]!}
        width={width}
        height={height}
        noHeader={showHeader === false}
        cellHeight={cellHeight}
        enableVirtualization={false}
        timeRange={context.range}
        fieldConfig={panel.fieldConfig}
        structureRev={1}
      />
    );
  }
  throw new Error(`a panel of type ${panel.type} is not supported by this test`);
}
