#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the truth that pcapgen.py wrote with what somebody else counted.

ctl:  the flows that `holdfastctl --json flows` printed, the greatest N exactly.
pcap: tshark's own dissection of the pcap, every flow and every packet that is none.
Exit status 0: equal; 1: different, the first difference is printed; 2: bad input.
"""
import argparse
import ipaddress
import json
import subprocess
import sys

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58
NAMES = {'tcp': TCP, 'udp': UDP, 'sctp': SCTP, 'icmp': ICMP, 'icmpv6': ICMPV6, 'icmp6': ICMPV6}
PORTS = {TCP: 'tcp', UDP: 'udp', SCTP: 'sctp'}
EXTENSIONS = {0: 'ipv6.hopopts.nxt', 43: 'ipv6.routing.nxt', 44: 'ipv6.fraghdr.nxt',
              51: 'ah.next_header', 60: 'ipv6.dstopts.nxt'}
NO_LAYER = {'eth', 'ethertype', 'vlan', 'ieee8021ad', 'data'}
CHECKSUMS = ['%s.checksum.status' % p for p in ('ip', 'tcp', 'udp', 'sctp', 'icmp', 'icmpv6')]
FIELDS = ['frame.len', 'frame.protocols', 'ip.version', 'ip.src', 'ip.dst', 'ip.proto',
          'ip.flags.mf', 'ip.frag_offset', 'ipv6.version', 'ipv6.src', 'ipv6.dst', 'ipv6.nxt',
          'ipv6.fraghdr.more', 'ipv6.fraghdr.offset', *EXTENSIONS.values(),
          'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'sctp.srcport',
          'sctp.dstport', 'icmp.type', 'icmp.code', 'icmpv6.type', 'icmpv6.code', *CHECKSUMS]
OPTIONS = ['ip.defragment:FALSE', 'ipv6.defragment:FALSE', 'ip.check_checksum:TRUE',
           'tcp.check_checksum:TRUE', 'udp.check_checksum:TRUE', 'sctp.checksum:CRC32c',
           'tcp.analyze_sequence_numbers:FALSE', 'tcp.desegment_tcp_streams:FALSE',
           'tcp.try_heuristic_first:FALSE']


class Different(Exception):
  pass


def address(text):
  """One spelling for each address; IPv4 also where it is given as v4-mapped IPv6."""
  value = ipaddress.ip_address(text)
  return str(getattr(value, 'ipv4_mapped', None) or value)


def protocol(value):
  return NAMES[value.lower()] if value in NAMES or not str(value).isdigit() else int(value)


def key_of(flow):
  return (address(flow['src']), address(flow['dst']), int(flow['sport']), int(flow['dport']),
          protocol(flow['proto']))


def text_of(key):
  return '%s port %d > %s port %d proto %d' % (key[0], key[2], key[1], key[3], key[4])


def expect(what, truth, found):
  if truth != found:
    raise Different('%s: truth %s, found %s' % (what, truth, found))


def load_truth(doc):
  return {key_of(f): (f['packets'], f['bytes']) for f in doc['flows']}


# --- ctl ---


def check_totals(truth_doc, totals):
  """Packets that are no flow, and that no flow is missing from the tables."""
  for reason, count in truth_doc['skipped'].items():
    expect('skipped ' + reason, count, totals['skipped'][reason])
  expect('skipped table_full', 0, totals['skipped'].get('table_full', 0))
  expect('evicted flows', 0, totals['evicted_flows'])
  expect('live and expired flows', len(truth_doc['flows']),
         totals['live'] + totals['expired_flows'])
  expect('packets in flows', sum(f['packets'] for f in truth_doc['flows']),
         totals['live_pkts'] + totals['expired_pkts'])


def check_ctl(truth_doc, doc, args):
  """The list is the greatest first; among equals any order and any choice is right."""
  truth = load_truth(truth_doc)
  column = 0 if args.by == 'packets' else 1
  order = sorted((v[column] for v in truth.values()), reverse=True)
  expect('flows listed', min(args.top or len(truth), len(truth)), len(doc['flows']))
  seen = set()
  for rank, flow in enumerate(doc['flows']):
    key = key_of(flow)
    if key not in truth:
      raise Different('%s: truth has no such flow' % text_of(key))
    if key in seen:
      raise Different('%s: listed twice' % text_of(key))
    seen.add(key)
    expect(text_of(key) + ': packets', truth[key][0], flow['packets'])
    expect(text_of(key) + ': bytes', truth[key][1], flow['bytes'])
    expect('%s of flow number %d' % (args.by, rank + 1), order[rank], flow[args.by])
  if args.totals:
    check_totals(truth_doc, doc['totals'])
  return '%d flows' % len(seen)


# --- pcap ---


def dissect(path):
  """Rows of tshark: a list of values for each field, the outermost first."""
  command = ['tshark', '-n', '-r', path, '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=a',
             '-E', 'aggregator=,']
  for option in OPTIONS:
    command += ['-o', option]
  for field in FIELDS:
    command += ['-e', field]
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        text=True) as process:
    for line in process.stdout:
      values = line.rstrip('\n').split('|')
      yield {f: v.split(',') for f, v in zip(FIELDS, values) if v}
    errors = process.stderr.read().strip()
  if process.returncode != 0:
    raise ValueError('tshark: %s: %s' % (path, errors.splitlines()[-1] if errors else 'failed'))


def is_true(text):
  return text in ('1', 'True', 'true')


def upper_ipv6(row):
  """Upper-layer protocol, following the extension headers in their order; None when cut off."""
  proto, used = int(row['ipv6.nxt'][0]), {}
  while proto in EXTENSIONS:
    field = EXTENSIONS[proto]
    position = used.get(field, 0)
    if position >= len(row.get(field, ())):
      return None
    used[field] = position + 1
    proto = int(row[field][position])
    if field == 'ipv6.fraghdr.nxt' and is_fragment(row, 'ipv6.fraghdr.'):
      break
  return proto


def is_fragment(row, prefix):
  more = 'ip.flags.mf' if prefix == 'ip.' else prefix + 'more'
  offset = prefix + ('frag_offset' if prefix == 'ip.' else 'offset')
  return is_true(row.get(more, '0')[0]) or int(row.get(offset, '0')[0]) != 0


def ports(row, proto):
  """Source and destination port as a flow key has them; None when they are cut off."""
  if proto in PORTS:
    src, dst = (row.get('%s.%sport' % (PORTS[proto], side)) for side in ('src', 'dst'))
    return (int(src[0]), int(dst[0])) if src and dst else None
  if proto in (ICMP, ICMPV6):
    name = 'icmp' if proto == ICMP else 'icmpv6'
    kind, code = row.get(name + '.type'), row.get(name + '.code')
    return (0, int(kind[0]) << 8 | int(code[0])) if kind and code else None
  return (0, 0)


def classify(row):
  """'not_ip', 'broken', or the key of the flow."""
  layers = row['frame.protocols'][0].split(':')
  family = next((n for n in layers if n in ('ip', 'ipv6')), None)
  if family is None:
    if 'ip.version' in row or 'ipv6.version' in row or NO_LAYER.issuperset(layers):
      return 'broken'
    return 'not_ip'
  version = '4' if family == 'ip' else '6'
  if row.get(family + '.version', [None])[0] != version or family + '.dst' not in row:
    return 'broken'
  proto = int(row['ip.proto'][0]) if family == 'ip' else upper_ipv6(row)
  if proto is None:
    return 'broken'
  fragment = is_fragment(row, 'ip.' if family == 'ip' else 'ipv6.fraghdr.')
  pair = (0, 0) if fragment else ports(row, proto)
  if pair is None:
    return 'broken'
  if any('0' in row.get(field, ()) for field in CHECKSUMS):
    raise Different('a checksum of %s is wrong' % row['frame.protocols'][0])
  return (address(row[family + '.src'][0]), address(row[family + '.dst'][0]), *pair, proto)


def check_pcap(truth_doc, path, _args):
  flows, skipped, packets, size = {}, {'not_ip': 0, 'broken': 0}, 0, 0
  for row in dissect(path):
    length, key = int(row['frame.len'][0]), classify(row)
    packets += 1
    size += length
    if isinstance(key, str):
      skipped[key] += 1
      continue
    entry = flows.setdefault(key, [0, 0])
    entry[0] += 1
    entry[1] += length
  truth, skip = load_truth(truth_doc), truth_doc['skipped']
  expect('packets', truth_doc['packets'], packets)
  expect('bytes', truth_doc['bytes'], size)
  expect('packets that are not IP', skip['not_ip'], skipped['not_ip'])
  expect('truncated and malformed packets', skip['truncated'] + skip['malformed'],
         skipped['broken'])
  for key in flows:
    if key not in truth:
      raise Different('%s: truth has no such flow' % text_of(key))
  for key, want in truth.items():
    expect(text_of(key) + ': packets and bytes', want, tuple(flows.get(key, (0, 0))))
  expect('sum of all packets', truth_doc['packets'],
         sum(f[0] for f in truth.values()) + sum(skip.values()))
  return '%d flows, %d packets' % (len(flows), packets)


def load(path):
  if path == '-':
    return json.load(sys.stdin)
  with open(path, encoding='utf-8') as file:
    return json.load(file)


def parse_args():
  p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  sub = p.add_subparsers(dest='command', required=True)
  ctl = sub.add_parser('ctl', help='against the JSON of holdfastctl')
  ctl.add_argument('truth', help='JSON of pcapgen.py')
  ctl.add_argument('flows', help='JSON of holdfastctl --json flows; - for standard input')
  ctl.add_argument('--top', type=int, default=0, metavar='N',
                   help='flows that were asked for (default: all there are)')
  ctl.add_argument('--by', choices=('packets', 'bytes'), default='packets',
                   help='what the list is sorted by (default packets)')
  ctl.add_argument('--totals', action='store_true',
                   help='check skipped packets and the number of flows as well')
  pcap = sub.add_parser('pcap', help="against tshark's dissection")
  pcap.add_argument('truth', help='JSON of pcapgen.py')
  pcap.add_argument('pcap', help='the pcap of pcapgen.py')
  return p.parse_args()


def main():
  args = parse_args()
  try:
    truth = load(args.truth)
    if args.command == 'ctl':
      text = check_ctl(truth, load(args.flows), args)
    else:
      text = check_pcap(truth, args.pcap, args)
  except Different as difference:
    print('flows_check: %s' % difference)
    return 1
  except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
    print('flows_check: bad input: %s: %s' % (type(error).__name__, error), file=sys.stderr)
    return 2
  print('flows_check: equal: %s' % text)
  return 0


if __name__ == '__main__':
  sys.exit(main())
