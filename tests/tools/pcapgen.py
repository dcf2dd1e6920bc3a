#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a pcap of made-up traffic, and the truth about it as JSON.

The truth comes from what was meant to be sent, not from parsing it: packets and bytes of each flow
by the rules of shared/base/flow_key.h, and of the packets that are no flow, by reason.
"""
import argparse
import itertools
import json
import random
import socket
import struct
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is
from frames import (DSTOPTS, FRAGMENT, KINDS, MACS, SCTP, SCTP_PAYLOADS, TAGGINGS,
                    Flow, Payload, ethernet, extensions, ipv4, ipv6)

FRAME_MIN = 60
DATAGRAM_MAX = 2800  # payload of a fragmented datagram: halves of it fit a frame


class Generator:
  def __init__(self, args):
    self.args = args
    self.rng = random.Random(args.seed)
    self.payload = Payload(self.rng)
    self.flows = self.make_flows()
    self.truth = {}
    self.packets = self.bytes = 0
    self.skipped = {'not_ip': 0, 'truncated': 0, 'malformed': 0}
    self.record = struct.Struct('<IIII')
    self.plain = {False: ethernet((), 0x0800), True: ethernet((), 0x86dd)}

  # --- flows ---

  def random_flow(self, kind):
    rng = self.rng
    if kind[-1] == '6':
      src = b'\x20\x01\x0d\xb8' + rng.randbytes(12)
      dst = b'\x20\x01\x0d\xb8' + rng.randbytes(12)
    else:
      src = b'\x0a' + rng.randbytes(3)
      dst = bytes((198, 18 + rng.getrandbits(1))) + rng.randbytes(2)
    if kind[:4] == 'icmp':
      types = (8, 0) if kind == 'icmp4' else (128, 129)
      return Flow(kind, src, dst, 0, rng.choice(types) << 8)
    return Flow(kind, src, dst, rng.randint(1024, 65535), rng.randint(1024, 65535))

  def make_flows(self):
    kinds = self.args.only or list(KINDS)
    picks = itertools.cycle(self.rng.choices(kinds, [KINDS[k] for k in kinds], k=997))
    flows, seen = [], set()
    while len(flows) < self.args.flows:
      flow = self.random_flow(next(picks))
      both = [flow, flow.reverse()] if self.args.symmetric else [flow]
      if not seen.isdisjoint(f.key for f in both):
        continue
      seen.update(f.key for f in both)
      flows += both
    return flows

  def schedule(self, n):
    """Indices of n flows: each flow once where there is room, the rest by Zipf's law."""
    rng, count, step = self.rng, len(self.flows), 2 if self.args.symmetric else 1
    ranks = list(range(count // step))
    rng.shuffle(ranks)
    weights = itertools.accumulate((1 + ranks[i // step]) ** -self.args.zipf for i in range(count))
    order = list(range(count))[:n]
    order += rng.choices(range(count), cum_weights=list(weights), k=max(0, n - count))
    rng.shuffle(order)
    return order

  # --- frames ---

  def tags(self):
    rng = self.rng
    return rng.choice(TAGGINGS) if rng.random() < self.args.tags else ()

  def frame(self, flow, noise):
    """An ordinary packet of a flow."""
    rng, args = self.rng, self.args
    tags, odd = self.tags(), rng.random() < args.extensions
    l2 = ethernet(tags, 0x86dd if flow.v6 else 0x0800) if tags else self.plain[flow.v6]
    before, first = b'', flow.proto
    options = rng.randint(1, 10) if odd and not flow.v6 else 0
    if odd and flow.v6:
      before, first = extensions(flow, rng)
    size = args.size[0] + (noise & 0xffff) * (args.size[1] - args.size[0] + 1) // 65536
    head = len(l2) + (40 + len(before) if flow.v6 else 20 + options * 4) + flow.l4_bytes
    n = max(0, size - head)
    if size <= FRAME_MIN and noise >> 16 & 1:
      n = 0  # the rest is Ethernet padding
    if flow.proto == SCTP:
      n = max(p for p in SCTP_PAYLOADS if p <= n)
    l4 = flow.l4(self.payload, n, noise >> 17)
    if flow.v6:
      ip = ipv6(flow, len(before) + len(l4), first) + before
    else:
      ip = ipv4(flow, len(l4), noise & 0xffff, 0x4000, options)
    return (l2 + ip + l4).ljust(FRAME_MIN, b'\0')

  def fragments(self, flow):
    """The frames of one datagram in two to four fragments, at times out of order."""
    rng = self.rng
    n = rng.randint(80, min(max(80, 2 * self.args.size[1]), DATAGRAM_MAX))
    datagram = flow.l4(self.payload, n & ~3, rng.getrandbits(64))
    count = rng.randint(2, 4)
    step = (len(datagram) // count + 8) & ~7
    l2 = ethernet(self.tags(), 0x86dd if flow.v6 else 0x0800)
    ident, frames = rng.getrandbits(16), []
    for off in range(0, len(datagram), step):
      piece = datagram[off:off + step]
      more = off + step < len(datagram)
      if flow.v6:
        head = struct.pack('>BBHI', flow.proto, 0, off | more, ident)
        ip = ipv6(flow, 8 + len(piece), FRAGMENT) + head
      else:
        ip = ipv4(flow, len(piece), ident, off >> 3 | (0x2000 if more else 0))
      frames.append((l2 + ip + piece).ljust(FRAME_MIN, b'\0'))
    if rng.random() < 0.2:
      rng.shuffle(frames)
    return frames

  def not_ip(self):
    rng = self.rng
    tags = self.tags()
    kind = rng.randrange(3)
    if kind == 0:
      body = ethernet(tags, 0x0806) + bytes.fromhex('0001080006040001') + rng.randbytes(20)
    elif kind == 1:
      body = ethernet(tags, 0x88cc) + bytes.fromhex('0207040200000000010403616263060200780000')
    else:  # IEEE 802.3 with a length: spanning tree
      body = bytes.fromhex('0180c2000000') + MACS[6:] + \
          bytes.fromhex('0026424203000000000080000200000000010000000080000200000000018001') + \
          bytes.fromhex('0000140002000f00')
    return body.ljust(FRAME_MIN, b'\0')

  def truncated(self, flow):
    """A frame that ends inside the headers a flow is known by."""
    rng, tags = self.rng, self.tags()
    l2 = ethernet(tags, 0x86dd if flow.v6 else 0x0800)
    l4 = flow.l4(self.payload, 64, rng.getrandbits(64))
    kind = rng.randrange(4)
    if kind == 0:  # inside a tag
      return (ethernet((0x8100,), 0x0800))[:14 + rng.randrange(4)]
    if kind == 1:  # inside the IP header
      ip = ipv6(flow, len(l4)) if flow.v6 else ipv4(flow, len(l4), 1)
      return l2 + ip[:rng.randrange(1, len(ip))]
    if kind == 2:  # inside ports, or type and code
      ip = ipv6(flow, len(l4)) if flow.v6 else ipv4(flow, len(l4), 1)
      return l2 + ip + l4[:rng.randrange(2 if flow.icmp else 4)]
    if flow.v6:  # an extension header that is longer than the frame
      head = bytes((flow.proto, 255, 1, 4)) + bytes(4)
      return l2 + ipv6(flow, 2048 + len(l4), DSTOPTS) + head + l4[:20]
    return l2 + ipv4(flow, len(l4), 1, options=10)[:rng.randrange(20, 60)]

  def malformed(self, flow):
    """A frame whose IP header contradicts itself or the Ethertype."""
    rng = self.rng
    l2 = ethernet(self.tags(), 0x86dd if flow.v6 else 0x0800)
    l4 = flow.l4(self.payload, 64, rng.getrandbits(64))
    if flow.v6:
      ip = bytearray(ipv6(flow, len(l4)))
      ip[0] = rng.choice((0x00, 0x40, 0x45, 0x50, 0x70, 0xf0))
    elif rng.random() < 0.5:
      ip = bytearray(ipv4(flow, len(l4), 1))
      ip[0] = rng.choice((0x40, 0x41, 0x44, 0x05, 0x55, 0x65, 0xf5))
    else:
      ip = bytearray(ipv4(flow, len(l4), 1, total=rng.randrange(1, 20)))
    return l2 + bytes(ip) + l4

  # --- the file ---

  def put(self, out, frame, key=None, skip=None):
    now = self.packets * 10
    n = len(frame)
    out.write(self.record.pack(1700000000 + now // 1000000, now % 1000000, n, n) + frame)
    self.packets += 1
    self.bytes += n
    if skip:
      self.skipped[skip] += 1
      return
    entry = self.truth.get(key)
    if entry is None:
      self.truth[key] = [1, n]
    else:
      entry[0] += 1
      entry[1] += n

  def run(self, out):
    rng, args = self.rng, self.args
    out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    edges = list(itertools.accumulate((args.not_ip, args.broken / 2, args.broken / 2,
                                       args.fragments / 3)))
    for index in self.schedule(args.packets):
      if self.packets >= args.packets:
        break
      flow, dice = self.flows[index], rng.random()
      if dice >= edges[3]:
        self.put(out, self.frame(flow, rng.getrandbits(96)), flow.key)
      elif dice < edges[0]:
        self.put(out, self.not_ip(), skip='not_ip')
      elif dice < edges[1]:
        self.put(out, self.truncated(flow), skip='truncated')
      elif dice < edges[2]:
        self.put(out, self.malformed(flow), skip='malformed')
      else:
        for frame in self.fragments(flow)[:args.packets - self.packets]:
          self.put(out, frame, flow.fragment_key)

  def report(self):
    keys = sorted(self.truth, key=lambda k: (-self.truth[k][0], -self.truth[k][1], k))
    index = {key: i for i, key in enumerate(keys)}
    doc = {'packets': self.packets, 'bytes': self.bytes, 'skipped': self.skipped,
           'flows': [flow_json(key, *self.truth[key]) for key in keys]}
    if self.args.pairs:
      both = zip(self.flows[::2], self.flows[1::2])
      doc['pairs'] = [[index[a.key], index[b.key]] for a, b in both
                      if a.key in index and b.key in index]
    return doc


def flow_json(key, packets, count):
  src, dst, sport, dport, proto = key
  family = socket.AF_INET if len(src) == 4 else socket.AF_INET6
  return {'src': socket.inet_ntop(family, src), 'dst': socket.inet_ntop(family, dst),
          'sport': sport, 'dport': dport, 'proto': proto, 'packets': packets, 'bytes': count}


def kinds(text):
  names = text.split(',')
  for name in names:
    if name not in KINDS:
      raise argparse.ArgumentTypeError('%s: unknown, choose from %s' % (name, ' '.join(KINDS)))
  return names


def size_range(text):
  low, _, high = text.partition('-')
  pair = (int(low), int(high or low))
  if not FRAME_MIN <= pair[0] <= pair[1] <= 1514:
    raise argparse.ArgumentTypeError('%s: not within 60-1514' % text)
  return pair


def fraction(text):
  value = float(text)
  if not 0 <= value <= 1:
    raise argparse.ArgumentTypeError('%s: not within 0 to 1' % text)
  return value


def parse_args():
  p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  p.add_argument('pcap', help='file to write')
  p.add_argument('truth', help='JSON file to write')
  p.add_argument('--flows', type=int, default=10000, metavar='N')
  p.add_argument('--packets', type=int, default=100000, metavar='M')
  p.add_argument('--zipf', type=float, default=1.0, metavar='S',
                 help='exponent; 0: all flows alike (default 1.0)')
  p.add_argument('--seed', type=int, default=1)
  p.add_argument('--only', type=kinds, metavar='KIND,...',
                 help='%s; the fractions below are then 0 unless given' % ', '.join(KINDS))
  p.add_argument('--size', type=size_range, default=(60, 1514), metavar='MIN-MAX',
                 help='frame bytes (default 60-1514; headers may need more than MIN)')
  p.add_argument('--symmetric', action='store_true', help='both directions of each connection')
  p.add_argument('--pairs', action='store_true',
                 help='as --symmetric; the truth lists which two flows are one connection')
  for name, default, text in (('tags', 0.2, 'with VLAN or QinQ tags'),
                              ('extensions', 0.05, 'with IPv4 options or IPv6 extensions'),
                              ('fragments', 0.02, 'fragments'),
                              ('not-ip', 0.01, 'ARP, LLDP, spanning tree'),
                              ('broken', 0.01, 'truncated or malformed')):
    p.add_argument('--' + name, type=fraction, metavar='F',
                   help='fraction of packets: %s (default %g)' % (text, default))
    p.set_defaults(**{name.replace('-', '_'): None, name.replace('-', '_') + '_default': default})
  args = p.parse_args()
  for name in ('tags', 'extensions', 'fragments', 'not_ip', 'broken'):
    if getattr(args, name) is None:
      setattr(args, name, 0.0 if args.only else getattr(args, name + '_default'))
  args.symmetric = args.symmetric or args.pairs
  if args.flows < 1 or args.packets < 1:
    p.error('--flows and --packets: must be at least 1')
  if args.symmetric and args.flows % 2:
    p.error('--flows: must be even, two directions make a connection')
  return args


def main():
  generator = Generator(parse_args())
  try:
    with open(generator.args.pcap, 'wb', buffering=1 << 20) as out:
      generator.run(out)
    with open(generator.args.truth, 'w', encoding='ascii') as out:
      json.dump(generator.report(), out)
      out.write('\n')
  except OSError as error:
    print('pcapgen: %s: %s' % (error.filename, error.strerror), file=sys.stderr)
    return 1
  return 0


if __name__ == '__main__':
  sys.exit(main())
