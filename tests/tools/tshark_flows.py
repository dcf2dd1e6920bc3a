#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tshark_flows.py PCAP TRUTH [N]: does tshark see the N greatest flows (100) as the truth has them?

An opinion on the generator's truth that owes nothing to the project's own parser. Flows as in
shared/base/flow_key.h, one direction each; fragments without ports; ICMP's type and code as
destination port. Generate without broken packets: tshark takes more of those for flows. Prints each flow that differs; exit status 1 if one does.
"""
import collections
import json
import subprocess
import sys

ADDRESSES = ['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst']
PROTOS = ['ip.proto', 'ipv6.nxt', 'ipv6.hopopts.nxt', 'ipv6.routing.nxt', 'ipv6.fraghdr.nxt',
          'ipv6.dstopts.nxt', 'ah.next_header']
PORTS = ['tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'sctp.srcport',
         'sctp.dstport']
ICMP = ['icmp.type', 'icmp.code', 'icmpv6.type', 'icmpv6.code']
FRAGMENT = ['ip.flags.mf', 'ip.frag_offset', 'ipv6.fraghdr.more', 'ipv6.fraghdr.offset']
FIELDS = list(dict.fromkeys(ADDRESSES + PROTOS + PORTS + ICMP + FRAGMENT + ['frame.len']))
EXTENSIONS = {'0', '43', '44', '51', '60'}


def packets(pcap):
  """The fields of each packet, as lists of values."""
  command = ['tshark', '-n', '-r', pcap, '-T', 'fields', '-E', 'separator=|']
  for name in ('ip', 'ipv6'):
    command += ['-o', f'{name}.defragment:FALSE']
  for field in FIELDS:
    command += ['-e', field]
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                        text=True) as tshark:
    for line in tshark.stdout:
      values = line.rstrip('\n').split('|')
      yield {name: value.split(',') if value else [] for name, value in zip(FIELDS, values)}
  if tshark.returncode:
    sys.exit(f'{pcap}: tshark: exit status {tshark.returncode}')


def first(packet, names):
  return next((packet[name][0] for name in names if packet[name]), None)


def is_fragment(packet):
  """Part of a datagram; an IPv6 fragment header alone does not make one (RFC 6946)."""
  return any(first(packet, [name]) not in (None, '0', 'False') for name in FRAGMENT)


def ports(packet):
  if is_fragment(packet):
    return 0, 0
  kind, code = first(packet, ICMP[0::2]), first(packet, ICMP[1::2])
  if kind is not None:
    return 0, int(kind) << 8 | int(code or 0)
  return int(first(packet, PORTS[0::2]) or 0), int(first(packet, PORTS[1::2]) or 0)


def flow(packet):
  """The packet's flow, None when it is none."""
  source, target = first(packet, ADDRESSES[0::2]), first(packet, ADDRESSES[1::2])
  protos = [p for name in PROTOS for p in packet[name] if p not in EXTENSIONS]
  if source is None or not protos:
    return None
  return (source, target, *ports(packet), int(protos[0]))


def main(pcap, truth, top=100):
  seen = collections.defaultdict(lambda: [0, 0])
  for packet in packets(pcap):
    totals = seen[flow(packet)]
    totals[0] += 1
    totals[1] += int(packet['frame.len'][0])
  with open(truth, encoding='utf-8') as file:
    flows = json.load(file)['flows']
  flows.sort(key=lambda f: -f['packets'])
  wrong = 0
  for f in flows[:top]:
    key = (f['src'], f['dst'], f['sport'], f['dport'], f['proto'])
    if seen[key] != [f['packets'], f['bytes']]:
      wrong += 1
      print(f'{key}: truth {f["packets"]} packets, {f["bytes"]} bytes; tshark {seen[key]}')
  return 1 if wrong or not flows else 0


if __name__ == '__main__':
  sys.exit(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:4])))
