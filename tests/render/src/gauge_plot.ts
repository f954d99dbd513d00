// SPDX-License-Identifier: Apache-2.0
// Grafana's Gauge component works out colors, sizes and texts, and leaves the painting to a jQuery plugin that
// Grafana's npm packages do not have. This paints what the component asks for.
import $ from 'jquery';

interface Bound {
  /** Where the color ends. */
  value: number;
  color: string;
}

interface GaugeOptions {
  gauge: { min: number; max: number; background: { color: string }; width: number };
  threshold: { values: Bound[]; label: { show: boolean }; show: boolean; width: number };
  value: { color: string; formatter: () => string; font: { size: number; family: string } };
}

interface GaugeSeries {
  data: [[number, number]];
}

// Clockwise from three o'clock: a bit more than the upper half of a circle.
const BEGIN = 0.9 * Math.PI;
const END = 2.1 * Math.PI;
const BELOW = Math.sin(END);

function plot(element: HTMLElement, [series]: [GaugeSeries], { series: { gauges } }: { series: { gauges: GaugeOptions } }): void {
  const { gauge, threshold, value } = gauges;
  if (threshold.label.show) {
    throw new Error('labels at the thresholds are not supported by this test');
  }
  const { clientWidth: width, clientHeight: height } = element;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  element.replaceChildren(canvas);
  const context = canvas.getContext('2d')!;

  const radius = Math.min(width / 2, height / (1 + BELOW));
  const [x, y] = [width / 2, radius + (height - radius * (1 + BELOW)) / 2];
  const angle = (number: number) => {
    const share = (number - gauge.min) / (gauge.max - gauge.min);
    return BEGIN + Math.min(1, Math.max(0, share)) * (END - BEGIN);
  };
  const ring = (color: string, outer: number, lineWidth: number, from: number, to: number) => {
    context.beginPath();
    context.strokeStyle = color;
    context.lineWidth = lineWidth;
    context.arc(x, y, outer - lineWidth / 2, from, to);
    context.stroke();
  };

  if (threshold.show) {
    threshold.values.forEach((bound, i) => {
      const from = threshold.values[i - 1]?.value ?? gauge.min;
      ring(bound.color, radius, threshold.width, angle(from), angle(bound.value));
    });
  }
  const outer = radius - (threshold.show ? threshold.width + 1 : 0);
  ring(gauge.background.color, outer, gauge.width, BEGIN, END);
  ring(value.color, outer, gauge.width, BEGIN, angle(series.data[0][1]));

  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = value.color;
  context.font = `${value.font.size}px ${value.font.family}`;
  context.fillText(value.formatter(), x, y);
}

export function installGaugePlot(): void {
  Object.assign($, { plot });
}
