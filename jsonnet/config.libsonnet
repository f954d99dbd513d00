// SPDX-License-Identifier: Apache-2.0
// Every value that a user may want to change. Override a key from outside:
//   (import 'mixin.libsonnet') + { _config+:: { system+: { selector: 'job="node"' } } }
{
  _config+:: {
    // Address of an alert's runbook page; %s becomes the alert's name.
    // Change it to where your copy of docs/runbooks/ can be read.
    runbookURLPattern: 'https://github.com/binnacle/binnacle/blob/main/docs/runbooks/%s.md',

    // Address of a dashboard; %s becomes its uid. A path is enough where the alert's reader has Grafana open;
    // put your Grafana's own address before it, so that links in mails and chats work.
    dashboardURLPattern: '/d/%s',

    // Tags of every dashboard. The links between the dashboards are built from the first one.
    dashboardTags: ['binnacle'],

    // How often an open dashboard asks again, and how far back it looks at first.
    dashboardRefresh: '30s',
    dashboardTimeFrom: 'now-3h',

    // ---- alertmanager: who hears of what, and when ----
    alertmanager: {
      // Critical alerts: how long after an alert fired the first message goes, so that what hides it is there (raise it where
      // your rules take longer to evaluate); how often more of the same kind are told, and how often what still fires.
      critical: { wait: '1s', interval: '1m', repeat: '1h' },
      // Who else hears of a critical alert that is neither over nor silenced after so long. An empty list switches it off;
      // a second step needs an entry of its own in `receivers`.
      escalations: [{ receiver: 'escalation', after: '15m' }],
      // Warnings: how often there may be a message of one kind, and how often what still fires is told again.
      warning: { every: '5m', repeat: '12h' },
      // Whether warnings wait for working hours.
      warningsOnlyAtWork: false,
      workingHours: { weekdays: 'monday:friday', from: '08:00', to: '18:00', location: 'UTC' },
      // When the day's one message with all that has severity info is sent. Alertmanager looks every 5 minutes: give it 10.
      digest: { from: '08:00', to: '08:10', location: 'UTC' },
      // Names of alerts of your own (a regular expression) that say that a target is down.
      targetDown: 'TargetDown|InstanceDown',
      // What is sent where, as YAML of Alertmanager's: page, ticket, digest, and those of `escalations`.
      receivers: import 'lib/receivers.libsonnet',
    },

    // ---- aiGateway: the AI gateway, its models and its upstreams ----
    aiGateway: {
      // Selects the series of the gateways in every rule. The default takes the job name "ai-gateway", also with
      // "-exporter" behind it (or "_"). Change it when your scrape job has another name.
      selector: 'job=~"ai[-_]gateway([-_]exporter)?"',

      // Service level of each model: the share of requests that must not fail, and the share that must end within so
      // many seconds. The seconds are a bound of the histogram: 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300,
      // 600. Long answers take long: raise them where models think for minutes.
      availability: 0.99,
      latency: 0.95,
      latencySeconds: '30',
      // Outcomes that are failures, and those that say nothing about the gateway: what callers did wrong or gave up, and
      // what limits of the config are meant to refuse. All others count as good.
      failures: 'upstream_error|timeout|breaker_open|overloaded|queue_full|queue_timeout|upstream_limited',
      notCounted: 'client_error|canceled|rate_limited',
      // How many times faster than allowed the failures that a month may have are used up.
      burn: { fast: 14.4, slow: 6, slowest: 3 },
      // Requests a second for a model under which its shares say nothing; 0.01 is 36 an hour.
      minRate: 0.01,

      // The time from a request's arrival within which 95 % of the streams begin, in seconds. A place of it is a bound of
      // the histogram: 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120.
      firstTokenSeconds: { warning: 5, critical: 20 },
      // How many times slower than usual an upstream may be.
      latencyRatio: 2,

      // Share of the places in a model's queue that are taken.
      queue: { warning: 0.5, critical: 0.9 },
      // Requests a second that a queue may turn away because it is full or the wait was too long.
      queueRejected: 0.05,
      // The time that 95 % of the requests that have to wait wait at most, in seconds. A place of it is a bound of the
      // histogram: 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60.
      queueWaitSeconds: { warning: 5, critical: 30 },
      // Share of a model's requests that limits of the config may refuse.
      rateLimited: 0.1,
      // Share of requests that are retries of the clients' SDKs.
      clientRetries: 0.1,
      // Share of streams that may break off after they had begun, through no fault of the client.
      streamsBroken: 0.02,

      // Share of the attempts at an upstream that it may answer with 429.
      upstreamLimited: 0.05,
      // Share of an upstream's own rate limit that is left.
      upstreamLimitLeft: 0.1,

      // Share of the daily budget that the last 24 hours cost.
      budget: { warning: 0.8, critical: 1 },
      // How many times as much as in the same hour of last week an hour may cost, and the US dollars under which an hour is cheap.
      spendRatio: 3,
      spendMinUsd: 1,
      // Share of answers whose tokens are not known at all, and of those whose tokens are estimated.
      usageMissing: 0.05,
      usageEstimated: 0.2,

      // Share of the connections and of the memory for bodies that the config allows.
      connections: { warning: 0.8, critical: 0.95 },
      memory: { warning: 0.8, critical: 0.95 },

      // Health score (0 to 100) of a gateway under which the alert fires: of its worst model or upstream. The exporter
      // gives a degraded one at most 89 and an unhealthy one at most 49.
      healthScore: { warning: 80, critical: 50 },
      // Starts of a gateway in an hour that are still usual.
      restarts: 2,
    },

    // ---- application: services that export http_requests_total and http_request_duration_seconds ----
    application: {
      // Selects the series of the applications in every rule. The default takes job names that have "app", "application",
      // "api", "web" or "service" as a word of their own: "shop-api", "web". Change it to the names of your jobs.
      selector: 'job=~"(.+[-_])?(app|application|api|web|service)([-_].+)?"',

      // Names of the metrics and of their labels: the route, the method and the status code. They differ between client
      // libraries: route is also called "route" or "path", code also "status". Without the gauge of requests in flight,
      // its panels stay empty.
      requests: 'http_requests_total',
      durations: 'http_request_duration_seconds',
      inFlight: 'http_requests_in_flight',
      labels: { route: 'handler', method: 'method', code: 'code' },
      // Status codes that are failures, as a regular expression. What callers got wrong is none.
      failures: '5..',

      // Service level of each job, all its instances together: the share of requests that must not fail, and the share that
      // must end within so many seconds. The seconds are a bound of the histogram; most libraries have 0.005, 0.01, 0.025,
      // 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10.
      availability: 0.999,
      latency: 0.99,
      latencySeconds: '0.5',
      // The time over which the service level is kept. Prometheus must keep the recorded series for so long.
      window: '30d',
      // How many times faster than allowed the failures of that time are used up.
      burn: { fast: 14.4, slow: 6, slowest: 1 },
      // Requests a second of a job under which its shares say nothing.
      minRate: 0.1,

      // The time within which 95 % of the requests for a route end, in seconds, and the requests a second of a route of one
      // instance under which that says nothing. Raise it where a route is meant to be slow.
      routeSeconds: { warning: 1, critical: 5 },
      routeMinRate: 0.05,
      // Requests a second that a job had in the hour before, for it to matter that it has none now.
      trafficMinRate: 1,

      // Share of a process's own limit of open files.
      fileDescriptors: { warning: 0.8, critical: 0.95 },
      // Starts of an instance in an hour that are still usual.
      restarts: 2,
    },

    // ---- cache: Redis, Memcached, and the caches inside applications, as the cache exporter sees them ----
    cache: {
      // Selects the series of the exporters in every rule. The default takes the job names "cache", "redis", "valkey" and
      // "memcached", each also with "-exporter" or "_exporter" behind it, so that rules keep working after a switch from
      // redis_exporter. Change it when your scrape job has another name.
      selector: 'job=~"(cache|redis|valkey|memcached)([-_]exporter)?"',

      // Health score (0 to 100) of an exporter under which the alert fires: of its worst cache. The exporter gives a
      // degraded cache at most 89 and an unhealthy one at most 49.
      healthScore: { warning: 80, critical: 50 },

      // Starts of an exporter in an hour that are still usual.
      restarts: 2,

      // A hit ratio of the last 30 minutes as a share of that of the last 6 hours, below which it "fell"; and the lookups
      // a second under which the ratio says nothing.
      hitRatioOfPast: 0.8,
      hitRatioMinRate: 1,

      // Share of connections in use: of Redis' maxclients and of Memcached's limit.
      connections: { warning: 0.8, critical: 0.95 },
      // Keys or items evicted in an hour as a share of those that are there. 0.5 means that a key lives for two hours on
      // average; raise it for caches of short-lived things.
      evictedOfKeys: 0.5,

      // Share of maxmemory in use by a Redis whose policy is noeviction.
      redisMemory: { warning: 0.85, critical: 0.95 },
      // Memory taken as a multiple of memory needed, and the bytes needed under which that says nothing.
      fragmentation: 1.5,
      fragmentationMinBytes: 268435456,
      // Clients that wait in blocking commands. Raise it above the number of workers that wait for jobs.
      blockedClients: 100,
      // The time that 90 % of the exporter's PINGs need, in seconds. A place of it is a bound of the histogram: 0.001,
      // 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5.
      pingSeconds: { warning: 0.01, critical: 0.1 },
      // Entries of the slow log in 15 minutes. What counts as slow is Redis' own slowlog-log-slower-than.
      slowCommands: 50,
      // How far a replica is behind, in bytes of the replication stream, and since when it was not heard of, in seconds.
      // One second is usual.
      replicaBytes: { warning: 10485760, critical: 104857600 },
      replicaSeconds: { warning: 10, critical: 60 },
      // Full copies for replicas in an hour that are still usual.
      fullSyncs: 2,
    },

    // ---- capacity: what is used up, and when it will be ----
    // Each forecast fires when the trend of the recorded shares leads to the limit within so many hours, and more than the
    // given share is used now. Disk space and the budget of the AI gateway have alerts of their own.
    capacity: {
      connections: { window: '6h', hours: 4, used: 0.5 },
      clients: { window: '6h', hours: 4, used: 0.5 },
      transactionIds: { window: '1d', hours: 168, used: 0.2 },
      inodes: { window: '6h', hours: 24, used: 0.6 },
      memory: { window: '6h', hours: 4, used: 0.6 },
      descriptors: { window: '6h', hours: 12, used: 0.3 },
      redisMemory: { window: '6h', hours: 4, used: 0.6 },
    },

    // ---- circuitBreaker: breakers of all kinds, as the circuit-breaker exporter sees them ----
    circuitBreaker: {
      // Selects the series of the exporters in every rule. The default takes the job names "circuit-breaker" and
      // "circuit-breakers", each also with "-exporter" behind it (or "_"). Change it when your scrape job has another name.
      selector: 'job=~"circuit[-_]breakers?([-_]exporter)?"',

      // Four of the thresholds below can be set for a breaker alone, by `alerts` of a rule in the exporter's own config:
      // openSeconds (open_seconds), openingsPerHour (openings_per_hour), rejectedPerSecond (rejected_per_second) and
      // slowCallRatio (slow_call_ratio). There is also failure_ratio, in the place of failureRatioOfThreshold.

      // Seconds that a breaker which is not closed may have been open for, of the last hour.
      openSeconds: 300,
      // How often a breaker may go from closed to open in an hour.
      openingsPerHour: 6,
      // Calls a second that a breaker may refuse.
      rejectedPerSecond: 1,
      // A breaker's failure ratio as a share of the one at which it opens.
      failureRatioOfThreshold: 0.8,
      // Share of slow calls. What is slow, the breaker says, or the rule for it in the exporter's config (`slow_call`).
      slowCallRatio: 0.5,
      // Calls that the window of a breaker must have for the two ratios to say something, where it does not tell how many
      // it needs itself.
      minCalls: 10,
      // Share of a resource (connections, pending requests) that is still free.
      headroom: 0.1,

      // Times that something may have happened unseen at a source, for each poll of it. A source that tells of its last
      // hundred calls only has such gaps whenever it is busy: raise it, or poll more often.
      sourceGaps: 0.1,
      // Health score (0 to 100) of an exporter under which the alert fires: of its worst source or breaker. The exporter gives
      // a degraded one at most 89 and an unhealthy one at most 49.
      healthScore: { warning: 80, critical: 50 },
      // Starts of an exporter in an hour that are still usual.
      restarts: 2,
    },

    // ---- system: the host and the container that an exporter runs in ----
    system: {
      // Selects the series of the system exporters in every rule. The default takes the job names "system", "node",
      // and both with "-exporter" or "_exporter", so that rules keep working after a switch from node_exporter.
      // Change it when your scrape job has another name.
      selector: 'job=~"(system|node)([-_]exporter)?"',

      // Selects the filesystems that the disk alerts look at: not those in memory, not images that are full by design,
      // and not the single files that container runtimes mount from the host's disk.
      filesystems: 'fstype!~"tmpfs|ramfs|squashfs|erofs|iso9660",mountpoint!~"/etc/(hostname|hosts|resolv[.]conf)"',

      // Selects the disks of the disk IO alert: not loop and RAM disks, and not the layers (dm, md) above a disk,
      // which would report the same wait twice.
      disks: 'device!~"(loop|ram|zram|sr|fd|dm-|md)[0-9]+"',

      // Selects the network interfaces of the error alerts: not loopback and the container side's virtual pairs.
      interfaces: 'device!~"lo|veth.*"',

      // Health score (0 to 100) under which the alert fires. The exporter gives a degraded host at most 89 and an unhealthy
      // one at most 49. Raise the warning to 90 for hosts that must be spotless.
      healthScore: { warning: 80, critical: 50 },

      // Share of CPU time in use above which a host counts as busy. It fires only when tasks wait as well (next keys).
      cpuBusy: { warning: 0.9, critical: 0.95 },
      // Share of time in which a task waited for a CPU (pressure stall information).
      cpuWaiting: { warning: 0.2, critical: 0.5 },
      // Load of 5 minutes per CPU: the guard on kernels without pressure stall information.
      cpuLoad: { warning: 1.5, critical: 3 },

      // Share of a container's CPU periods that were throttled. Lower it for services that are sensitive to latency.
      containerThrottled: 0.5,
      // CPU periods a second that a container must use before its throttling counts: the kernel has 10 a second by
      // default, so 1 means active in a tenth of the time.
      containerThrottledMinPeriods: 1,
      // Share of time in which every task of a container waited for a CPU.
      containerCpuStalled: 0.2,

      // Share of memory that is still available. Lower it on hosts with very much memory.
      memoryAvailable: { warning: 0.1, critical: 0.05 },
      // Share of time in which every task waited for memory.
      memoryStalled: { warning: 0.05, critical: 0.2 },
      // A container's working set as a share of its effective memory limit. Raise it for programs that size their own
      // heap to the limit.
      containerMemory: { warning: 0.9, critical: 0.97 },

      // Share of time in which every task waited for IO.
      ioStalled: 0.25,
      // Load of 5 minutes that a host must have before IO pressure counts: one lone backup job on an idle host is fine.
      ioMinLoad: 2,

      // Free share of a filesystem under which the alert fires. Lower it for very large disks.
      diskFree: { warning: 0.1, critical: 0.05 },
      // The filling alert: the trend of the last 6 hours reaches zero within so many hours, and no more than the given
      // share is free now. Lower the share when one night's job fills a lot and deletes it again.
      diskFillingHours: { warning: 24, critical: 4 },
      diskFillingFree: { warning: 0.4, critical: 0.2 },
      // Free share of a filesystem's inodes.
      inodesFree: { warning: 0.1, critical: 0.03 },
      // A filesystem that is read-only counts as "went read-only" when it was writable within this time.
      readOnlyLookback: '1d',
      // Average length of a disk's queue, and the share of time with at least one request. NVMe disks work well with
      // long queues: raise the length there.
      diskQueue: 10,
      diskBusy: 0.9,

      // Share of an interface's packets with errors, and the packets a second under which the share says nothing.
      networkErrors: 0.01,
      networkMinPackets: 10,
      // Share of the connection tracking table in use.
      conntrack: { warning: 0.8, critical: 0.95 },

      // Share of open files of the kernel's limit, and of a process's own limit.
      fileDescriptors: { warning: 0.8, critical: 0.95 },
      processFileDescriptors: { warning: 0.8, critical: 0.95 },
      // Share of threads of the kernel's limit, and of a container's effective limit.
      pids: { warning: 0.8, critical: 0.95 },

      // Age in seconds of a textfile that counts as stale: a daily job plus two hours. Lower it when every job runs more often.
      textfileStaleSeconds: 93600,

      // Offset from the time source, and difference from Prometheus' own clock, in seconds.
      clockOffsetSeconds: 0.05,
      clockDifferenceSeconds: 60,
      // The kernel's own estimate of its clock error, in seconds, that means "no time source at all".
      clockMaxErrorSeconds: 16,
    },

    // ---- postgres: PostgreSQL servers and PgBouncers, as the postgres-pool exporter sees them ----
    postgres: {
      // Selects the series of the exporters in every rule. The default takes the job names "postgres", "postgresql" and
      // "pgbouncer", each also with "-pool", "-exporter" or both behind it (or "_"). Change it when your scrape job has
      // another name.
      selector: 'job=~"(postgres(ql)?|pgbouncer)([-_]pool)?([-_]exporter)?"',

      // Health score (0 to 100) of an exporter under which the alert fires: of its worst server. The exporter gives a
      // degraded server at most 89 and an unhealthy one at most 49.
      healthScore: { warning: 80, critical: 50 },

      // Share of the connections in use that ordinary roles may open: of max_connections less what is reserved, of a
      // database's and of a role's own CONNECTION LIMIT. Raise the warning where a pool of fixed size takes most of them.
      connections: { warning: 0.8, critical: 0.95 },

      // Clients that wait for a server connection, for each connection that their pool may have. Statements of
      // milliseconds clear a queue of this length at once; raise it for pools of many short statements.
      poolQueue: { warning: 0.5, critical: 3 },
      // How long the client that waits longest has waited, in seconds. Lower it where requests have a deadline of less.
      poolWaitSeconds: { warning: 1, critical: 15 },
      // The same wait as a share of PgBouncer's query_wait_timeout, at which the client is thrown out.
      poolWaitOfTimeout: { warning: 0.1, critical: 0.5 },
      // Share of max_client_conn in use.
      poolClients: { warning: 0.8, critical: 0.95 },
      // The time that 95 % of the checkouts need, in seconds. A place of it is a bound of the histogram: 0.1, 0.25, 0.5,
      // 1, 2.5, 5. Lower it where the pool is close by.
      checkoutSeconds: { warning: 0.25, critical: 2.5 },
      // Share of checkouts that fail.
      checkoutErrors: { warning: 0.05, critical: 0.5 },

      // How long a session has waited for a lock, in seconds.
      blockedSeconds: { warning: 60, critical: 300 },
      // Deadlocks in 15 minutes that one database may have.
      deadlocks: 3,
      // How long a session sits idle in an open transaction, in seconds.
      idleInTransactionSeconds: { warning: 600, critical: 3600 },
      // How long a transaction is open, in seconds. Raise it where a backup by pg_dump or a nightly job takes longer.
      transactionSeconds: { warning: 3600, critical: 21600 },
      // How long a prepared transaction is undecided, in seconds.
      preparedSeconds: 3600,
      // Share of transactions that are rolled back, and the transactions a second under which the share says nothing.
      // Raise the share for frameworks that end every read with a rollback.
      rollbacks: 0.2,
      rollbacksMinRate: 1,
      // Seconds a second that statements slower than the exporter's threshold take together, of one role in one database:
      // 1 is one connection that does nothing else.
      slowSeconds: 1,

      // Share of the way to wraparound that is left to a database's oldest transaction id or multixact id. Autovacuum
      // freezes at about 0.9, so 0.5 means that it has failed for long; at 0 the server takes no more writes.
      idHeadroom: { warning: 0.5, critical: 0.2 },
      // How far a table is past its own autovacuum threshold of dead or inserted rows, as a multiple.
      vacuumOverdue: 3,
      // Share of autovacuum_max_workers that are at work.
      autovacuumWorkers: 1,
      // Rows in a default partition (an estimate). Raise it where rows are meant to be there.
      defaultPartitionRows: 0,
      // How far ahead of now the partitions of a table must reach, in seconds. A table whose partitions ended longer ago
      // than the last key says counts as given up.
      partitionsAheadSeconds: { warning: 172800, critical: 21600 },
      partitionsGivenUpSeconds: 604800,
      // Share of the blocks read that were in shared_buffers, and the blocks a second that must come from outside
      // (8 KiB each) for that to matter. What the kernel's page cache gave counts as from outside.
      cacheHits: 0.9,
      cacheMinReads: 1000,
      // Bytes a second that sorts and hashes of a database write to temporary files.
      tempBytes: 10485760,

      // How far a replica is behind, in seconds, and in bytes of WAL as its primary sees it.
      replicationLagSeconds: { warning: 60, critical: 600 },
      replicationLagBytes: { warning: 1073741824, critical: 10737418240 },
      // Bytes of WAL that are kept for one replication slot. Set it to what the disk can spare.
      slotBytes: { warning: 10737418240, critical: 53687091200 },
    },

    // ---- kubernetes: the manifests in kubernetes/ ----
    kubernetes: {
      // Where everything goes. Prometheus must look there for ServiceMonitors and rules, and Grafana's sidecar for dashboards.
      namespace: 'monitoring',

      // Images are REGISTRY/NAME-exporter:TAG, for example binnacle/cache-exporter:0.1.0.
      registry: 'binnacle',
      tag: '0.1.0',
      // imagePullSecrets: [{ name: 'registry' }],

      // Labels of ServiceMonitors and PrometheusRules, by which a Prometheus chooses what is its own
      // (serviceMonitorSelector, ruleSelector). kube-prometheus-stack wants the name of its Helm release; the plain
      // kube-prometheus wants { prometheus: 'k8s', role: 'alert-rules' } on rules.
      selectedLabels: { release: 'kube-prometheus-stack' },
      // What Grafana's sidecar looks for, and the folder that it puts dashboards into (sidecar.dashboards.folderAnnotation).
      dashboardLabels: { grafana_dashboard: '1' },
      dashboardAnnotations: { grafana_folder: 'Binnacle' },

      // Rates in rules and panels want at least four scrapes a minute.
      scrapeInterval: '15s',
      scrapeTimeout: '10s',

      // One entry an exporter; an exporter without one has no manifests. Requests of memory are at least twice the measured
      // peak of a small installation; limits leave room for a large one. There is no limit of CPU: it would only make
      // scrapes late.
      //
      //   port        of metrics, probes and the ServiceMonitor; ports: others
      //   config      the config file, in a ConfigMap; a changed one replaces the pod
      //   secret      name of a Secret that you make: each key is a file in /run/secrets/binnacle
      //   instance    what the label `instance` is: node, service or pod
      exporters: {
        // On every node, with the node's network and processes, and its file systems to read.
        system: {
          everyNode: true,
          instance: 'node',
          port: 9100,
          args: [
            '--path.procfs=/host/proc',
            '--path.sysfs=/host/sys',
            '--path.rootfs=/host',
            '--path.udev.data=/host/run/udev/data',
          ],
          // 11 MiB, 1.4 ms of CPU a scrape.
          resources: { requests: { cpu: '10m', memory: '24Mi' }, limits: { memory: '96Mi' } },
        },

        // One pod, so that a server has one session of it; replaced, not doubled, when it changes.
        'postgres-pool': {
          instance: 'service',
          replicas: 1,
          strategy: { type: 'Recreate' },
          port: 9187,
          // 18 MiB, 1.4 ms of CPU a scrape of one server.
          resources: { requests: { cpu: '10m', memory: '36Mi' }, limits: { memory: '128Mi' } },
          secret: 'postgres-pool-exporter',
          config: |||
            # The Secret's key `password` is the role's: CREATE ROLE binnacle LOGIN; GRANT pg_monitor TO binnacle;
            targets:
              - name: orders
                dsn: host=postgres.default.svc dbname=postgres
                credentials: monitoring
              - name: pool
                kind: pgbouncer
                dsn: host=pgbouncer.default.svc port=6432 dbname=pgbouncer
                credentials: monitoring
            credentials:
              monitoring:
                username: binnacle
                password_file: /run/secrets/binnacle/password
          |||,
        },

        cache: {
          instance: 'service',
          replicas: 1,
          strategy: { type: 'Recreate' },
          port: 9121,
          // 10 MiB, 1.2 ms of CPU a scrape of one Redis.
          resources: { requests: { cpu: '10m', memory: '20Mi' }, limits: { memory: '96Mi' } },
          secret: 'cache-exporter',
          config: |||
            # The Secret's key `password` is the user's: ACL SETUSER binnacle on >PASSWORD +ping +info
            credentials:
              redis:
                username: binnacle
                password_file: /run/secrets/binnacle/password
            targets:
              - {name: orders, address: "redis.default.svc:6379", credentials: redis}
              - {name: sessions, kind: memcached, address: "memcached.default.svc:11211"}
          |||,
        },

        'circuit-breaker': {
          instance: 'service',
          // The label `instance` of a breaker is the breaker's own.
          honorLabels: true,
          replicas: 1,
          strategy: { type: 'Recreate' },
          port: 9910,
          // Where applications push to over DogStatsD.
          ports: [{ name: 'statsd', port: 9125, protocol: 'UDP' }],
          args: ['--statsd.listen=:9125'],
          // 14 MiB without a breaker.
          resources: { requests: { cpu: '10m', memory: '28Mi' }, limits: { memory: '128Mi' } },
          config: |||
            sources:
              - {name: mesh, kind: envoy, url: "http://envoy-admin.default.svc:9901"}
              - {name: shop, kind: resilience4j, url: "http://shop.default.svc:8080"}
          |||,
        },

        'ai-gateway': {
          instance: 'pod',
          replicas: 1,
          strategy: { type: 'RollingUpdate' },
          port: 9911,
          // Where applications send their requests.
          ports: [{ name: 'proxy', port: 8911, protocol: 'TCP' }],
          // Longer than proxy.shutdown_grace, so that streams under way can end.
          terminationGracePeriodSeconds: 45,
          // 10 MiB without a request; max_held_bytes of the config comes on top.
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
          secret: 'ai-gateway-exporter',
          config: |||
            # Keys of the Secret: `clients`, what applications send as their API key, one a line; `openai`, the provider's.
            proxy:
              listen: [":8911"]
              client_key_files: [/run/secrets/binnacle/clients]
              max_held_bytes: 134217728
            upstreams:
              - {name: openai, url: "https://api.openai.com", key_file: /run/secrets/binnacle/openai}
              - {name: gpu, url: "http://vllm.default.svc:8000"}
            models:
              - {name: gpt-4o, targets: [{upstream: openai}, {upstream: gpu, model: llama-3.3-70b}]}
            # US dollars for a million tokens. Look up your own: these are examples.
            prices:
              - {model: "gpt-4o*", input: 2.5, output: 10, cached_input: 1.25}
              - {model: "llama*", unpriced: true}
          |||,
        },
      },
    },
  },
}
