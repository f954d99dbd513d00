// SPDX-License-Identifier: Apache-2.0
// The objects of one exporter: ServiceAccount, ConfigMap, Deployment or DaemonSet, Service, ServiceMonitor.
local user = 65534;
local configFolder = '/etc/binnacle';
local secretFolder = '/run/secrets/binnacle';

// What the pod security standard `restricted` wants, and a read-only root file system.
local podSecurity = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: 'RuntimeDefault' },
};
local containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

local probe(path) = {
  httpGet: { path: path, port: 'metrics' },
  periodSeconds: 10,
  timeoutSeconds: 3,
  failureThreshold: 3,
};

// Which facts of a pod become the label `instance`: what stays the same when a pod is replaced, where there is such.
local instanceFrom = {
  node: '__meta_kubernetes_pod_node_name',
  pod: '__meta_kubernetes_pod_name',
  service: '__meta_kubernetes_service_name',
};

{
  manifests(config, name, meta)::
    local exporter = config.exporters[name];
    local full = name + '-exporter';
    local selector = { 'app.kubernetes.io/name': full, 'app.kubernetes.io/part-of': 'binnacle' };
    local labels = selector { 'app.kubernetes.io/version': config.tag };
    local hasConfig = std.objectHas(exporter, 'config');
    local hasSecret = std.objectHas(exporter, 'secret');
    local onNode = std.get(exporter, 'everyNode', false);
    local ports = [{ name: 'metrics', port: exporter.port, protocol: 'TCP' }] + std.get(exporter, 'ports', []);

    local serviceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: meta(full, labels),
      automountServiceAccountToken: false,
    };

    local configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta(full, labels),
      data: { [name + '.yml']: exporter.config },
    };

    local container = {
      name: full,
      image: '%s/%s:%s' % [config.registry, full, config.tag],
      imagePullPolicy: 'IfNotPresent',
      args: std.get(exporter, 'args', [])
            + (if hasConfig then ['--config.file=%s/%s.yml' % [configFolder, name]] else []),
      ports: [{ name: port.name, containerPort: port.port, protocol: port.protocol } for port in ports],
      livenessProbe: probe('/health/live'),
      readinessProbe: probe('/health/ready'),
      resources: exporter.resources,
      securityContext: containerSecurity,
      volumeMounts:
        (if hasConfig then [{ name: 'config', mountPath: configFolder, readOnly: true }] else [])
        + (if hasSecret then [{ name: 'secret', mountPath: secretFolder, readOnly: true }] else [])
        // Later mounts of the host show up, too.
        + (if onNode then [{ name: 'host', mountPath: '/host', readOnly: true, mountPropagation: 'HostToContainer' }] else []),
    };

    local pod = {
      metadata: {
        labels: labels,
        // A pod is replaced when its config changes.
        [if hasConfig then 'annotations']: { 'checksum/config': std.md5(exporter.config) },
      },
      spec: {
        serviceAccountName: full,
        automountServiceAccountToken: false,
        // Variables of Services look like ours: CACHE_EXPORTER_SERVICE_PORT.
        enableServiceLinks: false,
        terminationGracePeriodSeconds: std.get(exporter, 'terminationGracePeriodSeconds', 10),
        securityContext: podSecurity,
        containers: [container],
        [if std.objectHas(config, 'imagePullSecrets') then 'imagePullSecrets']: config.imagePullSecrets,
        volumes:
          (if hasConfig then [{ name: 'config', configMap: { name: full } }] else [])
          + (if hasSecret then [{ name: 'secret', secret: { secretName: exporter.secret, defaultMode: std.parseOctal('0440') } }] else [])
          + (if onNode then [{ name: 'host', hostPath: { path: '/', type: 'Directory' } }] else []),
      } + (
        // The node's own network and processes.
        if onNode then { hostNetwork: true, hostPID: true, tolerations: [{ operator: 'Exists' }] } else {}
      ),
    };

    local workload = {
      apiVersion: 'apps/v1',
      kind: if onNode then 'DaemonSet' else 'Deployment',
      metadata: meta(full, labels),
      spec: {
        selector: { matchLabels: selector },
        template: pod,
      } + (
        if onNode then { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } } }
        else { replicas: exporter.replicas, strategy: exporter.strategy }
      ),
    };

    local service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(full, labels),
      spec: {
        [if onNode then 'clusterIP']: 'None',
        selector: selector,
        ports: [port { targetPort: port.name } for port in ports],
      },
    };

    local serviceMonitor = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: meta(full, labels + config.selectedLabels),
      spec: {
        // The job's name, which rules and dashboards look for.
        jobLabel: 'app.kubernetes.io/name',
        selector: { matchLabels: selector },
        endpoints: [{
          port: 'metrics',
          interval: config.scrapeInterval,
          scrapeTimeout: config.scrapeTimeout,
          [if std.get(exporter, 'honorLabels', false) then 'honorLabels']: true,
          relabelings: [{ sourceLabels: [instanceFrom[exporter.instance]], targetLabel: 'instance' }],
        }],
      },
    };

    [serviceAccount]
    + (if hasConfig then [configMap] else [])
    + [workload, service, serviceMonitor],
}
