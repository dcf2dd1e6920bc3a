# SPDX-License-Identifier: BSD-3-Clause
"""The packets of pcapgen.py: flows, headers and right checksums. Imported, not run."""
import struct

KINDS = {'udp4': 30, 'tcp4': 30, 'icmp4': 4, 'sctp4': 3,
         'udp6': 14, 'tcp6': 14, 'icmp6': 3, 'sctp6': 2}
PROTOS = {'udp4': 17, 'tcp4': 6, 'icmp4': 1, 'sctp4': 132,
          'udp6': 17, 'tcp6': 6, 'icmp6': 58, 'sctp6': 132}
TCP, UDP, SCTP = 6, 17, 132
HOPOPTS, ROUTING, FRAGMENT, AH, DSTOPTS = 0, 43, 44, 51, 60
MACS = bytes.fromhex('020000000002020000000001')
TAGGINGS = ((0x8100,), (0x88a8, 0x8100), (0x8100, 0x8100), (0x9100, 0x8100), (0x88a8,))
PAYLOAD_MAX = 4096
SCTP_PAYLOADS = (0, 4, 16, 40, 120, 420, 900, 1340)


def crc32c_table():
  table = []
  for i in range(256):
    for _ in range(8):
      i = (i >> 1) ^ (0x82f63b78 if i & 1 else 0)
    table.append(i)
  return table


CRC32C = crc32c_table()


def crc32c(data):
  crc = 0xffffffff
  for byte in data:
    crc = CRC32C[(crc ^ byte) & 0xff] ^ (crc >> 8)
  return crc ^ 0xffffffff


def sum16(data):
  """Sum of the 16-bit words of an even number of bytes, not folded."""
  return sum(struct.unpack('>%dH' % (len(data) // 2), data))


def checksum(total):
  """RFC 1071, of a sum of 16-bit words."""
  while total > 0xffff:
    total = (total & 0xffff) + (total >> 16)
  return total ^ 0xffff


class Payload:
  """Random bytes of which any prefix is a payload, and the checksum sum of each prefix."""

  def __init__(self, rng):
    self.data = rng.randbytes(PAYLOAD_MAX)
    self.sums = [0]
    for i, byte in enumerate(self.data):
      self.sums.append(self.sums[-1] + (byte if i & 1 else byte << 8))


class Flow:
  """One direction of a connection: its key, and how its packets are built."""

  def __init__(self, kind, src, dst, sport, dport):
    self.kind = kind
    self.v6 = kind[-1] == '6'
    self.proto = PROTOS[kind]
    self.src, self.dst = src, dst
    self.sport, self.dport = sport, dport
    self.icmp = kind[:4] == 'icmp'
    self.addr_sum = sum16(src + dst)
    self.l4_bytes = 20 if self.proto == TCP else 28 if self.proto == SCTP else 8
    self.sctp_cache = {}
    self.key = (src, dst, sport, dport, self.proto)
    self.fragment_key = (src, dst, 0, 0, self.proto)

  def reverse(self):
    if not self.icmp:
      return Flow(self.kind, self.dst, self.src, self.dport, self.sport)
    reply = {8: 0, 0: 8, 128: 129, 129: 128}[self.dport >> 8]
    return Flow(self.kind, self.dst, self.src, 0, reply << 8)

  def l4(self, payload, n, noise):
    """Upper-layer header with a right checksum, and n bytes of payload (SCTP: n % 4 == 0)."""
    total = self.addr_sum + self.proto + self.l4_bytes + n + payload.sums[n]
    if self.proto == UDP:
      total += self.sport + self.dport + 8 + n
      return struct.pack('>HHHH', self.sport, self.dport, 8 + n,
                         checksum(total) or 0xffff) + payload.data[:n]
    if self.proto == TCP:
      seq, ack = noise & 0xffffffff, noise >> 32 & 0xffffffff
      total += self.sport + self.dport + 0x5018 + 0xfff0
      total += (seq >> 16) + (seq & 0xffff) + (ack >> 16) + (ack & 0xffff)
      return struct.pack('>HHIIHHHH', self.sport, self.dport, seq, ack, 0x5018, 0xfff0,
                         checksum(total), 0) + payload.data[:n]
    if self.proto == SCTP:
      return self.sctp(payload, n)
    ident, seq = noise & 0xffff, noise >> 16 & 0xffff
    total = total if self.v6 else payload.sums[n]
    total += self.dport + ident + seq
    return struct.pack('>HHHH', self.dport, checksum(total), ident, seq) + payload.data[:n]

  def sctp(self, payload, n):
    if n not in self.sctp_cache:
      head = struct.pack('>HHI', self.sport, self.dport, 0x1234567)
      chunk = struct.pack('>BBHIHHI', 0, 3, 16 + n, 1, 0, 0, 0) + payload.data[:n]
      crc = crc32c(head + bytes(4) + chunk)
      self.sctp_cache[n] = head + struct.pack('<I', crc) + chunk
    return self.sctp_cache[n]


def ethernet(tags, ethertype):
  out = MACS
  for i, tag in enumerate(tags):
    out += struct.pack('>HH', tag, 100 + i)
  return out + struct.pack('>H', ethertype)


def ipv4(flow, n, ident, frag=0, options=0, total=None):
  """IPv4 header before n bytes. frag: flags and offset; options: words of no-operation."""
  total = 20 + options * 4 + n if total is None else total
  first = (0x45 + options) << 8
  ttl = 64 << 8 | flow.proto
  cksum = checksum(first + total + ident + frag + ttl + flow.addr_sum + options * 2 * 0x0101)
  return struct.pack('>HHHHHH', first, total, ident, frag, ttl, cksum) + flow.src + flow.dst + \
      b'\x01' * (options * 4)


def ipv6(flow, n, first_next=None):
  head = struct.pack('>IHBB', 6 << 28, n, flow.proto if first_next is None else first_next, 64)
  return head + flow.src + flow.dst


def extension(kind, following, rng):
  if kind == FRAGMENT:  # a whole datagram (RFC 6946): not a fragment
    return struct.pack('>BBHI', following, 0, 0, rng.getrandbits(32))
  if kind == AH:
    return struct.pack('>BBHII', following, 4, 0, 0x100, 1) + bytes(12)
  units = rng.choice((0, 0, 1, 2))
  # Routing: an experimental type, at its last hop; else one padding option (RFC 8200).
  body = bytes((253, 0)) if kind == ROUTING else bytes((1, 4 + units * 8))
  return bytes((following, units)) + body + bytes(4 + units * 8)


def extensions(flow, rng):
  """One to three extension headers. Returns them and the type of the first."""
  chain = rng.choice(((HOPOPTS,), (DSTOPTS,), (ROUTING,), (AH,), (FRAGMENT,),
                      (HOPOPTS, DSTOPTS), (HOPOPTS, ROUTING, DSTOPTS), (DSTOPTS, ROUTING, AH)))
  out, following = b'', flow.proto
  for kind in reversed(chain):
    out = extension(kind, following, rng) + out
    following = kind
  return out, following
