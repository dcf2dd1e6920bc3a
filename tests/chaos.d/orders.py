# SPDX-License-Identifier: BSD-3-Clause
"""Named instants of a worker built with -Dpoints=true: their names, what kind of moment each is,
and the file by which a running worker is told at which one to end (struct order in points.c)."""
import mmap
import os
import struct
import subprocess

ACTIONS = {'KILL': 1, 'STOP': 2, 'SEGV': 3, 'LOOP': 4}
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
  """Who comes to it when: in an attach, when it takes the lane, when it gives it, or at work."""
  if name.startswith('attach_'):
    return 'attach'
  if name.startswith('give_'):
    return 'give'
  if name.startswith(('recover_', 'owner_')) or name == 'lease_taken':
    return 'take'
  return 'work'


def chosen(all_names, points, expiring):
  """The points of --points, in the order in which they are visited. Those of the crash handler
  and of packets of death are met by no worker that is only killed."""
  if points == 'all':
    return [n for n in all_names if n not in UNREACHABLE and
            not n.startswith(('crash_', 'quarantine_', 'suspect_')) and (n in EXPIRING) == expiring]
  for point in points.split(','):
    if point not in all_names:
      raise ValueError('--points: %s: no such point: random, all or some of: %s'
                       % (point, ' '.join(all_names)))
    if point in UNREACHABLE:
      raise ValueError('--points: %s: only reached after damage to shared memory' % point)
  return points.split(',')
