# SPDX-License-Identifier: BSD-3-Clause
"""Named instants of a worker built with -Dpoints=true: their names, what kind of moment each is,
and the file by which a running worker is told at which one to end (struct order in points.c)."""
import mmap
import os
import struct
import subprocess

ACTIONS = {'KILL': 1, 'STOP': 2, 'SEGV': 3, 'LOOP': 4, 'FAULT': 5}
SIZE = 128

# Reached only when a dead owner scribbled over its undo record or journal: unit tests do that.
UNREACHABLE = ('recover_verdict', 'flow_recover_journal')

# Reached where flows expire (--expiring): not in a table that is full all the time.
EXPIRING = ('flow_account_live', 'flow_evict_tag', 'flow_evict_done', 'flow_insert_seen',
            'flow_insert_tag')


class OrderFile:
  def __init__(self, path):
    self.path = path
    with open(path, 'wb') as file:
      file.truncate(SIZE)
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    self.map = mmap.mmap(fd, SIZE)
    os.close(fd)

  def give(self, name, hit, action):
    """The action is stored last: what it belongs to is there."""
    self.withdraw()
    self.map[8:16] = struct.pack('=Q', hit)
    self.map[16:SIZE] = name.encode().ljust(SIZE - 16, b'\0')
    self.map[0:4] = struct.pack('=I', ACTIONS[action])

  def withdraw(self):
    self.map[0:4] = struct.pack('=I', 0)


def names(build, mode):
  """All points of the worker for this mode."""
  program = os.path.join(build, 'secondary',
                         'holdfast-worker' if mode == 'software' else 'holdfast-worker-hw')
  done = subprocess.run([program], env=dict(os.environ, HF_POINT_AT='list'), timeout=20,
                        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
  if done.returncode != 0 or 'planned' not in done.stdout.split():
    raise OSError('%s: not built with -Dpoints=true' % program)
  return done.stdout.split()


def kind_of(name):
  """Who comes to it when: in an attach, when it takes the lane, when it gives it, in the crash
  handler, with a packet that is suspect or is put aside, or at work."""
  for kind in ('attach', 'give', 'crash', 'suspect', 'quarantine'):
    if name.startswith(kind + '_'):
      return kind
  if name == 'hw_freed':  # of what comes in, only a packet that was put aside is freed
    return 'quarantine'
  if name.startswith(('recover_', 'owner_')) or name == 'lease_taken':
    return 'take'
  return 'work'


def in_work(name):
  """Does the owner of a hardware lane come to it with packets and outside of drivers, always?"""
  return name in ('planned', 'published', 'hw_work') or \
    name.startswith(('apply_', 'l2_', 'flow_')) and name not in EXPIRING


def in_receive(name):
  return name.startswith('hw_rx_') or name in ('hw_pool_get', 'hw_pool_got')


def in_transmit(name):
  return name.startswith('hw_') and not in_receive(name) and name not in ('hw_work', 'hw_phase')


# Words for --points; work, rx and tx in hardware mode.
GROUPS = {
  'all': lambda name: True,
  'work': in_work,
  'rx': in_receive,
  'tx': in_transmit,
}


def chosen(all_names, points, expiring):
  """The points of --points, in the order in which they are visited."""
  if points in GROUPS:
    return [n for n in all_names if GROUPS[points](n) and n not in UNREACHABLE and
            (n in EXPIRING) == expiring]
  for point in points.split(','):
    if point not in all_names:
      raise ValueError('--points: %s: no such point: random, %s or some of: %s'
                       % (point, ', '.join(GROUPS), ' '.join(all_names)))
    if point in UNREACHABLE:
      raise ValueError('--points: %s: only reached after damage to shared memory' % point)
  return points.split(',')
