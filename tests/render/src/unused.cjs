// SPDX-License-Identifier: Apache-2.0
// Stands in for the packages that Grafana's components import and this page never uses (see package.json).
// A class, because some are on the right of an instanceof.
module.exports = class Unused {};
