# SPDX-License-Identifier: BSD-3-Clause
"""What is done to an instance, one round after another: kills of the lane's owner, at random
instants or at named points; deaths of workers that attach; planned hand-overs."""
import collections
import signal
import sys
import time

import footprint
import orders
from neighbour import Neighbour
from visits import Visits, signal_lane_thread
from world import Stuck, wait_until

TAKEOVER_S = 6      # a lane without an owner for so long is stuck
WARM = 10           # kills after which nothing may grow any more
SIGNALS = {'KILL': signal.SIGKILL, 'STOP': signal.SIGSTOP, 'SEGV': signal.SIGSEGV}
COMMON = ('apply_open', 'apply_verdict', 'flow_counted', 'published', 'planned', 'apply_saved')


class Rounds(Visits):
  def __init__(self, args, world, rng, all_points):
    self.args, self.world, self.rng = args, world, rng
    self.all_points = all_points
    self.kills = 0
    self.killed_in = collections.Counter()
    self.on_the_way = 0   # deaths that had to come before the one at a named point
    self.deadly = 0       # packets that ended two owners, at most
    self.point = None
    self.phases = collections.Counter()
    self.repair_us = []
    self.neighbour = Neighbour(world)
    self.recovery = collections.Counter()
    self.gaps_us = []
    self.stuck = 0
    self.missed = []
    self.lost_max = 0
    self.last_gap = 0
    self.losses = 0
    self.warm = None
    self.growth = {}
    self.began = time.monotonic()

  # --- the state between rounds ---

  def top_up(self):
    """Standbys for those that died; at most two attach at a time. For named points one: then they
    wait in the order in which they came, and one knows who takes the lane next."""
    waiting = self.world.waiting()
    missing = self.world.STANDBYS + 1 - len(self.world.workers)
    most = 2 if self.args.points == 'random' else len(waiting) + 2 > len(self.world.workers)
    for _ in range(min(missing, most)):
      self.world.add_worker()
    return waiting

  def note_gap(self, lane):
    if lane['last_gap_generation'] == lane['generation'] != self.last_gap:
      self.last_gap = lane['generation']
      self.gaps_us.append(lane['last_gap_us'])

  def settled(self, waiters=1):
    """The lane when it has an owner that finished packets and others wait; else None."""
    for worker, point in self.world.reap():
      self.unexpected(worker, point)
    waiting = self.top_up()
    lane = self.world.lane()
    self.note_gap(lane)
    if lane['state'] != 'running' or lane['owner_pid'] not in self.world.workers:
      self.take_back(lane, waiting)
      return None
    if lane['generation'] > 1 and lane['last_gap_generation'] != lane['generation']:
      return None
    return lane if len(waiting) >= waiters else None

  def take_back(self, lane, waiting):
    """The neighbour was given the lane, as nobody waited for it at a death: it is to live."""
    if waiting and self.world.neighbour and lane['owner_pid'] == self.world.neighbour.pid:
      self.recovery['adopted'] += bool(self.world.ctl.ask('restart', target='0').get('ok'))

  def unexpected(self, worker, point):
    """A worker that ended and was not killed: a defect."""
    if point is None and worker.returncode != -signal.SIGKILL:
      self.recovery['died_by_itself'] += 1
      print('chaos: worker %d: ended by itself, status %d: %s'
            % (worker.pid, worker.returncode, worker.last_words), file=sys.stderr)

  def ready(self, waiters=1):
    lane = wait_until(20, lambda: self.settled(waiters))
    if not lane:
      lane = self.world.lane()
      raise Stuck('lane 0: no owner and standby within 20 s: it is %s, owner %s, generation %s, '
                  'the last to finish a packet %s; waiting: %s of %s'
                  % (lane['state'], lane['owner_pid'], lane['generation'],
                     lane['last_gap_generation'], self.world.waiting(), list(self.world.workers)))
    self.losses = self.crash_losses(lane)
    return lane

  @staticmethod
  def crash_losses(lane):
    return sum(n or 0 for reason, n in lane['drops'].items()
               if reason not in ('lane_ring_full', 'tx_full'))

  # --- one death ---

  def takeover(self, before, dead):
    """Waits until another owner has finished a packet; notes what it found."""
    def taken():
      lane = self.world.lane()
      self.note_gap(lane)
      return lane if lane['generation'] > before['generation'] and \
        lane['last_gap_generation'] == lane['generation'] else None
    lane = wait_until(TAKEOVER_S, taken, 0.002)
    if not lane:
      self.stuck += 1
      if dead.poll() is None:
        dead.kill()
      lane = wait_until(TAKEOVER_S, taken)
    if not lane:
      now = self.world.lane()
      raise Stuck('lane 0: not taken over within %d s: it is %s' % (TAKEOVER_S, now['state']))
    restored = lane['undone'] > before['undone']
    path = self.path(before, lane, restored)
    self.recovery[path] += 1
    self.note_phase(path)
    self.neighbour.look(path == 'primary')
    self.lost_max = max(self.lost_max, self.crash_losses(lane) - self.losses)
    return lane, restored

  def path(self, before, lane, restored):
    """How the lane was made whole."""
    for key in ('recoveries', 'reinitialised', 'primary_recoveries'):
      if (lane.get(key) or 0) != (before.get(key) or 0):
        return 'primary'
    return 'undone' if restored else 'nothing_open'

  def note_phase(self, path):
    """Hardware lanes: where the owner was. Between two bursts, or in one: nobody can say."""
    if self.args.mode != 'hardware':
      return
    for repair_us, call in self.world.repairs():
      self.repair_us.append(repair_us)
      self.phases['RX' if call == 'receive' else 'TX'] += 1
    if path == 'undone' or path != 'primary' and self.point and orders.in_work(self.point):
      self.phases['WORK'] += 1
    elif path != 'primary':
      self.phases['IDLE or WORK'] += 1

  def make_busy(self, victim):
    """Traffic alone keeps no worker busy all the time: its ring fills while it is stopped, and it
    works without a pause when it goes on. A hang begins much later."""
    victim.send_signal(signal.SIGSTOP)
    wait_until(0.08, lambda: self.world.lane()['held_pkts'] >= self.args.ring * 0.9, 0.002)
    victim.send_signal(signal.SIGCONT)

  def kill_at_random(self):
    lane = self.ready()
    victim = self.world.workers[lane['owner_pid']]
    if self.args.rate == 'max':
      self.make_busy(victim)
    time.sleep(self.rng.random() * self.args.spread_ms / 1000)
    if self.args.signal == 'SEGV':
      signal_lane_thread(lane, signal.SIGSEGV)
    else:
      victim.send_signal(SIGNALS[self.args.signal])
    _, restored = self.takeover(lane, victim)
    self.bury(victim)
    self.kills += 1
    self.killed_in['apply' if restored else 'elsewhere'] += 1

  def bury(self, victim):
    """A dead one is forgotten; one that was stopped or spins and was not ended is ended here."""
    if not wait_until(2, lambda: victim.poll() is not None, 0.002):
      victim.kill()
      victim.wait()
    return self.world.drop_worker(victim)

  # --- attach and hand-over ---

  def prove_attach(self, probe=None):
    """Seconds that an attach took after a death in one. probe: it stood in line already."""
    began = time.monotonic()
    probe = probe or self.world.add_worker()
    if not wait_until(8, lambda: probe.pid in self.world.waiting()):
      self.stuck += 1
      raise Stuck('attach: does not end after a death in one: %s'
                  % self.world.processes.tail(probe.log))
    self.recovery['attached'] += 1
    probe.kill()
    self.bury(probe)
    return time.monotonic() - began

  def kill_attach(self):
    self.ready()
    victim = self.world.add_worker()
    probe = self.world.add_worker() if self.rng.random() < 0.5 else None
    time.sleep(self.rng.random() * self.args.attach_ms / 1000)
    victim.kill()
    self.bury(victim)
    self.kills += 1
    self.killed_in['attach'] += 1
    took = self.prove_attach(probe)
    if probe is None:
      self.args.attach_ms = 1.3 * 1000 * took * 0.1 + 0.9 * self.args.attach_ms

  def hand_over(self):
    lane = self.ready()
    reply = self.world.ctl.ask('restart', target='all')
    moved = reply.get('lanes') or [{}]
    if not reply.get('ok') or moved[0].get('from_pid') != lane['owner_pid']:
      self.stuck += 1
      raise Stuck('restart: %s' % reply.get('error', reply))
    self.kills += 1
    self.killed_in['handover'] += 1
    self.recovery['handover'] += 1

  # --- what it all takes up ---

  def footprint(self, enough):
    """With all workers there and nobody dying: as soon as enough(it), or after a while."""
    def now():
      lane = self.ready(self.world.STANDBYS)
      found = footprint.take(self.world.name, self.world.primary.pid)
      last.append(found)
      return lane and enough(found)
    last = []
    wait_until(5, now, 0.05)
    return last[-1]

  def note_footprint(self, number, total):
    """Compares the end with the time after the first few deaths."""
    if number == WARM:
      seen = []
      def settled(found):
        seen.append(found)
        return len(seen) > 1 and footprint.same(seen[-2], found)
      self.warm = self.footprint(settled)
    elif number == total and self.warm:
      end = self.footprint(lambda found: footprint.same(self.warm, found))
      self.growth = footprint.growth(self.warm, end)

  # --- all of them ---

  def one(self, number):
    args = self.args
    if args.kind == 'handover':
      return self.hand_over()
    if args.points != 'random':
      return self.visit(args.chosen[number % len(args.chosen)])
    if args.kind == 'attach':
      return self.kill_attach()
    if args.signal == 'LOOP':
      return self.visit(self.rng.choice(COMMON))
    return self.kill_at_random()

  def progress(self, number, total):
    seconds = time.monotonic() - self.began
    sys.stderr.write('\r%d of %d, %.1f/s, stuck %d, ring held at most %d\033[K'
                     % (number, total, number / seconds if seconds else 0, self.stuck,
                        self.world.held_max))
    sys.stderr.flush()

  def run(self, total):
    """Ends early when the lane is stuck: what follows would say nothing."""
    shown = sys.stderr.isatty()
    for number in range(total):
      try:
        self.one(number)
        self.note_footprint(number + 1, total)
      except Stuck as stuck:
        self.stuck = max(self.stuck, 1)
        self.kills += 1
        self.killed_in['stuck'] += 1
        print('chaos: round %d: %s' % (number + 1, stuck), file=sys.stderr)
        break
      if shown:
        self.progress(number + 1, total)
    if shown:
      sys.stderr.write('\r\033[K')
