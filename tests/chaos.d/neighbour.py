# SPDX-License-Identifier: BSD-3-Clause
"""The other lane of hardware ports: how long it stands when they are made whole after a death
inside a driver, and whether it is back at its rate."""
import time

from quantiles import quantile, quantiles

LOOK_S = 0.1


class Neighbour:
  def __init__(self, world):
    self.world = world
    self.stood_us, self.back = [], []
    self.usual = None  # packets a second, as of last time

  def lane(self):
    return self.world.lanes()[1]

  def rate(self):
    began, before = time.monotonic(), self.lane()['tx_pkts']
    time.sleep(LOOK_S)
    return (self.lane()['tx_pkts'] - before) / (time.monotonic() - began)

  def look(self, repaired):
    """After a death in lane 0. repaired: ports were made whole."""
    if not self.world.neighbour or not (repaired or self.usual is None):
      return
    lane = self.lane()
    if repaired and lane['last_gap_generation'] == lane['generation']:
      self.stood_us.append(lane['last_gap_us'])
    rate = self.rate()
    if repaired and self.usual:
      self.back.append(rate / self.usual)
    else:
      self.usual = rate

  def result(self):
    if not self.stood_us:
      return {}
    return {'stood_us': quantiles(self.stood_us), 'usual_pps': round(self.usual),
            'rate_after_percent': {'p50': round(100 * quantile(self.back, 0.5), 1),
                                   'min': round(100 * min(self.back), 1)} if self.back else None}
