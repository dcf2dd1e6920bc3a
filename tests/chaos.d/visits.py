# SPDX-License-Identifier: BSD-3-Clause
"""Deaths at named points: each is brought about where it can happen, at work, in an attach, on
taking or giving the lane, in the crash handler, on a packet of death."""
import ctypes
import signal

import orders
from world import wait_until

POINT_S = 4         # a point that is not reached within so long was missed
SYS_TGKILL = 234


def signal_lane_thread(lane, signum):
  """To the thread that runs it: where a fault of its own would arrive."""
  ctypes.CDLL(None).syscall(SYS_TGKILL, lane['owner_pid'], lane['owner_tid'], int(signum))


class Visits:
  """What Rounds does at named points."""

  def order(self, worker, point, hit):
    worker.orders.give(point, hit, self.args.signal)

  def hit_by(self, worker, point):
    """Waits until the worker says that it came to the point, and has ended; else withdraws."""
    path = self.world.processes.path(worker.log + '.err')
    def said():
      with open(path, encoding='utf-8', errors='replace') as file:
        return 'point %s: hit: ' % point in file.read()
    hit = wait_until(POINT_S, said, 0.002)
    worker.orders.withdraw()
    return hit

  def visit_work(self, point):
    lane = self.ready()
    victim = self.world.workers[lane['owner_pid']]
    self.order(victim, point, self.rng.randint(1, 100))
    if not self.hit_by(victim, point):
      return False
    self.takeover(lane, victim)
    self.bury(victim)
    return True

  def visit_take(self, point):
    """The owner dies with a packet open; whoever has waited longest dies taking the lane."""
    lane = self.ready(2)
    first = self.world.workers[self.world.waiting()[0]]
    owner = self.world.workers[lane['owner_pid']]
    return self.kill_in_turn(lane, [(owner, 'flow_counted', 'KILL'), (first, point, None)])

  def kill_in_turn(self, lane, deaths):
    """Each of (worker, where, how; None: as asked for) dies; the next one is who takes the lane
    then. Was the last point hit?"""
    for worker, where, how in reversed(deaths[1:]):
      worker.orders.give(where, 1, how or self.args.signal)
    owner, where, how = deaths[0]
    owner.orders.give(where, self.rng.randint(1, 100), how)
    hits = [self.hit_by(worker, where) for worker, where, _ in deaths]
    dead = [worker for (worker, _, _), hit in zip(deaths, hits) if hit]
    if dead:
      self.takeover(lane, dead[-1])
    for worker in dead:
      self.bury(worker)
    for hit in hits[:-1]:
      self.kills += bool(hit)
      self.on_the_way += bool(hit)
    return hits[-1]

  def visit_suspect(self, point):
    """The owner faults on a packet; whoever takes the lane dies suspecting it."""
    lane = self.ready(2)
    owner = self.world.workers[lane['owner_pid']]
    first = self.world.workers[self.world.waiting()[0]]
    return self.kill_in_turn(lane, [(owner, 'apply_open', 'FAULT'), (first, point, None)])

  def visit_quarantine(self, point):
    """Two owners fault on one packet; the third dies while it puts it aside."""
    lane = self.ready(3)
    owner = self.world.workers[lane['owner_pid']]
    first, second = [self.world.workers[pid] for pid in self.world.waiting()[:2]]
    self.deadly += 1
    return self.kill_in_turn(lane, [(owner, 'apply_open', 'FAULT'),
                                    (first, 'apply_open', 'FAULT'), (second, point, None)])

  def visit_crash(self, point):
    """Somebody sends SIGSEGV; the handler does not come to its end."""
    lane = self.ready()
    victim = self.world.workers[lane['owner_pid']]
    self.order(victim, point, 1)
    signal_lane_thread(lane, signal.SIGSEGV)
    if not self.hit_by(victim, point):
      return False
    self.takeover(lane, victim)
    self.bury(victim)
    return True

  def visit_give(self, point):
    lane = self.ready()
    victim = self.world.workers[lane['owner_pid']]
    self.order(victim, point, 1)
    self.world.ctl.ask('restart', target='all')
    if not self.hit_by(victim, point):
      return False
    self.takeover(lane, victim)
    self.bury(victim)
    return True

  def visit_attach(self, point):
    """Whoever stands behind the one that dies must come through as well as who comes later."""
    self.ready()
    victim = self.world.add_worker(order=(point, 1, self.args.signal))
    probe = self.world.add_worker() if self.rng.random() < 0.5 else None
    hit = self.hit_by(victim, point)
    if not hit:
      victim.kill()
    self.bury(victim)
    self.prove_attach(probe)
    return hit

  def visit(self, point):
    """Until the point was hit: proved by the worker's own last words."""
    method = getattr(self, 'visit_' + orders.kind_of(point))
    self.point = point
    for _ in range(4):
      if method(point):
        self.kills += 1
        self.killed_in[point] += 1
        return
    self.killed_in[point] += 0
    self.missed.append(point)

