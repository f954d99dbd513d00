// SPDX-License-Identifier: Apache-2.0
// What a generated dashboard must look like, made from Grafana's schema and stricter than it: options and
// field options are those of the panel's own type, and every query goes to the data source variable.
import type { DataTransformerInfo, standardTransformers } from '@grafana/data';
import type { Dashboard } from '@grafana/schema';
import type { Options as BarGaugeOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type {
  FieldConfig as StateTimelineFieldConfig,
  Options as StateTimelineOptions,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TableFieldConfig,
  Options as TableOptions,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesFieldConfig,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type {
  FieldConfig,
  GridPos,
  Panel,
  RowPanel,
  VariableModel,
} from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';

/** The type as JSON has it: TypeScript's enums are nominal, so they become the literals of their values. */
type Json<T> = T extends string
  ? string extends T
    ? T
    : `${T}`
  : T extends number
    ? number extends T
      ? T
      : `${T}` extends `${infer N extends number}`
        ? N
        : T
    : T extends Array<infer Item>
      ? Array<Json<Item>>
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

type DeepPartial<T> =
  T extends Array<infer Item>
    ? Array<DeepPartial<Item>>
    : T extends object
      ? { [Key in keyof T]?: DeepPartial<T[Key]> }
      : T;

type DataSource = { type: 'prometheus'; uid: '${datasource}' };

interface Target {
  refId: string;
  expr: string;
  legendFormat: string;
  datasource: DataSource;
  instant: boolean;
  range: boolean;
  format: 'time_series' | 'table' | 'heatmap';
  editorMode: 'code';
  exemplar?: boolean;
  interval?: string;
}

type Transformers = typeof standardTransformers;
type OptionsOf<Name extends keyof Transformers> = Transformers[Name] extends DataTransformerInfo<infer O> ? O : never;
interface TransformationOptions {
  calculateField: OptionsOf<'calculateFieldTransformer'>;
  filterFieldsByName: OptionsOf<'filterFieldsByNameTransformer'>;
  groupBy: OptionsOf<'groupByTransformer'>;
  joinByField: OptionsOf<'joinByFieldTransformer'>;
  labelsToFields: OptionsOf<'labelsToFieldsTransformer'>;
  limit: OptionsOf<'limitTransformer'>;
  merge: OptionsOf<'mergeTransformer'>;
  organize: OptionsOf<'organizeFieldsTransformer'>;
  reduce: OptionsOf<'reduceTransformer'>;
  renameByRegex: OptionsOf<'renameByRegexTransformer'>;
  seriesToRows: OptionsOf<'seriesToRowsTransformer'>;
  sortBy: OptionsOf<'sortByTransformer'>;
}
type Transformation = {
  [Id in keyof TransformationOptions]: { id: Id; options: Json<DeepPartial<TransformationOptions[Id]>> };
}[keyof TransformationOptions];

// `writeable`, `path` and the like are not for dashboards.
type Standard = Json<
  Pick<
    FieldConfig,
    'unit' | 'min' | 'max' | 'decimals' | 'noValue' | 'color' | 'thresholds' | 'mappings' | 'links' | 'displayName' | 'filterable'
  >
>;

type Property<Custom> =
  | { [Key in keyof Standard]-?: { id: Key; value: NonNullable<Standard[Key]> } }[keyof Standard]
  | { [Key in keyof Custom & string]-?: { id: `custom.${Key}`; value: NonNullable<Custom[Key]> } }[keyof Custom & string];

type Matcher =
  | { id: 'byName' | 'byRegexp' | 'byType' | 'byFrameRefID'; options: string }
  | { id: 'byNames'; options: { mode: 'include' | 'exclude'; names: string[] } };

interface Fields<Custom> {
  defaults: Standard & { unit: string; custom?: DeepPartial<Custom> };
  overrides: Array<{ matcher: Matcher; properties: Array<Property<Custom>> }>;
}

type Frame = Json<Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations' | 'datasource'>> & {
  id: number;
  title: string;
  description: string;
  gridPos: GridPos;
};

type Drawn<Type extends string, Options, Custom = Record<never, never>> = Frame & {
  type: Type;
  options: DeepPartial<Json<Options>>;
  fieldConfig: Fields<Json<Custom>>;
  targets: [Target, ...Target[]];
  datasource: DataSource;
  transformations?: Transformation[];
};

export type PanelJson =
  | Drawn<'timeseries', TimeSeriesOptions, TimeSeriesFieldConfig>
  | Drawn<'stat', StatOptions>
  | Drawn<'state-timeline', StateTimelineOptions, StateTimelineFieldConfig>
  | Drawn<'gauge', GaugeOptions>
  | Drawn<'bargauge', BarGaugeOptions>
  | Drawn<'table', TableOptions, TableFieldConfig>
  | (Frame & { type: 'text'; options: Json<TextOptions> })
  | (Json<Omit<RowPanel, 'panels'>> & { type: 'row'; title: string; panels: unknown[] });

// `definition` is what Grafana's editor shows for a query variable; the schema leaves it out.
type Variable = Json<VariableModel> & { definition?: string };

export type DashboardJson = Json<Omit<Dashboard, 'panels' | 'templating' | 'annotations'>> & {
  title: string;
  uid: string;
  description: string;
  editable: false;
  refresh: string;
  tags: string[];
  panels: unknown[];
  templating: { list: Variable[] };
  annotations: { list: unknown[] };
};
