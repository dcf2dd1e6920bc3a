#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the list of flows that holdfast-monitor --json printed with what was sent.

The list has the greatest (--reverse: least) counts of all flows that --port and --net let through,
each row the counts of its flow; live and matched flows are as many as were sent and are let through.
Exit status 0: equal; 1: different, the first difference is printed.
"""
import argparse
import ipaddress
import json
import sys


def same(what, truth, found):
  if truth != found:
    sys.exit('%s: sent %s, listed %s' % (what, truth, found))


def let_through(flow, args):
  if args.port and args.port not in (flow['sport'], flow['dport']):
    return False
  return not args.net or any(ipaddress.ip_address(flow[side]) in args.net for side in ('src', 'dst'))


def key_of(flow):
  return flow['src'], flow['dst'], flow['sport'], flow['dport']


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('truth', help='JSON of holdfast-wire --per-flow')
  parser.add_argument('listed', help='JSON of holdfast-monitor')
  parser.add_argument('--by', choices=('packets', 'bytes'), default='packets')
  parser.add_argument('--reverse', action='store_true')
  parser.add_argument('--port', type=int)
  parser.add_argument('--net', type=ipaddress.ip_network)
  args = parser.parse_args()
  with open(args.truth) as f:
    sent = json.load(f)['flows']
  with open(args.listed) as f:
    listed = json.load(f)
  wanted = [flow for flow in sent if let_through(flow, args)]
  counts = {key_of(flow): (flow['packets'], flow['bytes']) for flow in wanted}
  same('live flows', len(sent), listed['flows_live'])
  same('matching flows', len(wanted), listed['flows_matched'])
  values = sorted((flow[args.by] for flow in wanted), reverse=not args.reverse)
  same('values', values[:len(listed['flows'])], [flow[args.by] for flow in listed['flows']])
  for flow in listed['flows']:
    same(str(key_of(flow)), counts.get(key_of(flow)), (flow['packets'], flow['bytes']))
  same('rows', len({key_of(flow) for flow in listed['flows']}), len(listed['flows']))
  print('%d flows, %d match, %d listed' % (len(sent), len(wanted), len(listed['flows'])))


main()
