// SPDX-License-Identifier: Apache-2.0
{
  // Fills texts into an expression: %(name)s becomes values.name, as with the operator %, which takes some 20 times as long.
  fill(expr, values)::
    local filled = std.foldl(function(text, name) std.strReplace(text, '%(' + name + ')s', values[name]), std.objectFields(values), expr);
    assert std.strReplace(filled, '%(', '') == filled : 'nothing is known to fill in: %s' % [filled];
    filled,
}
