-- SPDX-License-Identifier: Apache-2.0
CREATE ROLE binnacle LOGIN CONNECTION LIMIT 3;
GRANT pg_monitor TO binnacle;
CREATE EXTENSION pg_stat_statements;
