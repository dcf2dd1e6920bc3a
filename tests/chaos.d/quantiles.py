# SPDX-License-Identifier: BSD-3-Clause
"""Of many values, those that people ask for."""


def quantile(values, part):
  if not values:
    return None
  values = sorted(values)
  return values[min(len(values) - 1, int(part * len(values)))]


def quantiles(values):
  return {'p50': quantile(values, 0.5), 'p99': quantile(values, 0.99),
          'max': max(values, default=None)}
