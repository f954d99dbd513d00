// SPDX-License-Identifier: Apache-2.0
// The exporters, for what looks at all of them: `name` is the value of the label `component`, `prefix` begins the
// names of what every exporter tells of itself, `selector` selects its series, `dashboard` is where one looks first.
{
  of(config):: [
    { name: 'system', title: 'System', prefix: 'node', selector: config.system.selector, dashboard: 'binnacle-system' },
    { name: 'postgres', title: 'Postgres', prefix: 'pg', selector: config.postgres.selector, dashboard: 'binnacle-postgres-pool' },
    { name: 'cache', title: 'Cache', prefix: 'cache', selector: config.cache.selector, dashboard: 'binnacle-cache-overview' },
    {
      name: 'circuit-breaker',
      title: 'Circuit breakers',
      prefix: 'circuit_breaker',
      selector: config.circuitBreaker.selector,
      dashboard: 'binnacle-circuit-breakers',
    },
    { name: 'ai-gateway', title: 'AI gateway', prefix: 'aigw', selector: config.aiGateway.selector, dashboard: 'binnacle-ai-gateway' },
  ],
}
