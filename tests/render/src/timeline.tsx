// SPDX-License-Identifier: Apache-2.0
// The state timeline's painting is in Grafana's application, which is not on npm. This paints what the panel asks for, with
// the colors and texts that Grafana's field options give: a line for each series, on which equal values that follow one
// another are one block. There is no paging, and no text on the blocks.
import { FieldType, dateTimeFormat, formattedValueToString, getFieldDisplayName, type DataFrame, type Field, type GrafanaTheme2 } from '@grafana/data';
import type { Options } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import { TIME_ZONE, type DrawContext } from './panel_data';
import type { PanelModel } from './panel_model';

interface Block {
  from: number;
  to: number;
  text: string;
  color: string;
}

interface Line {
  name: string;
  blocks: Block[];
}

const FONT_SIZE = 12;
const MOST_FOR_NAMES = 0.3; // of the width
const LETTER = 0.56; // of the font's size, on average
const AXIS = 24;
const LEGEND = 24;
const TICKS = 6;

/** What a series was and when; a gap between two points is where it had no value. */
function blocksOf(times: Field, values: Field, end: number): Block[] {
  const blocks: Block[] = [];
  values.values.forEach((value, i) => {
    if (value === null || value === undefined || Number.isNaN(value)) {
      return;
    }
    const shown = values.display!(value);
    const [from, to] = [times.values[i] as number, (times.values[i + 1] as number | undefined) ?? end];
    const text = formattedValueToString(shown);
    const before = blocks.at(-1);
    if (before?.to === from && before.text === text) {
      before.to = to;
    } else {
      blocks.push({ from, to, text, color: shown.color ?? 'transparent' });
    }
  });
  return blocks;
}

export function timelines(frames: DataFrame[], end: number): Line[] {
  return frames.flatMap((frame) => {
    const times = frame.fields.find((field) => field.type === FieldType.time);
    const numbers = frame.fields.filter((field) => field.type === FieldType.number && !field.config.custom?.hideFrom?.viz);
    return times === undefined
      ? []
      : numbers.map((field) => ({ name: getFieldDisplayName(field, frame, frames), blocks: blocksOf(times, field, end) }));
  });
}

function Axis({ context, left, width, top }: { context: DrawContext; left: number; width: number; top: number }) {
  const [from, to] = [context.range.from.valueOf(), context.range.to.valueOf()];
  const places = Array.from({ length: TICKS }, (_, i) => (i + 0.5) / TICKS);
  return (
    <g fill={context.theme.colors.text.secondary} fontSize={FONT_SIZE} textAnchor="middle">
      {places.map((place) => (
        <text key={place} x={left + place * width} y={top + FONT_SIZE + 4}>
          {dateTimeFormat(from + place * (to - from), { format: 'HH:mm:ss', timeZone: TIME_ZONE })}
        </text>
      ))}
    </g>
  );
}

function Legend({ lines, theme }: { lines: Line[]; theme: GrafanaTheme2 }) {
  const colors = new Map(lines.flatMap(({ blocks }) => blocks.map(({ text, color }) => [text, color])));
  return (
    <div style={{ height: LEGEND, display: 'flex', gap: 16, alignItems: 'center', color: theme.colors.text.primary, fontSize: FONT_SIZE }}>
      {[...colors].map(([text, color]) => (
        <span key={text}>
          <span style={{ display: 'inline-block', width: 14, height: 4, marginRight: 6, background: color }} />
          {text}
        </span>
      ))}
    </div>
  );
}

export function StateTimeline(props: { panel: PanelModel; frames: DataFrame[]; context: DrawContext; width: number; height: number }) {
  const { panel, frames, context, width, height } = props;
  const { rowHeight, legend } = panel.options as unknown as Options;
  const [from, to] = [context.range.from.valueOf(), context.range.to.valueOf()];
  const lines = timelines(frames, to);
  const longest = Math.max(...lines.map(({ name }) => name.length));
  const left = Math.min(longest * LETTER * FONT_SIZE + 8, width * MOST_FOR_NAMES);
  const plotHeight = height - AXIS - (legend.showLegend ? LEGEND : 0);
  const lineHeight = plotHeight / lines.length;
  const scale = (width - left) / (to - from);
  return (
    <div>
      <svg width={width} height={plotHeight + AXIS} style={{ display: 'block' }}>
        {lines.map(({ name, blocks }, i) => (
          <g key={name} transform={`translate(0 ${i * lineHeight})`}>
            <text x={left - 8} y={lineHeight / 2 + FONT_SIZE / 3} textAnchor="end" fontSize={FONT_SIZE} fill={context.theme.colors.text.primary}>
              {name}
            </text>
            {blocks.map((block) => (
              <rect
                key={block.from}
                x={left + (Math.max(block.from, from) - from) * scale}
                width={Math.max(0, (Math.min(block.to, to) - Math.max(block.from, from)) * scale)}
                y={(lineHeight * (1 - rowHeight)) / 2}
                height={lineHeight * rowHeight}
                fill={block.color}
                data-state={block.text}
              />
            ))}
          </g>
        ))}
        <Axis context={context} left={left} width={width - left} top={plotHeight} />
      </svg>
      {legend.showLegend && <Legend lines={lines} theme={context.theme} />}
    </div>
  );
}
