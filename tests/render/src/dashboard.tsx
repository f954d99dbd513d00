// SPDX-License-Identifier: Apache-2.0
// The dashboard: rows and panels on Grafana's grid.
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { Component, type ReactNode } from 'react';
import type { DrawContext, PanelData } from './panel_data';
import { isRow, type GridPos, type PanelModel, type RowModel } from './panel_model';
import { Visualization } from './visualization';

// Grafana's grid: 24 columns, rows of 30 pixels, gaps of 8.
const COLUMNS = 24;
const ROW_HEIGHT = 30;
const GAP = 8;
const PADDING = 16;
const HEADER = 48;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function boxOf({ x, y, w, h }: GridPos, dashboardWidth: number): Box {
  const column = (dashboardWidth - 2 * PADDING - (COLUMNS - 1) * GAP) / COLUMNS;
  return {
    left: Math.round(PADDING + x * (column + GAP)),
    top: HEADER + y * (ROW_HEIGHT + GAP),
    width: Math.round(w * column + (w - 1) * GAP),
    height: h * ROW_HEIGHT + (h - 1) * GAP,
  };
}

export function heightOf(panels: Array<PanelModel | RowModel>, dashboardWidth: number): number {
  const bottoms = panels.map((panel) => boxOf(panel.gridPos, dashboardWidth)).map((box) => box.top + box.height);
  return Math.max(HEADER, ...bottoms) + PADDING;
}

/** Keeps one panel's exception from taking the others along. */
class Guard extends Component<{ onError: (error: Error) => void; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: Error) {
    this.props.onError(error);
  }

  override render() {
    return this.state.failed ? <div>This panel cannot be drawn.</div> : this.props.children;
  }
}

export interface DashboardProps {
  title: string;
  panels: Array<PanelModel | RowModel>;
  data: Map<number, PanelData>;
  context: DrawContext;
  width: number;
  onError: (panel: PanelModel, error: Error) => void;
}

export function DashboardPage({ title, panels, data, context, width, onError }: DashboardProps) {
  const { theme, variables } = context;
  const page = {
    position: 'relative',
    width,
    height: heightOf(panels, width),
    background: theme.colors.background.canvas,
    color: theme.colors.text.primary,
  } as const;
  const row = { position: 'absolute', margin: 0, display: 'flex', alignItems: 'center', ...theme.typography.h6 } as const;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={page}>
        <h1 style={{ position: 'absolute', left: PADDING, top: 12, margin: 0, ...theme.typography.h4 }}>{title}</h1>
        {panels.map((panel) =>
          isRow(panel) ? (
            <h2 key={panel.id} style={{ ...row, ...boxOf(panel.gridPos, width) }}>
              {variables.plain(panel.title)}
            </h2>
          ) : (
            <section key={panel.id} id={`panel-${panel.id}`} style={{ position: 'absolute', ...boxOf(panel.gridPos, width) }}>
              <PanelChrome
                title={variables.plain(panel.title)}
                description={panel.description}
                width={boxOf(panel.gridPos, width).width}
                height={boxOf(panel.gridPos, width).height}
              >
                {(innerWidth, innerHeight) => (
                  <Guard onError={(error) => onError(panel, error)}>
                    <Visualization
                      panel={panel}
                      frames={data.get(panel.id)!.frames}
                      context={context}
                      width={innerWidth}
                      height={innerHeight}
                    />
                  </Guard>
                )}
              </PanelChrome>
            </section>
          )
        )}
      </div>
    </ThemeContext.Provider>
  );
}
