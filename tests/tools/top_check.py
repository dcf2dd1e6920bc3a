#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the list of flows that holdfast-monitor --json printed last with what was sent.

The list has the greatest (--reverse: least) values of all flows that --port and --net let through,
each row the counts of its flow; live and matched flows are as many as were sent and are let through.
Rates are those of --part, which was sent between the two looks. The oldest and the idlest flows are
those of --part, which was sent slowly, a packet a flow, in the order of addresses; the youngest and
the least idle ones (--reverse) likewise, backwards.
Exit status 0: equal; 1: different, the first difference is printed.
"""
import argparse
import ipaddress
import json
import sys
from collections import Counter

MOMENT = 0.03  # of the time between two looks: each lane is looked at a moment after the other
PLACES = 10  # packets that may come in another order, of different lanes while a machine stands still


def same(what, truth, found):
  if truth != found:
    sys.exit('%s: sent %s, listed %s' % (what, truth, found))


def let_through(flow, args):
  if args.port and args.port not in (flow['sport'], flow['dport']):
    return False
  return not args.net or any(ipaddress.ip_address(flow[side]) in args.net for side in ('src', 'dst'))


def key_of(flow):
  return flow['src'], flow['dst'], flow['sport'], flow['dport']


def flows_of(name):
  with open(name) as f:
    return json.load(f)['flows']


def check_counts(listed, wanted, args):
  values = sorted((flow[args.by] for flow in wanted), reverse=not args.reverse)
  same('values', values[:len(listed)], [flow[args.by] for flow in listed])


def check_rates(listed, args):
  part = {key_of(flow): flow for flow in flows_of(args.part)}
  what, unit = {'pps': ('packets', 1), 'bps': ('bytes', 8)}[args.by]
  rates = [flow[args.by] for flow in listed]
  same('order of rates', sorted(rates, reverse=True), rates)
  counts = [part.get(key_of(flow), {what: 0})[what] for flow in listed]
  greatest = sorted((flow[what] for flow in part.values()), reverse=True)
  seconds = unit * counts[0] / rates[0]
  for n, (rate, count) in enumerate(zip(rates, counts)):
    if abs(count / greatest[n] - 1) > MOMENT or abs(rate * seconds / unit / count - 1) > MOMENT:
      sys.exit('row %d: %d %s in %.3f s, listed %.3f, the greatest are %s'
               % (n, count, what, seconds, rate, greatest[:len(rates)]))


def check_times(listed, args):
  part = [key_of(flow) for flow in flows_of(args.part)]
  part.sort(key=lambda key: ipaddress.ip_address(key[0]), reverse=args.reverse)
  place = {key: n for n, key in enumerate(part)}
  times = [flow['first_s' if args.by == 'age' else 'last_s'] for flow in listed]
  same('order of times', sorted(times, reverse=args.reverse), times)
  moved = [abs(place.get(key_of(flow), len(part)) - n) for n, flow in enumerate(listed)]
  if max(moved) > PLACES:
    sys.exit('row %d is not the flow that was sent then' % moved.index(max(moved)))
  print('%d rows by other places: ' % sum(n > 0 for n in moved), end='')


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('listed', help='JSON of holdfast-monitor')
  parser.add_argument('truth', nargs='+', help='JSON of holdfast-wire --per-flow')
  parser.add_argument('--by', choices=('pps', 'bps', 'packets', 'bytes', 'age', 'idle'),
                      default='packets')
  parser.add_argument('--part', help='JSON of holdfast-wire --per-flow')
  parser.add_argument('--reverse', action='store_true')
  parser.add_argument('--port', type=int)
  parser.add_argument('--net', type=ipaddress.ip_network)
  args = parser.parse_args()
  with open(args.listed) as f:
    listed = json.loads(f.readlines()[-1])
  sent = {}
  for flow in (flow for name in args.truth for flow in flows_of(name)):
    sent.setdefault(key_of(flow), (flow, Counter()))[1].update(
        packets=flow['packets'], bytes=flow['bytes'])
  wanted = {key: counts for key, (flow, counts) in sent.items() if let_through(flow, args)}
  same('live flows', len(sent), listed['flows_live'])
  same('matching flows', len(wanted), listed['flows_matched'])
  same('rows', len(listed['flows']), len({key_of(flow) for flow in listed['flows']}))
  for flow in listed['flows']:
    same(str(key_of(flow)), wanted.get(key_of(flow)), {n: flow[n] for n in ('packets', 'bytes')})
  if args.by in ('pps', 'bps'):
    check_rates(listed['flows'], args)
  elif args.by in ('age', 'idle'):
    check_times(listed['flows'], args)
  else:
    check_counts(listed['flows'], wanted.values(), args)
  print('%d flows, %d match, %d listed' % (len(sent), len(wanted), len(listed['flows'])))


main()
