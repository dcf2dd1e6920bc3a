#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""seeds.py DIR: writes first inputs of every fuzz target below DIR/TARGET.

Frames are those of tests/tools/pcapgen.py, configurations those of conf/. The corpus was made from
these by fuzzing and libFuzzer's -merge=1: see tests/fuzz/README.md.
"""
import hashlib
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
INPUT_MAX = 4096

REQUESTS = [
    '{"command": "%s"}' % name for name in
    ('status', 'lanes', 'workers', 'ports', 'pools', 'flows', 'clear', 'stop', 'version',
     'quarantine')
] + [
    '{"command": "flows", "top": 5, "sort": "bytes"}', '{"command": "flows", "top": 0}',
    '{"command": "flows", "sort": "packets"}', '{"command": "flows", "sort": "x"}',
    '{"command": "restart", "target": "all"}', '{"command": "restart", "target": 1}',
    '{"command": "restart", "target": "a"}', '{"command": "restart", "target": "next"}',
    '{"command": "restart", "target": "nobody"}', '{"command": "restart", "target": null}',
    '{"command": "drain", "worker": "a"}', '{"command": "drain", "worker": "b"}',
    '{"command": "drain", "worker": "next"}', '{"command": "drain", "worker": 7}',
    '{"command": "supervise", "target": "all", "state": "off"}',
    '{"command": "supervise", "target": "1", "state": "on"}',
    '{"command": "supervise", "target": 2, "state": "on"}',
    '{"command": "supervise", "target": 9, "state": "on"}',
    '{"command": "supervise", "target": "all", "state": "maybe"}',
    '{"command": "restart", "target": 2}', '{"command": "restart", "target": "2"}',
    '{"command": "drain"}', '{"command": "loglevel", "level": "error"}',
    '{"command": "loglevel", "level": "loud"}', '{"command": "status", "x": 1}',
    '{"command": "fly"}', '{"x": 1}', '[]', '{', '"\\u0000"',
]

UPGRADE = '{"command": "upgrade", "action": "%s", %s}'
LIMITS = '"watch_ms": %s, "max_slowdown": %s, "max_drop_ratio": %s'
PAIR = '"workers": [{"old": 1, "new": 2}], '
GOOD = LIMITS % (500, 1.5, 0.001)
UPGRADES = [
    UPGRADE % ('begin', '"canary": 1, ' + PAIR + GOOD),
    UPGRADE % ('begin', '"canary": 1, "more": true, ' + PAIR + GOOD),
    UPGRADE % ('begin', '"canary": 9, ' + PAIR + GOOD),
    UPGRADE % ('begin', '"canary": 0, "workers": [], ' + GOOD),
    UPGRADE % ('begin', '"canary": 0, "workers": [{"old": 1}], ' + GOOD),
    UPGRADE % ('begin', '"canary": 0, ' + PAIR + LIMITS % (1, 1.5, 0)),
    UPGRADE % ('begin', '"canary": 0, ' + PAIR + LIMITS % (500, 0, 0)),
    UPGRADE % ('begin', '"canary": 0, ' + PAIR + LIMITS % (500, 2, 2)),
    UPGRADE % ('add', PAIR + '"more": false'), UPGRADE % ('add', '"workers": 1'),
    UPGRADE % ('status', '"more": false'), UPGRADE % ('cancel', '"more": false'),
    UPGRADE % ('fly', '"more": false'), '{"command": "upgrade"}',
]

CONFIGS = [
    'ports: [{device: net_null0, peer: none, io: 1, mtu: 1500}]\nio: [{cpu: 0}, {cpu: any}]\n',
    'ports: [{device: "net_null0,a=b", name: p}]\nlanes: 2\nrss: {key: default, fields: [ipv4, tcp],'
    ' reta_size: 16, reta: [0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1]}\n',
    'rss:\n  key: "%s"\n  fields: all\n  reta: even\nports:\n- device: net_null0\n' % ('6d:5a:' * 20)[:-1],
    'ports: [{device: a, tx: {pthresh: 8, rs: driver}}]\nlanes: [{cpu: 1}]\n',
    'queues: hardware\nports: [{device: a}]\n', 'ports: 3\n', 'prots: []\n', 'a.b: 1\n', '',
    'ports: &x [{device: a}]\n', '---\n---\n', 'ports: !!seq []\n', 'ports: [{device: a}, {device: a}]\n',
    'ring: {size: 1000}\nports: [{device: a}]\n', 'ring: {size: 0x100}\nring: {size: 512}\n',
    'lanes: {}\n', 'ports: [{device: a, promiscuous: maybe}]\n', '? [a]\n: b\n',
    'a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n', 'ports: [{device: a, peer: b}]\n',
    'instance: -x\nports: [{device: a}]\n', 'hugepage_dir: x\nports: [{device: a}]\n',
]


def frames():
  """Frames of all kinds, short enough for an input to hold some."""
  with tempfile.TemporaryDirectory() as tmp:
    pcap = pathlib.Path(tmp, 'x.pcap')
    subprocess.run([TOP / 'tests/tools/pcapgen.py', pcap, pathlib.Path(tmp, 'x.json'),
                    '--flows', '60', '--packets', '300', '--size', '60-128', '--tags', '0.5',
                    '--extensions', '0.4', '--fragments', '0.2', '--not-ip', '0.05', '--broken',
                    '0.2', '--seed', '3'], check=True)
    data = pcap.read_bytes()
  at = 24
  while at < len(data):
    n = struct.unpack_from('<I', data, at + 8)[0]
    yield data[at + 16:at + 16 + n]
    at += 16 + n


def stage_inputs(all_frames, rng):
  for i in range(60):
    head = bytes((i % 16, rng.randrange(256), rng.randrange(256), rng.randrange(256),
                  rng.randrange(2), rng.randrange(8)))
    if i & 8:
      head += rng.randbytes(24)
    out = head
    for frame in rng.sample(all_frames, rng.randrange(1, 24)):
      frame = frame[:255]
      out += bytes((len(frame), rng.choice((0, 0, 1, 1, 2, 17)), rng.choice((0, 0, 0xc3)))) + frame
    yield out


def record_sample(rng, kind, seconds):
  """A step of fuzz_record.c that adds a sample."""
  out = bytes((0x80 | kind,))
  if kind & 3 == 1:
    out += rng.randbytes(1)
  patches = [(rng.randrange(400000), rng.randbytes(rng.randrange(1, 9)))
             for _ in range(rng.randrange(4))]
  out += bytes((seconds, len(patches)))
  for at, data in patches + [(0, b'')]:
    out += struct.pack('>IB', at, len(data)) + data
  if kind & 3 == 3:
    out += struct.pack('>IB', rng.randrange(72), 2) + rng.randbytes(2)
  if kind & 11 == 10:
    out += struct.pack('>IB', rng.randrange(200), 1) + rng.randbytes(1)
  return out


def record_step(rng, n):
  """Any step of fuzz_record.c: most add a sample."""
  return rng.choice([
      lambda: bytes((rng.randrange(4), rng.randrange(256))) + rng.randbytes(64),
      lambda: bytes((0x20 | rng.randrange(32),)) + rng.randbytes(20),
      lambda: struct.pack('>BI', 0x40, rng.randrange(500)),
      lambda: struct.pack('>BI', 0x60 | rng.randrange(32), rng.randrange(100000)),
  ] + [lambda: record_sample(rng, rng.choice((0, 4, 1, 2, 3, 6, 10, 14, 7)), n * 3 % 7)] * 9)()


def inputs():
  rng = random.Random(5)
  all_frames = list(frames())
  yield from (('packet', f) for f in all_frames)
  for frame in all_frames:
    yield 'rss', bytes((rng.choice((31, 31, rng.randrange(32))), rng.randrange(9),
                        rng.randrange(71), rng.randrange(32))) + frame
  yield from (('rss', b'\x80\0\0\0' + rng.randbytes(6)) for _ in range(20))
  yield from (('stages', data) for data in stage_inputs(all_frames, rng))
  for i, line in enumerate(REQUESTS):
    yield 'control', bytes((i % 32, i)) + line.encode() + b'\n'
  for how in (20, 24, 28):  # a lane on its way home; one without an owner; both
    for target in ('all', '2', 'a', 'b'):
      line = '{"command": "restart", "target": "%s"}\n{"command": "drain", "worker": "a"}\n' % target
      yield 'control', bytes((how, 7)) + (line + '{"command": "clear"}\n').encode()
  for i, line in enumerate(UPGRADES):
    yield 'control', bytes((0, i)) + line.encode() + b'\n'
  yield 'control', bytes((1, 1)) + UPGRADES[0].encode() + b'\n'
  for how in range(0, 256, 5):
    lines = rng.sample(REQUESTS, 5) + ['{"command": "restart", "target": "all"}']
    yield 'control', bytes((how, how)) + '\n'.join(lines).encode() + b'\n'
  for _ in range(200):
    yield 'record', bytes((rng.randrange(256),)) + b''.join(
        record_step(rng, n) for n in range(rng.randrange(1, 8)))
  yield from (('config', path.read_bytes()) for path in sorted(TOP.glob('conf/*.yaml')))
  yield from (('config', text.encode()) for text in CONFIGS)


def main():
  if len(sys.argv) != 2:
    print('usage: seeds.py DIR', file=sys.stderr)
    return 2
  for target, data in inputs():
    folder = pathlib.Path(sys.argv[1], target)
    folder.mkdir(parents=True, exist_ok=True)
    data = data[:INPUT_MAX]
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
  return 0


if __name__ == '__main__':
  sys.exit(main())
