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
  },
}
