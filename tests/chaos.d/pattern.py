# SPDX-License-Identifier: BSD-3-Clause
"""The control: the usual pattern, two secondaries that poll the ports' queues themselves and take
from and free into the pool that all share, under the same kills. Every wait has an end, for what
is measured here does hang."""
import os
import random
import signal
import time

from quantiles import quantile
from world import Failure, World, wait_until

ALIVE_S = 3  # packets flow again within so long after a new secondary has started, or never


class Pattern(World):
  QUEUES = 2

  def __init__(self, args):
    super().__init__(args)
    self.program = os.path.join(args.build, 'tests/control/control-pattern')
    self.secondary = [None] * self.QUEUES

  def spawn_one(self, role, log, *options):
    return self.processes.spawn(role, log, [
      self.program, '--file-prefix=' + self.name, '--no-pci', '--no-telemetry',
      '--log-level=error', *options])

  def start(self):
    self.start_wire(self.QUEUES)
    devices = ['--vdev=net_virtio_user%d,path=%s,queue_size=1024,queues=%d'
               % (i, self.processes.path(p), self.QUEUES) for i, p in enumerate('ab')]
    self.primary = self.spawn_one('primary', 'primary', '-m', '256', '--single-file-segments',
                                  '--lcores=0', *devices)
    if not wait_until(20, self.figures, 0.05):
      raise Failure('control-pattern: primary: %s' % self.processes.tail('primary'))
    for queue in range(self.QUEUES):
      if not self.attach(queue):
        raise Failure('control-pattern: secondary: %s' % self.processes.tail('s%d' % queue))
    with open(self.processes.path('go'), 'wb'):
      pass
    if not wait_until(20, lambda: min(self.figures()[1:]) > 0, 0.05):
      raise Failure('control-pattern: no packet came: %s' % self.processes.tail('s0'))

  def figures(self):
    """The primary's newest line: buffers in use, then received and sent of each queue; None before
    the first."""
    with open(self.processes.path('primary.out'), 'rb') as file:
      file.seek(max(0, os.path.getsize(file.name) - 400))
      lines = file.read().rpartition(b'\n')[0].replace(b'\nclosed', b'').splitlines()
    return [int(word) for word in lines[-1].split()] if lines else None

  def attach(self, queue):
    """Starts a secondary. Did it attach in time?"""
    log = 's%d' % queue
    for end in ('.out', '.err'):
      if os.path.exists(self.processes.path(log + end)):
        os.unlink(self.processes.path(log + end))
    self.secondary[queue] = self.spawn_one(
      'worker', log, '--proc-type=secondary', '--lcores=%d@0-%d' % (queue + 1, os.cpu_count() - 1),
      '--', str(queue))
    return wait_until(ALIVE_S, lambda: 'attached' in self.processes.tail(log), 0.01)

  def flows_again(self):
    """Does every queue receive and send?"""
    before = self.figures()
    return wait_until(ALIVE_S, lambda: all(now - then > 500 for now, then in zip(
      self.figures()[1:], before[1:])), 0.01)

  def dead_queues(self):
    before = self.figures()
    time.sleep(0.5)
    now = self.figures()
    return sum(1 for q in range(self.QUEUES) if now[2 * q + 2] == before[2 * q + 2])

  def close(self):
    """The secondaries end, then the primary, whose ports give back what they hold."""
    time.sleep(1)
    for process in self.secondary:
      if process.poll() is None:
        self.processes.end(process, signal.SIGTERM, 2)
    self.processes.end(self.primary, signal.SIGTERM, 5)

  def leaked(self):
    """(buffers nobody has, did the ports close)"""
    return self.figures()[0], 'closed' in self.processes.tail('primary', 2)


def kill_all(args, world, rng):
  """Kills until a queue is dead or all are done: (kills, times without packets)."""
  gaps = []
  for number in range(args.kills):
    time.sleep(0.02 + rng.random() * args.spread_ms / 1000)
    queue = rng.randrange(world.QUEUES)
    world.secondary[queue].kill()
    world.secondary[queue].wait()
    world.processes.forget(world.secondary[queue])
    began = time.monotonic()
    if not world.attach(queue) or not world.flows_again():
      return number + 1, gaps
    gaps.append(round((time.monotonic() - began) * 1e6))
  return args.kills, gaps


def run(args):
  rng = random.Random(args.seed)
  world = Pattern(args)
  try:
    world.start()
    began = time.monotonic()
    kills, gaps = kill_all(args, world, rng)
    dead = world.dead_queues() if len(gaps) < kills else 0
    wire = world.stop_wire(world.close)
    seconds = time.monotonic() - began
    leaked, closed = world.leaked()
  finally:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
      signal.signal(signum, signal.SIG_IGN)
    world.remove()
  lost = wire['tx_pkts'] - wire['rx_pkts'] + wire['duplicated']
  return {
    'mode': 'control', 'kind': 'kill', 'signal': 'KILL', 'rate': args.rate, 'seed': args.seed,
    'kills': kills, 'killed_in': {'anywhere': kills}, 'offered_pps': round(wire['achieved_pps']),
    'sent': wire['tx_pkts'], 'received': wire['rx_pkts'], 'lanes_stuck': kills - len(gaps),
    'queues_dead': dead, 'mbufs_unaccounted': leaked, 'ports_closed': closed,
    'lost_total': lost, 'lost_max_per_kill': -(-lost // kills), 'lost_ring_full': None,
    'queue_held_max': None, 'duplicated': wire['duplicated'], 'reordered': wire['reordered'],
    'flow_mismatch': None, 'content_errors': wire['content_errors'],
    'gap_us': {'p50': quantile(gaps, 0.5), 'p99': quantile(gaps, 0.99),
               'max': max(gaps, default=None)},
    'recovery': {'attached': len(gaps)}, 'seconds': round(seconds, 1)}
