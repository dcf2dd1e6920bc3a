# SPDX-License-Identifier: BSD-3-Clause
"""An instance of its own to do harm to: primary, workers, traffic, control socket, and the removal
of all of it. What it owns is listed below /run/holdfast-runs, as deploy/lib.sh describes, so that
the next run removes what a killed one left."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import orders


ALL_CPUS = os.sched_getaffinity(0)  # what is started may use all; this program itself fewer
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RECOVERED = re.compile(r'recovered in (\d+) us: its owner had died inside a (\w+) call')


class Failure(Exception):
  """A run-time failure: one line for people, exit status 1."""


class Stuck(Exception):
  """Nobody runs the lane any more, or nobody can attach: the rounds end, and are judged."""


def start_time(pid):
  try:
    with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as file:
      return file.read().rpartition(')')[2].split()[19]
  except OSError:
    return '0'


def wait_until(seconds, condition, pause=0.005):
  """What condition returned when it came true, or what it returned last."""
  limit = time.monotonic() + seconds
  while True:
    value = condition()
    if value or time.monotonic() >= limit:
      return value
    time.sleep(pause)


class Ctl:
  """A connection to the control socket; made anew when the primary has closed it."""

  def __init__(self, path):
    self.path = path
    self.sock = None

  def ask(self, command, timeout=20, **args):
    request = json.dumps(dict(args, command=command)).encode() + b'\n'
    for attempt in (0, 1):
      try:
        return self.exchange(request, timeout)
      except (OSError, EOFError) as error:
        self.close()
        if attempt or isinstance(error, socket.timeout):
          raise Failure('%s: %s: %s' % (self.path, command, error or 'closed')) from error

  def exchange(self, request, timeout):
    if self.sock is None:
      self.sock = socket.socket(socket.AF_UNIX)
      self.sock.connect(self.path)
    self.sock.settimeout(timeout)
    self.sock.sendall(request)
    parts = []
    while not parts or not parts[-1].endswith(b'\n'):
      parts.append(self.sock.recv(1 << 20))
      if not parts[-1]:
        raise EOFError()
    return json.loads(b''.join(parts))

  def close(self):
    if self.sock is not None:
      self.sock.close()
      self.sock = None


class Processes:
  """Everything that was started: ended by pid, the newest first."""

  def __init__(self, name):
    self.folder = tempfile.mkdtemp(prefix=name + '-')
    self.run = os.path.join('/run/holdfast-runs', name)
    os.makedirs(self.run, exist_ok=True)
    self.started = []
    self.note('owner', '%d %s' % (os.getpid(), start_time(os.getpid())))

  def note(self, file, line):
    with open(os.path.join(self.run, file), 'a', encoding='ascii') as out:
      out.write(line + '\n')

  def path(self, name):
    return os.path.join(self.folder, name)

  def spawn(self, role, log, command, env=None, nice=0):
    """Output goes to two files: LOG.out and LOG.err."""
    def prepare():
      os.sched_setaffinity(0, ALL_CPUS)
      os.nice(nice)
      signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if not os.access(command[0], os.X_OK):
      raise Failure('%s: not built' % command[0])
    # A signal that ends this program takes effect when the process is on the list.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    try:
      with open(self.path(log + '.out'), 'ab') as out, open(self.path(log + '.err'), 'ab') as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env=dict(os.environ, **(env or {})), start_new_session=True,
                                   preexec_fn=prepare)
      process.role = role
      self.started.append(process)
      self.note('pids', '%d %s %s' % (process.pid, start_time(process.pid), role))
    finally:
      signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return process

  def tail(self, log, lines=5):
    text = ''
    for end in ('.err', '.out'):
      try:
        with open(self.path(log + end), encoding='utf-8', errors='replace') as file:
          text += file.read()
      except OSError:
        pass
    return ' | '.join(text.strip().splitlines()[-lines:])

  def end(self, process, signum=signal.SIGTERM, seconds=5):
    """Ends one; SIGKILL when it does not go."""
    if process.poll() is None:
      process.send_signal(signum)
      try:
        process.wait(seconds)
      except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process in self.started:
      self.started.remove(process)

  def forget(self, process):
    self.started.remove(process)

  def end_all(self):
    for process in sorted(self.started, key=lambda p: p.role == 'primary'):
      self.end(process, signal.SIGKILL if process.role == 'worker' else signal.SIGTERM)
    shutil.rmtree(self.folder, ignore_errors=True)
    shutil.rmtree(self.run, ignore_errors=True)
    try:
      os.rmdir(os.path.dirname(self.run))
    except OSError:
      pass  # other runs


class World:
  """One primary with a lane between two ports of holdfast-wire, and its workers. On hardware ports
  a second lane: whoever runs it is left alone, and suffers when the ports are made whole."""

  STANDBYS = 3

  def __init__(self, args):
    self.args = args
    self.name = 'chaos-%d' % os.getpid()
    self.processes = Processes(self.name)
    self.processes.note('instances', self.name)
    self.ctl = Ctl('/run/holdfast/%s/control' % self.name)
    self.workers = {}  # pid: process
    self.n_workers = 0
    self.held_max = 0
    self.log_read = 0
    self.primary = self.wire = self.neighbour = None

  # --- start ---

  def start(self):
    self.start_wire(self.args.lanes)
    self.start_primary()
    self.add_worker(standby=False)
    if self.args.lanes > 1:
      self.start_neighbour()
    if not wait_until(10, lambda: all(l['state'] == 'running' for l in self.lanes())):
      raise Failure('worker: does not run the lane: %s' % self.processes.tail('w1'))
    with open(self.processes.path('go'), 'wb'):
      pass
    if not wait_until(30, lambda: self.lane()['rx_pkts'] > 0, 0.05):
      raise Failure('holdfast-wire: no packet came: %s' % self.processes.tail('wire'))

  def start_wire(self, queues=1):
    args, p = self.args, self.processes
    command = [os.path.join(args.build, 'tests/lab/holdfast-wire')]
    for port in 'ab':
      command += ['--port', 'net_vhost%d,iface=%s,queues=%d'
                  % (ord(port) - ord('a'), p.path(port), queues)]
    command += ['--start-when', p.path('go'), '--per-flow', p.path('sent.json'), '--json',
                '--seconds', '86400', '--drain', '2', '--queues', str(queues),
                '--flows', str(args.flows), '--seed', str(args.seed),
                '--rate', args.rate, '--idle', 'poll' if args.rate == 'max' else 'sleep']
    if args.place == 'pinned' or args.rate == 'max':
      command += ['--cpu', str(args.wire_cpu)]
    # It stands for the network, which does not wait for workers that start on its CPU.
    self.wire = p.spawn('wire', 'wire', command, nice=-15)
    if not wait_until(20, lambda: os.path.exists(p.path('b')) or self.wire.poll() is not None):
      raise Failure('holdfast-wire: did not start: %s' % p.tail('wire'))

  def write_config(self):
    args, path = self.args, self.processes.path('holdfast.yaml')
    devices = ['net_virtio_user%d,path=%s,queue_size=1024,queues=%d'
               % (i, self.processes.path('ab'[i]), args.lanes) for i in (0, 1)]
    lines = ['instance: %s' % self.name, 'queues: %s' % args.mode,
             'ring: {size: %d}' % args.ring, 'pool: {size: %d}' % args.pool,
             'tx: {retry_us: 10000}', 'l2: {mode: macswap}',
             'flow: {capacity: %d, idle_timeout_s: %d}' % (args.capacity, 1 if args.expiring else 60)]
    lines += ['idle: ' + ('pause' if args.rate == 'max' else 'sleep')]
    if args.place == 'pinned' or args.rate == 'max':
      # The wire has a CPU, and whoever starts, ends or looks on; I/O thread and worker the other.
      lanes = ', '.join(['{cpu: %d}' % args.cpu] * args.lanes)
      lines += ['lanes: [%s]' % lanes, 'io: [{cpu: %d}]' % args.cpu]
    else:
      lines += ['lanes: %d' % args.lanes]
    lines += ['ports:']
    lines += ['  - device: "%s"' % device for device in devices]
    with open(path, 'w', encoding='ascii') as out:
      out.write('\n'.join(lines) + '\n')
    return path

  def start_primary(self):
    program = os.path.join(self.args.build, 'primary/holdfast-primary')
    self.primary = self.processes.spawn('primary', 'primary',
                                        [program, '-c', self.write_config(), '--', '--no-pci'])
    if not wait_until(30, lambda: self.primary.poll() is not None or
                      'ready' in self.processes.tail('primary'), 0.02):
      raise Failure('holdfast-primary: not ready: %s' % self.processes.tail('primary'))
    if self.primary.poll() is not None:
      raise Failure('holdfast-primary: ended: %s' % self.processes.tail('primary'))

  # --- workers ---

  def add_worker(self, standby=True, order=None):
    """Starts one; order: what it shall do at which point from its start."""
    self.n_workers += 1
    log = 'w%d' % self.n_workers
    env = {}
    file = None
    if self.args.points_build:
      file = orders.OrderFile(self.processes.path(log + '.point'))
      if order:
        file.give(*order)
      env['HF_POINT_FILE'] = file.path
    program = os.path.join(self.args.points_build or self.args.build, 'secondary/holdfast-worker')
    worker = self.processes.spawn('worker', log, [program, '--instance', self.name] + (
      ['--standby'] if standby else ['--lanes', '0']), env)
    worker.log, worker.orders, worker.number = log, file, self.n_workers
    self.workers[worker.pid] = worker
    return worker

  def start_neighbour(self):
    program = os.path.join(self.args.build, 'secondary/holdfast-worker')
    self.neighbour = self.processes.spawn('worker', 'neighbour', [
      program, '--instance', self.name, '--name', 'neighbour', '--lanes', '1'])

  def drop_worker(self, worker):
    """Forgets one that has ended. Returns the point at which it did, or None."""
    del self.workers[worker.pid]
    self.processes.forget(worker)
    with open(self.processes.path(worker.log + '.err'), encoding='utf-8', errors='replace') as file:
      text = file.read()
    point, worker.last_words = None, ' | '.join(text.splitlines()[-3:])
    for line in text.splitlines():
      if line.startswith('point ') and ': hit: ' in line:
        point = line.split(': hit: ')[0][len('point '):]
    for end in ('.out', '.err', '.point'):
      try:
        os.unlink(self.processes.path(worker.log + end))
      except OSError:
        pass
    return point

  def reap(self):
    """(worker, point) of those that have ended."""
    if self.primary.poll() is not None:
      raise Failure('holdfast-primary: ended: %s' % self.processes.tail('primary'))
    if self.wire.poll() is not None:
      raise Stuck('holdfast-wire: gave up: %s' % self.processes.tail('wire', 1)[:200])
    if self.neighbour and self.neighbour.poll() is not None:
      raise Failure('neighbour: ended: %s' % self.processes.tail('neighbour'))
    ended = [w for w in self.workers.values() if w.poll() is not None]
    return [(w, self.drop_worker(w)) for w in ended]

  # --- what the primary says ---

  def lanes(self):
    return self.ctl.ask('lanes')['lanes']

  def lane(self):
    """The one whose owners die."""
    lane = self.lanes()[0]
    self.held_max = max(self.held_max, lane['held_pkts'] or 0)
    return lane

  def waiting(self):
    """Pids of those that wait for the lane, the one that came first first."""
    rows = [w for w in self.ctl.ask('workers')['workers']
            if w['state'] == 'running' and 0 in w['waiting'] and w['pid'] in self.workers]
    return [w['pid'] for w in sorted(rows, key=lambda w: self.workers[w['pid']].number)]

  def repairs(self):
    """(us, receive or transmit) of each death in a driver that the primary mended since the last
    call."""
    with open(self.processes.path('primary.err'), encoding='utf-8', errors='replace') as file:
      file.seek(self.log_read)
      found = RECOVERED.findall(file.read())
      self.log_read = file.tell()
    return [(int(us), call) for us, call in found]

  # --- end ---

  def stop_wire(self, meanwhile=None):
    """Ends the traffic; what holdfast-wire found. meanwhile: done while it only receives."""
    if self.wire.poll() is None:
      self.wire.send_signal(signal.SIGINT)
    if meanwhile:
      meanwhile()
    try:
      self.wire.wait(60)
    except subprocess.TimeoutExpired as error:
      raise Failure('holdfast-wire: does not end') from error
    with open(self.processes.path('wire.out'), encoding='utf-8') as file:
      text = file.read().strip()
    try:
      return json.loads(text.splitlines()[-1])
    except (ValueError, IndexError) as error:
      raise Failure('holdfast-wire: no result: %s' % self.processes.tail('wire')) from error

  def sent(self):
    """The truth about each flow; None when the wire gave up because nobody read."""
    if not os.path.exists(self.processes.path('sent.json')):
      return None
    with open(self.processes.path('sent.json'), encoding='utf-8') as file:
      return json.load(file)

  def remove(self):
    self.ctl.close()
    self.processes.end_all()
    for place in ('/run/holdfast/', '/var/run/dpdk/', '/var/lib/holdfast/'):
      shutil.rmtree(place + self.name, ignore_errors=True)
    for name in os.listdir('/dev/hugepages'):
      if name.startswith(self.name + 'map_') or name == 'holdfast-%s.segment' % self.name:
        os.unlink(os.path.join('/dev/hugepages', name))
