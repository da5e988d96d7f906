# SPDX-License-Identifier: GPL-2.0-or-later
"""Joins a loopback capture (SIP and RTP as they were on the wire) and the
gateway's D-channel frames (GSMTAP, written by `trunkctl trace -w`) into one
raw-IP file in time order, which tshark and sngrep both open."""
import struct

LINK_ETHERNET, LINK_RAW = 1, 101
GSMTAP_PORT = 4729
CONTROL_WORD = 4  # of CESoPSN


def read(path):
    """(t_us, raw IP packet) of a pcap file, little-endian, us or ns."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 24:
        return
    magic, link = struct.unpack("<I16xI", data[:24])
    scale = 1000 if magic == 0xA1B23C4D else 1
    at = 24
    while at + 16 <= len(data):
        sec, frac, caplen, _ = struct.unpack("<IIII", data[at:at + 16])
        packet = data[at + 16:at + 16 + caplen]
        at += 16 + caplen
        if link == LINK_ETHERNET:
            packet = packet[14:]
        if len(packet) == caplen - (14 if link == LINK_ETHERNET else 0) \
                and packet[:1] and packet[0] >> 4 in (4, 6):
            yield sec * 1000000 + frac // scale, packet


def udp(packet):
    """(source port, destination port, payload) or None."""
    if packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    at = (packet[0] & 15) * 4
    s, d = struct.unpack(">HH", packet[at:at + 4])
    return s, d, packet[at + 8:]


def is_gsmtap(packet):
    u = udp(packet)
    return bool(u) and u[1] == GSMTAP_PORT


def write(path, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535,
                            LINK_RAW))
        for t, p in sorted(packets, key=lambda x: x[0]):
            f.write(struct.pack("<IIII", t // 1000000, t % 1000000, len(p),
                                len(p)) + p)


def rtp_stream(packets, source_port):
    """[(t_us, payload type, sequence, payload)] sent from that port."""
    out = []
    for t, p in packets:
        u = udp(p)
        if u and u[0] == source_port and len(u[2]) > 12 \
                and u[2][0] >> 6 == 2 and u[2][1] & 127 < 72:
            out.append((t, u[2][1] & 127,
                        struct.unpack(">H", u[2][2:4])[0], u[2][12:]))
    return out


def tdm_stream(packets, source_port, slot, slots=31):
    """(t_us of the first, octets) of a time slot in the pseudowire packets
    sent from that port (RFC 5086: frame by frame, slots 1 to 31)."""
    first, octets = None, bytearray()
    for t, p in packets:
        u = udp(p)
        if u and u[0] == source_port and len(u[2]) > CONTROL_WORD:
            first = t if first is None else first
            octets += u[2][CONTROL_WORD + slot - 1::slots]
    return first, bytes(octets)


def alaw(payload):
    """A-law octets to linear 16 bit, G.711."""
    out = []
    for o in payload:
        o ^= 0x55
        seg, mant = o >> 4 & 7, o & 15
        v = (mant << 4) + 8
        if seg:
            v = (v + 0x100) << (seg - 1)
        out.append(v if o & 0x80 else -v)
    return out
