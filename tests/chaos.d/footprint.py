# SPDX-License-Identifier: BSD-3-Clause
"""What an instance takes up outside its workers: files, sockets, the primary's descriptors and the
heap that DPDK processes share. Workers that die must not make it grow."""
import json
import os
import socket


class Heap:
  """DPDK's own telemetry of the primary: the only one that knows the shared heap."""

  def __init__(self, instance):
    self.path = '/var/run/dpdk/%s/dpdk_telemetry.v2' % instance

  def ask(self, request):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
      sock.settimeout(10)
      sock.connect(self.path)
      sock.recv(4096)  # who it is
      sock.send(request.encode())
      return next(iter(json.loads(sock.recv(65536)).values()))

  def used(self):
    """(bytes, blocks) in use, over all sockets."""
    size = blocks = 0
    for heap in self.ask('/eal/heap_list'):
      info = self.ask('/eal/heap_info,%d' % heap)
      size += info['Alloc_size']
      blocks += info['Alloc_count']
    return size, blocks


def files_of(instance):
  """Everything that belongs to the instance by its place or name."""
  places = [(folder, '') for folder in ('/run/holdfast/' + instance, '/var/run/dpdk/' + instance)]
  places += [('/dev/hugepages', instance + 'map_'), ('/dev/hugepages', 'holdfast-%s.' % instance),
             ('/dev/shm', instance), ('/tmp', 'holdfast-' + instance)]
  found = []
  for folder, prefix in places:
    try:
      found += [os.path.join(folder, name) for name in os.listdir(folder)
                if name.startswith(prefix)]
    except FileNotFoundError:
      pass
  return sorted(found)


def sockets_of(instance):
  with open('/proc/net/unix', encoding='ascii', errors='replace') as file:
    return sum('/%s/' % instance in line for line in file)


def resident_kb(pid):
  with open('/proc/%d/status' % pid, encoding='ascii', errors='replace') as file:
    kb = {line.split(':')[0]: line.split()[1] for line in file if line.startswith('Rss')}
  return int(kb['RssAnon'])


def take(instance, primary_pid):
  """How much of each there is now."""
  counts = {'files': len(files_of(instance)), 'sockets': sockets_of(instance),
            'primary_fds': len(os.listdir('/proc/%d/fd' % primary_pid)),
            'primary_kb': resident_kb(primary_pid)}
  # Last: the one who answers may close its end later.
  counts['heap_bytes'], counts['heap_blocks'] = Heap(instance).used()
  return counts


def same(before, now):
  return all(before[key] == now[key] for key in before if key != 'primary_kb')


def growth(before, now):
  """None before: nothing was compared."""
  return {} if before is None else {key: now[key] - before[key] for key in before}
