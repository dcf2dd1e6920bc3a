# SPDX-License-Identifier: BSD-3-Clause
"""What it cost: the counts of holdfast-wire, of the flow table and of the packet buffers against
each other."""
import time

from flows_check import key_of
from quantiles import quantiles
from world import wait_until

# What may grow from the tenth death to the last: the C library
# keeps some memory, and blocks of the heap are cut differently when ports are set up anew.
GROWTH_MAX = {'primary_kb': 2048, 'heap_bytes': 4096}
BURST_MAX = 128
RING_FULL = ('lane_ring_full', 'tx_full')


def drops_of(lane):
  return {reason: n for reason, n in lane['drops'].items() if n}


def unaccounted(world):
  """A buffer on its way is not lost: it is looked at again for a while."""
  def count():
    return sum(p['unaccounted'] or 0 for p in world.ctl.ask('pools')['pools'])
  wait_until(3, lambda: count() == 0, 0.2)
  return count()


# Dropped before the flow table: they came, and are in no flow. May be: it depends on the instant.
NEVER_COUNTED = ('lane_ring_full',)
MAYBE_COUNTED = ('recovery_lost', 'quarantined')


def flow_mismatch(world, lane, sent, lost_uncounted):
  """Flows whose count is not that of the wire, and packets in no flow. The wire knows what was sent
  and what came back; what a full ring refused never came to the table, what was lost after it
  is in it."""
  reply = world.ctl.ask('flows', top=1000)
  totals, drops = reply['totals'], drops_of(lane)
  late = sum(n for reason, n in drops.items() if reason not in NEVER_COUNTED)
  in_table = totals['live_pkts'] + totals['evicted_pkts'] + totals['expired_pkts']
  missing = lane['rx_pkts'] - sum(drops.get(reason, 0) for reason in NEVER_COUNTED) - in_table - \
    sum(totals['skipped'].values())
  maybe = sum(drops.get(reason, 0) for reason in MAYBE_COUNTED)
  wrong = max(0, -missing, missing - maybe)
  if sent is None or totals['evicted_flows'] or totals['expired_flows'] or len(sent['flows']) > 1000:
    return wrong
  late += max(0, lost_uncounted)
  truth = {key_of(f): f for f in sent['flows']}
  for flow in reply['flows']:
    f = truth.pop(key_of(flow), None)
    if f is None or not f['received'] <= flow['packets'] <= min(f['packets'], f['received'] + late):
      wrong += 1
  return wrong + sum(1 for f in truth.values() if f['received'] > 0)


def settle(world):
  """All that is under way has arrived: the lane's ring is empty."""
  wait_until(5, lambda: all(lane['held_pkts'] == 0 for lane in world.lanes()), 0.05)


def total(lanes):
  """What lanes have counted, as of one."""
  keys = ('rx_pkts', 'recoveries', 'queue_lost_max')
  reasons = lanes[0]['drops']
  return dict({key: sum(lane[key] or 0 for lane in lanes) for key in keys}, busy=lanes[0]['busy'],
              drops={reason: sum(lane['drops'][reason] or 0 for lane in lanes)
                     for reason in reasons})


def allowed(args, lane, rounds):
  """What may be lost at most: packets that ended two owners, and on hardware lanes what the ports'
  queues can hold, and the burst at hand, for each death inside a driver."""
  in_driver = lane['recoveries'] * BURST_MAX + lane['queue_lost_max']
  return rounds.deadly + (in_driver if args.mode == 'hardware' else 0)


def judge(args, world, rounds):
  wire = world.stop_wire()
  settle(world)
  lane = total(world.lanes())
  drops = drops_of(lane)
  ring_full = sum(drops.get(reason, 0) for reason in RING_FULL)
  lost = wire['tx_pkts'] - wire['rx_pkts'] + wire['duplicated'] - ring_full
  counted = sum(n for reason, n in drops.items() if reason not in RING_FULL)
  return {
    'mode': args.mode, 'kind': args.kind, 'signal': args.signal, 'points': args.points,
    'rate': args.rate, 'seed': args.seed, 'kills': rounds.kills,
    'killed_in': dict(sorted(rounds.killed_in.items())), 'killed_on_the_way': rounds.on_the_way,
    'phases': dict(sorted(rounds.phases.items())), 'points_missed': rounds.missed,
    'points_total': len(args.chosen),
    'offered_pps': round(wire['achieved_pps']), 'sent': wire['tx_pkts'],
    'received': wire['rx_pkts'], 'lanes_stuck': rounds.stuck,
    'mbufs_unaccounted': unaccounted(world), 'lost_total': lost,
    'lost_max_per_kill': max(rounds.lost_max, -(-lost // max(rounds.kills, 1))),
    'lost_uncounted': lost - counted, 'lost_allowed': allowed(args, lane, rounds),
    'lost_ring_full': ring_full, 'drops': drops,
    'queue_held_max': world.held_max, 'duplicated': wire['duplicated'],
    'reordered': wire['reordered'], 'content_errors': wire['content_errors'],
    'flow_mismatch': flow_mismatch(world, lane, world.sent(), lost - counted),
    'gap_us': quantiles(rounds.gaps_us), 'repair_us': quantiles(rounds.repair_us),
    'neighbour': rounds.neighbour.result(),
    'recovery': dict(sorted(rounds.recovery.items())), 'growth': rounds.growth, 'owner_busy_percent': lane['busy'],
    'seconds': round(time.monotonic() - rounds.began, 1)}


def good(result):
  """Nothing wrong but packets for which a ring had no room, or which may be lost."""
  return not any(result[key] for key in (
    'lanes_stuck', 'mbufs_unaccounted', 'duplicated', 'reordered', 'flow_mismatch',
    'content_errors', 'points_missed')) and \
    0 <= result['lost_total'] <= result['lost_allowed'] and \
    'died_by_itself' not in result['recovery'] and \
    not any(n > GROWTH_MAX.get(what, 0) for what, n in result['growth'].items())
