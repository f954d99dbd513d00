// SPDX-License-Identifier: Apache-2.0
// Grafana's application fills these registries when it starts; the components need them to apply a panel's
// defaults and overrides and its transformations.
import {
  FieldConfigOptionsRegistry,
  FieldType,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
  type FieldConfigPropertyItem,
  type TransformerRegistryItem,
} from '@grafana/data';
import type { GraphFieldConfig, TableFieldOptions } from '@grafana/schema';

type Process = FieldConfigPropertyItem['process'];

const STANDARD: Record<string, Process> = {
  displayName: displayNameOverrideProcessor,
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  fieldMinMax: identityOverrideProcessor,
  decimals: numberOverrideProcessor,
  noValue: stringOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: identityOverrideProcessor,
  actions: identityOverrideProcessor,
  filterable: identityOverrideProcessor,
  description: stringOverrideProcessor,
};

// A Record, so that the type checker says when Grafana has an option more.
const CUSTOM: Record<keyof GraphFieldConfig | keyof TableFieldOptions, true> = {
  align: true,
  axisBorderShow: true,
  axisCenteredZero: true,
  axisColorMode: true,
  axisGridShow: true,
  axisLabel: true,
  axisPlacement: true,
  axisSoftMax: true,
  axisSoftMin: true,
  axisWidth: true,
  barAlignment: true,
  barMaxWidth: true,
  barWidthFactor: true,
  cellOptions: true,
  displayMode: true,
  drawStyle: true,
  fillBelowTo: true,
  fillColor: true,
  fillOpacity: true,
  filterable: true,
  footer: true,
  gradientMode: true,
  hideFrom: true,
  hideHeader: true,
  insertNulls: true,
  inspect: true,
  lineColor: true,
  lineInterpolation: true,
  lineStyle: true,
  lineWidth: true,
  minWidth: true,
  pointColor: true,
  pointSize: true,
  pointSymbol: true,
  scaleDistribution: true,
  showPoints: true,
  showValues: true,
  spanNulls: true,
  stacking: true,
  styleField: true,
  thresholdsStyle: true,
  tooltip: true,
  transform: true,
  width: true,
  wrapHeaderText: true,
  wrapText: true,
};

// Grafana gives these to no field that is the x axis.
const OF_Y_AXIS = new Set(['axisLabel', 'axisPlacement', 'axisWidth', 'axisSoftMin', 'axisSoftMax']);

function item(path: string, isCustom: boolean, process: Process): FieldConfigPropertyItem {
  const nothing = () => null;
  return {
    id: isCustom ? `custom.${path}` : path,
    path,
    name: path,
    isCustom,
    process,
    shouldApply: (field) => !(isCustom && OF_Y_AXIS.has(path) && field.type === FieldType.time),
    editor: nothing,
    override: nothing,
    settings: {},
  };
}

const standardItems = Object.entries(STANDARD).map(([path, process]) => item(path, false, process));
const customItems = Object.keys(CUSTOM).map((path) => item(path, true, identityOverrideProcessor));

function transformers(): TransformerRegistryItem[] {
  // Two names of one transformation share an id.
  const byId = new Map(Object.values(standardTransformers).map((transformation) => [transformation.id, transformation]));
  return [...byId.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: () => null,
    imageDark: '',
    imageLight: '',
  })) as TransformerRegistryItem[];
}

export function makeFieldConfigRegistry(): FieldConfigOptionsRegistry {
  standardFieldConfigEditorRegistry.setInit(() => standardItems);
  standardEditorsRegistry.setInit(() => []);
  standardTransformersRegistry.setInit(transformers);
  const registry = new FieldConfigOptionsRegistry();
  for (const entry of [...standardItems, ...customItems]) {
    registry.register(entry);
  }
  return registry;
}
