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
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  Gauge,
  TimeSeries,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { TIME_ZONE, type DrawContext } from './panel_data';
import type { PanelModel } from './panel_model';
import { StateTimeline } from './timeline';

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

const SPACING = 8;

/** A name beside a single value says nothing that the panel's title does not. */
function withoutName({ value, count }: RepeatedValue) {
  return { ...value.display, title: count > 1 ? value.display.title : '' };
}

function Stats({ panel, frames, context, width, height }: VisualizationProps) {
  const options = panel.options as unknown as StatOptions;
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      width={width}
      height={height}
      source={frames}
      renderCounter={0}
      itemSpacing={3}
      autoGrid
      orientation={options.orientation as string as VizOrientation}
      getValues={() => displayValues(panel, frames, context)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, count, alignmentFactors }: RepeatedValue) => (
        <BigValue
          theme={context.theme}
          width={width}
          height={height}
          count={count}
          value={value.display}
          sparkline={withTimeRange(value, context.range)}
          colorMode={options.colorMode as string as BigValueColorMode}
          graphMode={options.graphMode as string as BigValueGraphMode}
          justifyMode={options.justifyMode as string as BigValueJustifyMode}
          textMode={options.textMode as string as BigValueTextMode}
          text={options.text}
          alignmentFactors={alignmentFactors}
          disableWideLayout={!options.wideLayout}
        />
      )}
    />
  );
}

function Gauges({ panel, frames, context, width, height }: VisualizationProps) {
  const options = panel.options as unknown as GaugeOptions;
  return (
    <VizRepeater<FieldDisplay>
      width={width}
      height={height}
      source={frames}
      renderCounter={0}
      autoGrid
      orientation={options.orientation as string as VizOrientation}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      getValues={() => displayValues(panel, frames, context)}
      renderValue={(one) => (
        <Gauge
          theme={context.theme}
          width={one.width}
          height={one.height}
          field={one.value.field}
          value={withoutName(one as RepeatedValue)}
          text={options.text}
          orientation={one.orientation}
          showThresholdLabels={options.showThresholdLabels}
          showThresholdMarkers={options.showThresholdMarkers}
        />
      )}
    />
  );
}

function BarGauges({ panel, frames, context, width, height }: VisualizationProps) {
  const options = panel.options as unknown as BarGaugeOptions;
  const isVertical = options.orientation === 'vertical';
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      width={width}
      height={height}
      source={frames}
      renderCounter={0}
      itemSpacing={SPACING}
      orientation={options.orientation as string as VizOrientation}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
      getValues={() => displayValues(panel, frames, context)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={(one: RepeatedValue) => (
        <BarGauge
          theme={context.theme}
          width={one.width}
          height={one.height}
          field={one.value.field}
          value={withoutName(one)}
          text={options.text}
          display={one.value.view?.getFieldDisplayProcessor(one.value.colIndex ?? 0)}
          orientation={one.orientation}
          alignmentFactors={one.count > 1 ? one.alignmentFactors : undefined}
          displayMode={options.displayMode}
          showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          itemSpacing={SPACING}
          isOverflow={!isVertical && one.count * (options.minVizHeight + SPACING) > height}
        />
      )}
    />
  );
}

export const WITH_VALUES: Record<string, (props: VisualizationProps) => JSX.Element> = { stat: Stats, gauge: Gauges, bargauge: BarGauges };

export function Visualization(props: VisualizationProps) {
  const { panel, frames, context, width, height } = props;
  if (panel.type === 'text') {
    const { content } = panel.options as unknown as TextOptions;
    return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(content) }} />;
  }
  const Values = WITH_VALUES[panel.type];
  if (Values) {
    return <Values {...props} />;
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
        legend={legend}
      />
    );
  }
  if (panel.type === 'state-timeline') {
    return <StateTimeline {...props} />;
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
